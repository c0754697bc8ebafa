// Whole designs against ranges of mechanical power and water that were compiled from published designs, on Leesburg,
// Virginia: design day 35 degC with a wet bulb of 26.3 degC, the year by its shares of hours.
#include <string>

#include "models/cooling/cooling_option.hpp"
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
