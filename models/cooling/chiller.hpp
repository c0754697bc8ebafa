// Question   how much electric power chillers take to move heat from leaving water to their condensers
// Equation   P = Q_av / COP_ref * EIRFT(T_e, T_c) * EIRFPLR(PLR) * cycling (DOE-2 form); outside the curves' range the
//            temperatures are clamped to it and the COP is scaled by the ideal lift; COP <= 0.75 of Carnot everywhere,
//            with a condensing approach that shrinks with the load; of several alike machines so many run, with equal
//            shares, as take the least power
// Source     form: EnergyPlus Engineering Reference, "Electric Chiller Model Based on Fluid Temperature Differences";
//            curves: see chiller.cpp; clamp-and-lift rule, lift floor of 8 K and Carnot limit: estimates
// Valid for  the curves' temperatures; beyond, an extrapolation by thermodynamics that data halls need (warm water), to
//            45 degC of leaving water. Power rises with the condenser's temperature, but for the curves of York YK 4396
//            kW (falls by up to 3.5 % a kelvin in places), Carrier 19EX (0.7 %) and York YS (0.2 %)
// Checked by tests/models/cooling/chiller_test.cpp, against values computed from the published curves
#pragma once

#include <cstdint>
#include <string_view>

#include "models/cooling/capability.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"

namespace tokenworks::cooling {

/// One set of published performance curves. Temperatures in degC, as the polynomials take them.
struct ChillerCurves {
  std::string_view name;
  double reference_cop;
  double reference_evaporator, reference_condenser;
  double capacity[6], input_ratio[6];  ///< 1, T_e, T_e^2, T_c, T_c^2, T_e T_c
  double part_load[3];                 ///< 1, PLR, PLR^2
  double evaporator_minimum, evaporator_maximum;
  double condenser_minimum, condenser_maximum;
  double least_part_load, most_part_load;  ///< below the least, the chiller cycles
  double condensing_approach;              ///< K between T_c and the refrigerant's condensing temperature at full load
};

/// T_c is the water that enters the condenser; power is the compressor's.
inline constexpr std::string_view kWaterCooledChillers[] = {"york_yk_2771kw_vsd", "carrier_19ex_5208kw_vanes",
                                                            "trane_cvhf_2317kw_vsd", "york_ys_1758kw_screw",
                                                            "york_yk_4396kw_vanes"};
/// T_c is outdoor dry bulb; condenser fans are part of the power.
inline constexpr std::string_view kAirCooledChillers[] = {"air_cooled_path_a", "york_ycal_100kw_scroll"};

/// By one of the names above; std::invalid_argument for another.
const ChillerCurves& chiller_curves(std::string_view name);
/// Air-cooled, all compressors, ASHRAE 90.1-2010 path A.
const ChillerCurves& air_cooled_path_a();

/// What chillers do with some heat.
struct ChillerWork {
  Watts power{0};
  double running = 0.0;    ///< machines
  double part_load = 0.0;  ///< of each, of the capacity at hand
};

/// Several alike machines; without spares `machines` carry the capacity.
class Chiller {
 public:
  /// Machines that carry `capacity` at water leaving at `leaving` and the condenser inlet `condenser`.
  Chiller(const ChillerCurves& curves, Watts capacity, Celsius leaving, Celsius condenser, std::int64_t machines = 1);

  /// With `in_service` of the machines that the capacity needs; a remainder counts as a smaller machine.
  ChillerWork work(Watts heat, Celsius leaving, Celsius condenser, double in_service, ValidityNotes& notes) const;
  Watts power(Watts heat, Celsius leaving, Celsius condenser, ValidityNotes& notes) const {
    return work(heat, leaving, condenser, 1.0, notes).power;
  }
  /// Most heat that all can move.
  Watts available(Celsius leaving, Celsius condenser) const;
  /// The same of the share `in_service` of the machines, and what warmer leaving water adds; right at `warmer`.
  Capability capability(Celsius leaving, Celsius condenser, double in_service, KelvinDelta warmer = {}) const;
  Watts capacity() const { return capacity_; }
  const ChillerCurves& curves() const { return *curves_; }

 private:
  const ChillerCurves* curves_;
  Watts capacity_;
  Watts reference_;  ///< capacity of all at the curves' reference point
  double machines_;
};

}  // namespace tokenworks::cooling
