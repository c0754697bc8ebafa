#include "gpu_calibration/fit/board_power.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::Arithmetic;
using compute::BoardPower;
using compute::kOperatorClasses;
using compute::OperatorClass;

const PowerResidual& residual_of(const std::vector<PowerResidual>& residuals, const std::string& set) {
  const auto found = std::find_if(residuals.begin(), residuals.end(), [&](const auto& one) { return one.set == set; });
  REQUIRE(found != residuals.end());
  return *found;
}

BoardPower known_board() {
  BoardPower power;
  power.idle = Watts(80);
  power.waiting = Watts(120);
  power.limit = Watts(700);
  power.matrix_product = {Watts(60), Watts(300), Watts(560)};
  power.expert_block = {Watts(200), Watts(270), Watts(770)};
  power.prompt_attention = {Watts(160), Watts(100), Watts(580)};
  power.decode_attention = {Watts(210), Watts(490), Watts(0)};
  power.elementwise = {Watts(340), Watts(460), Watts(0)};
  power.communication = {Watts(125), Watts(0), Watts(0)};
  return power;
}

MeasuredPower loop(const BoardPower& power, OperatorClass operator_class, double memory, double arithmetic) {
  MeasuredPower row{.parts = {{operator_class, 1.0, {memory, arithmetic}}}, .seconds = 1e-3, .readings = 10};
  row.set = "class " + std::to_string(static_cast<int>(operator_class));
  row.group = row.set + " shape " + std::to_string(memory);
  row.watts = predicted_power_w(power, row);
  return row;
}

/// A grid of uses for each class; the upper corner is at the limit.
std::vector<MeasuredPower> loops(const BoardPower& power) {
  std::vector<MeasuredPower> rows;
  for (int i = 0; i < kOperatorClasses; ++i) {
    for (const double memory : {0.05, 0.2, 0.4, 0.6, 0.9}) {
      for (const double arithmetic : {0.0, 0.01, 0.05, 0.2, 0.6}) {
        rows.push_back(loop(power, static_cast<OperatorClass>(i), memory, arithmetic));
      }
    }
  }
  return rows;
}

PowerFitOptions options_for(const BoardPower& board) {
  PowerFitOptions options;
  options.prior = default_prior(board.idle, board.waiting, board.limit);
  options.prior_weight = 1e-6;
  return options;
}

void check_same(const BoardPower& found, const BoardPower& known, double within_w) {
  for (int i = 0; i < kOperatorClasses; ++i) {
    INFO("class " << i);
    const auto& a = found.of(static_cast<OperatorClass>(i));
    const auto& b = known.of(static_cast<OperatorClass>(i));
    CHECK_THAT(a.running.value, WithinAbs(b.running.value, within_w));
    CHECK_THAT(a.memory.value, WithinAbs(b.memory.value, within_w));
    CHECK_THAT(a.arithmetic.value, WithinAbs(b.arithmetic.value, within_w));
  }
}

TEST_CASE("board power fit: known constants come back from loops, some of which run at the limit",
          "[gpu_calibration][power]") {
  const BoardPower known = known_board();
  const auto rows = loops(known);
  CHECK(std::any_of(rows.begin(), rows.end(), [](const MeasuredPower& row) { return row.watts == 700.0; }));
  check_same(fit_board_power(rows, options_for(known)), known, 0.5);
}

/// The same loops in fp4.
std::vector<MeasuredPower> fp4_loops(const BoardPower& power) {
  std::vector<MeasuredPower> rows = loops(power);
  std::erase_if(
      rows, [](const MeasuredPower& row) { return row.parts.front().operator_class != OperatorClass::matrix_product; });
  for (MeasuredPower& row : rows) {
    row.parts.front().use.units = Arithmetic::fp4;
    row.watts = predicted_power_w(power, row);
  }
  return rows;
}

TEST_CASE("board power fit: known arithmetic in fp4 comes back, for the classes that have rows of it",
          "[gpu_calibration][power]") {
  BoardPower known = known_board();
  known.matrix_product.fp4_arithmetic = Watts(800);
  std::vector<MeasuredPower> rows = loops(known);
  const std::vector<MeasuredPower> fp4 = fp4_loops(known);
  rows.insert(rows.end(), fp4.begin(), fp4.end());
  const BoardPower found = fit_board_power(rows, options_for(known));
  check_same(found, known, 0.5);
  REQUIRE(found.matrix_product.fp4_arithmetic);
  CHECK_THAT(found.matrix_product.fp4_arithmetic->value, WithinAbs(800.0, 0.5));
  CHECK_FALSE(found.expert_block.fp4_arithmetic);
  CHECK_THAT(scaled_prior(found, Watts(80), Watts(120), Watts(1280)).matrix_product.fp4_arithmetic->value,
             WithinRel(2.0 * found.matrix_product.fp4_arithmetic->value, 1e-9));
}

TEST_CASE("board power fit: alone, arithmetic in fp4 leaves all else as it was", "[gpu_calibration][power]") {
  BoardPower known = known_board();
  PowerFitOptions options{.prior_weight = 1e-6, .prior = known, .fp4_alone = true};
  known.matrix_product.fp4_arithmetic = Watts(800);
  const BoardPower found = fit_board_power(fp4_loops(known), options);
  check_same(found, known, 0.0);
  CHECK_THAT(found.matrix_product.fp4_arithmetic->value, WithinAbs(800.0, 0.5));
}

