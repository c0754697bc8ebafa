// Question   how much carbon the electricity of a US balancing area carries, by month and hour
// Equation   intensity = mean of the month * shape(hour) / (mean of the shape)
// Source     EIA hourly mix of 2022 in SustainDC (HewlettPackard/dc-rl a92b475): means by month, lowest and highest
//            hour; between these hours bent half waves (estimate); where the hours themselves are not known 3 h and 19
//            h (estimate)
// Valid for  2022, average intensity; single hours stray: 5th to 95th percentile of CAISO are 0.45 to 1.47 of its mean
// Checked by tests/models/grid/electricity_test.cpp
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "models/grid/carbon_option.hpp"

namespace tokenworks::grid {
namespace {

struct Area {
  std::string_view name;
  double months[12];            ///< g CO2e/kWh, means of 2022
  double low, high;             ///< hour of the day's mean over the year's
  double low_from_h, low_to_h;  ///< first and last hour of the lowest values
  double high_from_h, high_to_h;
};

constexpr Area kAreas[] = {
    {"PJM", {398, 378, 347, 350, 340, 365, 392, 397, 355, 328, 331, 369}, 0.96, 1.03, 3, 3, 19, 19},
    {"CAISO", {263, 233, 214, 213, 176, 215, 249, 286, 290, 308, 311, 316}, 0.69, 1.195, 10, 13, 20, 29},
    {"ERCOT", {356, 343, 283, 286, 308, 358, 378, 405, 397, 363, 339, 351}, 0.93, 1.11, 2, 3, 19, 20},
    {"AZPS", {627, 535, 541, 475, 542, 590, 588, 609, 593, 601, 601, 595}, 0.90, 1.10, 14, 16, 28, 28},
    {"MISO", {453, 440, 415, 412, 429, 461, 499, 490, 442, 412, 390, 441}, 0.95, 1.04, 3, 3, 19, 19},
    {"NYISO", {271, 259, 249, 246, 261, 271, 310, 315, 290, 289, 257, 254}, 0.95, 1.06, 3, 3, 19, 19},
    {"BPA", {51, 51, 44, 57, 25, 25, 47, 63, 78, 85, 62, 69}, 0.92, 1.08, 3, 3, 19, 19},
    {"SOCO", {426, 423, 402, 397, 419, 442, 438, 435, 425, 414, 427, 429}, 0.96, 1.04, 3, 3, 19, 19},
};
constexpr std::string_view kNames[] = {"PJM", "CAISO", "ERCOT", "AZPS", "MISO", "NYISO", "BPA", "SOCO"};
static_assert(std::size(kNames) == std::size(kAreas));
constexpr std::string_view kShapes[] = {"half_waves", "flat"};

/// Between two levels `share` of the way along half a wave, which `bend` pushes towards `high` (below 1) or `low`.
double half_wave(const Area& area, double share, double bend) {
  return area.low + (area.high - area.low) * std::pow(0.5 - 0.5 * std::cos(std::numbers::pi * share), bend);
}

std::array<double, 24> day_of(const Area& area, double bend) {
  std::array<double, 24> day;
  for (int h = 0; h < 24; ++h) {
    const double hour = h < area.low_from_h ? h + 24 : h;  // from the start of the lowest hours on
    const double low_again = area.low_from_h + 24;
    double& value = day[static_cast<std::size_t>(h)];
    if (hour <= area.low_to_h) {
      value = area.low;
    } else if (hour < area.high_from_h) {
      value = half_wave(area, (hour - area.low_to_h) / (area.high_from_h - area.low_to_h), bend);
    } else if (hour <= area.high_to_h) {
      value = area.high;
    } else {
      value = half_wave(area, (low_again - hour) / (low_again - area.high_to_h), bend);
    }
  }
  return day;
}

double mean_of(const std::array<double, 24>& day) { return std::accumulate(day.begin(), day.end(), 0.0) / 24.0; }

/// Bent so that lowest and highest hour stand as published and the day's mean is 1, as near as the hours allow.
std::array<double, 24> day_of(const Area& area) {
  double low = 0.1, high = 10.0;  // the mean falls as the bend grows
  for (int step = 0; step < 40; ++step) {
    const double middle = std::sqrt(low * high);
    (mean_of(day_of(area, middle)) > 1.0 ? low : high) = middle;
  }
  return day_of(area, low);
}

class BalancingArea final : public CarbonOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "area", area_,
          "Balancing area: PJM (Virginia), CAISO, ERCOT, AZPS (Arizona), MISO, NYISO, BPA (Pacific north-west), SOCO "
          "(Southern Company)",
          rule().required().one_of(kNames));
    field(v, "hour_shape", hour_shape_,
          "How the intensity goes over the day between the lowest and the highest hour of 2022",
          rule().one_of(kShapes).default_from(
              'E',
              "Published are the lowest and highest hour as shares of the mean; half waves between them, at 3 and 19 "
              "h where the hours are not published"));
  }
  YearSeries intensity(const CalendarYear& year, const weather::OpenText&) const override {
    const Area& area =
        *std::find_if(std::begin(kAreas), std::end(kAreas), [&](const Area& a) { return a.name == area_; });
    std::array<double, 24> day;
    day.fill(1.0);
    if (hour_shape_ == "half_waves") day = day_of(area);
    const double mean = mean_of(day);
    return hourly(year, [&](double second) {
      return 1e-3 * area.months[year.month_of(second)] * day[static_cast<std::size_t>(second / 3600.0) % 24] / mean;
    });
  }

 private:
  std::string area_ = "PJM";
  std::string hour_shape_ = "half_waves";
};

}  // namespace

std::unique_ptr<CarbonOption> make_balancing_area() { return std::make_unique<BalancingArea>(); }

}  // namespace tokenworks::grid
