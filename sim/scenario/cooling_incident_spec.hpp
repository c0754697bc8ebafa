// What happens to the cooling during a run: pumps of a row of racks, and units of the plant. Specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/cooling/cooling_option.hpp"
#include "sim/scenario/incident_spec.hpp"

namespace tokenworks::scenario {

/// "kind": "cooling_pump_failure": the coolant of a rack group flows slower, or stands.
class CoolingPumpFailureSpec final : public IncidentOption {
 public:
  std::string target;  ///< rack group
  // One of the two:
  std::optional<double> flow_share;   ///< of its coolant flow that is left
  std::optional<std::int64_t> pumps;  ///< of each of its coolant units that fail
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

/// Units of one part of the plant that fail: kinds "air_handler_failure", "coolant_unit_failure",
/// "facility_pump_failure", "chiller_failure", "heat_rejection_failure".
class CoolingUnitFailureSpec final : public IncidentOption {
 public:
  explicit CoolingUnitFailureSpec(cooling::Part failing) : part(failing) {}
  cooling::Part part;
  std::int64_t units = 1;
  std::optional<Seconds> repair_after;
  void visit(FieldVisitor& v) override;
};

std::unique_ptr<IncidentOption> make_cooling_pump_failure();
std::unique_ptr<IncidentOption> make_air_handler_failure();
std::unique_ptr<IncidentOption> make_coolant_unit_failure();
std::unique_ptr<IncidentOption> make_facility_pump_failure();
std::unique_ptr<IncidentOption> make_chiller_failure();
std::unique_ptr<IncidentOption> make_heat_rejection_failure();

}  // namespace tokenworks::scenario
