#include <rapidcheck.h>

#include "models/cooling/heat_rejection.hpp"
#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

namespace {
weather::WeatherPoint at(double dry_bulb) {
  weather::WeatherPoint point;
  point.dry_bulb = Celsius(dry_bulb);
  return point;
}
struct Plant {
  explicit Plant(double supply, double design_dry_bulb, double rise = 10.0)
      : plant(make_dry_cooler()->size(Watts(1e6), {Celsius(supply), KelvinDelta(rise)}, at(design_dry_bulb))) {}
  RejectionEffort effort(double heat, double dry_bulb) const {
    return plant->effort({.heat = Watts(heat), .outside = at(dry_bulb)}, notes);
  }
  double total(double heat, double dry_bulb) const {
    const RejectionEffort e = effort(heat, dry_bulb);
    return (e.chillers + e.fans).value;
  }
  double rating(const std::string& name) const {
    for (const auto& [key, value] : plant->ratings()) {
      if (key == name) return value;
    }
    return -1.0;
  }
  std::unique_ptr<HeatRejectionPlant> plant;
  mutable ValidityNotes notes;
};
}  // namespace

TEST_CASE("dry cooler: the reference unit at its selection point", "[models][cooling]") {
  // BAC TDFS1238N: 35 degC air, 46.1 to 40.6 degC fluid (5.5 K), fans 4.0 % of the heat; the set point is just met.
  const Plant unit(40.6, 35.0, 5.5);
  const RejectionEffort full = unit.effort(1e6, 34.99);
  CHECK_THAT(full.fans.value, WithinRel(40e3, 0.02));
  CHECK(full.chillers.value == 0.0);
  CHECK(full.mode == 0);
  CHECK(unit.rating("trim_chiller_capacity_w") < 1e3);
}

TEST_CASE("dry cooler: cool air lets the fans turn down", "[models][cooling]") {
  // Sized to leave 5.6 K at 35 degC, below 20 degC the same unit takes less than 0.5 % of its heat.
  const Plant unit(40.6, 35.0, 5.5);
  CHECK(unit.total(1e6, 20) < 0.005 * 1e6);
  CHECK(unit.total(1e6, 20) > 0.0);
  CHECK(unit.total(1e5, -20) == 0.0);  // natural convection
}

TEST_CASE("dry cooler: hot weather calls the trim chiller", "[models][cooling]") {
  const Plant unit(32.0, 38.0);
  CHECK(unit.effort(1e6, 20).mode == 0);
  CHECK(unit.effort(1e6, 20).chillers.value == 0.0);
  CHECK(unit.effort(1e6, 30).mode == 1);
  CHECK(unit.effort(1e6, 30).chillers.value > 0.0);
  // Above the returning water the fans could only warm it, unless the chiller is too small and the loop gets warmer.
  CHECK(unit.effort(4e5, 45).fans.value == 0.0);
  CHECK(unit.effort(1e6, 45).fans.value == 40e3);
  CHECK(unit.effort(1e6, 45).capability.at_set_point.value < 1e6);
  // 38 + 5.6 - 32 = 11.6 K are missing of 10 K: nearly all heat is the chiller's on the design day.
  CHECK(unit.rating("trim_chiller_capacity_w") > 0.5e6);
  CHECK(unit.rating("trim_chiller_capacity_w") <= 1e6);
}

TEST_CASE("dry cooler: without a trim chiller hot water is noted", "[models][cooling]") {
  const Plant unit(45.0, 30.0);
  CHECK(unit.rating("trim_chiller_capacity_w") == 0.0);
  CHECK(unit.effort(1e6, 44).fans.value == 40e3);
  CHECK(unit.notes.all().size() == 1);
}

TEST_CASE("dry cooler: more heat and, in one mode, warmer air never take less power", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const double supply = *rc::gen::inRange(18, 50), design = *rc::gen::inRange(20, 46);
    const Plant unit(supply, design);
    const double heat = *rc::gen::inRange(1, 1000) * 1e3, dry = *rc::gen::inRange(-200, 480) / 10.0;
    const double power = unit.total(heat, dry);
    RC_ASSERT(power >= 0.0);
    RC_ASSERT(unit.total(heat * (1.0 + *rc::gen::inRange(0, 100) / 100.0), dry) >= power * (1 - 1e-9));
    // Chillers of warm water may take less than fans at full speed: in one mode.
    const double warmer = dry + *rc::gen::inRange(0, 100) / 10.0;
    if (unit.effort(heat, warmer).mode == unit.effort(heat, dry).mode)
      RC_ASSERT(unit.total(heat, warmer) >= power * (1 - 1e-9));
  }));
}
