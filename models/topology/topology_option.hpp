// How the servers of a factory are joined: a family, one file an option, listed in topology_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/topology/graph.hpp"
#include "models/topology/parts.hpp"

namespace tokenworks::topology {

/// What hangs on the fabric.
struct Endpoints {
  std::int64_t nodes = 0;
  std::int64_t nics_per_node = 0;
  BytesPerSecond nic_bandwidth{0};  ///< one direction, one network card
  std::int64_t storage_ports = 0;   ///< each an endpoint
  BytesPerSecond storage_port_bandwidth{0};
  bool front_end = false;
  BytesPerSecond front_end_bandwidth{0};
  std::vector<std::string> node_names{};  ///< empty, or by node: "row_a/3" (custom graphs name their endpoints by it)
};

/// What does not add up, and where in the option's fields ("switch", "links/3/from"; empty: the option as a whole).
struct TopologyFault {
  std::string place, message;
};

class TopologyOption {
 public:
  virtual ~TopologyOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// What `parts` below must hold.
  virtual PartIds part_ids() const = 0;
  /// All faults at once.
  virtual std::vector<TopologyFault> faults(const Endpoints& endpoints, const Parts& parts) const = 0;
  /// Throws std::invalid_argument when there are faults.
  virtual Graph build(const Endpoints& endpoints, const Parts& parts) const = 0;
};

/// `rail_optimized`, `fat_tree`, `dragonfly`, `torus`, `custom`.
Options<TopologyOption> topology_options();

/// Throws std::invalid_argument with all of them, when there are any.
void require_none(const std::vector<TopologyFault>& faults);

/// Counts and bandwidths that no fabric can carry.
void check_endpoints(const Endpoints& endpoints, std::vector<TopologyFault>& faults);

}  // namespace tokenworks::topology
