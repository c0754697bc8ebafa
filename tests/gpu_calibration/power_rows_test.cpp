#include "gpu_calibration/fit/power_rows.hpp"

#include <utility>

#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::OperatorClass;

compute::GpuRatings ratings() {
  compute::GpuRatings result;
  result.memory_bandwidth = BytesPerSecond(4e12);
  result.bf16_flop_per_s = 1e15;
  result.fp8_flop_per_s = 2e15;
  return result;
}

/// One row of `operation`: texts and sizes in the order of its columns.
Table one_row(const char* operation, const std::vector<std::string>& texts, const std::vector<double>& sizes,
              double seconds, double watts) {
  Table table = make_table(operation, {"time_s", "power_w", "power_readings"});
  std::size_t i = 0;
  for (const std::string& text : texts) table.columns[i++].add_text(text);
  for (const double size : sizes) table.columns[i++].numbers.push_back(size);
  table.columns[i++].numbers.push_back(seconds);
  table.columns[i++].numbers.push_back(watts);
  table.columns[i++].numbers.push_back(8);
  REQUIRE(i == table.columns.size());
  return table;
}

KernelMeasurements measurements(const std::string& origin, std::vector<Table> tables) {
  KernelMeasurements result;
  result.origin = origin;
  result.source = "made up";
  result.tables = std::move(tables);
  return result;
}

MeasuredPower only_row(const Table& table, const std::string& origin = "measured_published") {
  const PowerRows result = power_rows(measurements(origin, {table}), ratings());
  REQUIRE(result.rows.size() == 1);
  REQUIRE(result.rows.front().parts.size() == 1);
  return result.rows.front();
}

TEST_CASE("power rows: uses of a matrix product", "[gpu_calibration][power]") {
  // 1000 x 2000 times 2000 x 4000 in fp8: 8 MB of weights, 2 MB of activations, 8 MB of bf16 results and 16 GFLOP.
  const MeasuredPower row = only_row(one_row("matrix_product", {"cutlass", "fp8"}, {1000, 4000, 2000}, 1e-3, 500));
  CHECK(row.parts.front().operator_class == OperatorClass::matrix_product);
  CHECK_THAT(row.parts.front().use.memory, WithinRel(18e6 / 4e9, 1e-12));
  CHECK_THAT(row.parts.front().use.arithmetic, WithinRel(16e9 / 2e12, 1e-12));
  CHECK(row.parts.front().use.units == compute::Arithmetic::fp8);
  CHECK(row.watts == 500.0);
  CHECK(row.readings == 8.0);
  CHECK(row.random_operands);
}

TEST_CASE("power rows: uses of decode attention, full and in a window", "[gpu_calibration][power]") {
  // 4 sequences, 999 cached tokens and the new one, 32 query and 8 KV heads of 128, fp8 cache:
  // 4 * 128 * (2 * 1000 * 8 + 4 * 32) bytes and 4 * 4 * 1000 * 32 * 128 operations in bf16.
  const MeasuredPower full =
      only_row(one_row("decode_attention", {"kernel", "bf16", "fp8"}, {4, 999, 32, 8, 128, 0}, 1e-3, 400));
  CHECK_THAT(full.parts.front().use.memory, WithinRel(4 * 128 * 16128.0 / 4e9, 1e-12));
  CHECK_THAT(full.parts.front().use.arithmetic, WithinRel(65.536e6 / 1e12, 1e-12));
  const MeasuredPower windowed =
      only_row(one_row("decode_attention", {"kernel", "bf16", "fp8"}, {4, 999, 32, 8, 128, 100}, 1e-3, 400));
  CHECK_THAT(windowed.parts.front().use.arithmetic, WithinRel(6.5536e6 / 1e12, 1e-12));
}

TEST_CASE("power rows: a prompt in chunks or behind a window counts the pairs that it computes",
          "[gpu_calibration][power]") {
  const auto pairs = [](double tokens, double prefix, double window) {
    const MeasuredPower row = only_row(
        one_row("prompt_attention", {"kernel", "bf16", "bf16"}, {1, tokens, prefix, 1, 1, 64, window}, 1.0, 400));
    return row.parts.front().use.arithmetic * 1e15 / (4.0 * 64.0);
  };
  CHECK_THAT(pairs(1000, 0, 0), WithinRel(500e3, 1e-9));
  CHECK_THAT(pairs(500, 500, 0), WithinRel(375e3, 1e-9));
  CHECK_THAT(pairs(500, 0, 0) + pairs(500, 500, 0), WithinRel(500e3, 1e-9));
  CHECK_THAT(pairs(1000, 0, 100), WithinRel(5e3 + 900 * 100.0, 1e-9));
  CHECK_THAT(pairs(1000, 500, 100), WithinRel(100e3, 1e-9));
}

TEST_CASE("power rows: published tables on operands that were not random are marked, own ones are not",
          "[gpu_calibration][power]") {
  const Table prompt =
      one_row("prompt_attention", {"vllm_flash_attn", "bf16", "bf16"}, {1, 4096, 0, 8, 8, 128, 0}, 1e-3, 400);
  CHECK_FALSE(only_row(prompt).random_operands);
  CHECK(only_row(prompt, "measured_here").random_operands);
  const auto product = [](const char* format, double inner) {
    return only_row(one_row("matrix_product", {"vllm_default", format}, {64, 4096, inner}, 1e-3, 400));
  };
  CHECK_FALSE(product("bf16", 65536).random_operands);
  CHECK(product("bf16", 8192).random_operands);
  CHECK(product("fp8_block", 65536).random_operands);
}

TEST_CASE("power rows: tables without watts give nothing, unknown formats are counted", "[gpu_calibration][power]") {
  Table silent = make_table("matrix_product", {"time_s"});
  const Table odd = one_row("matrix_product", {"cutlass", "fp3"}, {1, 1, 1}, 1e-3, 500);
  const PowerRows result = power_rows(measurements("measured_here", {silent, odd}), ratings());
  CHECK(result.rows.empty());
  REQUIRE(result.excluded.size() == 1);
  CHECK(result.excluded.front().count == 1);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
