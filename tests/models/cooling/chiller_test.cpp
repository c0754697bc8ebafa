#include "models/cooling/chiller.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

namespace {
double cop(const Chiller& chiller, double heat, double leaving, double outdoor) {
  ValidityNotes notes;
  return heat / chiller.power(Watts(heat), Celsius(leaving), Celsius(outdoor), notes).value;
}
const Chiller kMegawatt(air_cooled_path_a(), Watts(1e6), Celsius(6.67), Celsius(35));
}  // namespace

TEST_CASE("chiller: the reference point of the curves", "[models][cooling]") {
  // Nominal CAPFT 1.0002 and EIRFT 0.9999 by the published coefficients; EIRFPLR(1) = 0.999.
  CHECK_THAT(cop(kMegawatt, 1e6, 6.67, 35), WithinAbs(2.80, 0.005));
  CHECK_THAT(kMegawatt.available(Celsius(6.67), Celsius(35)).value, WithinRel(1e6, 1e-12));
}

TEST_CASE("chiller: part load of an air-cooled machine beside its reference", "[models][cooling]") {
  // PLR 0.5 / 1.0002: EIRFPLR = 0.141 + 0.655/2 + 0.203/4 = 0.51925, so COP = 0.5 / (0.51925 * 0.9999) * 2.8 = 2.697.
  CHECK_THAT(cop(kMegawatt, 5e5, 6.67, 35), WithinAbs(2.697, 0.003));
  // Below 10 % it cycles at the efficiency of 10 %.
  CHECK_THAT(cop(kMegawatt, 2e4, 6.67, 35), WithinRel(cop(kMegawatt, 8e4, 6.67, 35), 1e-9));
}

TEST_CASE("chiller: warm water raises the COP by the lift, not by the polynomial", "[models][cooling]") {
  // Clamped at 10 degC; ideal COP at 20 degC over that at 10 degC, condensing at 35 + 17.5:
  // (293.15 / 32.5) / (283.15 / 42.5) = 1.3539.
  CHECK_THAT(cop(kMegawatt, 5e5, 20, 35) / cop(kMegawatt, 5e5, 10, 35), WithinAbs(1.3539, 1e-3));
  const double warm = cop(kMegawatt, 5e5, 32, 20);
  CHECK(warm > 3.0);
  CHECK(warm < 30.0);
}

TEST_CASE("chiller: overload is noted and still costs its share", "[models][cooling]") {
  ValidityNotes notes;
  const double once = kMegawatt.power(Watts(1e6), Celsius(6.67), Celsius(35), notes).value;
  CHECK(notes.all().empty());
  CHECK_THAT(kMegawatt.power(Watts(2e6), Celsius(6.67), Celsius(35), notes).value, WithinRel(2 * once, 1e-9));
  CHECK(notes.all().size() == 1);
}

TEST_CASE("chiller: below Carnot, more heat never less power, warmer air never less power", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const double leaving = *rc::gen::inRange(40, 400) / 10.0, outdoor = *rc::gen::inRange(-200, 500) / 10.0;
    const double heat = *rc::gen::inRange(1, 1500) * 1e3, more = heat * (1.0 + *rc::gen::inRange(0, 100) / 100.0);
    const double warmer = outdoor + *rc::gen::inRange(0, 100) / 10.0;
    ValidityNotes notes;
    const Watts power = kMegawatt.power(Watts(heat), Celsius(leaving), Celsius(outdoor), notes);
    if (outdoor > leaving) RC_ASSERT(heat / power.value < (leaving + 273.15) / (outdoor - leaving));
    RC_ASSERT(kMegawatt.power(Watts(more), Celsius(leaving), Celsius(outdoor), notes).value >=
              power.value * (1 - 1e-12));
    RC_ASSERT(kMegawatt.power(Watts(heat), Celsius(leaving), Celsius(warmer), notes).value >=
              power.value * (1 - 1e-12));
  }));
}
