// "factory": {"fabric": {"kind": ...}}: a topology of models/topology, and how traffic behaves on it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/core/fields.hpp"
#include "models/topology/topology_option.hpp"
#include "sim/resources/fabric_map.hpp"

namespace tokenworks::scenario {

class FabricOption {
 public:
  explicit FabricOption(std::unique_ptr<topology::TopologyOption> topology) : topology_(std::move(topology)) {}
  void visit(FieldVisitor& v);

  const topology::TopologyOption& topology() const { return *topology_; }
  resources::FabricBehaviour behaviour() const;
  const std::string& routing() const { return routing_; }
  const std::string& detail() const { return detail_; }
  bool in_network_reduction() const { return in_network_reduction_; }
  /// Bandwidth of the front end on the fabric; absent: requests come over another network.
  std::optional<BytesPerSecond> front_end() const { return front_end_; }
  bool carries_storage() const { return storage_attachment_ == "fabric"; }

 private:
  std::unique_ptr<topology::TopologyOption> topology_;
  std::string routing_ = "adaptive";
  std::string detail_ = "analytic";
  bool contention_ = true;
  std::string storage_attachment_ = "own_network";
  std::optional<BytesPerSecond> front_end_;
  bool in_network_reduction_ = false;
  std::optional<Seconds> reroute_;
  Seconds timeout_{30.1};
};

/// The kinds of topology.
Options<FabricOption> fabric_options();

}  // namespace tokenworks::scenario
