// Question   what fans and chilled-water pumps draw to take heat out of a room with air handlers, and what air reaches
//            the servers
// Equation   handler flow = server flow (1 - r) / (1 - b), fans cubic in flow; server inlet = supply + rise r /
//            (1 - r); counter-flow coil, its water held by a valve; where the handlers' flow falls short servers draw
//            their own outlet air; thinner air takes more volume through more handlers, whose fans draw with the
//            inverse of its density. Where the heat rejection takes the air itself (outside air), there is no coil and
//            no chilled water: the air comes at its set point, and what the fans add is heat of the loop
// Source     ASHRAE-style recirculation r and bypass b; fan power 6 % of heat at 14 K: STULZ CRS 560 CW selection
//            sheet; approach between 10 K (LBNL Buildings chiller-plant example) and 13 K (that sheet); exponents 0.8
//            of air and 0.85 of water, hA ratio 0.5: LBNL Buildings, DryCoolers
// Valid for  sensible heat, server fans that hold their temperature rise
// Checked by tests/models/cooling/air_path_test.cpp against that sheet, cooling_options_test.cpp against published
//            ranges
#pragma once

#include <optional>
#include <string>

#include "models/cooling/cooling_option.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_exchanger.hpp"
#include "models/cooling/plant_units.hpp"

namespace tokenworks::cooling {

inline constexpr double kHighestServerInlet = 32.0;  // degC, ASHRAE class A1 allowable

/// Chips under heat sinks and the room's air, for the course of temperatures.
struct AirThermalSpec {
  double chip_k_per_w = 0.055;
  double flow_share_of_resistance = 0.5;
  JoulesPerKelvin chip_capacity{1000.0};
  Seconds room_to_10_k{180.0};
  void visit(FieldVisitor& v);
};

/// Fields of an air path. `heat_rejection` stands with the option that owns the path.
struct AirPathSpec {
  Celsius supply_air{20.0};
  std::optional<std::string> equipment_class;
  std::string containment = "contained";
  std::string placement = "perimeter";
  std::optional<double> recirculation_share, bypass_share;
  KelvinDelta server_air_rise{14.0};
  std::optional<Celsius> chilled_water;
  KelvinDelta chilled_water_approach{12.0};
  KelvinDelta chilled_water_rise{6.0};
  double fan_share_of_heat = 0.06;
  double least_fan_flow_share = 0.4;
  Pascals pump_head{250e3};
  UnitsSpec air_handlers{Watts(60.7e3), 'S', "STULZ CRS 560 CW selection sheet, net"};
  AirThermalSpec thermal;

  void visit(FieldVisitor& v);
  /// Adds faults, with pointers that begin with `at`.
  void add_faults(OptionFaults& faults, const std::string& at, Medium medium = Medium::water) const;
  KelvinDelta water_approach() const;       ///< of supply air above chilled water
  KelvinDelta handler_air_rise() const;     ///< from supply to return
  KelvinDelta server_inlet_excess() const;  ///< of server inlet above supply air
  ExchangerRating coil() const;
};

/// Room heat, and what the path has in service, as shares of the need.
struct AirPoint {
  Watts heat{0};
  double air_handlers = 1.0, pumps = 1.0;
  KelvinDelta warmer{0};  ///< of the loop above its set point
};

struct AirEffort {
  Watts fans{0}, pumps{0};
  Watts water_heat{0};   ///< room heat, fans and pumps, in the loop
  Celsius water_supply;  ///< of the loop: the supply air's where the heat rejection takes the air
  Celsius supply_air, server_inlet;
};

class AirPath {
 public:
  /// Carries `capacity` of room heat in air of `site_pressure` to coils on chilled water, or to a heat rejection that
  /// takes the air. `fullest_rack`: see HeatLoad.
  AirPath(const AirPathSpec& spec, Watts capacity, Watts fullest_rack, Pascals site_pressure,
          Medium medium = Medium::water);
  AirEffort effort(const AirPoint& point, ValidityNotes& notes) const;
  WaterLoop water_loop() const { return {water_supply_, water_rise_}; }
  /// Rated heat in the loop; without the pumps, what they are made for.
  Watts water_heat() const { return capacity_ + fan_.rated + pump_.rated; }
  Watts capacity() const { return capacity_; }
  /// The same in the ratings of handlers at sea level, which carry less in thinner air.
  Watts handler_capacity() const { return capacity_ * thinner_air_; }
  Watts rated_fans() const { return fan_.rated; }
  Watts rated_pumps() const { return pump_.rated; }
  /// All but the loop's part of it, where the loop is water.
  ThermalPath thermal_path() const;

 private:
  AirThermalSpec thermal_;
  Watts capacity_, fullest_rack_, most_of_a_rack_;
  double thinner_air_;  // volume over that at sea level
  double recirculation_;
  double least_flow_;
  KelvinDelta server_air_rise_, approach_, coil_approach_, water_rise_;
  Celsius server_inlet_, water_supply_;  // at the set points
  Fan fan_;
  Pump pump_;
  std::optional<HeldExchanger> coil_;  // absent where the heat rejection takes the air
};

}  // namespace tokenworks::cooling
