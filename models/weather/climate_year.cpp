#include "models/weather/climate_year.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "models/core/random.hpp"
#include "models/weather/psychrometrics.hpp"

namespace tokenworks::weather {
namespace {

constexpr std::size_t kMonths = 12, kHoursPerDay = 24, kHours = 8760, kDays = kHours / kHoursPerDay;
constexpr std::array<std::size_t, kMonths> kMonthDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::array<double, 5> kCyclesPerYear = {99, 62, 38, 24, 15};  // 3.7 to 24 days: passing weather
constexpr int kRounds = 8;                 // between distribution and monthly means; both stand still by then
constexpr double kHottestHour = 15.0;      // local standard time
constexpr double kLeastDailySpread = 1.0;  // K, standard deviation of days within a month
constexpr double kOwnMoisture = 0.4;       // of the days' spread, in the wet bulb, that the dry bulb does not explain
constexpr double kLeastRelativeHumidity = 0.04;  // drier hours are hardly seen at any station
constexpr KelvinDelta kWettestBeyondDesign{1.0};

using Hours = std::vector<double>;
using Months = std::array<double, kMonths>;

std::size_t month_of_hour(std::size_t hour) {
  std::size_t day = hour / kHoursPerDay, month = 0;
  while (day >= kMonthDays[month]) day -= kMonthDays[month++];
  return month;
}

/// The year's months and hours between them.
class Calendar {
 public:
  Calendar() {
    double start = 0.0;
    for (std::size_t m = 0; m < kMonths; ++m) {
      const double length = static_cast<double>(kMonthDays[m] * kHoursPerDay);
      middle_[m] = start + 0.5 * length;
      start += length;
    }
    for (std::size_t h = 0; h < kHours; ++h) {
      month_[h] = month_of_hour(h);
      const double at = static_cast<double>(h) + 0.5;
      std::size_t left = month_[h];
      if (at < middle_[left]) left = (left + kMonths - 1) % kMonths;
      const std::size_t right = (left + 1) % kMonths;
      const double from = middle_[left] - (middle_[left] > at ? kHours : 0);
      const double to = middle_[right] + (middle_[right] < from ? kHours : 0);
      left_[h] = left;
      const double share = (at - from) / (to - from);
      weight_[h] = 0.5 - 0.5 * std::cos(std::numbers::pi * share);
    }
  }
  std::size_t month(std::size_t hour) const { return month_[hour]; }
  /// Smoothly from one month's middle to the next.
  double between(const Months& values, std::size_t hour) const {
    const double a = values[left_[hour]], b = values[(left_[hour] + 1) % kMonths];
    return a + (b - a) * weight_[hour];
  }
  Months means(const Hours& hours) const {
    Months sums{};
    for (std::size_t h = 0; h < kHours; ++h) sums[month_[h]] += hours[h];
    for (std::size_t m = 0; m < kMonths; ++m) sums[m] /= static_cast<double>(kMonthDays[m] * kHoursPerDay);
    return sums;
  }
  /// A smooth course whose months have these means.
  Hours course(const Months& means_wanted) const {
    Months knots = means_wanted;
    Hours hours(kHours);
    for (int round = 0; round < 4; ++round) {
      for (std::size_t h = 0; h < kHours; ++h) hours[h] = between(knots, h);
      const Months found = means(hours);
      for (std::size_t m = 0; m < kMonths; ++m) knots[m] += means_wanted[m] - found[m];
    }
    return hours;
  }
  /// Moves the months to these means without steps between them.
  void shift_to(const Months& means_wanted, Hours& hours) const {
    const Months found = means(hours);
    Months shift;
    for (std::size_t m = 0; m < kMonths; ++m) shift[m] = means_wanted[m] - found[m];
    for (std::size_t h = 0; h < kHours; ++h) hours[h] += between(shift, h);
  }

