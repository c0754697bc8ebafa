// Question   how long a battery carries a load, what it loses, and when it is full again
// Equation   discharge: cells give P * factor; charge: cells take P * efficiency; both whole milliwatts, so that energy
//            is exact whatever spans it is summed over; content stays within a window of the capacity
// Source     linear C/L/C lithium model with the constants of Vessim (ClcBattery: 0.978 and 1.014); ride-through of UPS
//            batteries 2 to 10 min, commonly 5 (remembered); recharge 0.1 to 0.25 C, window 10 to 90 % and C-rate of
//            storage systems: estimates
// Valid for  constant power over a span; no ageing, no temperature, no taper at the end of a charge
// Checked by tests/models/power/stored_energy_test.cpp
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/whole_power.hpp"
#include "models/power/storage_shaping.hpp"

namespace tokenworks::power {

/// Battery of a UPS, or a storage system in line with a feed.
struct StorageSpec {
  Seconds ride_through{300};  ///< at rated output, from full; 0: there is none
  double charge_c_rate = 0.15;
  double charge_efficiency = 0.978;
  double discharge_factor = 1.014;
  double soc_low = 0.0, soc_high = 1.0;  ///< window that is used
  Seconds walk_in{20};                   ///< from the return of power until it takes the whole load and recharges
  std::optional<Watts> power;            ///< rated power of the store; absent: of its node
  std::optional<ShapingSpec> shaping;    ///< what it does while a feed is alive; absent: it waits
  void visit(FieldVisitor& v);
  /// Defaults of a storage system: an hour at rated power, within 10 to 90 %.
  static StorageSpec energy_storage();
  Watts rated(Watts node) const { return power.value_or(node); }
  /// A store of less than its node's rating works beside the feeds, and cannot carry the node without them.
  bool can_carry(Watts node) const { return ride_through.value > 0.0 && rated(node) >= node; }
};

/// What does not add up, at which key.
struct StorageFault {
  std::string key, message;
};
std::vector<StorageFault> storage_faults(const StorageSpec& spec);

class EnergyStore {
 public:
  EnergyStore() = default;
  /// Full at first. Sized so that `rated` output lasts for the ride-through. Throws std::invalid_argument with the
  /// first of storage_faults().
  EnergyStore(const StorageSpec& spec, Watts rated);

  Femtojoules capacity() const { return capacity_; }
  Femtojoules stored() const { return stored_; }
  double state_of_charge() const;
  /// Sets the content, kept within the window.
  void set_content(Femtojoules content);
  bool exists() const { return capacity_ > 0; }
  bool is_full() const { return stored_ >= high_; }
  bool is_empty() const { return stored_ <= low_; }
  /// Content at a share of the window.
  Femtojoules level(double share_of_window) const;

  /// Most that it takes at its terminals while charging.
  Milliwatts charge_limit() const { return charge_limit_; }
  /// What the cells gain while the terminals take `terminal` (< 0: while they give it).
  Milliwatts cell_power(Milliwatts terminal) const;
  /// Whole picoseconds until the window ends at constant `terminal`; `never` at 0.
  std::int64_t time_to_limit(Milliwatts terminal, std::int64_t never) const;
  /// Whole picoseconds until the content is within one of a level that lies ahead; 0 when it lies behind.
  std::int64_t time_to(Femtojoules level, Milliwatts terminal, std::int64_t never) const;
  /// Holds `terminal` for a span no longer than time_to_limit().
  void hold(Milliwatts terminal, std::int64_t picoseconds) { stored_ += energy(cell_power(terminal), picoseconds); }

 private:
  static Femtojoules energy(Milliwatts power, std::int64_t span) { return static_cast<Femtojoules>(power) * span; }
  Femtojoules capacity_ = 0, low_ = 0, high_ = 0, stored_ = 0;
  Milliwatts charge_limit_ = 0;
  std::int64_t charge_q32_ = 0, discharge_q32_ = 0;  // in 2^-32
};

}  // namespace tokenworks::power
