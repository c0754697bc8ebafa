#include "sim/scenario/year_spec.hpp"

#include <cmath>
#include <istream>
#include <numbers>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "models/weather/hourly_table.hpp"

namespace tokenworks::scenario {
namespace {

constexpr double kMostLoad = 1e6;

class Constant final : public DemandOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "load", load_, "Rates of all workloads over those that the scenario states",
          rule().at_least(0).at_most(kMostLoad));
  }
  grid::YearSeries load(const grid::CalendarYear&, const weather::OpenText&) const override {
    return grid::YearSeries(load_);
  }

 private:
  double load_ = 1.0;
};

/// peak * day(h) * (on weekends weekend_share) * month; day(h) is a cosine between its lowest share and 1.
class Daily final : public DemandOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "peak_load", peak_load_, "Load in the busiest hour of a weekday", rule().at_least(0).at_most(kMostLoad));
    field(v, "peak_hour_local", peak_hour_, "Local hour of the peak, without `hours`",
          rule().at_least(0).at_most(24).default_from('E', "Chat services are busiest in the afternoon"));
    field(v, "lowest_share", lowest_share_, "Load in the quietest hour over that in the busiest, without `hours`",
          rule().share().default_from('E', "Public traces of chat services lie between 0.2 and 0.6"));
    field(v, "weekend_share", weekend_share_, "Load on Saturdays and Sundays over that on weekdays",
          rule().at_least(0).at_most(kMostLoad).default_from('E', "Public traces of office use lie between 0.5 and 1"));
    field(v, "hours", hours_, "24 shares of the peak by local hour from 0 to 23, in place of the cosine",
          rule().at_least(0).at_most(kMostLoad));
    field(v, "months", months_, "12 factors from January; 1 when absent", rule().at_least(0).at_most(kMostLoad));
  }
  grid::YearSeries load(const grid::CalendarYear& year, const weather::OpenText&) const override {
    require_count("hours", hours_.size(), 24);
    require_count("months", months_.size(), 12);
    return grid::hourly(year, [&](double second) {
      const auto hour = static_cast<std::size_t>(second / 3600.0) % 24;
      const double angle = 2.0 * std::numbers::pi * (static_cast<double>(hour) + 0.5 - peak_hour_) / 24.0;
      double load =
          hours_.empty() ? lowest_share_ + (1.0 - lowest_share_) * (0.5 + 0.5 * std::cos(angle)) : hours_[hour];
      if (year.weekday(second) >= 5) load *= weekend_share_;
      if (!months_.empty()) load *= months_[static_cast<std::size_t>(year.month_of(second))];
      return peak_load_ * load;
    });
  }

 private:
  static void require_count(std::string_view key, std::size_t found, std::size_t wanted) {
    if (found == 0 || found == wanted) return;
    throw std::invalid_argument(fmt::format("{}: found {} of them; allowed: {}", key, found, wanted));
  }

  double peak_load_ = 1.0, peak_hour_ = 15.0, lowest_share_ = 0.45, weekend_share_ = 0.8;
  std::vector<double> hours_, months_;
};

class Series final : public DemandOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "path", path_,
          "CSV file, plain or gzip: a line of names, then 8,760 or 8,784 hours, or four times as many quarters, with "
          "the column load",
          rule().required().is_path());
    field(v, "scale", scale_, "Times each value of the file", rule().at_least(0).at_most(kMostLoad));
  }
  grid::YearSeries load(const grid::CalendarYear&, const weather::OpenText& open) const override {
    const std::unique_ptr<std::istream> in = open(path_);
    weather::HourlyTable table = weather::read_hourly_table(*in, "demand series", {{"load", 0, kMostLoad}});
    std::vector<double>& loads = table.columns.at("load");
    for (double& load : loads) load *= scale_;
    return {std::move(loads), table.step_s};
  }

 private:
  std::string path_;
  double scale_ = 1.0;
};

template <class Derived>
std::unique_ptr<DemandOption> make() {
  return std::make_unique<Derived>();
}

constexpr Option<DemandOption> kDemands[] = {
    {"constant", "The same load at all hours", make<Constant>},
    {"daily", "A load that follows the hour, the weekend and the month", make<Daily>},
    {"series", "Loads hour by hour from a CSV file", make<Series>},
};

}  // namespace

Options<DemandOption> demand_options() { return kDemands; }

void OperatingPoint::visit(FieldVisitor& v) {
  field(v, "load", load, "Rates of all workloads over those that the scenario states",
        rule().required().at_least(0).at_most(kMostLoad));
  field(v, "it_w", it_w, "Power at the racks' input, storage and network with them", rule().required().at_least(0));
  field(v, "output_tokens_per_s", output_tokens_per_s, "Tokens that are generated", rule().at_least(0));
  field(v, "requests_per_s", requests_per_s, "Requests that are completed", rule().at_least(0));
  field(v, "liquid_share", liquid_share, "Of the heat, to cold plates; what the racks offer at full load when absent",
        rule().share());
  field(v, "fans_and_supplies_w", fans_and_supplies_w,
        "Of it_w, server fans and losses of power supplies, for ITUE and TUE; these are not told when absent",
        rule().at_least(0));
}

YearSpec::YearSpec() : demand(demand_options(), "daily") {}

void YearSpec::visit(FieldVisitor& v) {
  field(v, "demand", demand, "The load over the year");
  field(v, "operating_points", operating_points,
        "What the racks draw and give at some loads, from low to high; made by runs of this scenario when absent");
}

}  // namespace tokenworks::scenario
