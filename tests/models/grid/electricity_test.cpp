#include "models/grid/electricity.hpp"

#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;

TEST_CASE("flat electricity: cost and carbon follow the energy", "[models][grid]") {
  Choice<grid::ElectricityOption> electricity(grid::electricity_options(), "flat");
  REQUIRE(electricity.has_value());
  tests::set_field(*electricity, "usd_per_kwh", 0.10);
  tests::set_field(*electricity, "co2_kg_per_kwh", 0.4);
  // 36 MJ are 10 kWh.
  CHECK_THAT(electricity->usd(Joules(36e6)), WithinRel(1.0, 1e-12));
  CHECK_THAT(electricity->co2_kg(Joules(36e6)), WithinRel(4.0, 1e-12));
  CHECK(electricity->usd(Joules(0)) == 0.0);
}
