#include "models/llm/memory_capacity.hpp"

#include <rapidcheck.h>
#include <cmath>
#include <stdexcept>

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
  struct Published {
    const char* model;
    double active;
  };
  // Figures that count the embedding and the head as we do. Those of the sparse ones leave the indexer out, up to 2.3
  // %.
  const Published published[] = {
      {"mixtral_8x7b", 12.9e9},     {"mixtral_8x22b", 39.2e9},
      {"qwen3_30b_a3b", 3.35e9},    {"qwen3_235b_a22b", 22.2e9},
      {"glm_4_5_air", 13.4e9},      {"qwen3_coder_480b_a35b", 35.5e9},
      {"minimax_m2_5", 11.0e9},     {"gpt_oss_20b", 4.2e9},
      {"gpt_oss_120b", 5.7e9},      {"llama_4_scout", 17.2e9},
      {"llama_4_maverick", 17.2e9}, {"step_3_7_flash", 10.9e9},
      {"mimo_v2_flash", 15.5e9},    {"minimax_m3", 25.7e9},
      {"deepseek_v3", 37.6e9},      {"deepseek_r1", 37.6e9},
      {"deepseek_v3_2", 37.6e9},    {"deepseek_v4_flash", 13.3e9},
      {"deepseek_v4_pro", 48.5e9},  {"kimi_k2", 32.9e9},
      {"kimi_k2_5", 32.9e9},        {"glm_5", 41.1e9},
      {"glm_5_2", 41.1e9},          {"qwen3_5_35b_a3b", 3.45e9},
      {"qwen3_5_122b_a10b", 9.8e9}, {"qwen3_5_397b_a17b", 17.3e9},
  };
  for (const Published& row : published) {
    INFO(row.model);
    CHECK_THAT(parameters(model(row.model)).active, WithinRel(row.active, 0.023));
  }
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

TEST_CASE("weights: experts in int4, as the published checkpoint of Kimi K2 Thinking", "[models][llm]") {
  // Model card: 594 GB. 60 * 384 * 3 * 7168 * 2048 values at 0.5625 B, 11.7e9 in bf16.
  CHECK_THAT(weight_bytes(model("kimi_k2_5"), Precision::fp4, kOneGpu).total.value, WithinRel(594e9, 0.01));
}

TEST_CASE("weights: what each format means", "[models][llm]") {
  const auto bytes = [](const std::string& id, Precision precision, MatrixClass matrix) {
    return bytes_per_weight(model(id), precision, matrix);
  };
  CHECK(bytes("llama_3_1_70b", Precision::bf16, MatrixClass::layer) == 2.0);
  CHECK(bytes("llama_3_1_70b", Precision::fp8, MatrixClass::layer) == 1.0);
  CHECK(bytes("llama_3_1_70b", Precision::fp4, MatrixClass::layer) == 0.5625);
  CHECK(bytes("llama_3_1_70b", Precision::fp4, MatrixClass::unquantised) == 2.0);
  CHECK(bytes("deepseek_r1", Precision::fp8, MatrixClass::expert) == 1.0 + 1.0 / 4096.0);
  CHECK(bytes("gpt_oss_120b", Precision::fp4, MatrixClass::expert) == 0.53125);
  CHECK(bytes("gpt_oss_120b", Precision::fp4, MatrixClass::layer) == 2.0);
  CHECK(bytes("deepseek_v4_pro", Precision::fp4, MatrixClass::expert) == 0.53125);
  CHECK(bytes("deepseek_v4_pro", Precision::fp4, MatrixClass::layer) == 1.0 + 1.0 / 4096.0);
  CHECK(bytes("kimi_k2_5", Precision::fp4, MatrixClass::expert) == 0.5625);
  CHECK(weight_format(model("kimi_k2_5"), Precision::fp4, MatrixClass::expert) == WeightFormat::int4);
  CHECK(weight_format(model("kimi_k2_5_nvfp4"), Precision::fp4, MatrixClass::expert) == WeightFormat::nvfp4);
  LlmSpec unknown = model("llama_3_1_8b");
  unknown.fp4_format = "fp4";
  CHECK_THROWS_AS(weight_bytes(unknown, Precision::fp4, kOneGpu), std::invalid_argument);
}