 private:
  std::array<double, kMonths> middle_{};
  std::array<std::size_t, kHours> month_{}, left_{};
  std::array<double, kHours> weight_{};
};

/// The known points of the distribution of a year's hours.
class Distribution {
 public:
  void add(double share, Celsius temperature) { points_.push_back({share, temperature.value}); }
  /// Shares that were rounded to 0 or 1 say nothing that the extremes do not say better.
  void add(const std::vector<ShareOfHours>& shares) {
    for (const ShareOfHours& known : shares) {
      if (known.share > 0.005 && known.share < 0.995) add(known.share, known.at_or_below);
    }
  }
  /// Stretches the hours between the known points so that these hold; outside of all, shifts them.
  void put_in_place(Hours& hours) {
    std::sort(points_.begin(), points_.end());
    Hours sorted = hours;
    std::sort(sorted.begin(), sorted.end());
    struct Stretch {
      double from, to;
    };
    std::vector<Stretch> rising;  // without figures that contradict each other by their rounding
    for (const Point& point : points_) {
      const auto rank = static_cast<std::size_t>(std::llround(point.share * static_cast<double>(kHours)));
      const double from = rank < kHours ? 0.5 * (sorted[rank - 1] + sorted[rank]) : sorted.back();
      const bool rises = rising.empty() || (from > rising.back().from && point.temperature > rising.back().to);
      if (rises) rising.push_back({from, point.temperature});
    }
    for (double& hour : hours) {
      const auto right = std::find_if(rising.begin(), rising.end(), [&](const Stretch& s) { return s.from >= hour; });
      if (right == rising.begin() || right == rising.end()) {
        const Stretch& end = right == rising.end() ? rising.back() : *right;
        hour += end.to - end.from;
      } else {
        const Stretch &a = *(right - 1), &b = *right;
        hour = a.to + (b.to - a.to) * (hour - a.from) / (b.from - a.from);
      }
    }
  }

