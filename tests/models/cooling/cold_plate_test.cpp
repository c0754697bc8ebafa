#include "models/cooling/cold_plate.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

namespace {
ColdPlate plate(Coolant coolant, double litres = 1.5, double area = 1.0, double to_junction = 0.0) {
  return {coolant, area, from_litres_per_minute(litres), KelvinPerWatt(to_junction)};
}
double resistance(Coolant coolant, double litres) {
  return plate(coolant).case_resistance(from_litres_per_minute(litres)).value;
}
}  // namespace

// OCP OAI System Liquid Cooling Guidelines 2023, figures 7 and 8, as recorded by LBNL Buildings.
TEST_CASE("cold plate: the published module in PG25", "[models][cooling]") {
  const double flow[] = {0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4};
  const double published[] = {.0325, .0300, .0280, .0265, .0255, .0245, .0230,
                              .0220, .0214, .0209, .0204, .0200, .0197};
  for (std::size_t i = 0; i < std::size(flow); ++i) {
    CAPTURE(flow[i]);
    CHECK_THAT(resistance(Coolant::pg25, flow[i]), WithinRel(published[i], 0.0145));
  }
  CHECK_THAT(resistance(Coolant::pg25, 0.4), WithinRel(.0389 * (1 - 0.045), 0.005));
}

TEST_CASE("cold plate: the published module in water", "[models][cooling]") {
  const double flow[] = {2, 3, 4, 5}, published[] = {.0172, .0160, .0154, .0151};
  for (std::size_t i = 0; i < std::size(flow); ++i) {
    CAPTURE(flow[i]);
    CHECK_THAT(resistance(Coolant::water, flow[i]), WithinRel(published[i], 0.002));
  }
}

TEST_CASE("cold plate: 1,200 W on coolant of 45 degC", "[models][cooling]") {
  // 0.01617 + 0.00839 / 1.5 = 0.02176 K/W: case at 71 degC; 0.015 K/W more to the junction: 89 degC.
  CHECK_THAT(45 + 1200 * resistance(Coolant::pg25, 1.5), WithinAbs(71.1, 0.05));
  const ColdPlate module = plate(Coolant::pg25, 1.5, 1.0, 0.015);
  CHECK_THAT(45 + 1200 * module.resistance().value, WithinAbs(89.1, 0.05));
  // 0.005593 of 0.036763 go with the inverse of the flow.
  CHECK_THAT(module.flow_share_of_resistance(), WithinAbs(0.1521, 1e-4));
}

TEST_CASE("cold plate: twice the area, half the resistance of the case", "[models][cooling]") {
  const auto flow = from_litres_per_minute(1.0);
  CHECK_THAT(plate(Coolant::pg25, 1.0, 2.0).case_resistance(flow).value,
             WithinRel(0.5 * plate(Coolant::pg25).case_resistance(flow).value, 1e-12));
}

TEST_CASE("cold plate: flows that nobody measured are noted, impossible plates refused", "[models][cooling]") {
  ValidityNotes notes;
  plate(Coolant::pg25, 1.5).check(notes);
  plate(Coolant::water, 2.0).check(notes);
  CHECK(notes.all().empty());
  plate(Coolant::water, 1.5).check(notes);
  CHECK(notes.all().size() == 1);
  REQUIRE_THROWS_AS(plate(Coolant::pg25, 0.0), std::invalid_argument);
  REQUIRE_THROWS_AS(plate(Coolant::pg25, 1.0, 0.0), std::invalid_argument);
}

TEST_CASE("cold plate: the share of flow gives the plate's own curve back", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const Coolant coolant = *rc::gen::element(Coolant::water, Coolant::pg25);
    const double rated = *rc::gen::inRange(4, 50) / 10.0, y = *rc::gen::inRange(1, 150) / 100.0;
    const ColdPlate module = plate(coolant, rated, *rc::gen::inRange(5, 20) / 10.0, 0.015);
    const double s = module.flow_share_of_resistance();
    const double by_share = module.resistance().value * (1 - s + s / y);
    const double own = module.case_resistance(from_litres_per_minute(rated * y)).value + 0.015;
    RC_ASSERT(std::abs(by_share - own) < 1e-12);
  }));
}
