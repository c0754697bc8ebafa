// What the racks draw and where their heat goes, as it follows the GPUs: from a node's GPU power through its server and
// its power supplies to the input of its rack group. Whole milliwatts, kept by differences.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/rack.hpp"
#include "models/core/validity.hpp"
#include "models/power/power_smoothing.hpp"
#include "models/thermal/throttle.hpp"
#include "sim/resources/server_power.hpp"

namespace tokenworks::resources {

/// Racks of one kind. Nodes are numbered through all groups in the order given.
struct RackGroup {
  std::string name = {};
  compute::RackSpec kind;
  double gpu_idle_power_w = 0.0;  ///< of one GPU that holds no model
  double gpu_max_power_w = 0.0;
  std::int64_t racks = 0;
  thermal::GpuTemperatureLimits temperature_limits = {};
  thermal::ThrottleLaw throttle = {};
  std::optional<power::SmoothingSpec> smoothing = {};
};

/// One group's draw by component; at the input of its racks in all.
struct GroupLoad {
  Milliwatts gpu = 0, host = 0, server_fans = 0, rack_shared = 0, power_supply_loss = 0;
  Milliwatts liquid_heat = 0;  ///< of all, offered to cold plates
  GroupLoad& operator+=(const GroupLoad& other) {
    gpu += other.gpu;
    host += other.host;
    server_fans += other.server_fans;
    rack_shared += other.rack_shared;
    power_supply_loss += other.power_supply_loss;
    liquid_heat += other.liquid_heat;
    return *this;
  }
  Milliwatts wall() const { return gpu + host + server_fans + rack_shared + power_supply_loss; }
};

/// Heat and power that a group is sized for.
struct GroupDesign {
  Milliwatts nameplate = 0, nameplate_liquid = 0;  ///< of the catalog; `largest` where it has none
  Milliwatts largest = 0, largest_liquid = 0;      ///< with all GPUs at their limit, or the nameplate if that is more
};

class ItLoad {
 public:
  /// At first all GPUs draw their idle power, and every node is on.
  ItLoad(const std::vector<RackGroup>& groups, ValidityNotes& notes);

  std::int64_t nodes() const { return static_cast<std::int64_t>(nodes_.size()); }
  std::size_t groups() const { return load_.size(); }
  std::size_t group_of(std::int64_t node) const { return nodes_[static_cast<std::size_t>(node)].group; }
  const GroupLoad& load(std::size_t group) const { return load_[group]; }
  const GroupDesign& design(std::size_t group) const { return design_[group]; }
  /// With all nodes on and all GPUs at their limit.
  const GroupLoad& full_load(std::size_t group) const { return full_[group]; }
  std::int64_t gpus(std::size_t group) const {
    return static_cast<std::int64_t>(first_node_[group + 1] - first_node_[group]) * servers_[group].gpus_per_node();
  }
  std::int64_t first_node(std::size_t group) const { return static_cast<std::int64_t>(first_node_[group]); }
  void prefetch(std::int64_t node) const { __builtin_prefetch(&nodes_[static_cast<std::size_t>(node)]); }

  /// The GPUs of `node` together draw `delta` more. False when nothing changes: the node is off.
  bool add_gpu_power(std::int64_t node, Milliwatts delta);
  /// Off, a node and its GPUs draw nothing, whatever add_gpu_power says. False when it is so already.
  bool set_node_on(std::int64_t node, bool on);
  /// What the GPU draws that draws most in a group. Looks at every node.
  Milliwatts hottest_gpu(std::size_t group) const;

 private:
  struct Node {
    Milliwatts gpus = 0;     // what the GPUs would draw; counts while the node is off, too
    Milliwatts besides = 0;  // drawn by the rest of the node
    std::uint32_t group = 0, pool = 0;
    bool on = false;
  };
  /// Power supplies that share their load: of a node or of a rack.
  struct Pool {
    Milliwatts output = 0, loss = 0, liquid = 0;
  };
  void change_pool(const ServerPower& server, GroupLoad& load, Pool& pool, Milliwatts delta);

  std::vector<ServerPower> servers_;     // by group
  std::vector<GroupLoad> load_;          // by group
  std::vector<GroupLoad> full_;          // by group
  std::vector<GroupDesign> design_;      // by group
  std::vector<std::size_t> first_node_;  // by group, and behind the last
  std::vector<Node> nodes_;
  std::vector<Pool> pools_;
};

}  // namespace tokenworks::resources
