#include "sim/scenario/cooling_incident_spec.hpp"

namespace tokenworks::scenario {
namespace {

std::unique_ptr<IncidentOption> make_unit_failure(cooling::Part part) {
  return std::make_unique<CoolingUnitFailureSpec>(part);
}

}  // namespace

void CoolingPumpFailureSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "target", target, "Rack group whose coolant (liquid, or the air of its room) is moved less",
        rule().required());
  field(v, "flow_share", flow_share, "Of the rated flow that is left; 0: it stands. This or pumps", rule().share());
  field(v, "pumps", pumps,
        "Pumps that fail in each coolant unit of the group; those of cdu_pumps_installed that are left carry the flow",
        rule().at_least(1).at_most(32));
  visit_repair(v, repair_after);
}

void CoolingUnitFailureSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "units", units, "How many of the plant's units fail", rule().at_least(1).at_most(1e4));
  visit_repair(v, repair_after);
}

std::unique_ptr<IncidentOption> make_cooling_pump_failure() { return std::make_unique<CoolingPumpFailureSpec>(); }
std::unique_ptr<IncidentOption> make_air_handler_failure() { return make_unit_failure(cooling::Part::air_handlers); }
std::unique_ptr<IncidentOption> make_coolant_unit_failure() { return make_unit_failure(cooling::Part::coolant_units); }
std::unique_ptr<IncidentOption> make_facility_pump_failure() {
  return make_unit_failure(cooling::Part::facility_pumps);
}
std::unique_ptr<IncidentOption> make_chiller_failure() { return make_unit_failure(cooling::Part::chillers); }
std::unique_ptr<IncidentOption> make_heat_rejection_failure() {
  return make_unit_failure(cooling::Part::outdoor_units);
}

}  // namespace tokenworks::scenario