TEST_CASE("board power fit: known constants come back from steps that mix all classes and wait in between",
          "[gpu_calibration][power]") {
  const BoardPower known = known_board();
  std::vector<MeasuredPower> rows;
  for (int i = 0; i < 400; ++i) {
    // A low-discrepancy walk through shares and uses.
    const auto place = [i](int k) { return std::fmod(0.5 + i * std::pow(0.618033988749895, k + 1) * (k + 1), 1.0); };
    MeasuredPower row{.seconds = 1e-2};
    double shares = 0.0;
    for (int c = 0; c < kOperatorClasses; ++c) shares += place(c);
    for (int c = 0; c < kOperatorClasses; ++c) {
      row.parts.push_back(
          {static_cast<OperatorClass>(c), 0.9 * place(c) / shares, {0.6 * place(c + 6), 0.2 * place(c + 12)}});
    }
    row.set = row.group = "model " + std::to_string(i % 7);
    row.watts = predicted_power_w(known, row);
    rows.push_back(row);
  }
  const BoardPower found = fit_board_power(rows, options_for(known));
  for (const PowerResidual& residual : power_residuals(rows, found)) CHECK(residual.worst < 2e-3);
  for (const PowerResidual& residual : held_out_power_residuals(rows, options_for(known))) {
    INFO(residual.set);
    CHECK(residual.worst < 1e-2);
  }
}

TEST_CASE("board power fit: no constant is ever below 0, whatever was measured", "[gpu_calibration][power][law]") {
  REQUIRE(rc::check("constants of at least 0", [] {
    const BoardPower known = known_board();
    std::vector<MeasuredPower> rows;
    const int count = *rc::gen::inRange(1, 30);
    for (int i = 0; i < count; ++i) {
      rows.push_back(loop(known, static_cast<OperatorClass>(*rc::gen::inRange(0, kOperatorClasses)),
                          *rc::gen::inRange(0, 101) / 100.0, *rc::gen::inRange(0, 101) / 100.0));
      rows.back().watts = *rc::gen::inRange(60, 720);
    }
    const BoardPower found = fit_board_power(rows, options_for(known));
    for (int i = 0; i < kOperatorClasses; ++i) {
      const auto& draw = found.of(static_cast<OperatorClass>(i));
      RC_ASSERT(draw.running.value >= 0.0 && draw.memory.value >= 0.0 && draw.arithmetic.value >= 0.0);
    }
  }));
}

TEST_CASE("board power fit: a class that nobody measured keeps its prior", "[gpu_calibration][power]") {
  const BoardPower known = known_board();
  std::vector<MeasuredPower> rows = loops(known);
  std::erase_if(
      rows, [](const MeasuredPower& row) { return row.parts.front().operator_class == OperatorClass::communication; });
  PowerFitOptions options = options_for(known);
  options.prior = scaled_prior(known, Watts(100), Watts(200), Watts(1360));  // twice the room
  options.prior.waiting = known.waiting;
  options.prior.limit = known.limit;
  CHECK_THAT(fit_board_power(rows, options).communication.running.value, WithinRel(250.0, 1e-9));
}

TEST_CASE("board power fit: rows are left out by the first rule that holds, and counted", "[gpu_calibration][power]") {
  const BoardPower known = known_board();
  const MeasuredPower good = loop(known, OperatorClass::matrix_product, 0.5, 0.1);
  std::vector<MeasuredPower> rows(7, good);
  rows[1].seconds = 1e-4;
  rows[2].readings = 3;
  rows[3].random_operands = false;
  rows[4].parts.front().use.memory = 1.2;
  rows[5].watts = 130;
  rows[6].seconds = 1e-4;
  rows[6].watts = 130;
  const auto excluded = exclude_power_rows(rows, known);
  REQUIRE(excluded.size() == 5);
  CHECK(excluded[0].count == 2);
  for (std::size_t i = 1; i < 5; ++i) CHECK(excluded[i].count == 1);
  CHECK(rows.size() == 1);
}

TEST_CASE("board power fit: residuals by set", "[gpu_calibration][power]") {
  const BoardPower known = known_board();
  std::vector<MeasuredPower> rows;
  for (const double factor : {1.0, 1.1, 0.8}) {
    rows.push_back(loop(known, OperatorClass::decode_attention, 0.5, 0.0));
    rows.back().watts /= factor;
  }
  const auto residuals = power_residuals(rows, known);
  REQUIRE(residuals.size() == 1);
  const PowerResidual& residual = residual_of(residuals, "class 3");
  CHECK(residual.rows == 3);
  CHECK_THAT(residual.median, WithinRel(0.1, 1e-9));
  CHECK_THAT(residual.worst, WithinRel(0.2, 1e-9));
  CHECK_THAT(residual.bias, WithinAbs(0.0, 1e-12));
}

TEST_CASE("board power fit: powers that do not rise are refused", "[gpu_calibration][power]") {
  CHECK_THROWS_AS(default_prior(Watts(80), Watts(60), Watts(700)), std::invalid_argument);
  CHECK_THROWS_AS(default_prior(Watts(80), Watts(120), Watts(120)), std::invalid_argument);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
