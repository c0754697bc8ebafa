#include "models/power/power_smoothing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::power {
namespace {

constexpr double kLongestStep = 10e-3;  // s
/// Of the rated power, with which a store at rest comes back to half (an estimate: within seconds, unnoticed).
constexpr double kRestShare = 0.01;

}  // namespace

void SmoothingSpec::visit(FieldVisitor& v) {
  field(v, "energy_per_gpu_j", energy_per_gpu, "Energy that the power supplies store for each GPU",
        rule().at_least(0).at_most(1e6).default_from('S', "About 65 J for GB300"));
  field(v, "ramp_share_per_s", ramp_share_per_s, "Most that the racks' draw changes in a second, of the rated power",
        rule().at_least(1e-4).at_most(1e3).default_from('E', "No published rate"));
  field(v, "floor_share", floor_share, "GPU power held after work has ended, of the board's limit; 0: none",
        rule().share().default_from('E', "Set by the operator"));
  field(v, "floor_hold_s", floor_hold, "For how long the floor is held",
        rule().at_least(0).at_most(1e6).default_from('E', "Set by the operator"));
}

Milliwatts PowerSmoothing::most_above(Milliwatts rated) {
  return static_cast<Milliwatts>(static_cast<double>(rated) * kRestShare);
}

PowerSmoothing::PowerSmoothing(const SmoothingSpec& spec, std::int64_t gpus, Milliwatts rated, Milliwatts demand)
    : capacity_(to_femtojoules(spec.energy_per_gpu) * gpus),
      stored_(capacity_ / 2),
      rate_(std::max<Milliwatts>(std::llround(static_cast<double>(rated) * spec.ramp_share_per_s), 1)),
      rest_power_(most_above(rated)),
      demand_(demand),
      draw_(demand) {
  if (gpus < 0 || rated <= 0) {
    throw std::invalid_argument(
        fmt::format("smoothing needs GPUs (got {}) and a rated power (got {} mW)", gpus, rated));
  }
}

void PowerSmoothing::set_demand(Milliwatts demand, std::int64_t now) {
  advance(now);
  if (demand == demand_) return;
  demand_ = demand;
  aim(now);
}

void PowerSmoothing::darken(std::int64_t now) {
  advance(now);
  demand_ = draw_ = 0;
  steps_ = step_ = 0;
  next_ = kNever;
}

/// A ramp from the present draw, as far as the store bears it. The store feeds a rise and takes a fall: a ramp of slope
/// s moves step^2 / (2 s).
void PowerSmoothing::aim(std::int64_t now) {
  from_ = draw_;
  steps_ = step_ = 0;
  const auto change = std::abs(static_cast<double>(demand_ - from_));
  const double room = static_cast<double>(demand_ > from_ ? stored_ : capacity_ - stored_) / kPicosecondsPerSecond;
  const double slope =
      std::max<double>(static_cast<double>(rate_), room > 0.0 ? change * change / (2.0 * room) : 1e300);
  const double length = change / slope;  // s
  const double least = 0.1 * kLongestStep;
  if (length > least) {
    steps_ = static_cast<std::int64_t>(std::ceil(length / kLongestStep));
    step_length_ = std::llround(length * kPicosecondsPerSecond / static_cast<double>(steps_));
  }
  begin_step(now);
}

/// The next step of the ramp, or rest at the demand.
void PowerSmoothing::begin_step(std::int64_t now) {
  next_ = kNever;
  if (step_ < steps_) {
    draw_ = from_ + static_cast<Milliwatts>(static_cast<Femtojoules>(demand_ - from_) * (2 * step_ + 1) / (2 * steps_));
    next_ = now + step_length_;
  } else {
    const Femtojoules off = capacity_ / 2 - stored_;
    const Femtojoules far = capacity_ / 100;  // a store that is nearly at half stays there
    draw_ = demand_;
    if (rest_power_ > 0 && (off > far || off < -far)) {
      draw_ = std::max<Milliwatts>(demand_ + (off > 0 ? rest_power_ : -rest_power_), 0);
      if (draw_ != demand_) next_ = now + std::max<std::int64_t>(static_cast<std::int64_t>(off / (draw_ - demand_)), 1);
    }
  }
  if (draw_ == demand_) return;
  // Whatever came together, the store neither gives what it lacks nor takes what it has no room for.
  const Femtojoules room = draw_ < demand_ ? stored_ : capacity_ - stored_;
  const Femtojoules span = room / std::abs(draw_ - demand_);
  if (span < 1) {
    draw_ = demand_;
    steps_ = step_ = 0;
    next_ = kNever;
  } else if (next_ == kNever || span < next_ - now) {
    next_ = now + static_cast<std::int64_t>(span);
  }
}

void PowerSmoothing::advance(std::int64_t now) {
  if (now < now_) throw std::invalid_argument(fmt::format("smoothing: time falls from {} to {} ps", now_, now));
  if (now > next_) throw std::invalid_argument(fmt::format("smoothing: {} ps is beyond its change at {}", now, next_));
  stored_ += static_cast<Femtojoules>(draw_ - demand_) * (now - now_);
  now_ = now;
  if (now < next_) return;
  if (step_ < steps_) ++step_;
  begin_step(now);
}

}  // namespace tokenworks::power
