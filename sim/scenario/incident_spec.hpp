// "incidents": what happens to the factory during a run. Specs; sim/jobs lets them happen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::scenario {

class IncidentOption {
 public:
  virtual ~IncidentOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  Seconds at{0};

 protected:
  void visit_common(FieldVisitor& v);
  static void visit_repair(FieldVisitor& v, std::optional<Seconds>& repair_after);
};
Options<IncidentOption> incident_options();

/// "kind": "node_failure": a node goes dark; its replicas lose their requests, and come back after repair and reload.
class NodeFailureSpec final : public IncidentOption {
 public:
  std::string target;  ///< "row_a/3": node 3 of the rack group row_a, counted from 0 through its racks
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

/// "kind": "weight_load".
class WeightLoadSpec final : public IncidentOption {
 public:
  std::string service;
  std::int64_t replicas = 1;
  void visit(FieldVisitor& v) override;
};

/// "kind": "gpu_power_cap".
class GpuPowerCapSpec final : public IncidentOption {
 public:
  std::string service;
  Watts watts_per_gpu{0};
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

/// What happens to a part of the network, or to the storage.
class NetworkIncidentSpec : public IncidentOption {
 public:
  enum class Part { link, network_card, switch_, storage };
  virtual Part part() const = 0;
  std::string target;
  std::int64_t card = 0;  ///< of the node that `target` names
  double works = 0.0;     ///< share of the bandwidth that is left
  std::optional<Seconds> repair_after;
  std::int64_t times = 1;
  Seconds period{0};
};

struct IncidentSpec : Choice<IncidentOption> {
  IncidentSpec() : Choice(incident_options()) {}
};

}  // namespace tokenworks::scenario
