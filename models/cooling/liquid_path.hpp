// Question   what a loop from racks through coolant units to facility water draws, and how warm the racks' coolant is
// Equation   counter-flow exchanger whose coolant side follows the heat down to a least flow and leaves at a set point
//            held by the facility water's valve; pumps by coolant_unit.hpp and fluid_machines.hpp
// Source     exchanger: heat_exchanger.hpp
// Valid for  units that share the flow alike; beyond what is in service the coolant gets warmer
// Checked by tests/models/cooling/liquid_path_test.cpp against Google's Project Deschutes and STULZ SCR 14103 W
#pragma once

#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_exchanger.hpp"
#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// Share of the rated flow that the coolant units' pumps keep up, also to keep tanks stirred: estimate.
inline constexpr double kLeastCoolantFlow = 0.5;

struct LiquidPathDesign {
  Watts capacity{0};
  KelvinDelta coolant_rise{10};  ///< in the racks
  KelvinDelta facility_rise{10};
  KelvinDelta approach{4};    ///< of the racks' supply above facility water
  double pump_share = 0.015;  ///< rated power of the coolant units' pumps, of rated heat
  Pascals facility_pump_head{250e3};

  ExchangerRating exchanger() const { return {coolant_rise, facility_rise, approach}; }
};

/// What of the path is in service, as shares of the need.
struct LiquidPathPoint {
  Watts heat{0};
  double coolant_units = 1.0, facility_pumps = 1.0;
};

struct LiquidPathEffort {
  Watts coolant_pumps{0}, facility_pumps{0};
  KelvinDelta approach;      ///< of the racks' supply above facility water
  KelvinDelta rise;          ///< of the coolant in the racks
  double load_of_units = 0;  ///< heat over what the units in service are rated for
};

class LiquidPath {
 public:
  explicit LiquidPath(const LiquidPathDesign& design);
  LiquidPathEffort effort(const LiquidPathPoint& point) const;
  Watts capacity() const { return capacity_; }
  Watts rated_coolant_pumps() const { return coolant_pumps_; }
  Watts rated_facility_pumps() const { return facility_pump_.rated; }
  /// Rated heat in the facility water, pumps included.
  Watts facility_heat() const { return capacity_ + coolant_pumps_ + facility_pump_.rated; }

 private:
  Watts capacity_, coolant_pumps_;
  KelvinDelta rise_;  // rated
  HeldExchanger exchanger_;
  Pump facility_pump_;
};

}  // namespace tokenworks::cooling
