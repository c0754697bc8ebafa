#include "models/power/trip_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tokenworks::power {
namespace {

/// Heat in a picosecond that opens after `seconds`: 1e30 / (1e12 seconds).
std::int64_t rate_of(double seconds) { return std::llround(std::min(1e18 / seconds, 9e18)); }

}  // namespace

void TripPoint::visit(FieldVisitor& v) {
  field(v, "load_share", load_share, "Load, of the rating", rule().required().above(1));
  field(v, "time_s", time, "Time from cold until it opens", rule().required().above(0));
}

void TripSpec::visit(FieldVisitor& v) {
  field(v, "points", points, "Inverse-time curve: loads rise, times fall",
        rule().default_from('E', "110 % 600 s, 125 % 120 s, 150 % 30 s, 200 % 10 s"));
  field(v, "cooling_s", cooling, "From the brink of opening to cold, at or below the rating",
        rule().above(0).default_from('E', "As long as 110 % takes to open it"));
}

TripCurve::TripCurve(const TripSpec& spec) : points_(spec.points), cooling_rate_(rate_of(spec.cooling.value)) {
  if (points_.empty()) throw std::invalid_argument("a trip curve needs a point");
  double load = 1.0, time = std::numeric_limits<double>::infinity();
  for (const TripPoint& point : points_) {
    if (!(point.load_share > load) || !(point.time.value < time) || !(point.time.value > 0.0)) {
      throw std::invalid_argument(fmt::format(
          "trip curve: after a load of {} in {} s comes {} in {} s; loads must rise from above 1 and times fall", load,
          time, point.load_share, point.time.value));
    }
    load = point.load_share;
    time = point.time.value;
  }
}

Seconds TripCurve::trip_time(double load) const {
  if (load <= 1.0) return Seconds(std::numeric_limits<double>::infinity());
  const TripPoint& first = points_.front();
  if (load <= first.load_share) return first.time * ((first.load_share - 1.0) / (load - 1.0));
  const TripPoint& last = points_.back();
  if (load >= last.load_share) return last.time * (last.load_share * last.load_share / (load * load));
  const auto above =
      std::find_if(points_.begin(), points_.end(), [&](const TripPoint& p) { return p.load_share > load; });
  const TripPoint &right = *above, &left = *(above - 1);
  const double weight = std::log(load / left.load_share) / std::log(right.load_share / left.load_share);
  return left.time * std::pow(right.time / left.time, weight);
}

std::int64_t TripCurve::rate(Milliwatts output, Milliwatts rating) const {
  if (rating <= 0 || output <= rating) return -cooling_rate_;
  return rate_of(trip_time(static_cast<double>(output) / static_cast<double>(rating)).value);
}

TripCurve::Heat TripCurve::after(Heat heat, std::int64_t rate, std::int64_t picoseconds) {
  return std::max<Heat>(heat + static_cast<Heat>(rate) * picoseconds, 0);
}

std::int64_t TripCurve::time_to_open(Heat heat, std::int64_t rate, std::int64_t never) {
  if (heat >= kOpens) return 0;
  if (rate <= 0) return never;
  const Heat span = (kOpens - heat + rate - 1) / rate;
  return span >= never ? never : static_cast<std::int64_t>(span);
}

}  // namespace tokenworks::power
