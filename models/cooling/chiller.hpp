// Question   how much electric power a chiller takes to move heat from leaving water to its condenser
// Equation   P = Q_av / COP_ref * EIRFT(T_e, T_c) * EIRFPLR(PLR) * cycling (DOE-2 form); outside the curves' range the
//            temperatures are clamped to it and the COP is scaled by the ideal lift; COP <= 0.75 of Carnot everywhere
// Source     form: EnergyPlus Engineering Reference, "Electric Chiller Model Based on Fluid Temperature Differences";
//            curves: see chiller.cpp; clamp-and-lift rule, lift floor of 8 K and Carnot limit: estimates
// Valid for  the curves' temperatures; beyond, an extrapolation by thermodynamics that data halls need (warm water)
// Checked by tests/models/cooling/chiller_test.cpp, against values computed from the published curves
#pragma once

#include "models/cooling/capability.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"

namespace tokenworks::cooling {

/// One set of published performance curves. Temperatures in degC, as the polynomials take them.
struct ChillerCurves {
  double reference_cop;
  double capacity[6], input_ratio[6];  ///< 1, T_e, T_e^2, T_c, T_c^2, T_e T_c
  double part_load[3];                 ///< 1, PLR, PLR^2
  double evaporator_minimum, evaporator_maximum;
  double condenser_minimum, condenser_maximum;
  double least_part_load, most_part_load;  ///< below the least, the chiller cycles
  double condensing_approach;              ///< K between T_c and the refrigerant's condensing temperature at full load
};

/// Air-cooled, all compressors, ASHRAE 90.1-2010 path A; condenser fans are part of its power. T_c is outdoor dry bulb.
const ChillerCurves& air_cooled_path_a();

class Chiller {
 public:
  /// A chiller that carries `capacity` at water leaving at `leaving` and the condenser inlet `condenser`.
  Chiller(const ChillerCurves& curves, Watts capacity, Celsius leaving, Celsius condenser);

  Watts power(Watts heat, Celsius leaving, Celsius condenser, ValidityNotes& notes) const;
  /// Most heat that it can move.
  Watts available(Celsius leaving, Celsius condenser) const;
  /// The same of the share `in_service` of the machines, and what warmer leaving water adds.
  Capability capability(Celsius leaving, Celsius condenser, double in_service) const;
  Watts capacity() const { return capacity_; }

 private:
  const ChillerCurves* curves_;
  Watts capacity_;
  Watts reference_;  ///< capacity at the curves' reference point
};

}  // namespace tokenworks::cooling
