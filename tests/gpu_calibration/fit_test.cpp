#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "gpu_calibration/fit/fit_kernels.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks;
using namespace tokenworks::gpu_calibration;

namespace {

compute::GpuRatings ratings() {
  compute::GpuRatings rated;
  rated.memory_bandwidth = BytesPerSecond(3e12);
  rated.bf16_flop_per_s = 1e15;
  rated.fp8_flop_per_s = 2e15;
  return rated;
}

void add_row(Table& table, const std::vector<std::string>& texts, const std::vector<double>& numbers) {
  std::size_t i = 0;
  for (const std::string& text : texts) table.columns[i++].add_text(text);
  for (const double number : numbers) table.columns[i++].numbers.push_back(number);
}

/// 4 us, 0.8 of the bandwidth, 0.7 of the rate.
compute::MatrixProductTable true_product() {
  compute::MatrixProductTable truth;
  truth.format = "bf16";
  truth.physical = {Seconds(4e-6), 0.8, 0.7, 3.0};
  return truth;
}

Table product_rows() {
  Table table = make_table("matrix_product", {"time_s"});
  const compute::MatrixProductTable truth = true_product();
  for (const double m : {1, 8, 16, 48, 64, 128, 256, 700, 1024, 4096, 8192, 16384}) {
    for (const double n : {128, 256, 1024, 2048, 6144, 12288, 65536}) {
      for (const double k : {256, 1024, 2048, 6144, 12288, 65536}) {
        add_row(table, {"made up", "bf16"}, {m, n, k, compute::physical_matrix_product_s(truth, ratings(), {m, n, k})});
      }
    }
  }
  return table;
}

const compute::MatrixProductTable& fitted_product() {
  static const compute::MatrixProductTable table = [] {
    FitReport report;
    return fit_matrix_products(product_rows(), ratings(), report).at(0);
  }();
  return table;
}

}  // namespace

TEST_CASE("fit of matrix products: constants and times that made the rows", "[calibration]") {
  FitReport report;
  const auto tables = fit_matrix_products(product_rows(), ratings(), report);
  REQUIRE(tables.size() == 1);
  CHECK(tables[0].physical.fixed.value == Approx(4e-6).epsilon(0.03));
  CHECK(tables[0].physical.bandwidth_share == Approx(0.8).epsilon(0.03));
  CHECK(tables[0].physical.compute_share == Approx(0.7).epsilon(0.03));
  CHECK(tables[0].physical.blend == Approx(3.0).epsilon(0.15));
  REQUIRE(report.quality.size() == 1);
  CHECK(report.quality[0].unseen_rows > 0);
  CHECK(report.quality[0].p90_error < 0.03);
  CHECK(report.quality[0].tail_p90_error < 0.03);
  REQUIRE(report.exclusions.size() == 1);
  CHECK(report.exclusions[0].rows == 12 * 6);  // 128 columns
}

TEST_CASE("laws of fitted matrix products", "[calibration]") {
  const compute::MatrixProductTable& table = fitted_product();
  const auto time = [&](double m, double n, double k) {
    return compute::matrix_product_s(table, ratings(), {m, n, k});
  };
  CHECK(rc::check("never less for more rows, columns or inner width; splitting never gains", [&] {
    const double m = *rc::gen::inRange(1, 40000), n = *rc::gen::inRange(256, 90000), k = *rc::gen::inRange(256, 90000);
    const double more = 1.0 + *rc::gen::inRange(1, 300) / 100.0;
    const double seconds = time(m, n, k);
    RC_ASSERT(time(m * more, n, k) >= seconds * (1 - 1e-12));
    RC_ASSERT(time(m, n * more, k) >= seconds * (1 - 1e-12));
    RC_ASSERT(time(m, n, k * more) >= seconds * (1 - 1e-12));
    RC_ASSERT(2 * time(m / 2, n, k) >= seconds * (1 - 0.02));
  }));
  // One row: the weights stream; no rate above the rated one where arithmetic binds.
  CHECK(time(1, 8192, 8192) >= 2.0 * 8192 * 8192 / 3e12);
  CHECK(2.0 * 16384 * 16384 * 16384 / time(16384, 16384, 16384) <= 1e15);
}

TEST_CASE("fit of decode attention: rates that made the rows, and its laws", "[calibration]") {
  Table table = make_table("decode_attention", {"time_s"});
  const auto truth = [](double streams, double context) { return 6e-6 + streams * context * 2e-10; };
  for (const double sequences : {1, 2, 8, 32, 128, 512}) {
    for (const double context : {63, 127, 511, 1023, 4095, 16383, 65535}) {
      for (const auto& [heads, kv_heads] : {std::pair{8.0, 8.0}, {8.0, 2.0}, {32.0, 8.0}, {64.0, 8.0}, {96.0, 1.0}}) {
        add_row(table, {"made up", "bf16", "bf16"},
                {sequences, context, heads, kv_heads, 128, 0, truth(sequences * kv_heads, context)});
      }
    }
  }
  FitReport report;
  const auto tables = fit_decode_attention(table, report);
  REQUIRE(tables.size() == 1);
  for (const double sequences : {1, 16, 100}) {
    for (const double context : {200, 3000, 30000}) {
      CHECK(compute::decode_attention_s(tables[0], 4, sequences * 8, context) ==
            Approx(truth(sequences * 8, context)).epsilon(0.05));
    }
  }
  CHECK(rc::check("never less for more sequences or a longer context", [&] {
    const double ratio = *rc::gen::inRange(1, 17), streams = *rc::gen::inRange(1, 5000);
    const double context = *rc::gen::inRange(1, 100000), more = 1.0 + *rc::gen::inRange(1, 300) / 100.0;
    const double seconds = compute::decode_attention_s(tables[0], ratio, streams, context);
    RC_ASSERT(compute::decode_attention_s(tables[0], ratio, streams * more, context) >= seconds);
    RC_ASSERT(compute::decode_attention_s(tables[0], ratio, streams, context * more) >= seconds);
  }));
  std::size_t many_heads = 0, short_context = 0;
  for (const Exclusion& exclusion : report.exclusions) {
    (exclusion.rule.find("query heads") != std::string::npos ? many_heads : short_context) += exclusion.rows;
  }
  CHECK(many_heads == 6 * 7);     // 96 heads on one KV head
  CHECK(short_context == 6 * 4);  // 63 tokens
}

