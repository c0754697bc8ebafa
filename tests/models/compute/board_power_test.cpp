#include "models/compute/board_power.hpp"

#include <rapidcheck.h>
#include <limits>
#include <stdexcept>

#include "models/compute/gpu.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::compute {
namespace {

using tests::catalog_entry;
using tests::catalog_ids;

OperatorClass any_class() { return static_cast<OperatorClass>(*rc::gen::inRange(0, kOperatorClasses)); }
double any_amount(double largest) { return largest * *rc::gen::inRange(0, 1'000'001) / 1e6; }

TEST_CASE("board power: hand-computed example", "[models][compute]") {
  BoardPower power;
  power.waiting = Watts(125);
  power.limit = Watts(700);
  power.matrix_product = {Watts(100), Watts(300), Watts(500)};
  // 1.6 GB and 40 TFLOP in 1 ms of a GPU with 4 TB/s and 1,000 TFLOP/s: uses 0.4 and 0.04.
  const UnitUse use = unit_use({.seconds = 1e-3, .bytes = 1.6e9, .operations = 40e9}, BytesPerSecond(4e12), 1e15);
  CHECK_THAT(use.memory, WithinRel(0.4, 1e-12));
  CHECK_THAT(use.arithmetic, WithinRel(0.04, 1e-12));
  CHECK_THAT(board_power_w(power, OperatorClass::matrix_product, use), WithinRel(125 + 100 + 120 + 100.0, 1e-12));
  CHECK_THAT(board_power_w(power, OperatorClass::matrix_product, {1.0, 1.0}), WithinRel(700.0, 1e-12));
  CHECK_THAT(board_power_w(power, OperatorClass::communication, use), WithinRel(125.0, 1e-12));
}

TEST_CASE("board power: fp4 has a constant of its own where the board gives one", "[models][compute]") {
  BoardPower power;
  power.waiting = Watts(100);
  power.limit = Watts(1000);
  power.matrix_product = {Watts(50), Watts(200), Watts(400)};
  const auto watts = [&](OperatorClass operator_class, Arithmetic units) {
    return board_power_w(power, operator_class, {.memory = 0.5, .arithmetic = 0.25, .units = units});
  };
  for (const Arithmetic units : {Arithmetic::bf16, Arithmetic::fp8, Arithmetic::fp4}) {
    CHECK(watts(OperatorClass::matrix_product, units) == 450.0);
  }
  power.matrix_product.fp4_arithmetic = Watts(700);
  CHECK(watts(OperatorClass::matrix_product, Arithmetic::bf16) == 450.0);
  CHECK(watts(OperatorClass::matrix_product, Arithmetic::fp8) == 450.0);
  CHECK(watts(OperatorClass::matrix_product, Arithmetic::fp4) == 600.0);
  CHECK(watts(OperatorClass::expert_block, Arithmetic::fp4) == 100.0);
  CHECK(unit_use({.seconds = 1.0, .units = Arithmetic::fp4}, BytesPerSecond(1e12), 1e15).units == Arithmetic::fp4);
}

TEST_CASE("board power: between waiting and the limit, and more work in the same time never takes less",
          "[models][compute][law]") {
  std::vector<GpuSpec> gpus;
  for (const auto& id : catalog_ids("gpus")) gpus.push_back(catalog_entry<GpuSpec>("gpus", id));
  REQUIRE(rc::check("bounded and monotone", [&] {
    const GpuSpec& gpu = gpus[*rc::gen::inRange<std::size_t>(0, gpus.size())];
    const OperatorClass operator_class = any_class();
    BoardPower power = gpu.power;
    power.of(operator_class).fp4_arithmetic = Watts(any_amount(2000.0));
    KernelLoad less{.seconds = 1e-6 + any_amount(1e-2),
                    .bytes = any_amount(1e10),
                    .operations = any_amount(1e13),
                    .units = *rc::gen::element(Arithmetic::bf16, Arithmetic::fp8, Arithmetic::fp4)};
    KernelLoad more = less;
    more.bytes += any_amount(1e10);
    more.operations += any_amount(1e13);
    const auto watts = [&](const KernelLoad& load) {
      return board_power_w(power, operator_class,
                           unit_use(load, gpu.ratings.memory_bandwidth, gpu.ratings.bf16_flop_per_s));
    };
    RC_ASSERT(watts(less) >= gpu.power.waiting.value);
    RC_ASSERT(watts(more) >= watts(less));
    RC_ASSERT(watts(more) <= gpu.power.limit.value);
    // The same work in twice the time takes at least the same energy: power falls by less than half.
    KernelLoad slower = less;
    slower.seconds *= 2.0;
    RC_ASSERT(watts(slower) <= watts(less));
    RC_ASSERT(2.0 * watts(slower) >= watts(less) * (1.0 - 1e-12));
    // A constant for fp4 that is that of the other formats is as none.
    power.of(operator_class).fp4_arithmetic = power.of(operator_class).arithmetic;
    const double same = watts(less);
    power.of(operator_class).fp4_arithmetic.reset();
    RC_ASSERT(watts(less) == same);
  }));
}

TEST_CASE("board power: an operator without time uses nothing; impossible amounts are refused", "[models][compute]") {
  const UnitUse use = unit_use({.seconds = 0.0, .bytes = 5.0, .operations = 5.0}, BytesPerSecond(1e12), 1e15);
  CHECK(use.memory == 0.0);
  CHECK(use.arithmetic == 0.0);
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(unit_use({.seconds = -1.0}, BytesPerSecond(1e12), 1e15), std::invalid_argument);
  CHECK_THROWS_AS(unit_use({.seconds = 1.0, .bytes = -1.0}, BytesPerSecond(1e12), 1e15), std::invalid_argument);
  CHECK_THROWS_AS(unit_use({.seconds = 1.0, .operations = infinite}, BytesPerSecond(1e12), 1e15),
                  std::invalid_argument);
}

TEST_CASE(
    "board power: every GPU of the catalog can draw more than waiting in every class and never starts above its "
    "limit",
    "[models][catalog]") {
  for (const std::string& id : catalog_ids("gpus")) {
    INFO(id);
    const BoardPower power = catalog_entry<GpuSpec>("gpus", id).power;
    CHECK(power.idle <= power.waiting);
    for (int i = 0; i < kOperatorClasses; ++i) {
      const auto operator_class = static_cast<OperatorClass>(i);
      INFO(i);
      CHECK(board_power_w(power, operator_class, {1.0, 1.0}) > power.waiting.value);
      CHECK(power.waiting + power.of(operator_class).running <= power.limit);
    }
  }
}

}  // namespace
}  // namespace tokenworks::compute
