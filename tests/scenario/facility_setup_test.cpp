// What a facility of a scenario is set up from.
#include "sim/scenario/facility_setup.hpp"

#include "models/weather/weather_option.hpp"
#include "sim/resources/sized_facility.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/year_run.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::scenario;

TEST_CASE("facility: servers in tanks have no fans, and the facility is sized without them", "[scenario]") {
  const auto nameplate = [](const std::string& cooling, double& fans) {
    ReadOutcome scenario = read_scenario(TOKENWORKS_SOURCE_DIR "/scenarios/quickstart.json",
                                         {{"/factory/cooling", R"({"kind": ")" + cooling + R"("})"}});
    REQUIRE(scenario.faults.empty());
    ValidityNotes notes;
    const SiteModels site = load_site(scenario, notes);
    const resources::Facility::Setup setup = facility_setup(scenario, {}, *site.weather, 0.0);
    fans = setup.groups.at(0).kind.fan_share_of_base;
    return resources::SizedFacility(setup, notes).it_nameplate().value;
  };
  double on_air = 0.0, in_tanks = 0.0;
  const double with_fans = nameplate("air_crah", on_air), without = nameplate("immersion", in_tanks);
  CHECK(on_air > 0.0);
  CHECK(in_tanks == 0.0);
  CHECK(without < 0.97 * with_fans);
  CHECK(without > 0.90 * with_fans);
}