TEST_CASE("weights: stages of a pipeline share the layers out", "[models][llm][law]") {
  const auto ids = catalog_ids("models");
  REQUIRE(rc::check("stages and what is replicated add up to the model", [&] {
    const LlmSpec spec = model(ids[*rc::gen::inRange<std::size_t>(0, ids.size())]);
    const Precision precision =
        precision_from_name(spec.precisions[*rc::gen::inRange<std::size_t>(0, spec.precisions.size())]);
    const Parallelism stages{.pipeline = *rc::gen::inRange<std::int64_t>(1, 9)};
    const WeightBytes bytes = weight_bytes(spec, precision, stages);
    const double embedding = 2.0 * static_cast<double>(spec.vocabulary * spec.hidden);
    const double of_layers = bytes.total.value - (spec.tied_embeddings ? 1.0 : 2.0) * embedding;
    const double of_stage = bytes.per_gpu.value - (spec.tied_embeddings || stages.pipeline > 1 ? 1.0 : 2.0) * embedding;
    const double fullest =
        static_cast<double>((spec.layers + stages.pipeline - 1) / stages.pipeline) / static_cast<double>(spec.layers);
    RC_ASSERT(std::abs(of_stage / (of_layers * fullest) - 1.0) < 1e-4);  // the last norm is on every stage
    RC_ASSERT(of_stage * static_cast<double>(stages.pipeline) >= of_layers * (1.0 - 1e-12));
  }));
}

TEST_CASE("weights: no way to spread a model makes it smaller, more GPUs never need more on each",
          "[models][llm][law]") {
  const auto ids = catalog_ids("models");
  REQUIRE(rc::check("shares add up to the model at least", [&] {
    const LlmSpec spec = model(ids[*rc::gen::inRange<std::size_t>(0, ids.size())]);
    const auto power = [](int most) { return std::int64_t{1} << *rc::gen::inRange(0, most + 1); };
    Parallelism spread{.tensor = power(3), .attention_data = power(3), .pipeline = power(2)};
    if (!spec.experts.empty()) {
      do spread.expert = power(6);
      while (spread.gpus_per_stage() % spread.expert != 0);
    }
    const Precision precision = precision_from_name(spec.precisions.front());
    const WeightBytes bytes = weight_bytes(spec, precision, spread);
    RC_ASSERT(bytes.total == weight_bytes(spec, precision, kOneGpu).total);
    const double rounding = 1.0 - 1e-9;
    if (spread.pipeline == 1 || spec.tied_embeddings) {
      RC_ASSERT(bytes.per_gpu.value * static_cast<double>(spread.gpus()) >= bytes.total.value * rounding);
    }
    Parallelism wider = spread;
    wider.tensor *= 2;
    RC_ASSERT(weight_bytes(spec, precision, wider).per_gpu <= bytes.per_gpu);
  }));
}

