#include "models/power/trip_curve.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

namespace {
constexpr std::int64_t kNever = std::int64_t{1} << 62;
constexpr Milliwatts kRating = 1'000'000'000;
std::int64_t at(double load) { return TripCurve().rate(static_cast<Milliwatts>(load * kRating), kRating); }
}  // namespace

TEST_CASE("trip curve: its own points, and what lies between and beyond", "[models][power]") {
  const TripCurve curve;
  for (const auto& [load, seconds] : {std::pair{1.10, 600.0}, {1.25, 120.0}, {1.50, 30.0}, {2.00, 10.0}}) {
    CHECK_THAT(curve.trip_time(load).value, WithinRel(seconds, 1e-9));
    const std::int64_t opens = TripCurve::time_to_open(0, at(load), kNever);
    CHECK_THAT(static_cast<double>(opens) * 1e-12, WithinRel(seconds, 1e-6));
  }
  CHECK(std::isinf(curve.trip_time(1.0).value));
  CHECK_THAT(curve.trip_time(1.05).value, WithinRel(1200.0, 1e-9));  // half of the excess, half of the rate
  CHECK_THAT(curve.trip_time(4.0).value, WithinRel(2.5, 1e-9));      // twice the load, a quarter of the time
  CHECK(TripCurve::time_to_open(0, at(1.0), kNever) == kNever);
  CHECK(TripCurve::time_to_open(0, at(0.2), kNever) == kNever);
}

TEST_CASE("trip curve: more load never opens later", "[models][power][law]") {
  const TripCurve curve;
  REQUIRE(rc::check([&] {
    const double a = 1.0 + *rc::gen::inRange(1, 3000) / 1000.0, b = a + *rc::gen::inRange(0, 1000) / 1000.0;
    RC_ASSERT(curve.trip_time(b) <= curve.trip_time(a));
    RC_ASSERT(at(b) >= at(a));
  }));
}

TEST_CASE("trip curve: heat does not depend on where a span is cut, and cools", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const std::int64_t rate = at(1.0 + *rc::gen::inRange(1, 1000) / 1000.0);
    const std::int64_t span = *rc::gen::inRange<std::int64_t>(1, 5'000'000'000'000),
                       cut = *rc::gen::inRange<std::int64_t>(0, span);
    const auto whole = TripCurve::after(0, rate, span);
    RC_ASSERT(whole == TripCurve::after(TripCurve::after(0, rate, cut), rate, span - cut));
    RC_ASSERT(TripCurve::after(whole, at(0.9), span) < whole);
    const std::int64_t rest = TripCurve::time_to_open(whole, rate, kNever);
    RC_ASSERT(TripCurve::after(whole, rate, rest) >= TripCurve::kOpens);
    if (rest > 0) RC_ASSERT(TripCurve::after(whole, rate, rest - 1) < TripCurve::kOpens);
  }));
  // Half way to opening at 125 % (60 s), then cool for 600 s / 2, and it is cold.
  const auto warm = TripCurve::after(0, at(1.25), 60'000'000'000'000);
  CHECK(TripCurve::after(warm, at(0.5), 301'000'000'000'000) == 0);
  CHECK(TripCurve::after(warm, at(0.5), 290'000'000'000'000) > 0);
}

TEST_CASE("trip curve: curves that turn back are refused", "[models][power]") {
  CHECK_THROWS_AS(TripCurve(TripSpec{{{0.9, Seconds(10)}}, Seconds(600)}), std::invalid_argument);
  CHECK_THROWS_AS(TripCurve(TripSpec{{}, Seconds(600)}), std::invalid_argument);
  CHECK_THROWS_AS(TripCurve(TripSpec{{{1.1, Seconds(10)}, {1.2, Seconds(20)}}, Seconds(600)}), std::invalid_argument);
}
