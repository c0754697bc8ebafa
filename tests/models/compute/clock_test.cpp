#include "models/compute/clock.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "models/compute/gpu.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::compute {
namespace {

using tests::catalog_entry;
using tests::catalog_ids;

const GpuRatings& ratings(const GpuSpec& gpu) { return gpu.ratings; }

/// A kernel of matrix products that reaches three quarters of the rated arithmetic and a tenth of the bandwidth.
constexpr UnitUse kSaturated{.memory = 0.1, .arithmetic = 0.75};

double watts_at(const GpuSpec& gpu, OperatorClass operator_class, const UnitUse& use, ClockLevel level) {
  return board_power_at_clock_w(gpu.power, operator_class, use, ratings(gpu).memory_bandwidth, clock_share(level));
}

TEST_CASE("clock: hand-computed example", "[models][compute]") {
  BoardPower power;
  power.waiting = Watts(100);
  power.limit = Watts(1000);
  power.matrix_product = {Watts(200), Watts(300), Watts(400)};
  // Bound by arithmetic: half the clock, twice the time. Static 280 of the 300 that wait and run; of 300 * 0.4 W for
  // memory the memory itself takes 32 pJ * 1e12 * 0.4 = 12.8.
  const UnitUse use{.memory = 0.4, .arithmetic = 0.64};
  CHECK_THAT(seconds_at_clock(1e-3, use, 0.5), WithinRel(2e-3, 1e-12));
  const double squared = std::pow(0.5, 1.5);
  const double watts = 280 + 12.8 * 0.5 + squared * ((120 - 12.8 + 400 * 0.8) * 0.5 + 20 * 0.5);
  CHECK_THAT(board_power_at_clock_w(power, OperatorClass::matrix_product, use, BytesPerSecond(1e12), 0.5),
             WithinRel(watts, 1e-12));
  // Bound by memory: of the tenth of the time that it leaves, a quarter goes with the clock, until arithmetic is the
  // longer: a sixth of the time at the full clock.
  CHECK_THAT(seconds_at_clock(1e-3, {.memory = 0.9, .arithmetic = 0.15}, 0.2), WithinRel(1.1e-3, 1e-12));
  CHECK_THAT(seconds_at_clock(1e-3, {.memory = 0.9, .arithmetic = 0.15}, 1.0 / 12.0), WithinRel(2e-3, 1e-12));
  // Of what is not known to work nothing goes with the clock.
  CHECK_THAT(seconds_at_clock(1e-3, {}, 0.2), WithinRel(1e-3, 1e-12));
}

TEST_CASE("clock: at the full clock nothing moves by a bit, and a lower one is never faster and never draws more",
          "[models][compute][law]") {
  std::vector<GpuSpec> gpus;
  for (const auto& id : catalog_ids("gpus")) gpus.push_back(catalog_entry<GpuSpec>("gpus", id));
  REQUIRE(rc::check("monotone in the clock", [&] {
    const GpuSpec& gpu = gpus[*rc::gen::inRange<std::size_t>(0, gpus.size())];
    const auto operator_class = static_cast<OperatorClass>(*rc::gen::inRange(0, kOperatorClasses));
    const auto amount = [](double largest) { return largest * *rc::gen::inRange(0, 1'000'001) / 1e6; };
    const KernelLoad load{.seconds = 1e-6 + amount(1e-2),
                          .bytes = amount(1e10),
                          .operations = amount(1e13),
                          .units = *rc::gen::element(Arithmetic::bf16, Arithmetic::fp4)};
    const auto run = [&](double share) {
      return run_at_clock(gpu.power, operator_class, load, gpu.ratings.memory_bandwidth, gpu.ratings.bf16_flop_per_s,
                          share);
    };
    const UnitUse use = unit_use(load, gpu.ratings.memory_bandwidth, gpu.ratings.bf16_flop_per_s);
    RC_ASSERT(run(1.0).seconds == load.seconds);
    RC_ASSERT(run(1.0).watts == board_power_w(gpu.power, operator_class, use));
    ClockLevel low = *rc::gen::inRange(1, kFullClock + 1), high = *rc::gen::inRange(1, kFullClock + 1);
    if (low > high) std::swap(low, high);
    const KernelRun slow = run(clock_share(low)), fast = run(clock_share(high));
    RC_ASSERT(slow.seconds >= fast.seconds);
    RC_ASSERT(slow.seconds <= load.seconds / clock_share(low) * (1 + 1e-12));
    RC_ASSERT(slow.watts <= fast.watts * (1 + 1e-12));
    RC_ASSERT(slow.watts >= gpu.power.waiting.value);
    // What arithmetic draws in fp4 moves watts, never times.
    UnitUse in_fp4 = use;
    in_fp4.units = Arithmetic::fp4;
    RC_ASSERT(seconds_at_clock(load.seconds, in_fp4, clock_share(low)) == slow.seconds);
  }));
}

TEST_CASE("clock: the law of the whole board, by hand", "[models][compute]") {
  // facility.md 2.3, calculated: caps of 600, 500, 400 and 300 of 700 W.
  CHECK_THAT(clock_share_under_cap(600.0 / 700.0), WithinAbs(0.916, 1e-3));
  CHECK_THAT(clock_share_under_cap(500.0 / 700.0), WithinAbs(0.818, 2e-3));
  CHECK_THAT(clock_share_under_cap(400.0 / 700.0), WithinAbs(0.70, 5e-3));
  CHECK_THAT(clock_share_under_cap(300.0 / 700.0), WithinAbs(0.54, 1e-2));
  CHECK(clock_share_under_cap(0.2) == 0.0);
  CHECK(clock_share_under_cap(1.0) == 1.0);
  CHECK(clock_share_under_cap(2.0) == 1.0);
  for (const double share : {0.2, 0.5, 0.9}) {
    CHECK_THAT(clock_share_under_cap(cap_share_at_clock(share)), WithinRel(share, 1e-12));
  }
}

TEST_CASE("clock: a saturated kernel keeps a cap as the law of the whole board says", "[models][compute]") {
  // GPUs with constants of their own: the law knows no memory and one static share, and is 0.031 off at worst (B200).
  for (const std::string id : {"h100_sxm5", "h200_sxm5", "b200_sxm"}) {
    const GpuSpec gpu = catalog_entry<GpuSpec>("gpus", id);
    REQUIRE(watts_at(gpu, OperatorClass::matrix_product, kSaturated, kFullClock) > 0.9 * gpu.power.limit.value);
    const UnitUse full{.memory = 0.1, .arithmetic = 1.0};
    for (const double cap : {6.0 / 7.0, 5.0 / 7.0, 4.0 / 7.0, 0.5, 3.0 / 7.0}) {
      const ClockLevel level = highest_within(cap * gpu.power.limit.value, kFullClock, kFullClock, [&](ClockLevel at) {
        return watts_at(gpu, OperatorClass::matrix_product, full, at);
      });
      INFO(id << " under " << cap << ": " << clock_share(level) << ", law " << clock_share_under_cap(cap));
      CHECK_THAT(clock_share(level), WithinAbs(clock_share_under_cap(cap), 0.035));
    }
  }
}

TEST_CASE("clock: levels", "[models][compute]") {
  CHECK(level_within(1.0) == kFullClock);
  CHECK(level_within(3.0) == kFullClock);
  CHECK(level_within(0.5) == kFullClock / 2);
  CHECK(level_within(0.999) == kFullClock - 1);
  CHECK(level_within(0.0) == kLeastClock);
  CHECK(level_within(-1.0) == kLeastClock);
  CHECK_THROWS_AS(clock_share(0), std::invalid_argument);
  CHECK_THROWS_AS(clock_share(kFullClock + 1), std::invalid_argument);
  CHECK_THROWS_AS(seconds_at_clock(1.0, {}, 0.0), std::invalid_argument);
  CHECK_THROWS_AS(seconds_at_clock(1.0, {}, 1.5), std::invalid_argument);
  CHECK_THROWS_AS(clock_share_under_cap(0.0), std::invalid_argument);
}

TEST_CASE("clock: the highest level within a cap, whatever was guessed", "[models][compute][law]") {
  REQUIRE(rc::check("as by trying all", [] {
    const ClockLevel highest = *rc::gen::inRange(1, kFullClock + 1), guess = *rc::gen::inRange(0, kFullClock + 10);
    const double cap = *rc::gen::inRange(0, 140);
    const auto watts = [](ClockLevel level) { return static_cast<double>(level); };
    ClockLevel best = std::min(kLeastClock, highest);
    for (ClockLevel level = best; level <= highest; ++level) {
      if (watts(level) <= cap) best = level;
    }
    RC_ASSERT(highest_within(cap, highest, guess, watts) == best);
  }));
}

}  // namespace
}  // namespace tokenworks::compute