TEST_CASE("context: bytes of a token in bf16 are the published ones", "[models][llm]") {
  struct Published {
    const char* model;
    double full, window, index_values;
  };
  // Keys of an indexer are listed as values a token, over all layers: they are kept in a format of their own.
  const Published published[] = {
      {"llama_2_70b", 327'680, 0, 0},
      {"llama_3_1_8b", 131'072, 0, 0},
      {"llama_3_1_70b", 327'680, 0, 0},
      {"llama_3_1_405b", 516'096, 0, 0},
      {"mistral_7b", 0, 131'072, 0},
      {"mixtral_8x7b", 131'072, 0, 0},
      {"mixtral_8x22b", 229'376, 0, 0},
      {"qwen2_5_72b", 327'680, 0, 0},
      {"qwen3_8b", 147'456, 0, 0},
      {"qwen3_32b", 262'144, 0, 0},
      {"qwen3_30b_a3b", 98'304, 0, 0},
      {"qwen3_235b_a22b", 192'512, 0, 0},
      {"qwen3_coder_480b_a35b", 253'952, 0, 0},
      {"glm_4_5", 376'832, 0, 0},
      {"glm_4_5_air", 188'416, 0, 0},
      {"minimax_m2_5", 253'952, 0, 0},
      {"minimax_m1", 40'960, 0, 0},
      {"gpt_oss_20b", 24'576, 24'576, 0},
      {"gpt_oss_120b", 36'864, 36'864, 0},
      {"llama_4_scout", 49'152, 147'456, 0},     // 196,608 together
      {"llama_4_maverick", 49'152, 147'456, 0},  // 196,608 together
      {"step_3_7_flash", 49'152, 135'168, 0},
      {"mimo_v2_flash", 23'040, 199'680, 0},
      {"gemma_4_26b_a4b", 10'240, 204'800, 0},
      {"minimax_m3", 122'880, 0, 57 * 128},
      {"deepseek_v3", 70'272, 0, 0},
      {"deepseek_r1", 70'272, 0, 0},
      {"deepseek_v3_2", 70'272, 0, 61 * 128},
      {"deepseek_v4_flash", 2'768 * 2, 43 * 512 * 2, 672},
      {"deepseek_v4_pro", 3'964 * 2, 61 * 512 * 2, 960},
      {"kimi_k2", 70'272, 0, 0},
      {"kimi_k2_5", 70'272, 0, 0},
      {"kimi_k3", 27'648, 0, 0},
      {"glm_5", 89'856, 0, 78 * 128},
      {"glm_5_2", 89'856, 0, 21 * 128},
      {"qwen3_5_27b", 65'536, 0, 0},
      {"qwen3_5_35b_a3b", 20'480, 0, 0},
      {"qwen3_5_122b_a10b", 24'576, 0, 0},
      {"qwen3_5_397b_a17b", 30'720, 0, 0},
      {"nemotron_3_nano_30b_a3b", 6'144, 0, 0},
      {"nemotron_3_super_120b_a12b", 8'192, 0, 0},
      {"nemotron_3_ultra_550b_a55b", 12'288, 0, 0},
  };
  for (const Published& row : published) {
    INFO(row.model);
    const LlmSpec spec = model(row.model);
    const KvBytes bytes = kv_bytes_per_token(spec, KvFormat::bf16);
    CHECK(bytes.full.value == row.full);
    CHECK(bytes.window.value == row.window);
    double index_values = 0.0;
    for (const AttentionPart& part : gpu_layout(spec, kOneGpu).attention) {
      index_values += part.layers * part.keys_per_token() * part.index_values_per_token;
    }
    CHECK(index_values == row.index_values);
  }
}

TEST_CASE("context: bytes of a token in fp8", "[models][llm]") {
  CHECK(kv_bytes_per_token(model("llama_3_1_70b"), KvFormat::fp8).full.value == 163'840);
  // 656 B a token and layer: 512 in fp8, four scales of 4 B, 64 in bf16.
  CHECK(kv_bytes_per_token(model("deepseek_r1"), KvFormat::fp8).full.value == 61 * 656);
  // The key that selects: 128 in fp8 and a scale, in whatever format the latent is kept.
  CHECK(kv_bytes_per_token(model("deepseek_v3_2"), KvFormat::fp8).index.value == 8'052);
  CHECK(kv_bytes_per_token(model("deepseek_v3_2"), KvFormat::bf16).index.value == 8'052);
  CHECK(kv_bytes_per_token(model("glm_5"), KvFormat::bf16).index.value == 78 * 132);
  CHECK(kv_bytes_per_token(model("glm_5_2"), KvFormat::bf16).index.value == 21 * 132);
  CHECK(usual_kv_format(Precision::bf16) == KvFormat::bf16);
  CHECK(usual_kv_format(Precision::fp4) == KvFormat::fp8);
}

TEST_CASE("context: states of linear attention are the published ones", "[models][llm]") {
  struct Published {
    const char* model;
    double values;
  };
  const Published published[] = {
      {"minimax_m1", 70.0 * 64 * 128 * 128},
      {"kimi_k3", 69.0 * 96 * 128 * 128},
      {"qwen3_5_27b", 48.0 * 48 * 128 * 128},
      {"qwen3_5_35b_a3b", 30.0 * 32 * 128 * 128},
      {"qwen3_5_122b_a10b", 36.0 * 64 * 128 * 128},
      {"qwen3_5_397b_a17b", 45.0 * 64 * 128 * 128},
      {"nemotron_3_nano_30b_a3b", 23.0 * 64 * 64 * 128},
      {"nemotron_3_super_120b_a12b", 40.0 * 128 * 64 * 128},
      {"nemotron_3_ultra_550b_a55b", 48.0 * 256 * 64 * 128},
  };
  for (const Published& row : published) {
    INFO(row.model);
    double values = 0.0;
    for (const AttentionPart& part : gpu_layout(model(row.model), kOneGpu).attention) {
      values += part.layers * part.state_values;
    }
    CHECK(values == row.values);
  }
  // 189 MB in fp32 and three taps of 2 * 16 * 128 + 64 * 128 channels in bf16 in each of 45 layers.
  const double convolution = 45.0 * 3 * (2 * 16 * 128 + 64 * 128) * 2;
  CHECK(state_bytes_per_sequence(model("qwen3_5_397b_a17b")).value == 4.0 * 45 * 64 * 128 * 128 + convolution);
  CHECK(state_bytes_per_sequence(model("llama_3_1_70b")).value == 0.0);
  CHECK(state_bytes_per_sequence_and_gpu(model("qwen3_5_397b_a17b"), {.tensor = 8}) * 8.0 ==
        state_bytes_per_sequence(model("qwen3_5_397b_a17b")));
}

TEST_CASE("pool: Llama 3.1 8B on one H100", "[models][llm]") {
  // 0.9 * 80 GiB - 16.06 GB - 4 GB = 77.309 - 16.061 - 4 = 57.249e9 B; by 131072 B: 436,777 tokens.
  const KvPool pool = kv_pool(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, KvFormat::bf16, kOneGpu,
                              {.runtime_reserve = Bytes(4e9)});
  CHECK_THAT(static_cast<double>(pool.tokens), WithinRel(436'777.0, 0.001));
  CHECK(pool.missing_bytes_per_gpu.value == 0.0);
  // TensorRT-LLM's share is of what is free: 0.9 * (85.899 - 20.061) = 59.254e9 B: 452,071 tokens.
  const KvPool free_share = kv_pool(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, KvFormat::bf16, kOneGpu,
                                    {.share_of_free_memory = true, .runtime_reserve = Bytes(4e9)});
  CHECK_THAT(static_cast<double>(free_share.tokens), WithinRel(452'071.0, 0.001));
}

TEST_CASE("pool: a model that does not fit says how much is missing", "[models][llm]") {
  // 141.1 GB of weights and 4 GB against 0.9 * 85.9 GB = 77.3 GB: 67.8 GB are missing.
  const KvPool pool = kv_pool(gpu("h100_sxm5"), model("llama_3_1_70b"), Precision::bf16, KvFormat::bf16, kOneGpu,
                              {.runtime_reserve = Bytes(4e9)});
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

TEST_CASE("pool: states are set aside for every sequence, up to their share of the room", "[models][llm]") {
  const LlmSpec qwen = model("qwen3_5_397b_a17b");
  const Parallelism eight{.tensor = 8};
  const auto pool = [&](std::int64_t sequences) {
    return kv_pool(gpu("h200_sxm5"), qwen, Precision::fp8, KvFormat::fp8, eight,
                   {.runtime_reserve = Bytes(4e9), .max_sequences = sequences});
  };
  const double state = state_bytes_per_sequence(qwen).value / 8.0;
  const KvPool few = pool(64);
  CHECK(few.sequences == 64);
  CHECK_THAT(few.state_bytes_per_gpu.value, WithinRel(64 * state, 1e-12));
  const KvPool none = pool(0);
  CHECK_THAT((none.bytes_per_gpu - few.bytes_per_gpu).value, WithinRel(64 * state, 1e-9));
  // 0.9 / 1.9 of the room holds fewer than 100,000 states: so many may run.
  const KvPool many = pool(100'000);
  CHECK(many.sequences == static_cast<std::int64_t>(none.bytes_per_gpu.value * 0.9 / 1.9 / state));
  CHECK(many.tokens > 0);
  // Without states nothing is set aside.
  const KvPool dense = kv_pool(gpu("h200_sxm5"), model("llama_3_1_70b"), Precision::fp8, KvFormat::fp8, eight,
                               {.runtime_reserve = Bytes(4e9), .max_sequences = 100'000});
  CHECK(dense.sequences == 100'000);
  CHECK(dense.state_bytes_per_gpu.value == 0.0);
}

TEST_CASE("pool: short windows take no part of it, long ones count as all the context", "[models][llm]") {
  const auto bytes_per_token = [](const std::string& id, Precision precision) {
    const KvPool pool = kv_pool(gpu("b200_sxm"), model(id), precision, KvFormat::bf16, {.tensor = 8}, {});
    return 8.0 * pool.bytes_per_gpu.value / static_cast<double>(pool.tokens);
  };
  CHECK_THAT(bytes_per_token("gpt_oss_120b", Precision::fp4), WithinRel(36'864.0, 1e-5));
  CHECK_THAT(bytes_per_token("llama_4_scout", Precision::fp8), WithinRel(196'608.0, 1e-5));
  CHECK_THAT(bytes_per_token("mistral_7b", Precision::fp8), WithinRel(131'072.0, 1e-5));
  // One key of 512 values for all 8 GPUs of the split, each with its own copy; an indexer likewise.
  CHECK_THAT(bytes_per_token("deepseek_v4_pro", Precision::fp4), WithinRel(8.0 * (7'928 + 30 * 132 / 4), 1e-5));
  CHECK_THAT(bytes_per_token("glm_5_2", Precision::fp8), WithinRel(8.0 * (89'856 + 21 * 132), 1e-5));
}

TEST_CASE("pool: stages multiply it", "[models][llm]") {
  const auto pool = [&](const Parallelism& parallelism) {
    return kv_pool(gpu("h100_sxm5"), model("llama_3_1_70b"), Precision::fp8, KvFormat::fp8, parallelism,
                   {.runtime_reserve = Bytes(4e9)});
  };
  // Each of two stages keeps half of a token's bytes and of the layers' weights, and one of embedding and head.
  const KvPool two = pool({.pipeline = 2});
  CHECK_THAT(static_cast<double>(two.tokens), WithinRel(two.bytes_per_gpu.value / (163'840 / 2), 1e-5));
  CHECK(two.weight_bytes_per_gpu > pool({.tensor = 2}).weight_bytes_per_gpu * 0.99);
  CHECK(pool({.pipeline = 8}).tokens > 8 * pool({}).tokens);
}

TEST_CASE("pool: more memory never holds less context", "[models][llm][law]") {
  const auto ids = catalog_ids("models");
  std::vector<LlmSpec> specs;
  for (const auto& id : ids) specs.push_back(model(id));
  const GpuSpec h100 = gpu("h100_sxm5");
  REQUIRE(rc::check("tokens grow with memory and share, missing bytes fall", [&] {
    const LlmSpec& spec = specs[*rc::gen::inRange<std::size_t>(0, specs.size())];
    const Parallelism split{.tensor = std::int64_t{1} << *rc::gen::inRange(0, 4),
                            .pipeline = std::int64_t{1} << *rc::gen::inRange(0, 3)};
    const double share = *rc::gen::inRange(10, 95) / 100.0;
    GpuSpec small = h100, large = h100;
    small.memory = Bytes(*rc::gen::inRange(10, 300) * 1e9);
    large.memory = small.memory + Bytes(*rc::gen::inRange(1, 100) * 1e9);
    const bool of_free = *rc::gen::arbitrary<bool>();
    const MemoryRule rule{.memory_share = share,
                          .share_of_free_memory = of_free,
                          .runtime_reserve = Bytes(4e9),
                          .max_sequences = *rc::gen::inRange<std::int64_t>(1, 2000)};
    const KvPool less = kv_pool(small, spec, Precision::fp8, KvFormat::fp8, split, rule);
    const KvPool more = kv_pool(large, spec, Precision::fp8, KvFormat::fp8, split, rule);
    RC_ASSERT(more.tokens >= less.tokens);
    RC_ASSERT(more.missing_bytes_per_gpu <= less.missing_bytes_per_gpu);
    RC_ASSERT(more.sequences >= less.sequences);
    RC_ASSERT((less.tokens == 0) == (less.missing_bytes_per_gpu.value > 0));
  }));
}

}  // namespace
}  // namespace tokenworks::llm
