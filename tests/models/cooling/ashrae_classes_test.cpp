#include "models/cooling/ashrae_classes.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("ASHRAE classes: air", "[models][cooling]") {
  CHECK(range_of(ashrae_class("A1"), Celsius(20)) == ClassRange::recommended);
  CHECK(range_of(ashrae_class("A1"), Celsius(30)) == ClassRange::allowable);
  CHECK(range_of(ashrae_class("A1"), Celsius(33)) == ClassRange::outside);
  CHECK(range_of(ashrae_class("A4"), Celsius(45)) == ClassRange::allowable);
  CHECK(range_of(ashrae_class("H1"), Celsius(24)) == ClassRange::allowable);
  CHECK(ashrae_class("A2").dew_point_high == Celsius(21));
}

TEST_CASE("ASHRAE classes: facility water", "[models][cooling]") {
  CHECK(range_of(ashrae_class("W32"), Celsius(32)) == ClassRange::recommended);
  CHECK(range_of(ashrae_class("W32"), Celsius(33)) == ClassRange::outside);
  CHECK(range_of(ashrae_class("W+"), Celsius(60)) == ClassRange::recommended);
  CHECK(range_of(ashrae_class("W45"), Celsius(1)) == ClassRange::outside);
}

TEST_CASE("ASHRAE classes: a set point outside is explained", "[models][cooling]") {
  CHECK(check("A1", Celsius(27)).empty());
  CHECK(check("A1", Celsius(35)) == "35 degC is outside ASHRAE class A1 for air: 15 to 32 degC");
  CHECK(check("W32", Celsius(40)) == "40 degC is outside ASHRAE class W32 for water: 2 to 32 degC");
  CHECK(check("W+", Celsius(1)) == "1 degC is outside ASHRAE class W+ for water: at least 2 degC");
  CHECK_THROWS_AS(check("A9", Celsius(20)), std::invalid_argument);
  for (const std::string_view name : kAirClasses) CHECK_FALSE(ashrae_class(name).is_liquid);
  for (const std::string_view name : kLiquidClasses) CHECK(ashrae_class(name).is_liquid);
}
