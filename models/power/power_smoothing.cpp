#include "models/power/power_smoothing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tokenworks::power {

void SmoothingSpec::visit(FieldVisitor& v) {
  field(v, "energy_per_gpu_j", energy_per_gpu, "Energy that the power supplies store for each GPU",
        rule().at_least(0).default_from('S', "About 65 J for GB300"));
  field(v, "ramp_share_per_s", ramp_share_per_s, "Most that grid power changes in a second, of the rated power",
        rule().above(0).default_from('E', "No published rate"));
  field(v, "floor_share", floor_share, "Power held after work has ended, of the rated power; 0: none",
        rule().share().default_from('E', "Set by the operator"));
  field(v, "floor_hold_s", floor_hold, "For how long the floor is held",
        rule().at_least(0).default_from('E', "Set by the operator"));
}

PowerSmoothing::PowerSmoothing(const SmoothingSpec& spec, double gpus, Watts rated, Watts demand)
    : spec_(spec),
      rated_(rated),
      demand_(demand),
      grid_(demand),
      capacity_(spec.energy_per_gpu * gpus),
      stored_(spec.energy_per_gpu * gpus * 0.5) {
  if (!(gpus >= 0.0) || !(rated.value > 0.0)) {
    throw std::invalid_argument(
        fmt::format("smoothing needs GPUs (got {}) and a rated power (got {} W)", gpus, rated.value));
  }
}

Watts PowerSmoothing::drawn() const {
  const Watts floor = rated_ * spec_.floor_share;
  return now_ < floor_until_ ? std::max(demand_, floor) : demand_;
}

void PowerSmoothing::set_demand(Watts demand, Seconds now) {
  advance(now);
  const Watts floor = rated_ * spec_.floor_share;
  if (demand < floor && demand_ >= floor) floor_until_ = now_ + spec_.floor_hold;
  if (demand >= floor) floor_until_ = now_;
  demand_ = demand;
  aim();
}

/// The store feeds a rise and takes a fall: a ramp of slope s moves step^2 / (2 s).
void PowerSmoothing::aim() {
  const double step = (drawn() - grid_).value;
  if (step == 0.0) {
    slope_w_per_s_ = 0.0;
    return;
  }
  const double room = step > 0.0 ? stored_.value : (capacity_ - stored_).value;
  double slope = rated_.value * spec_.ramp_share_per_s;
  if (room <= 0.0) {
    grid_ = drawn();
    slope_w_per_s_ = 0.0;
    return;
  }
  slope = std::max(slope, step * step / (2.0 * room));
  slope_w_per_s_ = step > 0.0 ? slope : -slope;
}

Seconds PowerSmoothing::next_change() const {
  double next = std::numeric_limits<double>::infinity();
  if (slope_w_per_s_ != 0.0) next = now_.value + (drawn() - grid_).value / slope_w_per_s_;
  if (now_ < floor_until_) next = std::min(next, floor_until_.value);
  return Seconds(next);
}

void PowerSmoothing::move(Seconds span) {
  const double rise = slope_w_per_s_ * span.value;
  const Joules from_grid = (grid_ + Watts(rise / 2.0)) * span;
  const Joules used = drawn() * span;
  grid_energy_ += from_grid;
  load_energy_ += demand_ * span;
  floor_energy_ += used - demand_ * span;
  stored_ = Joules(std::clamp((stored_ + from_grid - used).value, 0.0, capacity_.value));
  grid_ += Watts(rise);
}

void PowerSmoothing::advance(Seconds now) {
  if (now < now_)
    throw std::invalid_argument(fmt::format("smoothing: time falls from {} to {} s", now_.value, now.value));
  while (true) {
    const Seconds change = next_change();
    if (change > now) break;
    const bool floor_ends = now_ < floor_until_ && change >= floor_until_;
    const Watts target = drawn();
    const bool arrives = slope_w_per_s_ != 0.0 && change.value >= now_.value + (target - grid_).value / slope_w_per_s_;
    move(change - now_);
    now_ = change;
    if (arrives) {
      grid_ = target;
      slope_w_per_s_ = 0.0;
    }
    if (floor_ends) {
      now_ = floor_until_;
      aim();
    }
  }
  move(now - now_);
  now_ = now;
}

}  // namespace tokenworks::power
