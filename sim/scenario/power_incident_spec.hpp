// What happens to the power supply during a run: the grid, parts of the power tree, and what the grid asks for. Specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/scenario/incident_spec.hpp"

namespace tokenworks::scenario {

/// "kind": "utility_loss": a feed of the grid, or all of them, is gone.
class UtilityLossSpec final : public IncidentOption {
 public:
  std::optional<std::string> target;  ///< node of kind utility; all of them when absent
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

/// "kind": "power_path_down": the breakers of a node of the power tree open, by failure or for maintenance.
class PowerPathDownSpec final : public IncidentOption {
 public:
  std::string target;
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

/// "kind": "demand_response": the grid asks for less, for a while.
class DemandResponseSpec final : public IncidentOption {
 public:
  double reduction_share = 0.25;  ///< of the site's mean power over the time before
  Seconds baseline{900};          ///< that time
  Seconds ramp{600};              ///< within which the reduction must be reached
  Seconds duration{10800};
  void visit(FieldVisitor& v) override;
};

std::unique_ptr<IncidentOption> make_utility_loss();
std::unique_ptr<IncidentOption> make_power_path_down();
std::unique_ptr<IncidentOption> make_demand_response();

}  // namespace tokenworks::scenario
