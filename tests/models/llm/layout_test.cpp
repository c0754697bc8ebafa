#include "models/llm/layout.hpp"

#include <rapidcheck.h>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::llm {
namespace {

LlmSpec model(const std::string& id) { return tests::catalog_entry<LlmSpec>("models", id); }

double values(const std::vector<Matrix>& matrices) {
  double sum = 0.0;
  for (const Matrix& matrix : matrices) sum += matrix.values();
  return sum;
}

TEST_CASE("layout: every model of the catalog is consistent and all of its layers are placed", "[models][llm]") {
  for (const std::string& id : tests::catalog_ids("models")) {
    INFO(id);
    const LlmSpec spec = model(id);
    CHECK_NOTHROW(require_consistent(spec));
    const GpuLayout gpu = gpu_layout(spec, {});
    double attentions = 0.0, networks = 0.0;
    for (const AttentionPart& part : gpu.attention) attentions += part.layers;
    for (const NetworkPart& part : gpu.networks) networks += part.layers;
    CHECK(attentions + networks >= gpu.layers);
    CHECK(attentions + networks <= 2.0 * gpu.layers);
    for (const Drafter& drafter : spec.drafters) {
      CHECK(drafter.active_parameters <= drafter.parameters);
      for (std::size_t i = 0; i < drafter.mean_accepted.size(); ++i) {
        CHECK(drafter.mean_accepted[i] > 1.0);
        CHECK(drafter.mean_accepted[i] <= static_cast<double>(i) + 2.0);
      }
    }
  }
}

TEST_CASE("layout: Llama 3.1 70B over four GPUs", "[models][llm]") {
  const GpuLayout gpu = gpu_layout(model("llama_3_1_70b"), {.tensor = 4});
  REQUIRE(gpu.attention.size() == 1);
  const AttentionPart& attention = gpu.attention.front();
  CHECK(attention.heads == 16);
  CHECK(attention.kv_heads == 2);
  CHECK(attention.kv_values_per_token == 2 * 2 * 128);
  CHECK(values(attention.matrices) == 8192.0 * (16 + 4) * 128 + 16.0 * 128 * 8192);
  CHECK(attention.prompt_values_per_pair == 2.0 * 16 * 128);
  CHECK(attention.sees_all_context());
  REQUIRE(gpu.networks.size() == 1);
  CHECK(gpu.networks.front().activated_values == 28672 / 4);
  CHECK(values(gpu.networks.front().matrices) == 3.0 * 8192 * 28672 / 4);
  CHECK(gpu.head.columns == 128256 / 4);
  CHECK(gpu.stage_share == 1.0);
}

TEST_CASE("layout: DeepSeek V3.2 keeps its latent and its indexer whole on each GPU", "[models][llm]") {
  const GpuLayout one = gpu_layout(model("deepseek_v3_2"), {});
  const GpuLayout eight = gpu_layout(model("deepseek_v3_2"), {.tensor = 8});
  REQUIRE(one.attention.size() == 1);
  const AttentionPart& whole = one.attention.front();
  const AttentionPart& share = eight.attention.front();
  CHECK(whole.kv_values_per_token == 576);
  CHECK(share.kv_values_per_token == 576);
  CHECK(whole.index_values_per_pair == 64 * 128);
  CHECK(share.index_values_per_pair == 64 * 128);
  CHECK(share.decode_values_per_pair == 16.0 * (2 * 512 + 64));
  CHECK(share.selected_tokens == 2048);
}

TEST_CASE("layout: layers that share an indexer have none of their own", "[models][llm]") {
  const GpuLayout gpu = gpu_layout(model("glm_5_2"), {});
  REQUIRE(gpu.attention.size() == 2);
  CHECK(gpu.attention[0].layers == 21);
  CHECK(gpu.attention[0].index_values_per_token == 128);
  CHECK(gpu.attention[1].layers == 57);
  CHECK(gpu.attention[1].index_values_per_token == 0);
  CHECK(gpu.attention[1].selected_tokens == 2048);
}

TEST_CASE("layout: compressed layers see all the context by few keys", "[models][llm]") {
  const GpuLayout gpu = gpu_layout(model("deepseek_v4_flash"), {});
  REQUIRE(gpu.attention.size() == 3);
  CHECK(gpu.attention[0].keys_per_token() == 0.25);
  CHECK(gpu.attention[0].sees_all_context());
  CHECK(gpu.attention[1].keys_per_token() == 1.0 / 128);
  CHECK_FALSE(gpu.attention[2].sees_all_context());
  // Queries through 1024 values; outputs in 8 groups of 8 heads, each through 1024 values.
  const double indexer = 1024.0 * 64 * 128 + 4096.0 * 128;
  const double plain = 4096.0 * (1024 + 512) + 1024.0 * 64 * 512 + 64.0 * 512 * 1024 + 8.0 * 1024 * 4096;
  CHECK(values(gpu.attention[0].matrices) == plain + indexer);
  CHECK(values(gpu.attention[2].matrices) == plain);
}

TEST_CASE("layout: linear layers keep a state and no keys", "[models][llm]") {
  const GpuLayout gpu = gpu_layout(model("qwen3_5_397b_a17b"), {.tensor = 4});
  REQUIRE(gpu.attention.size() == 2);
  const AttentionPart& linear = gpu.attention[1];
  CHECK(linear.kind == AttentionPart::Kind::linear);
  CHECK(linear.layers == 45);
  CHECK(linear.kv_values_per_token == 0);
  CHECK_FALSE(linear.sees_all_context());
  CHECK(linear.state_values == 16.0 * 128 * 128);
  CHECK(linear.convolution_values == 3.0 * (2 * 4 * 128 + 16 * 128));
  // The output gate doubles the queries' projection.
  CHECK(gpu.attention[0].matrices.front().columns == (2.0 * 8 + 2) * 256);
}

TEST_CASE("layout: routed experts on a latent width", "[models][llm]") {
  const GpuLayout gpu =
      gpu_layout(model("nemotron_3_super_120b_a12b"), {.tensor = 2, .expert = 4, .attention_data = 4});
  REQUIRE(gpu.networks.size() == 1);
  REQUIRE(gpu.networks.front().experts);
  const ExpertPart& experts = *gpu.networks.front().experts;
  CHECK(experts.here == 128);
  CHECK(experts.width == 1024);
  CHECK(experts.inner == 2688 / 2);
  CHECK(experts.values == 2.0 * 1024 * 2688 / 2);
  CHECK(experts.router.values() == 4096.0 * 512);
  CHECK(values(gpu.networks.front().matrices) == 2.0 * 4096 * 5376 / 2 + 2.0 * 4096 * 512);
}

TEST_CASE("layout: GPUs of a copy together hold the model at least, and little more", "[models][llm][law]") {
  const auto ids = tests::catalog_ids("models");
  REQUIRE(rc::check("splitting shares matrices out", [&] {
    const LlmSpec spec = model(ids[*rc::gen::inRange<std::size_t>(0, ids.size())]);
    const Parallelism spread{.tensor = std::int64_t{1} << *rc::gen::inRange(0, 4),
                             .pipeline = *rc::gen::inRange<std::int64_t>(1, 9)};
    const double tensor = static_cast<double>(spread.tensor);
    const GpuLayout whole = gpu_layout(spec, {});
    const GpuLayout share = gpu_layout(spec, spread);
    RC_ASSERT(share.attention.size() == whole.attention.size());
    RC_ASSERT(share.networks.size() == whole.networks.size());
    for (std::size_t i = 0; i < whole.attention.size(); ++i) {
      RC_ASSERT(values(share.attention[i].matrices) <= values(whole.attention[i].matrices));
      RC_ASSERT(values(share.attention[i].matrices) * tensor >= values(whole.attention[i].matrices));
      RC_ASSERT(share.attention[i].kv_values_per_token * tensor >= whole.attention[i].kv_values_per_token);
      RC_ASSERT(share.attention[i].state_values * tensor >= whole.attention[i].state_values);
    }
    for (std::size_t i = 0; i < whole.networks.size(); ++i) {
      RC_ASSERT(values(share.networks[i].matrices) * tensor >= values(whole.networks[i].matrices));
      if (!whole.networks[i].experts) continue;
      RC_ASSERT(share.networks[i].experts->values * tensor >= whole.networks[i].experts->values);
      RC_ASSERT(share.networks[i].experts->here == whole.networks[i].experts->count);
    }
    RC_ASSERT(share.stage_share * static_cast<double>(spread.pipeline) >= 1.0);
    RC_ASSERT(share.stage_share * static_cast<double>(spread.pipeline) <
              1.0 + static_cast<double>(spread.pipeline) / static_cast<double>(spec.layers));
  }));
}

TEST_CASE("layout: contradictions in a model are named", "[models][llm]") {
  const auto reason = [](const LlmSpec& spec) -> std::string {
    try {
      require_consistent(spec);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  };
  LlmSpec spec = model("llama_3_1_8b");
  CHECK(reason(spec).empty());
  spec.grouped_attention[0].layers = 33;
  CHECK(reason(spec) == "model 'Llama 3.1 8B': has attention in 33 of its 32 layers");
  CHECK_THROWS_AS(gpu_layout(spec, {}), std::invalid_argument);
  spec = model("llama_3_1_8b");
  spec.dense_networks[0].layers = 40;
  CHECK(reason(spec) == "model 'Llama 3.1 8B': has a network in 40 of its 32 layers");
  spec.dense_networks.clear();
  spec.grouped_attention[0].layers = 31;
  CHECK(reason(spec) ==
        "model 'Llama 3.1 8B': has attention in 31 and a network in 0 of its 32 layers: some have neither");
  spec = model("mixtral_8x7b");
  spec.experts[0].active = 9;
  CHECK(reason(spec) == "model 'Mixtral 8x7B': visits 9 of 8 experts");
  spec = model("deepseek_v3_2");
  spec.latent_attention[0].index_heads = 0;
  CHECK_FALSE(reason(spec).empty());
  spec.latent_attention[0].index_layers = 62;
  CHECK_FALSE(reason(spec).empty());
  spec = model("deepseek_v4_pro");
  spec.grouped_attention[0].window_tokens = 0;
  CHECK_FALSE(reason(spec).empty());
  spec = model("deepseek_v4_pro");
  spec.drafters.push_back(spec.drafters.front());
  CHECK_FALSE(reason(spec).empty());
}

TEST_CASE("layout: impossible ways to spread a model are named", "[models][llm]") {
  const LlmSpec llama = model("llama_3_1_8b");
  CHECK_THROWS_AS(gpu_layout(llama, {.tensor = 0}), std::invalid_argument);
  CHECK_THROWS_AS(gpu_layout(llama, {.pipeline = 0}), std::invalid_argument);
  CHECK_THROWS_AS(gpu_layout(llama, {.pipeline = 33}), std::invalid_argument);
  CHECK_THROWS_AS(gpu_layout(llama, {.tensor = 2, .expert = 2}), std::invalid_argument);
  // Experts are spread over the GPUs of a stage, not over those of all stages.
  CHECK_THROWS_AS(gpu_layout(model("gpt_oss_20b"), {.tensor = 2, .expert = 8, .pipeline = 4}), std::invalid_argument);
  CHECK_NOTHROW(gpu_layout(model("gpt_oss_20b"), {.tensor = 8, .expert = 8, .pipeline = 4}));
}

}  // namespace
}  // namespace tokenworks::llm
