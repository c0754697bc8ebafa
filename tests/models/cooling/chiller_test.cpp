#include "models/cooling/chiller.hpp"

#include <rapidcheck.h>

#include <stdexcept>

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

namespace {
double biquadratic(const double (&c)[6], double e, double k) {
  return c[0] + c[1] * e + c[2] * e * e + c[3] * k + c[4] * k * k + c[5] * e * k;
}
/// COP of one machine at 6.67 degC and `condenser`, at a share of the capacity that it has there.
double curve_cop(const ChillerCurves& curves, double condenser, double share) {
  const Chiller chiller(curves, Watts(1e6), Celsius(6.67), Celsius(condenser));
  return cop(chiller, share * 1e6, 6.67, condenser);
}
}  // namespace

TEST_CASE("chiller: published curves at their reference points", "[models][cooling]") {
  struct Row {
    std::string_view name;
    double capacity, input_ratio;
  };
  const Row row = GENERATE(Row{"york_yk_2771kw_vsd", 0.9956, 0.9998}, Row{"carrier_19ex_5208kw_vanes", 0.9948, 0.9979},
                           Row{"trane_cvhf_2317kw_vsd", 0.9710, 0.9925}, Row{"york_ys_1758kw_screw", 0.9623, 0.9962},
                           Row{"york_yk_4396kw_vanes", 0.9522, 0.9704}, Row{"air_cooled_path_a", 1.0002, 0.9999},
                           Row{"york_ycal_100kw_scroll", 1.0492, 1.0208});
  const ChillerCurves& curves = chiller_curves(row.name);
  const double e = curves.reference_evaporator, c = curves.reference_condenser;
  CHECK_THAT(biquadratic(curves.capacity, e, c), WithinAbs(row.capacity, 5e-5));
  CHECK_THAT(biquadratic(curves.input_ratio, e, c), WithinAbs(row.input_ratio, 5e-5));
}

TEST_CASE("chiller: COP of water-cooled machines at part load", "[models][cooling]") {
  struct Row {
    std::string_view name;
    double quarter, half, three_quarters, full;
  };
  // At 6.67 and 26.67 degC. The first one's curve gives 9.11 at half load, beyond 0.75 of Carnot at a condensing
  // temperature of 26.67 + 3.5 degC: 0.75 * 279.82 / 23.5 = 8.93.
  const Row row = GENERATE(
      Row{"york_yk_2771kw_vsd", 9.27, 8.93, 7.74, 6.53}, Row{"carrier_19ex_5208kw_vanes", 4.79, 6.50, 6.92, 6.81},
      Row{"trane_cvhf_2317kw_vsd", 7.18, 8.00, 7.77, 7.31}, Row{"york_ys_1758kw_screw", 3.85, 5.67, 6.33, 6.40});
  const ChillerCurves& curves = chiller_curves(row.name);
  const ChillerCurves& first = chiller_curves("york_yk_2771kw_vsd");
  const double half = first.part_load[0] + 0.5 * (first.part_load[1] + 0.5 * first.part_load[2]);
  CHECK_THAT(first.reference_cop * 0.5 / half / biquadratic(first.input_ratio, 6.67, 26.67), WithinAbs(9.11, 0.005));
  CHECK_THAT(curve_cop(curves, 26.67, 0.25), WithinAbs(row.quarter, 0.005));
  CHECK_THAT(curve_cop(curves, 26.67, 0.50), WithinAbs(row.half, 0.005));
  CHECK_THAT(curve_cop(curves, 26.67, 0.75), WithinAbs(row.three_quarters, 0.005));
  CHECK_THAT(curve_cop(curves, 26.67, 1.00), WithinAbs(row.full, 0.005));
}

TEST_CASE("chiller: no set of curves beats three quarters of Carnot", "[models][cooling]") {
  // The first one's part-load curve would reach 0.98 of Carnot here; the condensing approach is 7 K times the load.
  const Chiller chiller(chiller_curves("york_yk_2771kw_vsd"), Watts(1e6), Celsius(5.56), Celsius(29.44));
  CHECK(cop(chiller, 3.5e5, 5.56, 29.44) <= 0.75 * (5.56 + 273.15) / (29.44 + 0.35 * 7.0 - 5.56) * (1 + 1e-12));
  CHECK_THROWS_AS(chiller_curves("no_such"), std::invalid_argument);
}

