#include "models/network/collective_time.hpp"

#include <rapidcheck.h>
#include <cmath>

#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/kernel_entries.hpp"
#include "tests/models/made_up_kernels.hpp"

namespace tokenworks::network {
namespace {

using compute::GpuSpec;
using tests::catalog_entry;
using tests::catalog_ids;

const compute::KernelSpec kKernels = tests::made_up_kernels();

Collectives over(std::int64_t gpus, ValidityNotes& notes) {
  return Collectives(kKernels.ratings, {&kKernels}, {"tensorrt_llm"}, gpus, notes);
}

TEST_CASE("all-reduce: a curve is met at its points and straight in logs between them", "[models][network]") {
  ValidityNotes notes;
  const Collectives four = over(4, notes);
  CHECK_THAT(four.all_reduce_s(1e3), WithinRel(1e-6, 1e-12));
  CHECK_THAT(four.all_reduce_s(1e5), WithinRel(1e-5, 1e-12));
  CHECK_THAT(four.all_reduce_s(1e4), WithinRel(std::sqrt(1e-6 * 1e-5), 1e-12));  // half way in both logs
  CHECK_THAT(four.all_reduce_s(10), WithinRel(1e-6, 1e-12));
  // Last slope: 3e-5 s for 9e5 bytes; 1e6 more bytes take 3.333e-5 s more.
  CHECK_THAT(four.all_reduce_s(2e6), WithinRel(4e-5 + 1e6 * 3e-5 / 9e5, 1e-12));
  CHECK(notes.all().empty());
}

TEST_CASE("all-reduce: beyond the measured number of GPUs it grows as a ring and is noted", "[models][network]") {
  ValidityNotes notes;
  const Collectives eight = over(8, notes);
  CHECK_THAT(eight.all_reduce_s(1e5), WithinRel(1e-5 * (7.0 / 8.0) / (3.0 / 4.0), 1e-12));
  CHECK(notes.all().size() == 1);
}

TEST_CASE("collectives: one GPU has nobody to talk to", "[models][network]") {
  ValidityNotes notes;
  const Collectives alone = over(1, notes);
  CHECK(alone.all_reduce_s(1e6) == 0.0);
  CHECK(alone.all_gather_s(1e6) == 0.0);
  CHECK(alone.reduce_scatter_s(1e6) == 0.0);
  CHECK(alone.all_to_all_s(1e6) == 0.0);
}

TEST_CASE("collectives: an exchange without a curve is the smallest all-reduce and 0.7 of the link",
          "[models][network]") {
  ValidityNotes notes;
  const Collectives four = over(4, notes);  // of 280 GB each GPU gets 210 from the others, at 70 GB/s
  CHECK_THAT(four.all_gather_s(280e9), WithinRel(3.0 + 1e-6, 1e-12));
  CHECK_THAT(four.reduce_scatter_s(280e9), WithinRel(3.0 + 1e-6, 1e-12));
  CHECK_THAT(four.all_to_all_s(280e9), WithinRel(3.0 + 1e-6, 1e-12));
}

TEST_CASE("collectives: each operation has its own curve and its own measured number of GPUs", "[models][network]") {
  compute::KernelSpec kernels = kKernels;
  kernels.collectives.push_back({"nccl", "all_gather", 4, {1e3, 1e6}, {2e-6, 2e-5}});
  kernels.collectives.push_back({"nccl", "reduce_scatter", 2, {1e3, 1e6}, {3e-6, 3e-5}});
  kernels.collectives.push_back({"nccl", "all_to_all", 8, {1e3, 1e6}, {4e-6, 4e-5}});
  ValidityNotes notes;
  const Collectives four(kernels.ratings, {&kernels}, {"tensorrt_llm"}, 4, notes);
  CHECK_THAT(four.all_gather_s(1e6), WithinRel(2e-5, 1e-12));  // of the only library there is
  CHECK_THAT(four.reduce_scatter_s(1e6), WithinRel(3e-5 * (3.0 / 4.0) / (1.0 / 2.0), 1e-12));
  CHECK_THAT(four.all_to_all_s(1e6), WithinRel(4e-5, 1e-12));
  CHECK_THAT(four.all_reduce_s(1e5), WithinRel(1e-5, 1e-12));
}

TEST_CASE("all-reduce: the fastest library that the engine may use acts", "[models][network]") {
  ValidityNotes notes;
  const Collectives both(kKernels.ratings, {&kKernels}, {"tensorrt_llm", "nccl"}, 4, notes);
  CHECK_THAT(both.all_reduce_s(1e3), WithinRel(1e-6, 1e-12));
  CHECK_THAT(both.all_reduce_s(1e5), WithinRel(6e-6, 1e-12));
  // A library without a curve: whatever is there.
  const Collectives other(kKernels.ratings, {&kKernels}, {"none"}, 4, notes);
  CHECK_THAT(other.all_reduce_s(1e5), WithinRel(6e-6, 1e-12));
}

TEST_CASE("all-reduce: curves of another GPU scale with the links above the smallest time", "[models][network]") {
  ValidityNotes notes;
  compute::GpuRatings faster = kKernels.ratings;
  faster.scale_up_bandwidth = BytesPerSecond(200e9);
  const Collectives twice(faster, {&kKernels}, {"tensorrt_llm"}, 4, notes);
  CHECK_THAT(twice.all_reduce_s(1e3), WithinRel(1e-6, 1e-12));
  CHECK_THAT(twice.all_reduce_s(1e5), WithinRel(1e-6 + 9e-6 / 2, 1e-12));
}

TEST_CASE("collectives: more bytes never take less time, on any GPU of the catalog", "[models][network][law]") {
  std::vector<GpuSpec> gpus;
  for (const auto& id : catalog_ids("gpus")) gpus.push_back(catalog_entry<GpuSpec>("gpus", id));
  REQUIRE(rc::check("every operation grows with bytes", [&] {
    const GpuSpec& gpu = gpus[*rc::gen::inRange<std::size_t>(0, gpus.size())];
    ValidityNotes notes;
    const Collectives over(gpu.ratings, tests::kernel_entries(gpu), {"tensorrt_llm", "nccl"}, *rc::gen::inRange(2, 73),
                           notes);
    const double bytes = std::exp(*rc::gen::inRange(0, 2500) / 100.0);
    const double more = bytes * (1.0 + *rc::gen::inRange(1, 1000) / 100.0);
    RC_ASSERT(over.all_reduce_s(more) >= over.all_reduce_s(bytes));
    RC_ASSERT(over.all_gather_s(more) >= over.all_gather_s(bytes));
    RC_ASSERT(over.reduce_scatter_s(more) >= over.reduce_scatter_s(bytes));
    RC_ASSERT(over.all_to_all_s(more) >= over.all_to_all_s(bytes));
  }));
}

}  // namespace
}  // namespace tokenworks::network
