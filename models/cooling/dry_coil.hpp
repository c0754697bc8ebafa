// Question   what finned coils with fans draw to cool the water to its set point, and what is left for a trim chiller
// Equation   cross-flow effectiveness; 1/UA = 1/hA_water + 1/hA_air, hA_water ~ flow^0.85, hA_air ~ flow^0.8; the fan
//            share y that just meets the set point, P = P_rated y^3; what full fans leave goes to an air-cooled chiller
//            in series
// Source     exponents, hA ratio 0.5 and natural convection 12.5 %: LBNL Buildings library, DryCoolers; approach 5.6 K
//            and fan power 4.0 % of heat: BAC TDFS1238N selection (35 degC air, 46.1 to 40.6 degC fluid), in the same
//            library
// Valid for  clean coils, air at the site's own density (fan and coil are sized there)
// Checked by tests/models/cooling/dry_cooler_test.cpp
#pragma once

#include "models/cooling/chiller.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_rejection.hpp"

namespace tokenworks::cooling {

struct DryCoilSpec {
  KelvinDelta approach{5.6};
  double fan_share_of_heat = 0.04;
  double natural_convection_share = 0.125;
  double water_to_air_capacity = 0.8;
  bool trim_chiller = true;
  std::int64_t coolers = 4, spare_coolers = 1;
  void visit(FieldVisitor& v);
};

struct DryCoilEffort {
  RejectionEffort rejection;  ///< all but its modes, and without water
  double air_share = 0.0;     ///< of the rated flow, while fans turn
  bool trims = false;
};

/// Coils with fans and the trim chiller that the design day asks for.
class DryCoil {
 public:
  /// `design_air` enters the coils on the design day, `design_dry_bulb` the chiller's condenser.
  DryCoil(const DryCoilSpec& spec, Watts capacity, const WaterLoop& loop, Celsius design_air, Celsius design_dry_bulb);

  /// With `air` entering the coils.
  DryCoilEffort effort(const RejectionPoint& point, Celsius air, ValidityNotes& notes) const;
  /// Heat capacity flow of the air at full fans.
  WattsPerKelvin air_capacity() const { return capacity_ / loop_.rise / spec_.water_to_air_capacity; }
  std::vector<std::pair<std::string, double>> ratings() const;
  RejectionUnits units() const;

 private:
  double heat_per_kelvin(double water_flow, double air_flow) const;
  double air_flow_for(double wanted, double water_flow) const;
  double wanted(double flow, Celsius air, KelvinDelta warmer) const;
  Watts remaining_heat(Watts heat, Celsius air, KelvinDelta warmer, double in_service) const;
  double fan_share(Watts heat, Celsius air, KelvinDelta warmer, double in_service) const;
  Capability capability(const RejectionPoint& point, Celsius air) const;

  DryCoilSpec spec_;
  Watts capacity_;
  WaterLoop loop_;
  double air_capacity_;  // of rated air flow, in units of the rated water's
  double water_conductance_ = 0.0, air_conductance_ = 0.0;
  Fan fan_;
  Chiller chiller_;
};

}  // namespace tokenworks::cooling
