#include "sim/scenario/year_store.hpp"

#include <algorithm>

namespace tokenworks::scenario {
namespace {

constexpr Seconds kHourLong{3600};
constexpr std::int64_t kHour = 3600 * kPicosecondsPerSecond;

/// Held for an hour, what moves the content by `energy` at the most.
Milliwatts for_an_hour(Femtojoules energy, double cells_per_terminal) {
  const auto cells = static_cast<double>(std::max<Femtojoules>(energy, 0) / kHour);
  return std::max<Milliwatts>(static_cast<Milliwatts>(cells / cells_per_terminal) - 1, 0);  // rounding stays within
}

}  // namespace

YearStore::YearStore(const power::StorageSpec& spec, Watts node)
    : shaping_(spec.shaping.value()),
      cells_(spec, spec.rated(node)),
      discharge_factor_(spec.discharge_factor),
      charge_efficiency_(spec.charge_efficiency),
      power_(to_milliwatts(spec.rated(node))),
      returning_(std::min(cells_.charge_limit(), to_milliwatts(spec.rated(node).value * shaping_.return_share))),
      charge_limit_(std::min(cells_.charge_limit(), power_)),
      reserve_(cells_.level(shaping_.reserve_share)),
      target_(cells_.level(shaping_.target_share)),
      full_(cells_.level(1.0)) {
  cells_.set_content(target_);
}

YearStore::Hour YearStore::next(Watts need) {
  const Femtojoules content = cells_.stored();
  power::StoreBand band = power::band_of(shaping_, last_draw_, kHourLong);
  band.most_given = std::min(power_, for_an_hour(content - reserve_, discharge_factor_));
  band.most_taken = std::min(charge_limit_, for_an_hour(full_ - content, charge_efficiency_));
  Milliwatts wish = std::min(returning_, for_an_hour(target_ - content, charge_efficiency_));
  if (content > target_) wish = -std::min(returning_, for_an_hour(content - target_, discharge_factor_));
  const Milliwatts wanted = to_milliwatts(need);
  const Milliwatts draw = band.draw(wanted, wish), taken = draw - wanted;
  last_draw_ = draw;
  cells_.hold(taken, kHour);
  return {Watts(to_watts(taken)), Watts(to_watts(taken - cells_.cell_power(taken)))};
}

}  // namespace tokenworks::scenario
