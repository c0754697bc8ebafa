#include "models/compute/kernel_time.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "models/compute/kernel_times.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/kernel_entries.hpp"
#include "tests/models/made_up_kernels.hpp"

namespace tokenworks::compute {
namespace {

using tests::catalog_entry;
using tests::catalog_ids;
using tests::made_up_kernels;

TEST_CASE("matrix product: a table made from its physical form gives that form back", "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  const MatrixProductTable& table = kernels.matrix_products.front();
  // 4096 x 4096 weights, one row: 33.57 MB at 1 TB/s and 1 us.
  CHECK_THAT(physical_matrix_product_s(table, kernels.ratings, {1, 4096, 4096}),
             WithinRel(1e-6 + (2.0 * 4096 * 4096 + 2.0 * 4096 + 2.0 * 4096) / 1e12, 1e-12));
  // At a node, between rows (where the form itself is the ruler) and beyond the last row the form is met exactly.
  for (const double rows : {1.0, 10.0, 64.0, 1000.0, 4096.0, 20000.0}) {
    const MatrixProduct product{rows, 65536, 256};
    CHECK_THAT(matrix_product_s(table, kernels.ratings, product),
               WithinRel(physical_matrix_product_s(table, kernels.ratings, product), 1e-9));
  }
  // Beyond the grid in columns: and what the form adds. Below it: as at its edge.
  const MatrixProduct beyond{64, 131072, 65536};
  CHECK_THAT(matrix_product_s(table, kernels.ratings, beyond),
             WithinRel(physical_matrix_product_s(table, kernels.ratings, beyond), 1e-9));
  CHECK(matrix_product_s(table, kernels.ratings, {64, 16, 16}) ==
        matrix_product_s(table, kernels.ratings, {64, 256, 256}));
}

TEST_CASE("matrix product: half way between columns in logs lies the geometric mean", "[models][compute]") {
  KernelSpec kernels = made_up_kernels();
  MatrixProductTable& table = kernels.matrix_products.front();
  table.columns = {100, 10000};
  table.inner = {100};
  table.rows = {1};
  table.time_s = {1e-6, 4e-6};
  CHECK_THAT(matrix_product_s(table, kernels.ratings, {1, 1000, 100}), WithinRel(2e-6, 1e-12));
}

TEST_CASE("decode attention: bilinear in KV heads and context, the last slope beyond", "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  const DecodeAttentionTable& table = kernels.decode_attention.front();
  // 5 us and a nanosecond for each of 8 KV heads and 500 tokens.
  CHECK_THAT(decode_attention_s(table, 4, 8, 500), WithinRel(9e-6, 1e-9));
  CHECK_THAT(decode_attention_s(table, 4, 2000, 200000), WithinRel(5e-6 + 0.4, 1e-9));
}

TEST_CASE("experts: a split without a curve is the nearest one by the ratio of physical forms", "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  const ExpertTable& table = kernels.experts.front();
  const ExpertShape measured{1024, 512, 8, 2, 1, 1};
  const ExpertShape split{1024, 512, 8, 2, 2, 1};
  for (const double tokens : {1.0, 64.0, 4096.0}) {
    CHECK_THAT(expert_s(table, kernels.ratings, kernels.ratings, split, tokens),
               WithinRel(physical_expert_s(table, kernels.ratings, split, tokens), 1e-9));
  }
  // One token, two visits thrown at 8 experts: each is met with probability 1 - exp(-2/8), 1.77 of them. 3 * 1024 * 512
  // * 2 B each, 5.57 MB at 1 TB/s, the activations of two visits and 1 us.
  const double met = 8 * (1 - std::exp(-2.0 / 8));
  CHECK_THAT(expert_s(table, kernels.ratings, kernels.ratings, measured, 1),
             WithinRel(1e-6 + (met * 3 * 1024 * 512 * 2.0 + 2 * 1024 * 4.0) / 1e12, 1e-4));
}

TEST_CASE("kernel tables: what is wrong is named with its place", "[models][compute]") {
  KernelSpec kernels = made_up_kernels();
  CHECK(table_faults(kernels).empty());
  kernels.matrix_products[0].time_s.pop_back();
  kernels.decode_attention[0].time_s[1] = 4e-6;
  kernels.experts[0].tokens = {1, 64, 64};
  kernels.collectives[0].bytes = {1e5, 1e3, 1e6};
  const std::vector<TableFault> faults = table_faults(kernels);
  REQUIRE(faults.size() == 4);
  CHECK(faults[0].place == "matrix_products/0/time_s");
  CHECK(faults[1].place == "decode_attention/0/time_s/1");
  CHECK(faults[2].place == "experts/0/curves/0/tokens/2");
  CHECK(faults[3].place == "collectives/0/bytes/1");
}

TEST_CASE("kernel times: twice the bandwidth halves what memory binds, a GPU of equal ratings changes nothing",
          "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  GpuSpec gpu;
  gpu.title = "made up";
  gpu.ratings = kernels.ratings;
  ValidityNotes notes;
  const KernelTimes same(gpu, {&kernels}, notes);
  gpu.ratings.memory_bandwidth = BytesPerSecond(2e12);
  const KernelTimes faster(gpu, {&kernels}, notes);
  const MatrixProduct one_row{1, 65536, 65536};
  const double slow_s = same.matrix_product_s(NumberFormat::bf16, one_row);
  CHECK_THAT(slow_s, WithinRel(matrix_product_s(kernels.matrix_products[0], kernels.ratings, one_row), 1e-12));
  CHECK_THAT(faster.matrix_product_s(NumberFormat::bf16, one_row) - 1e-6, WithinRel((slow_s - 1e-6) / 2, 1e-9));
  const AttentionShape shape{8, 8, 128, 0, false};
  CHECK_THAT(faster.decode_attention_s(shape, 1, 500) - 5e-6,
             WithinRel((same.decode_attention_s(shape, 1, 500) - 5e-6) / 2, 1e-9));
}

TEST_CASE("kernel times: a format without a table acts through a wider one, by its bytes", "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  GpuSpec gpu;
  gpu.ratings = kernels.ratings;
  ValidityNotes notes;
  const KernelTimes times(gpu, {&kernels}, notes);
  // One row of int4 weights: 0.5625 bytes a weight instead of 2.
  const MatrixProduct product{1, 65536, 65536};
  CHECK_THAT(times.matrix_product_s(NumberFormat::int4_bf16, product) - 1e-6,
             WithinRel((times.matrix_product_s(NumberFormat::bf16, product) - 1e-6) * 0.5625 / 2, 1e-4));
}

TEST_CASE("kernel times: use beyond the axes is answered and noted", "[models][compute]") {
  const KernelSpec kernels = made_up_kernels();
  GpuSpec gpu;
  gpu.ratings = kernels.ratings;
  ValidityNotes notes;
  const KernelTimes times(gpu, {&kernels}, notes);
  times.matrix_product_s(NumberFormat::bf16, {4096, 65536, 65536});
  CHECK(notes.all().empty());
  CHECK(times.matrix_product_s(NumberFormat::bf16, {8192, 128, 65536}) > 0);
  CHECK(notes.all().size() == 2);
}

/// Every GPU with its kernel times, opened once.
const std::vector<std::unique_ptr<KernelTimes>>& all_gpus() {
  static ValidityNotes notes;
  static const auto gpus = [] {
    std::vector<std::unique_ptr<KernelTimes>> list;
    for (const std::string& id : catalog_ids("gpus")) {
      const auto gpu = catalog_entry<GpuSpec>("gpus", id);
      list.push_back(std::make_unique<KernelTimes>(gpu, tests::kernel_entries(gpu), notes));
    }
    return list;
  }();
  return gpus;
}

TEST_CASE("kernels: more work never takes less time, on any GPU of the catalog", "[models][compute][law]") {
  REQUIRE(rc::check("products, attention, experts and element-wise kernels grow with work", [] {
    const KernelTimes& gpu = *all_gpus()[*rc::gen::inRange<std::size_t>(0, all_gpus().size())];
    const auto size = [](int limit) { return static_cast<double>(*rc::gen::inRange(1, limit)); };
    const auto format = static_cast<NumberFormat>(*rc::gen::inRange(0, 7));
    constexpr double kRounding = 1.0 - 1e-12;
    const MatrixProduct small{size(20'000), size(60'000), size(60'000)};
    const MatrixProduct more{small.rows + size(20'000), small.columns, small.inner};
    const MatrixProduct larger{small.rows, small.columns + size(20'000), small.inner + size(20'000)};
    const double product = gpu.matrix_product_s(format, small);
    RC_ASSERT(gpu.matrix_product_s(format, more) >= product * kRounding);
    // Between rows of the table, narrow matrices may be nearer to their next row than wide ones: by a thousandth.
    RC_ASSERT(gpu.matrix_product_s(format, larger) >= product * 0.999);

    const std::int64_t kv_heads = *rc::gen::inRange(1, 9);
    const AttentionShape shape{kv_heads * *rc::gen::inRange(1, 17), kv_heads, *rc::gen::element(64, 128, 192, 256), 0,
                               *rc::gen::arbitrary<bool>()};
    const double sequences = size(600), context = size(100'000);
    const double decode = gpu.decode_attention_s(shape, sequences, context);
    RC_ASSERT(gpu.decode_attention_s(shape, sequences + size(100), context) >= decode * kRounding);
    RC_ASSERT(gpu.decode_attention_s(shape, sequences, context + size(10'000)) >= decode * kRounding);
    const double tokens = size(30'000), prompts = size(8);
    const double prompt = gpu.prompt_attention_s(shape, prompts, tokens);
    RC_ASSERT(gpu.prompt_attention_s(shape, prompts + 1, tokens) >= prompt * kRounding);
    RC_ASSERT(gpu.prompt_attention_s(shape, prompts, tokens + size(5'000)) >= prompt * kRounding);

    const ExpertShape experts{1024 * *rc::gen::inRange(1, 9), 256 * *rc::gen::inRange(1, 17), 128, 8,
                              1 << *rc::gen::inRange(0, 4),   1 << *rc::gen::inRange(0, 4)};
    if (const auto some = gpu.expert_s(format, experts, tokens)) {
      RC_ASSERT(*gpu.expert_s(format, experts, tokens + size(5'000)) >= *some * kRounding);
    }
    RC_ASSERT(gpu.elementwise_s(tokens * 2e3) > gpu.elementwise_s(tokens * 1e3));
  }));
}

TEST_CASE("kernels: splitting a product in two hardly gains where it was measured", "[models][compute][law]") {
  REQUIRE(rc::check("two products of half the rows take about as long as one of all, or longer", [] {
    const KernelTimes& gpu = *all_gpus()[*rc::gen::inRange<std::size_t>(0, all_gpus().size())];
    RC_PRE(gpu.entries().front()->ratings.memory_bandwidth == gpu.gpu().ratings.memory_bandwidth);
    const double rows = 2.0 * *rc::gen::inRange(1, 4'000);
    const double columns = 256.0 * *rc::gen::inRange(2, 100), inner = 256.0 * *rc::gen::inRange(2, 100);
    const auto format = *rc::gen::element(NumberFormat::bf16, NumberFormat::fp8);
    const double whole = gpu.matrix_product_s(format, {rows, columns, inner});
    const double halves = 2.0 * gpu.matrix_product_s(format, {rows / 2, columns, inner});
    // A measured kernel for few rows may beat its share of one for many: GB200 at 7,890 rows of 2,048 x 12,544 in bf16
    // by 13.5 %, the most among 100,000 random products on each GPU.
    RC_ASSERT(halves >= 0.85 * whole);
  }));
}

TEST_CASE("kernels: no product beats the rated figures of its GPU", "[models][compute][law]") {
  for (const auto& gpu : all_gpus()) {
    for (const NumberFormat format : {NumberFormat::bf16, NumberFormat::fp8}) {
      INFO(gpu->gpu().title << " " << name_of(format));
      const MatrixProduct one{1, 28672, 8192}, many{16384, 28672, 8192};
      // Weights of a quarter gigabyte do not fit the largest cache here (128 MB) by half.
      CHECK(bytes_of(one, format) / gpu->matrix_product_s(format, one) <
            1.35 * gpu->gpu().ratings.memory_bandwidth.value);
      CHECK(operations_of(many) / gpu->matrix_product_s(format, many) <
            rated_flop_per_s(gpu->gpu().ratings, arithmetic_of(format)));
    }
  }
}

}  // namespace
}  // namespace tokenworks::compute
