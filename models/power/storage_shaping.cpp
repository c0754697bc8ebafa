#include "models/power/storage_shaping.hpp"

#include <algorithm>

namespace tokenworks::power {

void ShapingSpec::visit(FieldVisitor& v) {
  field(v, "limit_w", limit,
        "Draw of its node that it keeps to while its charge lasts, losses above it besides; absent: none",
        rule().above(0));
  field(v, "ramp_w_per_min", ramp_w_per_min,
        "Most that the draw of its node rises or falls in a minute while its charge lasts; absent: any",
        rule().above(0));
  field(v, "reserve_share", reserve_share, "Of the window of content, what is kept for outages",
        rule().at_least(0).at_most(0.95).default_from('E', "Set by the operator"));
  field(v, "target_share", target_share,
        "Of the window of content, where it comes back to: below 1 it can take what a falling load leaves",
        rule().share().default_from('E', "Full for peaks; half for ramps"));
  field(v, "return_share", return_share,
        "Of the store's power, with which it comes back there; no more than it charges with, and within limit and ramp",
        rule().above(0).at_most(1).default_from('E', "A few hours back to full, so that it makes no peak of its own"));
  field(v, "interval_s", interval, "Between two looks at the ramp",
        rule().at_least(0.01).at_most(60).default_from('E', "Controls of storage systems act within a second"));
}

StoreBand band_of(const ShapingSpec& spec, std::optional<Milliwatts> last_draw, Seconds since) {
  constexpr double kSecondsPerMinute = 60.0;
  StoreBand band;
  if (spec.limit) band.high = to_milliwatts(*spec.limit);
  if (!spec.ramp_w_per_min || !last_draw) return band;
  const double change_w = *spec.ramp_w_per_min * since.value / kSecondsPerMinute;
  const Milliwatts change = std::max<Milliwatts>(to_milliwatts(change_w), 1);
  band.high = std::min(band.high, *last_draw + change);
  band.low = std::clamp<Milliwatts>(*last_draw - change, 0, band.high);
  return band;
}

Milliwatts StoreBand::draw(Milliwatts need, Milliwatts wish) const {
  const Milliwatts banded = std::clamp(need + wish, low, high);
  const Milliwatts least = std::max<Milliwatts>(need - most_given, 0);
  return std::clamp(banded, least, std::max(need + most_taken, least));
}

}  // namespace tokenworks::power
