#include <cmath>

#include "models/weather/weather_option.hpp"
#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;

TEST_CASE("constant weather: never changes and is its own design day", "[models][weather]") {
  Choice<weather::WeatherOption> option(weather::weather_options(), "constant");
  REQUIRE(option.has_value());
  tests::set_field(*option, "dry_bulb_c", 35.0);
  tests::set_field(*option, "relative_humidity", 0.2);
  ValidityNotes notes;
  const auto series = option->load(nullptr, notes);
  CHECK(series->at(0).dry_bulb.value == 35.0);
  CHECK_THAT(series->at(3e7).wet_bulb.value, WithinAbs(18.870, 2e-3));
  CHECK(series->design().dry_bulb.value == 35.0);
  CHECK(std::isinf(series->next_change(0)));
  CHECK(notes.all().empty());
}

TEST_CASE("weather options: both kinds are listed, others are not made", "[models][weather]") {
  CHECK(weather::weather_options().size() == 2);
  CHECK_FALSE(Choice<weather::WeatherOption>(weather::weather_options(), "storm").has_value());
}
