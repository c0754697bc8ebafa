#include <cmath>
#include <sstream>

#include "models/weather/psychrometrics.hpp"
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

TEST_CASE("weather: a scenario may size its plants for another day", "[models][weather]") {
  Choice<weather::WeatherOption> option(weather::weather_options(), "constant");
  tests::set_field(*option, "design_dry_bulb_c", 41.0);
  tests::set_field(*option, "design_wet_bulb_c", 26.0);
  ValidityNotes notes;
  const auto series = option->load(nullptr, notes);
  CHECK(series->at(0).dry_bulb.value == 25.0);
  CHECK(series->design().dry_bulb.value == 41.0);
  CHECK(series->design().wet_bulb.value == 26.0);
  tests::set_field(*option, "design_dry_bulb_c", 20.0);
  CHECK_THROWS_AS(option->load(nullptr, notes), std::invalid_argument);
}

TEST_CASE("weather series: hours of a file, its own 0.4 % values as design day", "[models][weather]") {
  Choice<weather::WeatherOption> option(weather::weather_options(), "series");
  tests::set_field(*option, "elevation_m", 1650.0);
  const auto load = [&](const std::string& text) {
    ValidityNotes notes;
    return option->load([&](const std::string&) { return std::make_unique<std::istringstream>(text); }, notes);
  };
  std::string text = "time,dry_bulb_c,relative_humidity\n", no_humidity = "dry_bulb_c\n";
  for (int hour = 0; hour < 8784; ++hour) {
    text += "x," + std::to_string(hour / 366) + ",0.5\n";
    no_humidity += "20\n";
  }
  const auto series = load(text);
  CHECK(series->at(0).dry_bulb.value == 0.0);
  CHECK(series->at(3600.0 * 8783).dry_bulb.value == 23.0);
  CHECK(series->design().dry_bulb.value == 23.0);
  CHECK_THAT(series->at(0).pressure.value, WithinRel(weather::standard_pressure(Metres(1650)).value, 1e-12));
  CHECK(series->next_change(0) == 3600.0);
  const auto fault_of = [&](const std::string& content) {
    try {
      load(content);
    } catch (const std::invalid_argument& fault) {
      return std::string(fault.what());
    }
    return std::string();
  };
  CHECK(fault_of(no_humidity).find("one of the columns dew_point_c and relative_humidity") != std::string::npos);
  CHECK(fault_of("dry_bulb_c,dew_point_c\n20,\n").find("line 2: dew_point_c: \"\" is not") != std::string::npos);
}

TEST_CASE("weather options: all kinds are listed, others are not made", "[models][weather]") {
  CHECK(weather::weather_options().size() == 4);
  CHECK_FALSE(Choice<weather::WeatherOption>(weather::weather_options(), "storm").has_value());
}