TEST_CASE("fit of experts: splits that were not measured follow the form that made the others", "[calibration]") {
  compute::ExpertTable truth;
  truth.format = "fp8";
  truth.physical = {Seconds(2.5e-5), 0.8, 0.6, 2.0};
  truth.half_rate_rows = 16;
  truth.visit_passes = 4;
  truth.token_passes = 5;
  Table table = make_table("expert_block", {"time_s"});
  for (const auto& [hidden, intermediate, experts, active] :
       {std::array<double, 4>{2048, 768, 128, 8}, {4096, 14336, 8, 2}}) {
    for (const double tensor : {1, 2, 4, 8}) {
      for (const double expert : {1, 2, 4, 8}) {
        for (double tokens = 1; tokens <= 16384; tokens *= 4) {
          const compute::ExpertShape shape{static_cast<std::int64_t>(hidden),  static_cast<std::int64_t>(intermediate),
                                           static_cast<std::int64_t>(experts), static_cast<std::int64_t>(active),
                                           static_cast<std::int64_t>(tensor),  static_cast<std::int64_t>(expert)};
          add_row(table, {"made up", "fp8", "power_law_1.01"},
                  {tokens, hidden, intermediate, experts, active, tensor, expert,
                   compute::physical_expert_s(truth, ratings(), shape, tokens)});
        }
      }
    }
  }
  add_row(table, {"made up", "fp8", "balanced"}, {1, 2048, 768, 128, 8, 1, 1, 1e-5});
  FitReport report;
  const auto tables = fit_experts(table, ratings(), report);
  REQUIRE(tables.size() == 1);
  CHECK(report.quality.at(0).unseen_rows > 0);
  CHECK(report.quality.at(0).p90_error < 0.05);
  CHECK(report.quality.at(1).p90_error < 0.1);  // whole shapes
  CHECK(rc::check("never less for more tokens, measured split or not", [&] {
    const compute::ExpertShape shape{
        2048, 768, 128, 8, *rc::gen::inRange<std::int64_t>(1, 9), *rc::gen::inRange<std::int64_t>(1, 17)};
    const double tokens = *rc::gen::inRange(1, 30000), more = 1.0 + *rc::gen::inRange(1, 300) / 100.0;
    RC_ASSERT(compute::expert_s(tables[0], ratings(), ratings(), shape, tokens * more) >=
              compute::expert_s(tables[0], ratings(), ratings(), shape, tokens) * (1 - 1e-12));
  }));
}

TEST_CASE("busiest group of experts: never less than its share, never more than there is", "[calibration]") {
  CHECK(rc::check("visits and experts met within their limits, rising with tokens", [] {
    const std::int64_t experts = std::int64_t{1} << *rc::gen::inRange(1, 9);
    const std::int64_t groups = std::min(experts, std::int64_t{1} << *rc::gen::inRange(0, 9));
    const auto active = std::min<std::int64_t>(experts, *rc::gen::inRange(1, 9));
    const double tokens = *rc::gen::inRange(1, 20000);
    const compute::ExpertShape shape{2048, 768, experts, active, 1, groups};
    const compute::ExpertLoad load = compute::busiest_group(shape, tokens);
    const double here = static_cast<double>(experts) / static_cast<double>(groups);
    const double even = tokens * static_cast<double>(active) / static_cast<double>(groups);
    RC_ASSERT(load.visits >= std::min(even, tokens * here) * (1 - 1e-9));
    RC_ASSERT(load.visits <= tokens * std::min(static_cast<double>(active), here) + 1.0);
    RC_ASSERT(load.met > 0.0);
    RC_ASSERT(load.met <= here);
    RC_ASSERT(load.met <= load.visits);
  }));
}

TEST_CASE("fit of collectives: newest version, graphs, no point that falls", "[calibration]") {
  Table table = make_table("collective", {"time_s"});
  for (const double bytes : {256, 1024, 4096, 16384}) {
    add_row(table, {"vllm_0.9.0_graph", "all_reduce", "bf16"}, {4, bytes, 9e-6});
    add_row(table, {"vllm_0.24.0_graph", "all_reduce", "bf16"},
            {4, bytes, bytes == 4096 ? 3e-6 : 4e-6 + bytes * 1e-10});
    add_row(table, {"vllm_0.24.0_eager", "all_reduce", "bf16"}, {4, bytes, 2e-5});
  }
  FitReport report;
  const auto curves = fit_collectives(table, report);
  REQUIRE(curves.size() == 1);
  CHECK(curves[0].library == "vllm");
  CHECK(std::is_sorted(curves[0].time_s.begin(), curves[0].time_s.end()));
  CHECK(curves[0].time_s.back() == Approx(4e-6 + 16384e-10).epsilon(1e-3));
}
