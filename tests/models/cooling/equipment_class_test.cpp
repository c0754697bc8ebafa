#include "models/cooling/equipment_class.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("equipment class: air", "[models][cooling]") {
  CHECK(allowable("a1").holds(Celsius(20)));
  CHECK(allowable("a1").holds(Celsius(32)));
  CHECK_FALSE(allowable("a1").holds(Celsius(33)));
  CHECK_FALSE(allowable("a1").holds(Celsius(14)));
  CHECK(allowable("a4").holds(Celsius(45)));
  CHECK_FALSE(allowable("h1").holds(Celsius(26)));
  CHECK(allowable_dew_points("a2").highest == Celsius(21));
  CHECK(allowable_dew_points("a2").lowest == Celsius(-12));
}

TEST_CASE("equipment class: facility water", "[models][cooling]") {
  CHECK(allowable("w32").holds(Celsius(32)));
  CHECK_FALSE(allowable("w32").holds(Celsius(33)));
  CHECK(allowable("w_plus").holds(Celsius(60)));
  CHECK_FALSE(allowable("w45").holds(Celsius(1)));
}

TEST_CASE("equipment class: every name has its limits, others none", "[models][cooling]") {
  for (const std::string_view name : air_classes()) {
    CHECK(allowable(name).lowest < allowable(name).highest);
    CHECK(allowable_dew_points(name).lowest < allowable_dew_points(name).highest);
  }
  for (const std::string_view name : liquid_classes()) {
    CHECK(allowable(name).lowest < allowable(name).highest);
    CHECK_THROWS_AS(allowable_dew_points(name), std::invalid_argument);
  }
  CHECK_THROWS_AS(allowable("a9"), std::invalid_argument);
}

TEST_CASE("equipment class: a set point outside is explained", "[models][cooling]") {
  OptionFaults faults;
  check_class(std::nullopt, Celsius(90), "/supply_air_c", faults);
  check_class("a1", Celsius(27), "/supply_air_c", faults);
  CHECK(faults.empty());
  check_class("w32", Celsius(40), "/facility_supply_c", faults);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].first == "/facility_supply_c");
  CHECK(faults[0].second == "is 40 degC, class w32 allows 2..32 degC");
}
