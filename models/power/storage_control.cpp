#include "models/power/storage_control.hpp"

#include <algorithm>

namespace tokenworks::power {
namespace {

/// Of a store's window: what it must have gained above its reserve, or lost below full, before it shapes again, and how
/// far it may be from its target before it is brought back to it. Against flutter: without influence on energy.
constexpr double kDeadBand = 0.01;

std::int64_t later(std::int64_t now, std::int64_t span) {
  return span >= StorageControl::kNever - now ? StorageControl::kNever : now + span;
}

}  // namespace

StorageControl::StorageControl(const ShapingSpec& spec, const EnergyStore& cells, Watts rated)
    : spec_(spec),
      reserve_(cells.level(spec.reserve_share)),
      usable_again_(cells.level(std::min(spec.reserve_share + kDeadBand, spec.target_share))),
      target_(cells.level(spec.target_share)),
      below_target_(cells.level(spec.target_share - kDeadBand)),
      above_target_(cells.level(spec.target_share + kDeadBand)),
      full_(cells.level(1.0)),
      room_again_(cells.level(1.0 - kDeadBand)),
      most_given_(to_milliwatts(rated)),
      most_taken_(std::min(cells.charge_limit(), most_given_)),
      returning_(std::min(cells.charge_limit(), to_milliwatts(rated * spec.return_share))),
      interval_(std::llround(spec.interval.value * static_cast<double>(kPicosecondsPerSecond))) {}

void StorageControl::begin(const EnergyStore& cells, std::int64_t now) {
  last_draw_.reset();
  look_at_ = spec_.ramp_w_per_min ? later(now, interval_) : kNever;
  can_give_ = cells.stored() >= usable_again_;
  can_take_ = cells.stored() < full_;
  direction_ = cells.stored() < below_target_ ? 1 : cells.stored() > above_target_ ? -1 : 0;
}

StoreBand StorageControl::band() const {
  StoreBand band = band_of(spec_, last_draw_, spec_.interval);
  band.most_given = can_give_ ? most_given_ : 0;
  band.most_taken = can_take_ ? most_taken_ : 0;
  return band;
}

std::int64_t StorageControl::next_date(const EnergyStore& cells, Milliwatts terminal, std::int64_t now) const {
  std::int64_t next = look_at_;
  const auto arrives = [&](Femtojoules level) {
    next = std::min(next, later(now, cells.time_to(level, terminal, kNever)));
  };
  if (terminal > 0) {
    arrives(full_);
    if (direction_ > 0) arrives(target_);
    if (direction_ == 0 && above_target_ < full_) arrives(above_target_);
    if (!can_give_ && cells.stored() < usable_again_) arrives(usable_again_);
  } else if (terminal < 0) {
    if (can_give_) arrives(reserve_);
    if (direction_ < 0) arrives(target_);
    if (direction_ == 0) arrives(below_target_);
    if (!can_take_ && cells.stored() > room_again_) arrives(room_again_);
  }
  return next;
}

void StorageControl::wake(std::int64_t now) {
  if (spec_.ramp_w_per_min && look_at_ == kNever) look_at_ = later(now, interval_);
}

void StorageControl::on_date(const EnergyStore& cells, Milliwatts terminal, Milliwatts draw, std::int64_t now) {
  // A content that is less than a picosecond from a level has reached it.
  const auto reached = [&](Femtojoules level) { return cells.time_to(level, terminal, kNever) == 0; };
  if (terminal > 0) {
    if (direction_ > 0 && reached(target_)) {
      direction_ = 0;
    } else if (direction_ == 0 && reached(above_target_)) {
      direction_ = -1;
    }
    if (reached(full_)) can_take_ = false;
    if (reached(usable_again_)) can_give_ = true;
  } else if (terminal < 0) {
    if (direction_ < 0 && reached(target_)) {
      direction_ = 0;
    } else if (direction_ == 0 && reached(below_target_)) {
      direction_ = 1;
    }
    if (reached(room_again_)) can_take_ = true;
    if (reached(reserve_)) can_give_ = false;
  }
  if (now < look_at_) return;
  const bool is_quiet = last_draw_ == draw && terminal == 0;
  last_draw_ = draw;
  look_at_ = is_quiet ? kNever : later(now, interval_);
}

}  // namespace tokenworks::power
