#include "models/llm/lora.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/llm/built_step_model.hpp"

namespace tokenworks::llm {
namespace {

using tests::catalog_ids;
using tests::gpu;
using tests::made_up_gpu;
using tests::model;
using tests::small_model;

constexpr LoraTargets kAttention{.attention = true, .network = false}, kAll{};

LlmSpec llama_2_7b() {
  LlmSpec spec;
  spec.title = "Llama 2 7B";
  spec.layers = 32;
  spec.hidden = 4096;
  spec.vocabulary = 32'000;
  spec.context_tokens = 4096;
  spec.grouped_attention = {{.layers = 32, .heads = 32, .kv_heads = 32, .head_dim = 128}};
  spec.dense_networks = {{.layers = 32, .intermediate = 11'008}};
  return spec;
}

TEST_CASE("LoRA: parameters and bytes", "[models][llm]") {
  const compute::GpuSpec board = gpu("h100_sxm5");
  // Llama 3.1 8B, rank 16: q and o 16 * (4096 + 4096), k and v 16 * (4096 + 1024), 32 layers; gate, up and down
  // 16 * (4096 + 14336).
  CHECK(LoraModel(board, model("llama_3_1_8b"), {}, 16, kAttention).parameters() == 13'631'488.0);
  CHECK(LoraModel(board, model("llama_3_1_8b"), {}, 16, kAll).parameters() == 41'943'040.0);
  CHECK(LoraModel(board, model("llama_3_1_8b"), {}, 16, kAll).bytes_per_gpu().value == 83'886'080.0);
  // Adapters of Llama 2 7B that vLLM issue 10062 states as 160 and 640 MB, kept in fp32: all targets, rank 16 and 64.
  CHECK_THAT(4.0 * LoraModel(board, llama_2_7b(), {}, 16, kAll).parameters(), WithinRel(160e6, 0.002));
  CHECK_THAT(4.0 * LoraModel(board, llama_2_7b(), {}, 64, kAll).parameters(), WithinRel(640e6, 0.002));
}

TEST_CASE("LoRA: tensor groups split one half of each adapter", "[models][llm]") {
  // The small model, rank 8, over 4 GPUs. Queries, keys, values: A 3 * 1024 whole, B 3072 / 4; output: A 1024 / 4, B
  // 1024 whole; gate and up: 2 * 1024 and 8192 / 4; down: 4096 / 4 and 1024. 10 layers.
  const double a_layer = 8.0 * (3072 + 768 + 256 + 1024 + 2048 + 2048 + 1024 + 1024);
  const LoraModel split(made_up_gpu(), small_model(), {.tensor = 4}, 8, kAll);
  CHECK(split.bytes_per_gpu().value == 10 * a_layer * 2.0);
  CHECK(split.bytes().value == LoraModel(made_up_gpu(), small_model(), {}, 8, kAll).bytes_per_gpu().value);
  // Stages hold their layers; copies of the attention all.
  CHECK(LoraModel(made_up_gpu(), small_model(), {.tensor = 4, .pipeline = 5}, 8, kAll).bytes_per_gpu().value ==
        2 * a_layer * 2.0);
  CHECK(LoraModel(made_up_gpu(), small_model(), {.tensor = 4, .attention_data = 2}, 8, kAll).bytes_per_gpu() ==
        split.bytes_per_gpu());
  CHECK_THAT(split.load(BytesPerSecond(50e9)).value, WithinRel(10 * a_layer * 2.0 / 50e9, 1e-12));
}

TEST_CASE("LoRA: a step by hand", "[models][llm]") {
  // Attention of the small model, rank 16, 4 tokens of 3 adapters at 1 TB/s, kernels of 1 us. Shrink of queries, keys
  // and values: A 3 * 3 * 16 * 1024 * 2, inputs 4 * 1024 * 2, between 4 * 48 * 4; expand: B 3 * 16 * 3072 * 2, the
  // same between, outputs read and written 4 * 3072 * 4. Output: one slice of 1,024 both ways.
  const LoraModel lora(made_up_gpu(), small_model(), {}, 16, kAttention);
  const double three = 294'912 + 8'192 + 768 + 294'912 + 768 + 49'152;
  const double output = 98'304 + 8'192 + 256 + 98'304 + 256 + 16'384;
  const StepPart part = lora.step(4, 3);
  CHECK(part.duration_ps == std::llround(10 * (4e-6 + (three + output) / 1e12) * 1e12));
  const double watts = part.gpu_energy_j / (static_cast<double>(part.duration_ps) * 1e-12);
  CHECK(watts > made_up_gpu().power.waiting.value);
  CHECK(watts <= made_up_gpu().power.limit.value);
  // Never more adapters than tokens; four copies or micro-batches have a quarter of the tokens each.
  CHECK(lora.step(4, 9).duration_ps == lora.step(4, 4).duration_ps);
  for (const Parallelism spread : {Parallelism{.attention_data = 4}, Parallelism{.pipeline = 4}}) {
    CHECK(LoraModel(made_up_gpu(), small_model(), spread, 16, kAttention).step(16, 3).duration_ps == part.duration_ps);
  }
  // Long prompts of one adapter with a high rank: arithmetic, 2 * 8000 * 256 * (3 + 3 + 1 + 1) * 1024 a layer at a
  // quarter of 100 TFLOP/s.
  const double operations = 2.0 * 8000 * 256 * 8 * 1024;
  CHECK_THAT(
      static_cast<double>(LoraModel(made_up_gpu(), small_model(), {}, 256, kAttention).step(8000, 1).duration_ps),
      WithinRel(10 * (4e-6 + operations / 25e12) * 1e12, 1e-9));
}

TEST_CASE("LoRA: Punica's 2 ms a token, and loading in milliseconds", "[models][llm]") {
  // Chen et al., 2023, abstract: adds 2 ms a token, on A100. Batch of 32, rank 16, all targets, each sequence its own
  // adapter: 256 kernels of 3 us, and 2.6 GB of adapters at 80 % of 2 TB/s.
  const LoraModel lora(gpu("a100_sxm4"), llama_2_7b(), {}, 16, kAll);
  const double distinct_ms = 1e-9 * static_cast<double>(lora.step(32, 32).duration_ps);
  const double same_ms = 1e-9 * static_cast<double>(lora.step(32, 1).duration_ps);
  CHECK(distinct_ms > 1.0);
  CHECK(distinct_ms < 3.0);
  CHECK(same_ms > 0.5);
  CHECK(same_ms < 1.5);
  // Baseten, 2024: 1 to 2 ms from host memory; attention alone, rank 16, over PCIe 4 (some 25 GB/s).
  const double load_s = LoraModel(gpu("a100_sxm4"), llama_2_7b(), {}, 16, kAttention).load(BytesPerSecond(25e9)).value;
  CHECK(load_s > 1e-3);
  CHECK(load_s < 2e-3);
}

TEST_CASE("LoRA: laws", "[models][llm][law]") {
  const compute::GpuSpec board = gpu("h200_sxm5");
  std::vector<LlmSpec> specs;
  for (const std::string& id : catalog_ids("models")) specs.push_back(model(id));
  REQUIRE(rc::check("grows with tokens, adapters, rank and targets; nothing costs nothing", [&] {
    const LlmSpec& spec = specs[*rc::gen::inRange<std::size_t>(0, specs.size())];
    const Parallelism parallelism{.tensor = *rc::gen::element<std::int64_t>(1, 2, 8),
                                  .attention_data = *rc::gen::inRange<std::int64_t>(1, 4),
                                  .pipeline = *rc::gen::inRange<std::int64_t>(1, 4)};
    const std::int64_t rank = *rc::gen::inRange<std::int64_t>(1, 128);
    const LoraModel lora(board, spec, parallelism, rank, kAttention);
    const LoraModel higher(board, spec, parallelism, rank + 1, kAttention);
    const LoraModel all(board, spec, parallelism, rank, kAll);
    RC_ASSERT(higher.bytes_per_gpu() > lora.bytes_per_gpu());
    RC_ASSERT(higher.parameters() > lora.parameters());
    RC_ASSERT(all.bytes_per_gpu() >= lora.bytes_per_gpu());
    RC_ASSERT(lora.bytes_per_gpu() <= lora.bytes());
    const std::int64_t tokens = *rc::gen::inRange<std::int64_t>(1, 10'000);
    const std::int64_t more = tokens + *rc::gen::inRange<std::int64_t>(1, 1000);
    const std::int64_t distinct = *rc::gen::inRange<std::int64_t>(1, 100);
    const StepPart part = lora.step(tokens, distinct);
    RC_ASSERT(part.duration_ps > 0);
    RC_ASSERT(lora.step(more, distinct).duration_ps >= part.duration_ps);
    RC_ASSERT(lora.step(tokens, distinct + 1).duration_ps >= part.duration_ps);
    RC_ASSERT(higher.step(tokens, distinct).duration_ps >= part.duration_ps);
    RC_ASSERT(all.step(tokens, distinct).duration_ps >= part.duration_ps);
    const double seconds = 1e-12 * static_cast<double>(part.duration_ps);
    RC_ASSERT(part.gpu_energy_j >= seconds * board.power.waiting.value);
    RC_ASSERT(part.gpu_energy_j <= seconds * board.power.limit.value * 1.000001);
    for (const StepPart& none : {lora.step(0, distinct), lora.step(tokens, 0)}) {
      RC_ASSERT(none.duration_ps == 0);
      RC_ASSERT(none.gpu_energy_j == 0.0);
    }
  }));
}

TEST_CASE("LoRA: impossible adapters are named", "[models][llm]") {
  CHECK_THROWS_AS(LoraModel(made_up_gpu(), small_model(), {}, 0, kAll), std::invalid_argument);
  CHECK_THROWS_AS(LoraModel(made_up_gpu(), small_model(), {}, 8, {.attention = false, .network = false}),
                  std::invalid_argument);
  CHECK_THROWS_AS(LoraModel(made_up_gpu(), small_model(), {.pipeline = 11}, 8, kAll), std::invalid_argument);
  const LoraModel lora(made_up_gpu(), small_model(), {}, 8, kAll);
  CHECK_THROWS_AS(lora.step(-1, 1), std::invalid_argument);
  CHECK_THROWS_AS(lora.step(1, -1), std::invalid_argument);
}

}  // namespace
}  // namespace tokenworks::llm
