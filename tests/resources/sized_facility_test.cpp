#include "sim/resources/sized_facility.hpp"

#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::resources;

namespace {

/// 10 MW of nameplate at a constant 8 MW, 87 % of the heat offered to cold plates.
RackGroup block_of_racks() {
  RackGroup group;
  group.kind.gpus_per_node = 1;
  group.kind.nameplate_power = Watts(10e6);
  group.kind.liquid_heat_share = 0.87;
  group.kind.supply = "titanium_eu";
  group.kind.supply_rated_power = Watts(20e6);
  group.gpu_idle_power_w = 7.64e6;
  group.gpu_max_power_w = 9e6;
  group.racks = 1;
  return group;
}

weather::WeatherPoint air(double dry) { return {Celsius(dry), Celsius(5), Celsius(12), Pascals(101325)}; }

const Choice<power::PowerOption>& chain() {
  static const Choice<power::PowerOption> kChain(power::power_options(), "standard_chain");
  return kChain;
}

Facility::Setup setup_of(const cooling::CoolingOption& cooling, const weather::WeatherPoint& now) {
  Facility::Setup setup;
  setup.groups = {block_of_racks()};
  setup.power = &*chain();
  setup.cooling = &cooling;
  setup.weather = now;
  setup.design_weather = air(38);
  return setup;
}

}  // namespace

TEST_CASE("sized facility: it is what the facility that follows time was sized to, and draws the same", "[resources]") {
  for (const char* kind : {"air_crah", "direct_to_chip"}) {
    CAPTURE(kind);
    Choice<cooling::CoolingOption> cooling(cooling::cooling_options(), kind);
    for (const double dry : {-5.0, 18.0, 31.0}) {
      CAPTURE(dry);
      ValidityNotes notes;
      Facility follows(setup_of(*cooling, air(dry)), notes);
      SizedFacility sized(setup_of(*cooling, air(dry)), notes);
      CHECK(follows.ratings() == sized.ratings());
      const Watts it(to_watts(follows.it_power()));
      const FacilityPower power = sized.settle(it, 0.87, air(dry), notes);
      // The other reads its plant from a table, and keeps the mode that it begins in until the controls may leave it.
      CHECK_THAT(power.facility().value, WithinRel(to_watts(follows.facility_power()), 5e-3));
    }
  }
}

TEST_CASE("sized facility: modes go on from hour to hour, energy adds up", "[resources]") {
  Choice<cooling::CoolingOption> cooling(cooling::cooling_options(), "direct_to_chip");
  ValidityNotes notes;
  SizedFacility sized(setup_of(*cooling, air(10)), notes);
  double last = 0.0;
  for (const double dry : {10.0, 20.0, 30.0, 37.0}) {
    const FacilityPower power = sized.settle(Watts(8e6), 0.87, air(dry), notes);
    CHECK_THAT(power.facility().value,
               WithinRel(8e6 + power.cooling().value + power.chain().value + power.house.value, 1e-12));
    CHECK(power.cooling().value >= last);  // warmer weather never takes less
    CHECK(power.effort.loops[cooling::Loop::main].mode == sized.state().modes[cooling::Loop::main]);
    last = power.cooling().value;
  }
  CHECK_THAT(sized.design_liquid_share(), WithinAbs(0.87, 1e-6));
}
