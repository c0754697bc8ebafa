#include "models/power/stored_energy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace tokenworks::power {
namespace {

constexpr double kOne = 4294967296.0;  // 2^32
// So that a capacity is a whole number of femtojoules.
constexpr double kLeastWindow = 0.01;
constexpr Seconds kLongestRide{1e6};
constexpr Watts kFastestCharge{1e12};

}  // namespace

void StorageSpec::visit(FieldVisitor& v) {
  field(v, "ride_through_s", ride_through, "How long it carries the rated output from full; 0: there is no battery",
        rule().at_least(0).at_most(kLongestRide.value).default_from('R', "2 to 10 min, 5 min common"));
  field(v, "charge_c_rate", charge_c_rate, "Power of recharging, of the capacity an hour",
        rule().above(0).at_most(10).default_from('E', "0.1 to 0.25 C for UPS batteries"));
  field(v, "charge_efficiency", charge_efficiency, "Of the energy taken, what the cells store",
        rule().above(0).at_most(1).default_from('V', "Vessim, ClcBattery"));
  field(v, "discharge_factor", discharge_factor, "Energy that the cells lose for each that is given",
        rule().at_least(1).at_most(10).default_from('V', "Vessim, ClcBattery"));
  field(v, "soc_low", soc_low, "Lowest content that is used, of the capacity",
        rule().share().default_from('E', "UPS batteries run down; storage systems keep 10 %"));
  field(v, "soc_high", soc_high, "Highest content, of the capacity",
        rule().share().default_from('E', "UPS batteries are kept full; storage systems stop at 90 %"));
  field(v, "walk_in_s", walk_in, "From the return of power until the whole load is off the battery",
        rule().at_least(0).default_from('E', "UPS walk-in ramps take 10 to 30 s"));
  field(v, "power_w", power,
        "Rated power of the store; with less than its node's rating it cannot carry the node without feeds; absent: "
        "the node's",
        rule().above(0).at_most(kFastestCharge.value));
  field(v, "shaping", shaping, "Peaks and ramps that it takes off the feeds; absent: it waits for an outage");
}

StorageSpec StorageSpec::energy_storage() {
  StorageSpec spec;
  spec.ride_through = Seconds(3600);
  spec.charge_c_rate = 1.0;
  spec.soc_low = 0.1;
  spec.soc_high = 0.9;
  spec.walk_in = Seconds(1);
  return spec;
}

std::vector<StorageFault> storage_faults(const StorageSpec& spec) {
  std::vector<StorageFault> all;
  if (!(spec.soc_high >= spec.soc_low + kLeastWindow)) {
    all.push_back({"soc_high", fmt::format("{} is not above soc_low, {}, by {} or more", spec.soc_high, spec.soc_low,
                                           kLeastWindow)});
  }
  if (!(spec.ride_through <= kLongestRide)) {
    all.push_back({"ride_through_s", fmt::format("{} is above {}", spec.ride_through.value, kLongestRide.value)});
  }
  if (spec.shaping && !spec.shaping->limit && !spec.shaping->ramp_w_per_min) {
    all.push_back({"shaping", "has neither limit_w nor ramp_w_per_min, one of which it keeps"});
  }
  if (spec.shaping && !(spec.shaping->target_share > spec.shaping->reserve_share)) {
    all.push_back({"shaping/target_share", fmt::format("{} is not above reserve_share, {}", spec.shaping->target_share,
                                                       spec.shaping->reserve_share)});
  }
  if (spec.shaping && !(spec.ride_through.value > 0.0)) {
    all.push_back({"shaping", "needs a store, ride_through_s above 0"});
  }
  return all;
}

EnergyStore::EnergyStore(const StorageSpec& spec, Watts rated) {
  for (const StorageFault& fault : storage_faults(spec)) {
    throw std::invalid_argument(fmt::format("battery: {} {}", fault.key, fault.message));
  }
  charge_q32_ = std::llround(spec.charge_efficiency * kOne);
  discharge_q32_ = std::llround(spec.discharge_factor * kOne);
  const Joules usable = rated * spec.ride_through * spec.discharge_factor;
  const Joules capacity = usable / (spec.soc_high - spec.soc_low);
  capacity_ = to_femtojoules(capacity);
  low_ = to_femtojoules(capacity * spec.soc_low);
  // Rounded up by what a rounded power takes, so that the rated output lasts for the whole ride-through.
  high_ = std::max(to_femtojoules(capacity * spec.soc_high),
                   low_ - energy(cell_power(-to_milliwatts(rated)),
                                 std::llround(spec.ride_through.value * static_cast<double>(kPicosecondsPerSecond))));
  capacity_ = std::max(capacity_, high_);
  stored_ = high_;
  charge_limit_ = to_milliwatts(std::min(capacity * spec.charge_c_rate / Seconds(3600), kFastestCharge));
}

double EnergyStore::state_of_charge() const {
  return capacity_ > 0 ? static_cast<double>(stored_) / static_cast<double>(capacity_) : 0.0;
}

void EnergyStore::set_content(Femtojoules content) { stored_ = std::clamp(content, low_, high_); }

Milliwatts EnergyStore::cell_power(Milliwatts terminal) const {
  if (terminal >= 0) return static_cast<Milliwatts>((static_cast<Femtojoules>(terminal) * charge_q32_) >> 32);
  const Femtojoules given = static_cast<Femtojoules>(-terminal) * discharge_q32_;
  return -static_cast<Milliwatts>((given + ((Femtojoules{1} << 32) - 1)) >> 32);
}

Femtojoules EnergyStore::level(double share_of_window) const {
  return low_ + static_cast<Femtojoules>(static_cast<double>(high_ - low_) * share_of_window);
}

std::int64_t EnergyStore::time_to_limit(Milliwatts terminal, std::int64_t never) const {
  return time_to(terminal > 0 ? high_ : low_, terminal, never);
}

std::int64_t EnergyStore::time_to(Femtojoules level, Milliwatts terminal, std::int64_t never) const {
  const Milliwatts cells = cell_power(terminal);
  if (cells == 0) return never;
  const Femtojoules room = cells > 0 ? level - stored_ : stored_ - level;
  const Femtojoules span = std::max<Femtojoules>(room, 0) / (cells > 0 ? cells : -cells);
  return span >= never ? never : static_cast<std::int64_t>(span);
}

}  // namespace tokenworks::power
