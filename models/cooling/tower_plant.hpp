// Question   what towers, condenser pumps and chillers take together, with tower water that also cools the loop through
//            an exchanger
// Equation   exchanger: leaving = return - e (return - tower), e = rise / (rise + approach); the chillers carry what it
//            leaves; tower heat = loop heat + compressor power (hermetic: all of the motor's); condenser inlet = the
//            tower's water, not below its least; fans at the least speed that holds what is wanted. While the chillers
//            work alone that is the set point, but not less than the towers' design approach above the wet bulb (reset
//            by wet bulb): fans at full speed for the last kelvin cost more than they save
// Source     LBNL Buildings c4117cc, integrated water-side economiser of the chiller plant example; tower.hpp,
//            chiller.hpp
// Valid for  constant range of the tower's water, exchanger effectiveness as at its design
// Checked by tests/models/cooling/heat_rejection_test.cpp
#pragma once

#include <cstdint>

#include "models/cooling/chiller.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_rejection.hpp"
#include "models/cooling/tower.hpp"

namespace tokenworks::cooling {

/// Which machines take part: the exchanger alone, both, the chillers alone.
enum class TowerPath { free, partial, mechanical };

struct TowerPlantSetup {
  Watts capacity{0};
  WaterLoop loop;
  weather::WeatherPoint design;
  TowerSpec tower;
  KelvinDelta tower_range;
  KelvinDelta exchanger_approach;  ///< 0: the tower's water is the loop's
  Pascals pump_head{0};            ///< of the tower's water
  const ChillerCurves* curves = nullptr;
  bool chillers_carry_all = false;  ///< else what the exchanger leaves on the design day, and none where there are none
  bool has_chillers = true;
  std::int64_t chillers = 1;
  Celsius condenser_water;                              ///< set point while the chillers work alone
  Celsius least_condenser_water, most_condenser_water;  ///< at any time; warmer, the chillers trip

  double effectiveness() const { return loop.rise / (loop.rise + exchanger_approach); }  ///< of the exchanger
};

struct TowerPlantEffort {
  RejectionEffort rejection;  ///< all but its modes
  Celsius exchanger_leaving;  ///< of the loop's water with full fans, not held at the set point
};

class TowerPlant {
 public:
  explicit TowerPlant(const TowerPlantSetup& setup);
  TowerPlantEffort effort(TowerPath path, const RejectionPoint& point, ValidityNotes& notes) const;
  /// Loop water behind the exchanger with full fans and without chillers.
  Celsius free_leaving(const RejectionPoint& point) const;
  Celsius coldest_tower_water(Watts tower_heat, const RejectionPoint& point) const {
    return tower_.coldest(tower_heat, point.outside, point.outdoor);
  }
  Celsius return_water(const RejectionPoint& point) const { return loop_.supply + point.warmer + loop_.rise; }
  bool has_chillers() const { return chiller_.capacity().value > 0.0; }
  Watts capacity() const { return capacity_; }
  std::vector<std::pair<std::string, double>> ratings() const;

 private:
  struct State;
  State state(TowerPath path, const RejectionPoint& point, KelvinDelta warmer, ValidityNotes& notes) const;
  Watts most_heat(TowerPath path, const RejectionPoint& point, KelvinDelta warmer, const State& state) const;
  /// Of the tower's water while the chillers work alone.
  Celsius condenser_set_point(const weather::WeatherPoint& outside) const;

  Watts capacity_;
  WaterLoop loop_;
  double effectiveness_;  // of the exchanger
  KelvinDelta tower_approach_;
  Celsius condenser_water_, least_condenser_water_, most_condenser_water_;
  Chiller chiller_;
  Tower tower_;
  Pump pump_;
};

}  // namespace tokenworks::cooling
