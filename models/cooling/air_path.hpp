// Question   what fans, chilled-water pumps and heat rejection draw to take heat out of a room with air handlers
// Equation   handler flow = server flow (1 - r) / (1 - b), fans cubic in flow; chilled water = supply air - approach;
//            the chillers carry room heat, fans and pumps
// Source     ASHRAE-style recirculation r and bypass b; fan power 6 % of heat at 14 K: STULZ CRS 560 CW selection
//            sheet; approach between 10 K (LBNL Buildings chiller-plant example) and 13 K (that sheet)
// Valid for  sensible heat, server fans that hold their temperature rise
// Checked by tests/models/cooling/cooling_options_test.cpp against published ranges of mechanical power
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/cooling/cooling_option.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_rejection.hpp"

namespace tokenworks::cooling {

/// Fields of an air path. `heat_rejection` stands with the option that owns the path.
struct AirPathSpec {
  Celsius supply_air{20.0};
  std::string containment = "contained";
  std::optional<double> recirculation_share, bypass_share;
  KelvinDelta server_air_rise{14.0};
  KelvinDelta chilled_water_approach{12.0};
  KelvinDelta chilled_water_rise{6.0};
  double fan_share_of_heat = 0.06;
  double least_fan_flow_share = 0.4;
  Pascals pump_head{250e3};
  void visit(FieldVisitor& v);
};

/// Room heat, and what the path has in service.
struct AirPoint {
  Watts heat{0};
  weather::WeatherPoint outside = {};
  std::size_t mode = 0;  ///< of the heat rejection
  PlantCondition condition = {};
  KelvinDelta warmer{0};  ///< of the loop above its set point
};

struct AirEffort {
  Watts fans{0}, pumps{0};
  Watts heat_rejection_fans{0}, chillers{0};
  WaterUse water;
  Celsius server_inlet;
  LoopEffort loop;
};

class AirPath {
 public:
  /// Carries `capacity` of room heat at `design_weather`.
  AirPath(const AirPathSpec& spec, Watts capacity, const HeatRejection& rejection,
          const weather::WeatherPoint& design_weather);
  AirEffort effort(const AirPoint& point, ValidityNotes& notes) const;
  const HeatRejectionPlant& rejection() const { return *rejection_; }
  Watts rated_fans() const { return fan_.rated; }

 private:
  Watts capacity_;
  Celsius server_inlet_, water_supply_;  // at the set points
  Fan fan_;
  Pump pump_;
  std::unique_ptr<HeatRejectionPlant> rejection_;
};

}  // namespace tokenworks::cooling
