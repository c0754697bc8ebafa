#include "models/llm/memory_capacity.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::llm {
namespace {

using compute::GpuSpec;
using tests::catalog_entry;
using tests::catalog_ids;

const Parallelism kOneGpu{};

LlmSpec model(const std::string& id) { return catalog_entry<LlmSpec>("models", id); }
GpuSpec gpu(const std::string& id) { return catalog_entry<GpuSpec>("gpus", id); }

TEST_CASE("parameters: every model sums to its published total within 2 %", "[models][llm]") {
  for (const std::string& id : catalog_ids("models")) {
    const LlmSpec spec = model(id);
    INFO(id);
    CHECK_THAT(parameters(spec).total, WithinRel(spec.published_parameters, 0.02));
  }
}

TEST_CASE("parameters: active ones are those a token meets", "[models][llm]") {
  // Published figures that count the embedding and the head as we do.
  CHECK_THAT(parameters(model("mixtral_8x7b")).active, WithinRel(12.9e9, 0.02));
  CHECK_THAT(parameters(model("deepseek_v3")).active, WithinRel(37.6e9, 0.02));
  CHECK_THAT(parameters(model("kimi_k2")).active, WithinRel(32.9e9, 0.02));
  CHECK_THAT(parameters(model("qwen3_235b_a22b")).active, WithinRel(22.2e9, 0.02));
  const ParameterCount dense = parameters(model("llama_3_1_70b"));
  CHECK(dense.active == dense.total);
}

TEST_CASE("weights: Llama 3.1 8B in bf16 takes two bytes a parameter", "[models][llm]") {
  // 8.030e9 parameters: 2 * 32 * ... = 16.06 GB, the size of its checkpoint.
  CHECK_THAT(weight_bytes(model("llama_3_1_8b"), Precision::bf16, kOneGpu).total.value, WithinRel(16.06e9, 0.002));
}

TEST_CASE("weights: gpt-oss keeps only its experts in fp4, as its published checkpoint", "[models][llm]") {
  // Model card: checkpoint of 60.8 GiB for the 120B model, 12.8 GiB for the 20B model.
  constexpr double kGib = 1073741824.0;
  CHECK_THAT(weight_bytes(model("gpt_oss_120b"), Precision::fp4, kOneGpu).total.value, WithinRel(60.8 * kGib, 0.02));
  CHECK_THAT(weight_bytes(model("gpt_oss_20b"), Precision::fp4, kOneGpu).total.value, WithinRel(12.8 * kGib, 0.02));
}

TEST_CASE("weights: splitting shares them out, replication adds", "[models][llm]") {
  const LlmSpec llama = model("llama_3_1_70b");
  const WeightBytes whole = weight_bytes(llama, Precision::fp8, kOneGpu);
  CHECK(whole.total == whole.per_gpu);
  const WeightBytes eight = weight_bytes(llama, Precision::fp8, {.tensor = 8});
  CHECK(eight.total == whole.total);
  CHECK_THAT(eight.per_gpu.value * 8, WithinRel(whole.total.value, 0.001));  // norms are on every GPU
  // 16 GPUs for 8 key and value heads: each of them is held twice, 80 * 8192 * 2 * 8 * 128 values once more; the norms,
  // 161 * 8192 values in bf16, are held 15 times more.
  const WeightBytes sixteen = weight_bytes(llama, Precision::fp8, {.tensor = 16});
  const double replicated = 80.0 * 8192 * 2 * 8 * 128 + 15.0 * 161 * 8192 * 2;
  CHECK_THAT(sixteen.per_gpu.value * 16 - whole.total.value, WithinRel(replicated, 0.001));
  // Attention copied eight times, experts spread: DeepSeek's 58 * 256 experts of 3 * 7168 * 2048 values, an eighth
  // each.
  const WeightBytes spread = weight_bytes(model("deepseek_v3"), Precision::fp8, {.expert = 8, .attention_data = 8});
  const double experts = 58.0 * 256 * 3 * 7168 * 2048 / 8;
  CHECK(spread.per_gpu.value > experts);
  CHECK(spread.per_gpu.value < experts + 20e9);  // 17.2e9 parameters outside the routed experts
}

TEST_CASE("context: bytes of a token are the published ones", "[models][llm]") {
  CHECK(kv_bytes_per_token(model("llama_3_1_70b"), KvFormat::bf16).full.value == 327'680);
  CHECK(kv_bytes_per_token(model("llama_3_1_8b"), KvFormat::bf16).full.value == 131'072);
  CHECK(kv_bytes_per_token(model("deepseek_r1"), KvFormat::bf16).full.value == 70'272);
  const KvBytes oss = kv_bytes_per_token(model("gpt_oss_120b"), KvFormat::bf16);
  CHECK(oss.full.value == 36'864);
  CHECK(oss.window.value == 36'864);
  CHECK(kv_bytes_per_token(model("llama_3_1_70b"), KvFormat::fp8).full.value == 163'840);
}

TEST_CASE("pool: Llama 3.1 8B on one H100", "[models][llm]") {
  // 0.9 * 80 GiB - 16.06 GB - 4 GB = 77.309 - 16.061 - 4 = 57.249e9 B; by 131072 B: 436,777 tokens.
  const KvPool pool =
      kv_pool(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, KvFormat::bf16, kOneGpu, {.runtime_reserve = Bytes(4e9)});
  CHECK_THAT(static_cast<double>(pool.tokens), WithinRel(436'777.0, 0.001));
  CHECK(pool.missing_bytes_per_gpu.value == 0.0);
  // TensorRT-LLM's share is of what is free: 0.9 * (85.899 - 20.061) = 59.254e9 B: 452,071 tokens.
  const KvPool free_share =
      kv_pool(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, KvFormat::bf16, kOneGpu,
              {.share_of_free_memory = true, .runtime_reserve = Bytes(4e9)});
  CHECK_THAT(static_cast<double>(free_share.tokens), WithinRel(452'071.0, 0.001));
}

TEST_CASE("pool: a model that does not fit says how much is missing", "[models][llm]") {
  // 141.1 GB of weights and 4 GB against 0.9 * 85.9 GB = 77.3 GB: 67.8 GB are missing.
  const KvPool pool =
      kv_pool(gpu("h100_sxm5"), model("llama_3_1_70b"), Precision::bf16, KvFormat::bf16, kOneGpu, {.runtime_reserve = Bytes(4e9)});
  CHECK(pool.tokens == 0);
  CHECK_THAT(pool.missing_bytes_per_gpu.value, WithinRel(67.8e9, 0.01));
}

TEST_CASE("pool: tensor split multiplies it for grouped heads, not for the latent", "[models][llm]") {
  const auto tokens = [](const LlmSpec& spec, const Parallelism& parallelism) {
    return static_cast<double>(
        kv_pool(gpu("b200_sxm"), spec, Precision::fp8, KvFormat::fp8, parallelism, {.runtime_reserve = Bytes(4e9)})
            .tokens);
  };
  const LlmSpec deepseek = model("deepseek_r1");
  // Each of 8 copies holds the whole latent of its own sequences, so copies multiply what a split does not.
  CHECK(tokens(deepseek, {.tensor = 1, .expert = 8, .attention_data = 8}) > 5 * tokens(deepseek, {.tensor = 8}));
  const LlmSpec llama = model("llama_3_1_70b");
  CHECK(tokens(llama, {.tensor = 8}) > 8 * tokens(llama, {.tensor = 1}));
}

TEST_CASE("pool: more memory never holds less context", "[models][llm][law]") {
  const auto ids = catalog_ids("models");
  std::vector<LlmSpec> specs;
  for (const auto& id : ids) specs.push_back(model(id));
  const GpuSpec h100 = gpu("h100_sxm5");
  REQUIRE(rc::check("tokens grow with memory and share, missing bytes fall", [&] {
    const LlmSpec& spec = specs[*rc::gen::inRange<std::size_t>(0, specs.size())];
    const Parallelism split{.tensor = std::int64_t{1} << *rc::gen::inRange(0, 4)};
    const double share = *rc::gen::inRange(10, 95) / 100.0;
    GpuSpec small = h100, large = h100;
    small.memory = Bytes(*rc::gen::inRange(10, 300) * 1e9);
    large.memory = small.memory + Bytes(*rc::gen::inRange(1, 100) * 1e9);
    const bool of_free = *rc::gen::arbitrary<bool>();
    const MemoryRule rule{.memory_share = share, .share_of_free_memory = of_free, .runtime_reserve = Bytes(4e9)};
    const KvPool less = kv_pool(small, spec, Precision::fp8, KvFormat::fp8, split, rule);
    const KvPool more = kv_pool(large, spec, Precision::fp8, KvFormat::fp8, split, rule);
    RC_ASSERT(more.tokens >= less.tokens);
    RC_ASSERT(more.missing_bytes_per_gpu <= less.missing_bytes_per_gpu);
    RC_ASSERT((less.tokens == 0) == (less.missing_bytes_per_gpu.value > 0));
  }));
}

}  // namespace
}  // namespace tokenworks::llm
