// Whole designs against ranges of mechanical power and water that were compiled from published designs, on Leesburg,
// Virginia: design day 35 degC with a wet bulb of 26.3 degC, the year by its shares of hours.
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "models/weather/epw.hpp"
#include "models/weather/psychrometrics.hpp"
#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;
using tests::set_field;

namespace {

weather::WeatherPoint air(double dry_bulb, double humidity) {
  return weather::air_at_relative_humidity(Celsius(dry_bulb), humidity, Pascals(99900));
}
weather::WeatherPoint design_day() { return air(35, 0.5085); }

struct Hours {
  double share, dry_bulb, humidity;
};
// 40, 53, 70, 86, 96 % of hours at or below 10, 15, 20, 25, 30 degC; mean dry bulb 13.8, mean wet bulb 10.4 degC.
constexpr Hours kYear[] = {{0.40, 3, 0.66},    {0.13, 12.5, 0.68}, {0.17, 17.5, 0.72},
                           {0.16, 22.5, 0.74}, {0.10, 27.5, 0.62}, {0.04, 32, 0.48}};

struct Figures {
  double design_day, year;  // mechanical power over IT power
  double litres_per_kwh;    // over the year
};
Figures figures(std::string_view kind, const std::string& rejection, const HeatLoad& load,
                std::initializer_list<std::pair<const char*, tests::FieldSetter::Value>> fields = {}) {
  Choice<CoolingOption> option(cooling_options(), kind);
  set_field(*option, "heat_rejection", rejection);
  for (const auto& [path, value] : fields) set_field(*option, path, value);
  const auto plant = option->size(load, design_day());
  const double it = (load.liquid + load.air).value;
  ValidityNotes notes;
  PlantPoint point{.load = load, .outside = design_day()};
  Figures result{settled_effort(*plant, point, notes).total().value / it, 0.0, 0.0};
  for (const Hours& hours : kYear) {
    point = {.load = load, .outside = air(hours.dry_bulb, hours.humidity)};
    const CoolingEffort effort = settled_effort(*plant, point, notes);
    result.year += hours.share * effort.total().value / it;
    result.litres_per_kwh += hours.share * effort.water.total().value * 3600 / (it / 1e3);
  }
  return result;
}
std::string unpacked(const std::filesystem::path& path) {
  std::string text(4'000'000, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  const int size = file ? gzread(file, text.data(), static_cast<unsigned>(text.size())) : 0;
  if (file) gzclose(file);
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

struct Year {
  weather::WeatherPoint design;
  std::vector<weather::WeatherPoint> points;  // every third hour
};
Year year_of(const std::filesystem::path& folder, std::string_view name) {
  Year year;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with(name)) continue;
    std::istringstream in(unpacked(entry.path()));
    ValidityNotes notes;
    const weather::EpwYear epw = weather::read_epw(in, notes);
    year.design = epw.design;
    for (std::size_t i = 0; i < epw.hours.size(); i += 3) {
      const weather::EpwHour& hour = epw.hours[i];
      year.points.push_back(weather::air_at_dew_point(hour.dry_bulb, hour.dew_point, hour.pressure));
    }
  }
  return year;
}

/// Mechanical power over IT power and litres per kWh of IT at 80 % load.
std::pair<double, double> over_year(const Year& year, const CoolingOption& option, const HeatLoad& design) {
  const auto plant = option.size(design, year.design);
  PlantPoint point{.load = {design.liquid * 0.8, design.air * 0.8}};
  const double it = (point.load.liquid + point.load.air).value;
  double power = 0.0, water = 0.0;
  ValidityNotes notes;
  for (const weather::WeatherPoint& outside : year.points) {
    point.outside = outside;
    const CoolingEffort effort = settled_effort(*plant, point, notes);
    power += effort.total().value / it;
    water += effort.water.total().value * 3600 / (it / 1e3);
  }
  const double count = static_cast<double>(year.points.size());
  return {power / count, water / count};
}

bool within(double value, double low, double high) { return value >= low && value <= high; }

const HeatLoad kAir{Watts(0), Watts(10e6)}, kLiquid{Watts(8.7e6), Watts(1.3e6)};

}  // namespace

TEST_CASE("heat rejection: the year of the tests is Leesburg's", "[models][cooling]") {
  double share = 0, dry = 0, wet = 0;
  for (const Hours& hours : kYear) {
    share += hours.share;
    dry += hours.share * hours.dry_bulb;
    wet += hours.share * air(hours.dry_bulb, hours.humidity).wet_bulb.value;
  }
  CHECK_THAT(share, WithinAbs(1.0, 1e-12));
  CHECK_THAT(dry, WithinAbs(13.8, 0.5));
  CHECK_THAT(wet, WithinAbs(10.4, 0.5));
  CHECK_THAT(design_day().wet_bulb.value, WithinAbs(26.3, 0.05));
}

TEST_CASE("heat rejection: air at 24 degC on water-cooled chillers with economiser", "[models][cooling]") {
  const Figures f =
      figures("air_crah", "water_cooled_chiller", kAir, {{"supply_air_c", 24.0}, {"chilled_water_approach_k", 10.0}});
  INFO(f.design_day << " " << f.year << " " << f.litres_per_kwh);
  // Published 0.25 to 0.35 and 0.12 to 0.22; an independent model of this chain gave 0.21 to 0.25 on the design day.
  CHECK(within(f.design_day, 0.21, 0.35));
  CHECK(within(f.year, 0.11, 0.22));
  CHECK(within(f.litres_per_kwh, 1.5, 2.0));
}

