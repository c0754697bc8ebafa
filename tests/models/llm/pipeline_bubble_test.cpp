#include "models/llm/pipeline_bubble.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/llm/built_step_model.hpp"

namespace tokenworks::llm {
namespace {

using tests::Built;
using tests::made_up_gpu;
using tests::model;
using tests::small_model;

std::int64_t sum_of(const std::vector<PromptChunk>& chunks) {
  std::int64_t sum = 0;
  for (const PromptChunk& chunk : chunks) sum += chunk.tokens();
  return sum;
}

/// The linear part and the prompt attention of a step, its tokens dealt out evenly.
std::int64_t even_ps(StepModel& step, const std::vector<PromptChunk>& chunks, std::int64_t decodes) {
  std::int64_t sum = step.tokens(sum_of(chunks) + decodes).duration_ps;
  for (const PromptChunk& chunk : chunks) sum += step.prompt_attention(chunk.start, chunk.end).duration_ps;
  return sum;
}

TEST_CASE("pipeline bubble: one chunk takes as long as the whole model without stages", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  Built one(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {});
  for (const std::int64_t stages : {2, 4, 5}) {
    Built staged(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.pipeline = stages});
    PipelineBubble bubble(staged.step);
    for (const std::int64_t tokens : {1, 100, 2048, 8000}) {
      INFO(stages << " stages, " << tokens << " tokens");
      const std::vector<PromptChunk> chunks = {{1000, 1000 + tokens}};
      const StepPart more = bubble.of(chunks, 0);
      // A hop: a kernel of 1 us and 2,048 B a token at 100 GB/s.
      const double hops = static_cast<double>(stages - 1) * (1e6 + 2048e12 / 100e9 * static_cast<double>(tokens));
      const double expected = static_cast<double>(even_ps(one.step, chunks, 0)) + hops;
      CHECK_THAT(static_cast<double>(even_ps(staged.step, chunks, 0) + more.duration_ps), WithinRel(expected, 2e-3));
      CHECK_THAT(more.gpu_energy_j,
                 WithinRel(1e-12 * static_cast<double>(more.duration_ps) * staged.board.power.waiting.value, 1e-9));
      CHECK(more.fabric_bytes == 0.0);
    }
  }
}

TEST_CASE("pipeline bubble: a long chunk alone keeps one of four stages busy", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  Built staged(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.pipeline = 4});
  PipelineBubble bubble(staged.step);
  // GPipe: (p - 1) / (m + p - 1) of the time with m = 1. m equal chunks among 4 micro-batches: (4 - m) / 4.
  for (const std::int64_t count : {1, 2, 3, 4}) {
    const std::vector<PromptChunk> chunks(static_cast<std::size_t>(count), PromptChunk{0, 16'000});
    const double more = static_cast<double>(bubble.of(chunks, 0).duration_ps);
    const double share = more / (more + static_cast<double>(even_ps(staged.step, chunks, 0)));
    CHECK_THAT(share, WithinAbs(static_cast<double>(4 - count) / 4.0, 0.01));
  }
}

TEST_CASE("pipeline bubble: longest chunks first, to the micro-batch with the fewest tokens", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  Built staged(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.pipeline = 2});
  PipelineBubble bubble(staged.step);
  // 700 | 400, 200 on the other: the largest has 700, and 8 of 16 decoding sequences.
  const std::vector<PromptChunk> chunks = {{0, 200}, {0, 700}, {0, 400}};
  const std::int64_t largest =
      staged.step.tokens(2 * 700 + 16).duration_ps + 2 * staged.step.prompt_attention(0, 700).duration_ps;
  CHECK(bubble.of(chunks, 16).duration_ps == largest - even_ps(staged.step, chunks, 16));
  // Of equal length, the later one has the longer attention.
  const std::vector<PromptChunk> late = {{0, 1000}, {30'000, 31'000}};
  CHECK(bubble.of(late, 0).duration_ps ==
        staged.step.prompt_attention(30'000, 31'000).duration_ps - staged.step.prompt_attention(0, 1000).duration_ps);
}

TEST_CASE("pipeline bubble: a micro-batch holds no more than its token budget", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  Built staged(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {.pipeline = 4});
  PipelineBubble whole(staged.step), cut(staged.step, 1010);
  // 40 decoding sequences leave 1,000 of 1,010 tokens: a prompt of 4,000 fills four micro-batches.
  const std::vector<PromptChunk> chunks = {{0, 4000}};
  const std::vector<PromptChunk> pieces = {{0, 1000}, {1000, 2000}, {2000, 3000}, {3000, 4000}};
  CHECK(cut.of(chunks, 40).duration_ps == whole.of(pieces, 40).duration_ps);
  CHECK(cut.of(chunks, 40).duration_ps < whole.of(chunks, 40).duration_ps / 4);
  CHECK_THROWS_AS(PipelineBubble(staged.step, 0), std::invalid_argument);
  CHECK_THROWS_AS(whole.of(chunks, -1), std::invalid_argument);
}

TEST_CASE("pipeline bubble: decoding sequences alone have none, the step itself rounds them up", "[models][llm]") {
  for (const std::string id : {"llama_3_1_70b", "deepseek_r1"}) {
    Built one("h200_sxm5", model(id), Precision::fp8, {.tensor = 8});
    Built staged("h200_sxm5", model(id), Precision::fp8, {.tensor = 8, .pipeline = 4});
    PipelineBubble bubble(staged.step);
    for (const std::int64_t sequences : {1, 3, 4, 5, 7, 8, 9}) {
      INFO(id << ", " << sequences << " sequences");
      CHECK(bubble.of({}, sequences).duration_ps == 0);
      // The largest micro-batch holds ceil(sequences / 4) of them, and the cycle lasts as long as it needs for all
      // layers and three hops.
      const std::int64_t largest = (sequences + 3) / 4;
      const double hop = staged.board.elementwise_kernel.value + static_cast<double>(largest * staged.spec.hidden) *
                                                                     2.0 /
                                                                     staged.board.ratings.scale_up_bandwidth.value;
      const double expected = static_cast<double>(one.step.tokens(largest).duration_ps) + 3e12 * hop;
      CHECK_THAT(static_cast<double>(staged.step.tokens(sequences).duration_ps), WithinAbs(expected, 2.0));
    }
  }
}

struct Pipelines {
  StepModel& of(std::int64_t stages) {
    auto& built = built_[stages];
    if (!built) {
      built = std::make_unique<Built>("h100_sxm5", model("llama_3_1_70b"), Precision::fp8,
                                      Parallelism{.tensor = 4, .pipeline = stages});
    }
    return built->step;
  }
  std::map<std::int64_t, std::unique_ptr<Built>> built_;
};

TEST_CASE("pipeline bubble: laws", "[models][llm][law]") {
  Pipelines pipelines;
  REQUIRE(rc::check("never negative, never beyond the whole model for all tokens at once; order does not matter", [&] {
    const std::int64_t stages = *rc::gen::inRange(1, 9);
    StepModel& step = pipelines.of(stages);
    PipelineBubble bubble(step);
    std::vector<PromptChunk> chunks;
    const int count = *rc::gen::inRange(1, 12);
    for (int i = 0; i < count; ++i) {
      const std::int64_t start = *rc::gen::inRange(0, 60'000);
      chunks.push_back({start, start + *rc::gen::inRange(1, 9000)});
    }
    const std::int64_t decodes = *rc::gen::inRange(0, 600);
    const StepPart more = bubble.of(chunks, decodes);
    RC_ASSERT(more.duration_ps >= 0);
    RC_ASSERT(more.gpu_energy_j >= 0.0);
    if (stages == 1) RC_ASSERT(more.duration_ps == 0);
    std::int64_t together = step.tokens(stages * sum_of(chunks) + decodes).duration_ps;
    for (const PromptChunk& chunk : chunks) {
      together += stages * step.prompt_attention(chunk.start, chunk.end).duration_ps;
    }
    RC_ASSERT(even_ps(step, chunks, decodes) + more.duration_ps <= together);
    const std::vector<PromptChunk> turned(chunks.rbegin(), chunks.rend());
    RC_ASSERT(bubble.of(turned, decodes).duration_ps == more.duration_ps);
  }));
  REQUIRE(rc::check("more equal chunks, up to one a stage, have a smaller share of bubble; one a stage has none", [&] {
    const std::int64_t stages = *rc::gen::inRange(2, 9);
    StepModel& step = pipelines.of(stages);
    PipelineBubble bubble(step);
    const std::int64_t start = *rc::gen::inRange(0, 60'000);
    const PromptChunk chunk{start, start + *rc::gen::inRange(1, 9000)};
    const std::int64_t decodes = *rc::gen::inRange(0, 600);
    double before = 1.0;
    for (std::int64_t count = 1; count <= stages; ++count) {
      const std::vector<PromptChunk> chunks(static_cast<std::size_t>(count), chunk);
      const double more = static_cast<double>(bubble.of(chunks, decodes).duration_ps);
      const double share = more / (more + static_cast<double>(even_ps(step, chunks, decodes)));
      RC_ASSERT(share <= before);
      before = share;
    }
    RC_ASSERT(before == 0.0);
  }));
}

TEST_CASE("pipeline bubble: hops between domains stretch with the largest micro-batch", "[models][llm]") {
  const network::FabricLinks links{
      .domain_gpus = 8, .nic_bandwidth = BytesPerSecond(50e9), .hop_latency = Seconds(1e-6)};
  Built staged("h200_sxm5", model("llama_3_1_405b"), Precision::fp8, {.tensor = 8, .pipeline = 2}, links);
  PipelineBubble bubble(staged.step);
  const StepPart more = bubble.of(std::vector<PromptChunk>{{0, 8000}}, 0);
  CHECK(more.fabric_ps == staged.step.tokens(16'000).fabric_ps - staged.step.tokens(8000).fabric_ps);
  CHECK(more.fabric_ps > 0);
}

}  // namespace
}  // namespace tokenworks::llm
