// Question   what the outside air is in each hour of a typical year at a place of the catalog
// Equation   climate_year.hpp
// Source     the entry's: normals by month, shares of the hours, ASHRAE design conditions
// Valid for  as climate_year.hpp says
// Checked by tests/models/weather/climate_year_test.cpp
#include <stdexcept>

#include <fmt/format.h>

#include "models/weather/climate_year.hpp"
#include "models/weather/hourly_series.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {
namespace {

class ClimateNormals final : public WeatherOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "site", site_, "Place of the catalog", rule().required().from_catalog("sites"));
    field(v, "day_to_day", day_to_day_,
          "How days differ within a month: waves of 3.7 to 24 days with phases from the place's name, fitted to its "
          "distribution of hours",
          rule().one_of(kDayToDay).default_from(
              'E', "Normals say nothing of the order of days; shares of hours and means do not depend on it"));
    design_.visit(v);
  }
  std::unique_ptr<WeatherSeries> load(const OpenText&, const FindSite& find_site, ValidityNotes&) const override {
    const SiteClimate* site = find_site ? find_site(site_) : nullptr;
    if (site == nullptr) throw std::invalid_argument(fmt::format("there is no site \"{}\" in the catalog", site_));
    std::vector<WeatherPoint> hours = climate_year(*site, site_);
    std::vector<double> dew;
    for (const WeatherPoint& hour : hours) dew.push_back(hour.dew_point.value);
    const WeatherPoint design{site->design_dry_bulb, Celsius(highest_but_0_4_percent(std::move(dew))),
                              site->design_wet_bulb, site->mean_pressure};
    return std::make_unique<HourlySeries>(std::move(hours), design_.applied_to(design));
  }
  std::string site() const override { return site_; }

 private:
  static constexpr std::string_view kDayToDay[] = {"waves"};

  std::string site_;
  std::string day_to_day_ = "waves";
  DesignOverride design_;
};

}  // namespace

std::unique_ptr<WeatherOption> make_climate_normals() { return std::make_unique<ClimateNormals>(); }

}  // namespace tokenworks::weather
