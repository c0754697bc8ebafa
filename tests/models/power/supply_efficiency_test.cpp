#include "models/power/supply_efficiency.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

TEST_CASE("power supplies: the tables' own points come back", "[models][power]") {
  const SupplyEfficiency titanium("titanium_redundant");
  CHECK_THAT(titanium.input(Watts(100), Watts(1000)).value, WithinRel(100 / 0.90, 1e-12));
  CHECK_THAT(titanium.input(Watts(500), Watts(1000)).value, WithinRel(500 / 0.96, 1e-12));
  CHECK_THAT(titanium.input(Watts(1000), Watts(1000)).value, WithinRel(1000 / 0.91, 1e-12));
  // Half way between 20 % (0.94) and 50 % (0.96).
  CHECK_THAT(titanium.input(Watts(350), Watts(1000)).value, WithinRel(350 / 0.95, 1e-12));
}

TEST_CASE("power supplies: below the table the loss stands still", "[models][power]") {
  const SupplyEfficiency titanium("titanium_redundant");
  const double loss = 100 / 0.90 - 100;  // at 10 % of 1 kW
  CHECK_THAT(titanium.input(Watts(0), Watts(1000)).value, WithinRel(loss, 1e-12));
  CHECK_THAT(titanium.input(Watts(60), Watts(1000)).value, WithinRel(60 + loss, 1e-12));
}

TEST_CASE("power supplies: more out never takes less in, and less never comes in than goes out",
          "[models][power][law]") {
  for (const std::string_view name : supply_tables()) {
    const SupplyEfficiency table(name);
    REQUIRE(rc::check([&] {
      const double a = *rc::gen::inRange(0, 1500), b = a + *rc::gen::inRange(0, 1500);
      const Watts in_a = table.input(Watts(a), Watts(1000)), in_b = table.input(Watts(b), Watts(1000));
      RC_ASSERT(in_a.value > a);
      RC_ASSERT(in_b >= in_a);
    }));
  }
}

TEST_CASE("power supplies: an unknown table is refused", "[models][power]") {
  REQUIRE_THROWS_AS(SupplyEfficiency("bronze"), std::invalid_argument);
  CHECK(supply_evidence("titanium_eu") == 'S');
  CHECK(supply_evidence("power_shelf_33kw") == 'E');
}
