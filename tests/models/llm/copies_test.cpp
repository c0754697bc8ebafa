// Copies of the attention with unequal loads: a step waits for the busiest.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "models/compute/kernel_times.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/llm/built_step_model.hpp"

namespace tokenworks::llm {
namespace {

using tests::Built;
using tests::made_up_gpu;
using tests::model;
using tests::small_model;

constexpr std::int64_t kCopies = 4;

/// The small model with a window in half of its layers.
LlmSpec sliding_model() {
  LlmSpec spec = small_model();
  spec.grouped_attention = {{.layers = 5, .heads = 8, .kv_heads = 8, .head_dim = 128},
                            {.layers = 5, .heads = 8, .kv_heads = 8, .head_dim = 128, .window_tokens = 512}};
  return spec;
}

/// Tables that also have gathers and scatters over the four copies, and all-to-all.
compute::KernelSpec kernels_with_exchange() {
  compute::KernelSpec kernels = tests::made_up_kernels();
  for (const char* operation : {"all_gather", "reduce_scatter", "all_to_all"}) {
    kernels.collectives.push_back({"nccl", operation, 4, {1e3, 1e5, 1e6}, {5e-6, 6e-6, 5e-5}});
  }
  return kernels;
}

std::int64_t reading_ps(const DecodeAttention& rate, std::int64_t context, std::int64_t in_window) {
  return rate.fixed.duration_ps + rate.ps_per_full_token * context + rate.ps_per_window_token * in_window;
}

TEST_CASE("copies: decode attention at a copy's load times the copies is what that copy takes", "[models][llm]") {
  const compute::KernelSpec kernels = kernels_with_exchange();
  Built alone(made_up_gpu(), {&kernels}, sliding_model(), Precision::bf16, {});
  // One copy after the other, in one stage and in three: the model of a single copy, a stage's share of the sequences.
  for (const std::int64_t stages : {1, 3}) {
    Built copies(made_up_gpu(), {&kernels}, sliding_model(), Precision::bf16,
                 {.attention_data = kCopies, .pipeline = stages});
    for (const std::int64_t share : {1, 2, 7, 40}) {         // sequences of the copy in a micro-batch
      for (const std::int64_t each : {1, 300, 900, 5000}) {  // tokens of context of each
        INFO(stages << " stages, " << share << " sequences, " << each << " tokens");
        const std::int64_t sequences = share * stages, context = sequences * each;
        const std::int64_t in_window = sequences * std::min<std::int64_t>(each, 512);
        const std::int64_t of_busiest = reading_ps(copies.step.decode_attention(kCopies * sequences, kCopies * context),
                                                   kCopies * context, kCopies * in_window);
        const std::int64_t by_itself = reading_ps(alone.step.decode_attention(share, share * each), share * each,
                                                  share * std::min<std::int64_t>(each, 512));
        // A whole picosecond a token is the grain, half of one its error, of both coefficients.
        CHECK(std::abs(of_busiest - by_itself) <= kCopies * (context + in_window) + 2);
        CHECK_THAT(static_cast<double>(of_busiest), WithinRel(static_cast<double>(by_itself), 1e-3));
        CHECK(copies.step.head(kCopies * sequences).duration_ps == alone.step.head(share).duration_ps);
      }
    }
  }
}

TEST_CASE("copies: prompt attention of a chunk that one copy computes is that of the chunk, by copies",
          "[models][llm]") {
  const compute::KernelSpec kernels = kernels_with_exchange();
  const Built alone(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {});
  const Built copies(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.attention_data = kCopies});
  for (const std::int64_t end : {128, 2000, 30'000}) {
    CHECK(std::abs(kCopies * copies.step.prompt_attention(100, end).duration_ps -
                   alone.step.prompt_attention(100, end).duration_ps) <= kCopies);
  }
}

TEST_CASE("copies: without experts the step takes what the busiest copy takes by itself", "[models][llm]") {
  const compute::KernelSpec kernels = kernels_with_exchange();
  Built alone(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {});
  Built copies(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.attention_data = kCopies});
  for (const std::vector<std::int64_t>& loads : std::vector<std::vector<std::int64_t>>{
           {10, 10, 10, 10}, {31, 2, 3, 4}, {1, 1, 1, 60}, {64, 64, 64, 64}, {5, 0, 0, 0}}) {
    std::int64_t all = 0, longest = 0;
    for (const std::int64_t load : loads) {
      all += load;
      if (load > 0) longest = std::max(longest, alone.step.tokens(load).duration_ps);
    }
    const std::int64_t busiest = *std::max_element(loads.begin(), loads.end());
    const StepPart more = copies.step.imbalance(all, busiest);
    CHECK(copies.step.tokens(all).duration_ps + more.duration_ps == longest);
    CHECK_THAT(more.gpu_energy_j,
               WithinAbs(1e-12 * static_cast<double>(more.duration_ps) * copies.board.power.waiting.value, 1e-12));
  }
}

TEST_CASE("copies: experts see all tokens, everything else those of the busiest copy", "[models][llm]") {
  // 8 experts on a width of 1,024, two of them met; a shared one as wide as the small model's network.
  LlmSpec spec = small_model();
  spec.dense_networks.clear();
  spec.experts = {{.layers = 10, .count = 8, .active = 2, .intermediate = 512, .shared_intermediate = 4096}};
  const compute::KernelSpec kernels = kernels_with_exchange();
  Built mixed(made_up_gpu(), {&kernels}, spec, Precision::bf16, {.expert = kCopies, .attention_data = kCopies});
  // A copy by itself: attention, the shared expert as a dense network, less the latter's all-reduce (none on one GPU),
  // and the router.
  Built dense(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {});
  ValidityNotes notes;
  const compute::KernelTimes times(made_up_gpu(), {&kernels}, notes);
  const auto of_copy = [&](std::int64_t tokens) {
    const double router = times.matrix_product_s(compute::NumberFormat::bf16, {static_cast<double>(tokens), 8, 1024});
    return static_cast<double>(dense.step.tokens(tokens).duration_ps) + 10 * router * 1e12;
  };
  for (const std::vector<std::int64_t>& loads :
       std::vector<std::vector<std::int64_t>>{{31, 3, 4, 2}, {1, 1, 1, 61}, {40, 0, 0, 0}, {16, 16, 16, 16}}) {
    std::int64_t all = 0;
    std::vector<double> durations;
    for (const std::int64_t load : loads) {
      all += load;
      if (load > 0) durations.push_back(of_copy(load));
    }
    const std::int64_t busiest = *std::max_element(loads.begin(), loads.end());
    const double expected = *std::max_element(durations.begin(), durations.end()) - of_copy(all / kCopies);
    CHECK_THAT(static_cast<double>(mixed.step.imbalance(all, busiest).duration_ps), WithinAbs(expected, 4.0));
    // A copy with less than its share is ahead by as much as it would take less.
    const double least = *std::min_element(durations.begin(), durations.end()) - of_copy(all / kCopies);
    const std::int64_t fewest = std::max<std::int64_t>(1, *std::min_element(loads.begin(), loads.end()));
    if (loads[1] > 0) {
      CHECK_THAT(static_cast<double>(mixed.step.imbalance(all, fewest).duration_ps), WithinAbs(least, 4.0));
    }
  }
}

TEST_CASE("copies: laws of imbalance", "[models][llm][law]") {
  const std::vector<Parallelism> spreads = {{.tensor = 8},
                                            {.expert = 8, .attention_data = 8},
                                            {.tensor = 2, .expert = 4, .attention_data = 4},
                                            {.tensor = 1, .expert = 2, .attention_data = 4, .pipeline = 2}};
  std::map<std::size_t, std::unique_ptr<Built>> built;
  REQUIRE(rc::check("0 when even, never negative for the busiest, never falls with its tokens", [&] {
    const auto index = *rc::gen::inRange<std::size_t>(0, spreads.size());
    auto& made = built[index];
    if (!made) made = std::make_unique<Built>("h200_sxm5", model("deepseek_r1"), Precision::fp8, spreads[index]);
    StepModel& step = made->step;
    const std::int64_t copies = spreads[index].attention_data;
    const std::int64_t tokens = *rc::gen::inRange(1, 20'000);
    const std::int64_t even = (tokens + copies - 1) / copies;
    RC_ASSERT(step.imbalance(tokens, even).duration_ps == 0);
    const std::int64_t busiest = *rc::gen::inRange(even, tokens + 1);
    const std::int64_t busier = *rc::gen::inRange(busiest, tokens + 1);
    const StepPart more = step.imbalance(tokens, busiest);
    RC_ASSERT(more.duration_ps >= 0);
    RC_ASSERT(more.gpu_energy_j >= 0.0);
    RC_ASSERT(step.imbalance(tokens, busier).duration_ps >= more.duration_ps);
    if (copies == 1) RC_ASSERT(more.duration_ps == 0);
  }));
}

TEST_CASE("copies: impossible shares are named", "[models][llm]") {
  const compute::KernelSpec kernels = kernels_with_exchange();
  Built copies(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.attention_data = kCopies});
  CHECK_THROWS_AS(copies.step.imbalance(10, 0), std::invalid_argument);
  CHECK_THROWS_AS(copies.step.imbalance(10, 11), std::invalid_argument);
}

}  // namespace
}  // namespace tokenworks::llm
