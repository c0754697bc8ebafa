// Question   when a store that shapes charges, gives and rests
// Equation   storage_shaping.hpp; the target is sought again once the content strays from it, shaving ends at the
// reserve
//            and begins again a little above it. Dates are whole picoseconds: the next look, or the content gets to
//            where something changes
// Source     storage_shaping.hpp
// Valid for  a caller that holds terminal powers between dates; there is no clock here
// Checked by tests/resources/storage_shaping_test.cpp
#pragma once

#include <cstdint>
#include <optional>

#include "models/power/stored_energy.hpp"

namespace tokenworks::power {

class StorageControl {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// `rated`: of the store.
  StorageControl(const ShapingSpec& spec, const EnergyStore& cells, Watts rated);

  /// Content that it comes back to.
  Femtojoules target() const { return target_; }
  /// A feed is alive from now on.
  void begin(const EnergyStore& cells, std::int64_t now);
  /// The load has changed: a ramp that slept is looked at again.
  void wake(std::int64_t now);
  /// The date of next_date() has come, with what flows at the terminals and what the node draws.
  void on_date(const EnergyStore& cells, Milliwatts terminal, Milliwatts draw, std::int64_t now);

  StoreBand band() const;
  /// What the store would take besides (< 0: give).
  Milliwatts wish() const { return direction_ * returning_; }
  /// Above its reserve, so that it can shave.
  bool can_give() const { return can_give_; }
  /// The next look, or the content gets to where something changes.
  std::int64_t next_date(const EnergyStore& cells, Milliwatts terminal, std::int64_t now) const;

 private:
  ShapingSpec spec_;
  Femtojoules reserve_, usable_again_, target_, below_target_, above_target_, full_, room_again_;  // contents
  Milliwatts most_given_, most_taken_, returning_;
  std::int64_t interval_;
  std::optional<Milliwatts> last_draw_;  // at the last look
  std::int64_t look_at_ = kNever;
  int direction_ = 0;  // 1: charges, -1: gives back
  bool can_give_ = true, can_take_ = false;
};

}  // namespace tokenworks::power
