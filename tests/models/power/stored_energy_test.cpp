#include "models/power/stored_energy.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "models/power/generator.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

namespace {
constexpr std::int64_t kNever = std::int64_t{1} << 62;
double seconds(std::int64_t picoseconds) { return static_cast<double>(picoseconds) * 1e-12; }
}  // namespace

TEST_CASE("stored energy: the ride-through of a UPS at its rating", "[models][power]") {
  EnergyStore store(StorageSpec{}, Watts(1e6));
  CHECK(store.is_full());
  CHECK(store.state_of_charge() == 1.0);
  CHECK_THAT(seconds(store.time_to_limit(-1'000'000'000, kNever)), WithinRel(300.0, 1e-9));
  CHECK(seconds(store.time_to_limit(-1'000'000'000, kNever)) >= 300.0);
  CHECK_THAT(seconds(store.time_to_limit(-500'000'000, kNever)), WithinRel(600.0, 1e-6));
  CHECK(store.time_to_limit(0, kNever) == kNever);
  // 300 s * 1 MW * 1.014 of capacity, an hour's 15 %: 304.2 MJ / 3600 s * 0.15 = 12.675 kW.
  CHECK_THAT(to_joules(store.capacity()), WithinRel(304.2e6, 1e-9));
  CHECK_THAT(static_cast<double>(store.charge_limit()), WithinRel(12'675'000.0, 1e-6));
}

TEST_CASE("stored energy: constants of the C/L/C model", "[models][power]") {
  const EnergyStore store(StorageSpec::energy_storage(), Watts(1e6));
  CHECK_THAT(static_cast<double>(store.cell_power(1'000'000'000)), WithinRel(0.978e9, 1e-8));
  CHECK_THAT(static_cast<double>(store.cell_power(-1'000'000'000)), WithinRel(-1.014e9, 1e-8));
  CHECK_THAT(0.978 / 1.014, WithinAbs(0.9645, 1e-4));  // round trip of the cells
  CHECK_THAT(store.state_of_charge(), WithinAbs(0.9, 1e-6));
  CHECK_THAT(seconds(store.time_to_limit(-1'000'000'000, kNever)), WithinRel(3600.0, 1e-6));
}

TEST_CASE("stored energy: exact whatever spans it is summed over, and it never gains", "[models][power][law]") {
  REQUIRE(rc::check([] {
    EnergyStore one(StorageSpec{}, Watts(1e6)), other = one;
    const Milliwatts power = *rc::gen::inRange<Milliwatts>(-1'000'000'000, 0);
    const auto span = *rc::gen::inRange<std::int64_t>(1, 200'000'000'000'000),
               cut = *rc::gen::inRange<std::int64_t>(0, span);
    one.hold(power, span);
    other.hold(power, cut);
    other.hold(power, span - cut);
    RC_ASSERT(one.stored() == other.stored());
    RC_ASSERT(!one.is_empty());
    // What is taken to fill it again is more than what it gave.
    const Milliwatts charge = one.charge_limit();
    const std::int64_t again = one.time_to_limit(charge, kNever);
    RC_ASSERT(static_cast<Femtojoules>(charge) * (again + 1) >= static_cast<Femtojoules>(-power) * span);
    const std::int64_t empty = one.time_to_limit(-700'000'000, kNever);
    one.hold(-700'000'000, empty);
    RC_ASSERT(one.time_to_limit(-700'000'000, kNever) == 0);
    RC_ASSERT(one.stored() >= 0);
  }));
}

TEST_CASE("stored energy: none, and windows that make no sense", "[models][power]") {
  StorageSpec spec;
  spec.ride_through = Seconds(0);
  const EnergyStore none(spec, Watts(1e6));
  CHECK(!none.exists());
  CHECK(none.time_to_limit(-1, kNever) == 0);
  spec.soc_low = 1.0;
  CHECK_THROWS_AS(EnergyStore(spec, Watts(1e6)), std::invalid_argument);
  EnergyStore store(StorageSpec::energy_storage(), Watts(1e6));
  store.set_content(0);
  CHECK(store.is_empty());
  CHECK_THAT(store.state_of_charge(), WithinAbs(0.1, 1e-6));
}

TEST_CASE("generator: voltage after 12 s, four blocks of 7 s, fuel", "[models][power]") {
  const GeneratorSpec spec;
  CHECK(spec.time_to_voltage() == Seconds(12));
  CHECK(spec.loadable_share(Seconds(-1)) == 0.0);
  CHECK(spec.loadable_share(Seconds(0)) == 0.25);
  CHECK(spec.loadable_share(Seconds(6.9)) == 0.25);
  CHECK(spec.loadable_share(Seconds(14)) == 0.75);
  CHECK(spec.loadable_share(Seconds(100)) == 1.0);
  CHECK_THAT(spec.fuel_litres(Joules(3.6e9)), WithinRel(260.0, 1e-12));  // 1 MWh
  CHECK_THAT(spec.tank(Watts(1e6)).value, WithinRel(86.4e9, 1e-12));
}
