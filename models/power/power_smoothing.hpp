// Question   what the grid sees of racks that smooth their power with storage in their supplies
// Equation   grid power follows the racks at no more than a rate R; where the store would be exceeded, at
//            step^2 / (2 * what the store can give or take); below a floor while work has just ended, the floor is
//            drawn
// Source     NVIDIA GB300 NVL72: storage, ramp limits and power floor cut peak grid demand by up to 30 %; 65 J a GPU
//            (second hand); rates, floor and hold time: estimates
// Valid for  steps of a whole group; ripple faster than the store's ramps is averaged by it
// Checked by tests/models/power/power_smoothing_test.cpp
#pragma once

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::power {

struct SmoothingSpec {
  Joules energy_per_gpu{65};
  double ramp_share_per_s = 0.2;  ///< of the rated power, a second
  double floor_share = 0.0;       ///< of the rated power, drawn after work has ended
  Seconds floor_hold{10};         ///< for so long
  void visit(FieldVisitor& v);
};

/// Power over time in closed form between changes of the demand. Dates are seconds and never fall.
class PowerSmoothing {
 public:
  /// `rated`: of all the GPUs together; the store begins half full, at rest at `demand`.
  PowerSmoothing(const SmoothingSpec& spec, double gpus, Watts rated, Watts demand);

  /// The racks draw `demand` from `now` on. The floor holds for its time after demand fell below it.
  void set_demand(Watts demand, Seconds now);
  /// Moves on to `now`; the floor may end on the way.
  void advance(Seconds now);

  Watts grid() const { return grid_; }  ///< drawn from the grid at the date reached
  Joules stored() const { return stored_; }
  Joules capacity() const { return capacity_; }
  Joules grid_energy() const { return grid_energy_; }    ///< since the start
  Joules load_energy() const { return load_energy_; }    ///< of the racks without the floor's extra
  Joules floor_energy() const { return floor_energy_; }  ///< burnt to hold the floor
  /// When grid power or floor next changes its course; infinite when all is at rest.
  Seconds next_change() const;

 private:
  void aim();
  void move(Seconds span);
  Watts drawn() const;  // by the racks, floor included

  SmoothingSpec spec_;
  Watts rated_, demand_, grid_;
  Joules capacity_, stored_;
  double slope_w_per_s_ = 0.0;
  Seconds now_{0}, floor_until_{0};
  Joules grid_energy_{0}, load_energy_{0}, floor_energy_{0};
};

}  // namespace tokenworks::power
