#include "sim/scenario/power_incident_spec.hpp"

namespace tokenworks::scenario {

void UtilityLossSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "target", target, "Feed of the grid: a utility node of the power tree; all of them when absent");
  visit_repair(v, repair_after);
}

void PowerPathDownSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "target", target, "Node of the power tree whose breakers open: failure or maintenance (ups_a, busway)",
        rule().required());
  visit_repair(v, repair_after);
}

void DemandResponseSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "reduction_share", reduction_share, "Less power at the meter, as a share of the mean over the baseline",
        rule().above(0).at_most(1));
  field(v, "baseline_s", baseline, "Time before, over which the mean is taken", rule().above(0).at_most(1e6));
  field(v, "ramp_s", ramp, "Time within which the reduction must be reached", rule().at_least(0).at_most(1e6));
  field(v, "duration_s", duration, "How long it holds, from at_s on", rule().above(0).at_most(1e6));
}

std::unique_ptr<IncidentOption> make_utility_loss() { return std::make_unique<UtilityLossSpec>(); }
std::unique_ptr<IncidentOption> make_power_path_down() { return std::make_unique<PowerPathDownSpec>(); }
std::unique_ptr<IncidentOption> make_demand_response() { return std::make_unique<DemandResponseSpec>(); }

}  // namespace tokenworks::scenario
