// Question   how cold a cooling tower makes water, what its fans draw and how much water it takes
// Equation   yorkcalc: approach = polynomial of wet bulb, range and L = (water share) / (air share); merkel: counter
//            flow of water and saturated air, UA = UA_0 f_wb f_air f_water. Water: evaporation such that the air takes
//            up the heat and leaves saturated at the water's mean temperature; drift = a share of the flow; blow-down =
//            evaporation / (cycles of concentration - 1) - drift
// Source     coefficients, limits and the Merkel factors: LBNL Buildings c4117cc, Fluid.HeatExchangers.CoolingTowers
//            (YorkCalc and Merkel), EnergyPlus Engineering Reference; water balance: energy conservation; scaling to a
//            design approach by the L that gives it: estimate
// Valid for  wet bulb -34.4..26.7 degC (warmer: the approach at 26.7), range 1.1..22.2 K, approach 1.1..40 K, water
//            flow 0.75..1.25 of the design for the cells that run; fans turn down to L = 4, where the polynomial still
//            rises
// Checked by tests/models/cooling/tower_test.cpp, against values computed from the published polynomial
#pragma once

#include <string>
#include <string_view>

#include "models/cooling/water_use.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::cooling {

inline constexpr std::string_view kTowerModels[] = {"yorkcalc", "merkel"};

struct TowerSpec {
  std::string model = "yorkcalc";
  KelvinDelta approach{4.0};
  double fan_share_of_heat = 0.014;
  double cycles_of_concentration = 4.0;
  double drift_share = 8e-5;
  double water_to_air = 1.2;
  void visit(FieldVisitor& v);
};

/// Approach by the published polynomial, without guards: wet bulb in degC, range in K.
double yorkcalc_approach(double wet_bulb, double range, double water_to_air_share);

/// Cells with fans on drives, sized for a heat at a range and the design weather. Range is the same at every load.
class Tower {
 public:
  Tower(const TowerSpec& spec, Watts capacity, KelvinDelta range, const weather::WeatherPoint& design);

  /// Water that leaves at full fans, with `in_service` of the cells that the capacity needs. Never below wet bulb.
  Celsius coldest(Watts heat, const weather::WeatherPoint& outside, double in_service) const;
  /// Fan speed at which water leaves at `target`; 1 where it cannot.
  double fan_share(Watts heat, const weather::WeatherPoint& outside, Celsius target, double in_service) const;
  Watts fans(double share, double in_service) const;
  /// Most heat with water that leaves at `leaving`; none at or below wet bulb.
  Watts most_heat(Celsius leaving, const weather::WeatherPoint& outside, double in_service) const;
  /// With water that leaves at `leaving`.
  WaterUse water(Watts heat, Celsius leaving, const weather::WeatherPoint& outside) const;
  /// Notes what lies outside the model's range.
  void note(Watts heat, const weather::WeatherPoint& outside, double in_service, ValidityNotes& notes) const;
  Watts capacity() const { return capacity_; }
  Watts rated_fans() const { return rated_fans_; }

 private:
  struct Approach;  // yorkcalc at one wet bulb, within the polynomial's limits
  Approach yorkcalc(Celsius wet_bulb) const;
  double water_share(Watts heat, double in_service) const { return heat / capacity_ / in_service; }
  /// By the Merkel model, at shares of the cells' rated flows.
  Celsius merkel_leaving(const weather::WeatherPoint& outside, double water_share, double air_share) const;

  bool merkel_;
  Watts capacity_;
  KelvinDelta range_;
  Watts rated_fans_;
  double evaporation_to_blow_down_, drift_share_;
  double design_ratio_ = 1.0;  // L at rated flows of this tower
  double water_to_air_, conductance_ = 0.0, design_wet_bulb_;
};

}  // namespace tokenworks::cooling
