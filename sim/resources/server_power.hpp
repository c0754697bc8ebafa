// Wall power of the servers of one rack group from the power of their GPUs, in whole milliwatts: every figure is a pure
// function of whole numbers, so that sums over nodes can be kept by differences without drifting.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/core/validity.hpp"
#include "sim/engine/time.hpp"

namespace tokenworks::resources {

struct RackGroup;
struct GroupLoad;

class ServerPower {
 public:
  /// Notes when full load exceeds the rating of the power supplies.
  ServerPower(const RackGroup& group, ValidityNotes& notes);

  std::int64_t gpus_per_node() const { return gpus_per_node_; }
  Milliwatts idle_gpus() const { return idle_gpus_; }
  /// Direct current of a node besides its GPUs.
  Milliwatts besides_gpus(Milliwatts gpus) const {
    return base_ + scaled(std::max<Milliwatts>(0, gpus - idle_gpus_), slope_);
  }
  /// The fans' part of besides_gpus().
  Milliwatts fans(Milliwatts besides) const { return scaled(besides, fan_share_); }
  /// What nodes of one rack share; drawn as long as the rack stands.
  Milliwatts rack_shared() const { return rack_shared_; }

  /// Racks with a power shelf, or with shared parts, have one pool of power supplies; else each node has its own.
  bool supplies_are_shared() const { return supplies_are_shared_; }
  /// Loss of one pool of power supplies that gives `output`. A pool that gives nothing is off.
  Milliwatts supply_loss(Milliwatts output) const {
    if (output <= 0) return 0;
    const auto segment = std::min<std::size_t>(static_cast<std::size_t>(output >> step_bits_), kSegments - 1);
    const Milliwatts left = loss_[segment], right = loss_[segment + 1];
    const Milliwatts beyond = output - (static_cast<Milliwatts>(segment) << step_bits_);
    return left + (((right - left) * beyond) >> step_bits_);
  }
  /// Of the heat of a pool's wall power, the part that racks offer to cold plates.
  Milliwatts liquid_heat(Milliwatts wall) const { return scaled(wall, liquid_share_); }

  /// Of so many racks whose GPUs are all at their limit.
  GroupLoad full_load(std::int64_t racks) const;
  /// Wall power of one rack at the given power of each node's GPUs.
  Milliwatts rack_wall(Milliwatts gpus_of_node) const;

 private:
  static constexpr std::size_t kSegments = 1024;  // of the loss table, up to the rated output
  static std::int64_t share_in_2_32(double share);
  static Milliwatts scaled(Milliwatts power, std::int64_t share_in_2_32) {
    __extension__ using Wide = __int128;
    return static_cast<Milliwatts>((static_cast<Wide>(power) * share_in_2_32) >> 32);
  }

  Milliwatts idle_gpus_, full_gpus_, base_, rack_shared_;  // GPUs of a node
  std::int64_t slope_, fan_share_, liquid_share_;          // shares times 2^32
  std::int64_t nodes_in_rack_, gpus_per_node_;
  bool supplies_are_shared_;
  int step_bits_ = 0;
  std::vector<Milliwatts> loss_;  // at multiples of 2^step_bits_
};

}  // namespace tokenworks::resources
