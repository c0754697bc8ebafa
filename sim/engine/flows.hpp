// Flows that share links by weighted max-min fairness: what both ways of computing them have in common. One is ours and
// fast (max_min_flows), the other SimGrid's own (simgrid_flows); both give the same rates.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "sim/engine/time.hpp"

namespace tokenworks::engine {

/// One direction of a link.
using LinkId = std::uint32_t;
/// Place of a flow; taken again by later flows once it has ended.
using FlowSlot = std::uint32_t;

struct FlowShape {
  std::span<const LinkId> links;                                       ///< each at most once; none: no link is shared
  double bytes = 0.0;                                                  ///< >= 0
  int streams = 1;                                                     ///< it counts so many times on a shared link
  double limit_bytes_per_s = std::numeric_limits<double>::infinity();  ///< its own
};

class Flows {
 public:
  virtual ~Flows() = default;

  /// At any time. Capacity in bytes a second, >= 0; what crosses a link of 0 stands still.
  virtual LinkId add_link(double bytes_per_s) = 0;
  virtual void set_capacity(LinkId link, double bytes_per_s, Picoseconds now) = 0;
  /// `number` orders flows that end at one date.
  virtual void start(FlowSlot slot, const FlowShape& shape, std::uint64_t number, Picoseconds now) = 0;
  /// Takes a flow out before its end.
  virtual void cancel(FlowSlot slot, Picoseconds now) = 0;
  /// Bytes that a flow still has to move.
  virtual double remaining_bytes(FlowSlot slot, Picoseconds now) const = 0;
  /// Bytes a second over a link now.
  virtual double load_bytes_per_s(LinkId link) = 0;
};

}  // namespace tokenworks::engine