 private:
  struct Point {
    double share, temperature;
    auto operator<=>(const Point&) const = default;
  };
  std::vector<Point> points_;
};

/// Passing weather: mean 0, variance 1, and the same again after a year.
Hours passing_weather(std::string_view name) {
  RandomEngine random = random_stream(0, name);
  Hours hours(kHours, 0.0);
  const double amplitude = std::sqrt(2.0 / static_cast<double>(kCyclesPerYear.size()));
  for (const double cycles : kCyclesPerYear) {
    const double phase = 2.0 * std::numbers::pi * uniform_open(random);
    const double step = 2.0 * std::numbers::pi * cycles / static_cast<double>(kHours);
    for (std::size_t h = 0; h < kHours; ++h) hours[h] += amplitude * std::sin(step * static_cast<double>(h) + phase);
  }
  return hours;
}

Months of_months(const SiteClimate& site, double (*value)(const MonthNormals&)) {
  Months values;
  for (std::size_t m = 0; m < kMonths; ++m) values[m] = value(site.months[m]);
  return values;
}

/// The months were rounded to whole kelvins; the year's mean was not so much.
void agree_with_year(Months& months, Celsius year) {
  double mean = 0.0;
  for (std::size_t m = 0; m < kMonths; ++m) mean += months[m] * static_cast<double>(kMonthDays[m]) / kDays;
  const double shift = std::clamp(year.value - mean, -0.5, 0.5);
  for (double& value : months) value += shift;
}

/// Means of the 24 hours around each hour.
Hours day_means(const Hours& hours) {
  double sum = 0.0;
  Hours means(kHours);
  for (std::size_t h = 0; h < kHoursPerDay; ++h) sum += hours[(h + kHours - kHoursPerDay / 2) % kHours];
  for (std::size_t h = 0; h < kHours; ++h) {
    means[h] = sum / kHoursPerDay;
    sum += hours[(h + kHoursPerDay / 2) % kHours] - hours[(h + kHours - kHoursPerDay / 2) % kHours];
  }
  return means;
}

/// Widens or narrows the course within each day so that the months have their mean daily range.
void set_daily_range(const Calendar& calendar, const Months& range, Hours& hours) {
  Months found{};
  for (std::size_t day = 0; day < kDays; ++day) {
    const auto first = hours.begin() + static_cast<std::ptrdiff_t>(day * kHoursPerDay);
    const auto [low, high] = std::minmax_element(first, first + kHoursPerDay);
    const std::size_t month = calendar.month(day * kHoursPerDay);
    found[month] += (*high - *low) / static_cast<double>(kMonthDays[month]);
  }
  Months factor;
  for (std::size_t m = 0; m < kMonths; ++m)
    factor[m] = found[m] > 0.0 ? std::clamp(range[m] / found[m], 0.5, 2.0) : 1.0;
  const Hours means = day_means(hours);
  for (std::size_t h = 0; h < kHours; ++h) hours[h] = means[h] + (hours[h] - means[h]) * calendar.between(factor, h);
}

/// How far days stray in winter and summer: what the extremes leave beside the mean and the daily cycle.
Hours spread_of_days(const SiteClimate& site, const Hours& course) {
  constexpr double kExtreme = 2.65;  // standard deviations that 0.4 % exceed
  const auto by_mean = [](const MonthNormals& a, const MonthNormals& b) { return a.dry_bulb < b.dry_bulb; };
  const auto [cold, hot] = std::minmax_element(site.months.begin(), site.months.end(), by_mean);
  const double below = (cold->dry_bulb - site.dry_bulb_99_6_percent).value - 0.5 * cold->daily_range.value;
  const double above = (site.dry_bulb_0_4_percent - hot->dry_bulb).value - 0.5 * hot->daily_range.value;
  const double winter = std::max(kLeastDailySpread, below / kExtreme * 1.3);
  const double summer = std::max(kLeastDailySpread, above / kExtreme * 1.3);
  const double range = std::max(1.0, (hot->dry_bulb - cold->dry_bulb).value);
  Hours spread(kHours);
  for (std::size_t h = 0; h < kHours; ++h) {
    const double warmth = std::clamp((course[h] - cold->dry_bulb.value) / range, 0.0, 1.0);
    spread[h] = winter + (summer - winter) * warmth;
  }
  return spread;
}

struct DryBulbs {
  Hours hours, course, spread;
};

DryBulbs dry_bulbs(const Calendar& calendar, const SiteClimate& site, std::string_view name) {
  Months means = of_months(site, [](const MonthNormals& m) { return m.dry_bulb.value; });
  agree_with_year(means, site.mean_dry_bulb);
  const Months range = of_months(site, [](const MonthNormals& m) { return m.daily_range.value; });
  Distribution distribution;
  distribution.add(0.004, site.dry_bulb_99_6_percent);
  distribution.add(site.dry_bulb_shares);
  distribution.add(0.996, site.dry_bulb_0_4_percent);
  distribution.add(1.0, site.highest_dry_bulb);

  DryBulbs result{Hours(kHours), calendar.course(means), {}};
  result.spread = spread_of_days(site, result.course);
  const Hours passing = passing_weather(fmt::format("weather/{}/days", name));
  for (std::size_t h = 0; h < kHours; ++h) {
    const double hour = static_cast<double>(h % kHoursPerDay) + 0.5;
    const double cycle = 0.5 * std::cos(2.0 * std::numbers::pi * (hour - kHottestHour) / kHoursPerDay);
    result.hours[h] = result.course[h] + calendar.between(range, h) * cycle + result.spread[h] * passing[h];
  }
  for (int round = 0; round < kRounds; ++round) {
    distribution.put_in_place(result.hours);
    set_daily_range(calendar, range, result.hours);
    calendar.shift_to(means, result.hours);
  }
  return result;
}

/// How much the wet bulb rises with the dry bulb at a month's mean: over a day, which keeps its moisture, and from day
/// to day, which keeps its relative humidity.
struct WetBulbSlopes {
  Months of_day, of_days;
};

WetBulbSlopes wet_bulb_slopes(const SiteClimate& site) {
  WetBulbSlopes slopes;
  for (std::size_t m = 0; m < kMonths; ++m) {
    const MonthNormals& month = site.months[m];
    const double humidity = std::max(month.relative_humidity, kLeastRelativeHumidity);
    const Celsius warmer = month.dry_bulb + KelvinDelta(1.0);
    const WeatherPoint mean = air_at_relative_humidity(month.dry_bulb, humidity, site.mean_pressure);
    slopes.of_day[m] = (air_at_dew_point(warmer, mean.dew_point, site.mean_pressure).wet_bulb - mean.wet_bulb).value;
    slopes.of_days[m] = (air_at_relative_humidity(warmer, humidity, site.mean_pressure).wet_bulb - mean.wet_bulb).value;
  }
  return slopes;
}

Hours wet_bulbs(const Calendar& calendar, const SiteClimate& site, std::string_view name, const DryBulbs& dry) {
  Months means = of_months(site, [](const MonthNormals& m) { return m.wet_bulb.value; });
  agree_with_year(means, site.mean_wet_bulb);
  Distribution distribution;
  distribution.add(site.wet_bulb_shares);
  // A file's tail may hold impossible dew points; what plants are sized for does not.
  distribution.add(0.996, std::min(site.wet_bulb_0_4_percent, site.design_wet_bulb + kWettestBeyondDesign));

  const WetBulbSlopes slopes = wet_bulb_slopes(site);
  const Hours course = calendar.course(means), days = day_means(dry.hours);
  const Hours passing = passing_weather(fmt::format("weather/{}/moisture", name));
  Hours wet(kHours);
  for (std::size_t h = 0; h < kHours; ++h) {
    wet[h] = course[h] + calendar.between(slopes.of_day, h) * (dry.hours[h] - days[h]) +
             calendar.between(slopes.of_days, h) * (days[h] - dry.course[h]) +
             kOwnMoisture * dry.spread[h] * passing[h];
  }
  for (int round = 0; round < kRounds; ++round) {
    distribution.put_in_place(wet);
    calendar.shift_to(means, wet);
    for (std::size_t h = 0; h < kHours; ++h) wet[h] = std::min(wet[h], dry.hours[h]);
  }
  return wet;
}

/// The same as dew_point(), within 1e-4 K and without a search: Magnus' form, then three steps with its slope.
/// Its figures (Murray 1967, remembered) set where the steps begin, not where they end.
Celsius quick_dew_point(Pascals vapour) {
  const double x = std::log(vapour.value / 610.94);
  const bool over_ice = x < 0.0;
  const double a = over_ice ? 21.875 : 17.27, b = over_ice ? 265.5 : 237.3;
  double t = b * x / (a - x);
  for (int step = 0; step < 3; ++step) {
    const double miss = std::log(saturation_pressure(Celsius(t)) / vapour);
    t -= miss * (b + t) * (b + t) / (a * b);
  }
  return Celsius(t);
}

WeatherPoint air(double dry, double wet, Pascals pressure) {
  const Pascals saturated = saturation_pressure(Celsius(dry));
  const Pascals vapour = vapour_pressure(humidity_ratio_at_wet_bulb(Celsius(dry), Celsius(wet), pressure), pressure);
  if (vapour / saturated < kLeastRelativeHumidity) {
    return air_at_relative_humidity(Celsius(dry), kLeastRelativeHumidity, pressure);
  }
  return {Celsius(dry), std::min(quick_dew_point(vapour), Celsius(dry)), Celsius(wet), pressure};
}

}  // namespace

std::vector<WeatherPoint> climate_year(const SiteClimate& site, std::string_view name) {
  const std::vector<ClimateFault> faults = climate_faults(site);
  if (!faults.empty()) {
    throw std::invalid_argument(fmt::format("climate of {}, {}: {}", name, faults[0].key, faults[0].message));
  }
  const Calendar calendar;
  const DryBulbs dry = dry_bulbs(calendar, site, name);
  const Hours wet = wet_bulbs(calendar, site, name, dry);
  std::vector<WeatherPoint> year;
  year.reserve(kHours);
  for (std::size_t h = 0; h < kHours; ++h) year.push_back(air(dry.hours[h], wet[h], site.mean_pressure));
  return year;
}

}  // namespace tokenworks::weather
