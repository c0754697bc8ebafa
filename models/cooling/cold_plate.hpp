// Question   how much warmer than its coolant a chip under a cold plate is
// Equation   R_case = a + b / V, V in litres a minute, scaled with 1 / area; R = R_case + R_case-to-junction
// Source     fits to the 1 kW module of OCP OAI System Liquid Cooling Guidelines 2023, figures 7 and 8, as recorded by
//            LBNL Buildings c4117cc; case to junction 0.01..0.02 K/W: estimate
// Valid for  PG25 0.4..2.4 l/min, water 2..5 l/min a module
// Checked by tests/models/cooling/cold_plate_test.cpp against both figures
#pragma once

#include <string>
#include <string_view>

#include "models/cooling/fluids.hpp"
#include "models/cooling/thermal_path.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"

namespace tokenworks::cooling {

inline constexpr double kHighestRackSupply = 50.0;  // degC, beyond ASHRAE W45 with a coolant unit: estimate

enum class Coolant { water, pg25 };
/// "water" or "pg25".
Coolant coolant_named(std::string_view name);
const Fluid& fluid_of(Coolant coolant);

class ColdPlate {
 public:
  /// A plate of `area_share` of the reference module's area, for a rated flow through it.
  ColdPlate(Coolant coolant, double area_share, CubicMetresPerSecond rated_flow, KelvinPerWatt case_to_junction);

  /// Case above entering coolant a watt, at a flow above 0.
  KelvinPerWatt case_resistance(CubicMetresPerSecond flow) const;
  /// Junction above entering coolant a watt, at rated flow.
  KelvinPerWatt resistance() const;
  /// s in R(y) = R (1 - s + s / y), exact for this plate at the share y of rated flow.
  double flow_share_of_resistance() const;
  void check(ValidityNotes& notes) const;

 private:
  Coolant coolant_;
  double area_share_;
  CubicMetresPerSecond rated_flow_;
  KelvinPerWatt case_to_junction_;
};

/// Fields of racks with cold plates.
struct ColdPlateSpec {
  double flow_l_per_min_per_kw = 1.5;
  std::string coolant = "pg25";
  Watts chip_heat{1000.0};
  double area_share = 1.0;
  double case_to_junction_k_per_w = 0.015;
  JoulesPerKelvin chip_capacity{550.0};
  double loop_l_per_kw = 1.5;

  void visit(FieldVisitor& v);
  KelvinDelta rise() const;  ///< of the coolant in the racks
  ColdPlate plate() const;
  /// Chips and coolant; what lies beyond the coolant is the plant's.
  ThermalPath thermal_path() const;
};

}  // namespace tokenworks::cooling
