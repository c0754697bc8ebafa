// Question   what the power tree sees of racks that smooth their power with storage in their supplies
// Equation   the draw follows the racks at no more than a rate R; where the store would be exceeded, at
//            step^2 / (2 * what the store can give or take). Ramps go in steps of 10 ms at most, each at its mean, in
//            whole milliwatts: content = content + (draw - demand) * span, exactly. At rest the store comes back to
//            half
// Source     NVIDIA GB300 NVL72: storage, ramp limits and power floor cut peak grid demand by up to 30 %; 65 J a GPU
//            (second hand); rates, floor, hold time and the way back to half: estimates
// Valid for  racks of a group that rise and fall together; a store without losses
// Checked by tests/models/power/power_smoothing_test.cpp
#pragma once

#include <cstdint>

#include "models/core/fields.hpp"
#include "models/core/whole_power.hpp"

namespace tokenworks::power {

struct SmoothingSpec {
  Joules energy_per_gpu{65};
  double ramp_share_per_s = 0.2;  ///< of the rated power, a second
  double floor_share = 0.0;       ///< of the GPUs' limit, drawn after work has ended
  Seconds floor_hold{10};         ///< for so long
  void visit(FieldVisitor& v);
};

/// The supplies of a rack group. Dates are whole picoseconds and never fall.
class PowerSmoothing {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// `rated`: of all the racks together; the store begins half full, at rest at `demand`.
  PowerSmoothing(const SmoothingSpec& spec, std::int64_t gpus, Milliwatts rated, Milliwatts demand);

  /// The racks take `demand` from `now` on.
  void set_demand(Milliwatts demand, std::int64_t now);
  /// Nothing is drawn from `now` on: the racks are dark. The store keeps its content.
  void darken(std::int64_t now);
  /// Moves on to `now`, no later than next_change().
  void advance(std::int64_t now);
  /// When the draw next changes by itself; kNever: at rest.
  std::int64_t next_change() const { return next_; }

  Milliwatts demand() const { return demand_; }
  Milliwatts draw() const { return draw_; }  ///< until next_change()
  Femtojoules stored() const { return stored_; }
  Femtojoules capacity() const { return capacity_; }
  /// Most that the draw lies above the highest demand, while the store comes back to half.
  static Milliwatts most_above(Milliwatts rated);

 private:
  void aim(std::int64_t now);
  void begin_step(std::int64_t now);

  Femtojoules capacity_ = 0, stored_ = 0;
  Milliwatts rate_ = 0;  // W of a ramp, in a second
  Milliwatts rest_power_ = 0;
  Milliwatts demand_ = 0, draw_ = 0;
  Milliwatts from_ = 0;                // where the ramp stood when its steps began
  std::int64_t steps_ = 0, step_ = 0;  // of the ramp
  std::int64_t step_length_ = 0;
  std::int64_t now_ = 0, next_ = kNever;
};

}  // namespace tokenworks::power