TEST_CASE("heat rejection: W32 liquid on cooling towers", "[models][cooling]") {
  for (const char* model : {"yorkcalc", "merkel"}) {
    const Figures f = figures("direct_to_chip", "cooling_tower", kLiquid, {{"heat_rejection/tower/model", model}});
    INFO(f.design_day << " " << f.year << " " << f.litres_per_kwh);
    CHECK(within(f.design_day, 0.08, 0.14));
    CHECK(within(f.year, 0.05, 0.09));
    CHECK(within(f.litres_per_kwh, 1.2, 1.5));
  }
}

TEST_CASE("heat rejection: W32 liquid on dry coolers, with pads and without", "[models][cooling]") {
  const Figures dry = figures("direct_to_chip", "dry_cooler", kLiquid);
  const Figures wet = figures("direct_to_chip", "adiabatic", kLiquid);
  INFO(dry.design_day << " " << dry.year << "; " << wet.design_day << " " << wet.year << " " << wet.litres_per_kwh);
  // An independent model gave 0.12 to 0.30 and 0.07 to 0.13 for four climates without spare capacity.
  CHECK(within(dry.design_day, 0.12, 0.30));
  CHECK(within(dry.year, 0.05, 0.13));
  CHECK(dry.litres_per_kwh == 0.0);
  CHECK(wet.year < dry.year);
  CHECK(wet.design_day < dry.design_day);
  // Published sites: 0.15 to 0.17 L/kWh; the independent model 0.13 here.
  CHECK(within(wet.litres_per_kwh, 0.09, 0.20));
}

TEST_CASE("heat rejection: outside air over a temperate year", "[models][cooling]") {
  const Figures f = figures("air_crah", "outside_air", kAir, {{"supply_air_c", 27.0}, {"fan_share_of_heat", 0.03}});
  const Figures chillers =
      figures("air_crah", "air_cooled_chiller", kAir, {{"supply_air_c", 27.0}, {"fan_share_of_heat", 0.03}});
  INFO(f.design_day << " " << f.year << " " << f.litres_per_kwh << "; " << chillers.year);
  // Halls on outside air publish PUE 1.06 to 1.17; 0.02 of that is a chain with a UPS in eco mode.
  CHECK(within(f.year + 0.02, 0.06, 0.17));
  CHECK(f.year < 0.5 * chillers.year);
  // The back-up carries humid days whole.
  CHECK(within(f.design_day, 0.2, 0.5));
  CHECK(within(f.litres_per_kwh, 0.0, 0.5));
}

TEST_CASE("heat rejection: years of five sites against an independent model", "[models][cooling][shared]") {
  const std::filesystem::path folder = TOKENWORKS_SOURCE_DIR "/../shared/data/weather";
  if (!std::filesystem::exists(folder)) {
    WARN("not checked: " << folder.string() << " is absent");
    return;
  }
  // Mechanical power over IT power: its PUE less 1, 0.055 of electrical losses and 0.014 to cool those. Water of towers
  // by its share of latent heat, which is 3 to 12 % above the energy balance; of pads for temperate and hot dry sites.
  struct Site {
    const char* name;
    double air, air_on_towers, dry, towers, tower_water, pad_water;
  };
  const Site site = GENERATE(Site{"USA_VA_Leesburg", 0.288, 0.124, 0.059, 0.057, 1.4, 0.13},
                             Site{"USA_AZ_Phoenix", 0.340, 0.131, 0.107, 0.063, 1.6, 0.79},
                             Site{"SGP_SG_Changi", 0.343, 0.185, 0.096, 0.085, 1.6, -1},
                             Site{"USA_CO_Denver", 0.283, 0.087, 0.057, 0.055, 1.4, 0.13},
                             Site{"USA_CA_San.Francisco", 0.272, 0.107, 0.050, 0.053, 1.4, -1});
  const Year year = year_of(folder, site.name);
  REQUIRE(year.points.size() == 2920);
  const auto of = [&](std::string_view kind, const std::string& rejection, const HeatLoad& load,
                      std::initializer_list<std::pair<const char*, tests::FieldSetter::Value>> fields = {}) {
    Choice<CoolingOption> option(cooling_options(), kind);
    set_field(*option, "heat_rejection", rejection);
    for (const auto& [path, value] : fields) set_field(*option, path, value);
    return over_year(year, *option, load);
  };
  INFO(site.name);
  CHECK_THAT(of("air_crah", "air_cooled_chiller", kAir).first, WithinAbs(site.air, 0.02));
  CHECK_THAT(
      of("air_crah", "water_cooled_chiller", kAir, {{"supply_air_c", 24.0}, {"chilled_water_approach_k", 10.0}}).first,
      WithinAbs(site.air_on_towers, 0.025));
  CHECK_THAT(of("direct_to_chip", "dry_cooler", kLiquid).first, WithinAbs(site.dry, 0.02));
  // Published PUE 1.06 to 1.17 outside of the tropics, with 0.02 of it electrical.
  const double outside_air =
      of("air_crah", "outside_air", kAir, {{"supply_air_c", 27.0}, {"fan_share_of_heat", 0.03}}).first;
  const bool is_tropical = std::string_view(site.name).starts_with("SGP");
  CHECK(within(outside_air + 0.02, is_tropical ? 0.17 : 0.03, is_tropical ? 0.40 : 0.17));
  const auto [power, water] = of("direct_to_chip", "cooling_tower", kLiquid);
  CHECK_THAT(power, WithinAbs(site.towers, 0.025));
  CHECK_THAT(water, WithinRel(site.tower_water * 0.95, 0.09));
  if (site.pad_water > 0.0)
    CHECK_THAT(of("direct_to_chip", "adiabatic", kLiquid).second, WithinRel(site.pad_water, 0.1));
}