TEST_CASE("chiller: several machines share the load and run as many as take the least power", "[models][cooling]") {
  const ChillerCurves& vanes = chiller_curves("carrier_19ex_5208kw_vanes");
  const Chiller four(vanes, Watts(4e6), Celsius(6.67), Celsius(26.67), 4);
  ValidityNotes notes;
  // Vanes are best near full load: a quarter of the load is one machine's.
  const ChillerWork quarter = four.work(Watts(1e6), Celsius(6.67), Celsius(26.67), 1.0, notes);
  CHECK(quarter.running == 1.0);
  CHECK_THAT(1e6 / quarter.power.value, WithinAbs(6.81, 0.005));
  CHECK(four.work(Watts(3.9e6), Celsius(6.67), Celsius(26.67), 1.0, notes).running == 4.0);
  CHECK(four.work(Watts(3.9e6), Celsius(6.67), Celsius(26.67), 1.0, notes).part_load < 1.0);
  CHECK(notes.all().empty());
  // Three of four are left, and a spare fifth may help.
  CHECK(four.work(Watts(3.9e6), Celsius(6.67), Celsius(26.67), 0.75, notes).running == 3.0);
  CHECK(notes.all().size() == 1);
  CHECK_THAT(four.capability(Celsius(6.67), Celsius(26.67), 0.75).at_set_point.value, WithinRel(3e6, 1e-9));
  CHECK(four.work(Watts(3.9e6), Celsius(6.67), Celsius(26.67), 1.25, notes).running == 5.0);
  CHECK(four.work(Watts(1e6), Celsius(6.67), Celsius(26.67), 0.0, notes).power.value == 0.0);
  // Drives are best at part load: several machines carry what one could.
  const Chiller drives(chiller_curves("york_yk_2771kw_vsd"), Watts(4e6), Celsius(6.67), Celsius(26.67), 4);
  CHECK(drives.work(Watts(1e6), Celsius(6.67), Celsius(26.67), 1.0, notes).running == 3.0);
}

TEST_CASE("chiller: overload is noted and still costs its share", "[models][cooling]") {
  ValidityNotes notes;
  const double once = kMegawatt.power(Watts(1e6), Celsius(6.67), Celsius(35), notes).value;
  CHECK(notes.all().empty());
  CHECK_THAT(kMegawatt.power(Watts(2e6), Celsius(6.67), Celsius(35), notes).value, WithinRel(2 * once, 1e-9));
  CHECK(notes.all().size() == 1);
}

TEST_CASE("chiller: warm water is an extension with an end", "[models][cooling]") {
  ValidityNotes notes;
  kMegawatt.power(Watts(5e5), Celsius(45), Celsius(35), notes);
  CHECK(notes.all().empty());
  kMegawatt.power(Watts(5e5), Celsius(46), Celsius(35), notes);
  kMegawatt.power(Watts(5e5), Celsius(2), Celsius(35), notes);
  REQUIRE(notes.all().count("chiller: leaving water [degC]") == 1);
  CHECK(notes.all().at("chiller: leaving water [degC]").count == 2);
}

TEST_CASE("chiller: below Carnot, more heat never less power, warmer air or condenser water never less power",
          "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const bool air_cooled = *rc::gen::arbitrary<bool>();
    // Three of the water-cooled sets of curves fall here and there as the condenser gets warmer.
    const std::string_view water_cooled[] = {"york_yk_2771kw_vsd", "trane_cvhf_2317kw_vsd"};
    const ChillerCurves& curves = chiller_curves(air_cooled ? kAirCooledChillers[*rc::gen::inRange(0, 2)]
                                                            : water_cooled[*rc::gen::inRange(0, 2)]);
    const std::int64_t machines = *rc::gen::inRange(1, 7);
    const Chiller chiller(curves, Watts(1e6), Celsius(6.67), Celsius(air_cooled ? 35 : 26), machines);
    const double leaving = *rc::gen::inRange(45, 400) / 10.0;
    const double condenser = *rc::gen::inRange(air_cooled ? -200 : 30, air_cooled ? 500 : 350) / 10.0;
    const double heat = *rc::gen::inRange(1, 1500) * 1e3, more = heat * (1.0 + *rc::gen::inRange(0, 100) / 100.0);
    const double warmer = condenser + *rc::gen::inRange(0, 100) / 10.0, in_service = *rc::gen::inRange(30, 130) / 100.0;
    ValidityNotes notes;
    const auto power = [&](double q, double at) {
      return chiller.work(Watts(q), Celsius(leaving), Celsius(at), in_service, notes).power.value;
    };
    const double here = power(heat, condenser);
    if (condenser > leaving) RC_ASSERT(heat / here < (leaving + 273.15) / (condenser - leaving));
    RC_ASSERT(power(more, condenser) >= here * (1 - 1e-12));
    RC_ASSERT(power(heat, warmer) >= here * (1 - 1e-12));
  }));
}
