#include "models/llm/step_model.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "models/llm/memory_capacity.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/llm/built_step_model.hpp"
#include "tests/models/made_up_kernels.hpp"

namespace tokenworks::llm {
namespace {

using tests::Built;
using tests::catalog_ids;
using tests::gpu;
using tests::kHost;
using tests::made_up_gpu;
using tests::model;
using tests::small_model;

TEST_CASE("step: a small model on a GPU of round numbers, computed by hand", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  Built built(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, {});
  StepModel& step = built.step;
  // A layer, one token: products 1024 x 3072, 1024 x 1024, 1024 x 8192, 4096 x 1024 in bf16: 6.29, 2.10, 16.78 and
  // 8.39 MB at 1 TB/s; with activations 33.58 us, and 1 us each: 37.58 us. Element-wise: 4 us and 61 KB: 4.06 us.
  const double weights = 2.0 * (1024 * 3072 + 1024 * 1024 + 1024 * 8192 + 4096 * 1024);
  const double activations = 2.0 * ((1024 + 3072) + (1024 + 1024) + (1024 + 8192) + (4096 + 1024));
  const double elementwise = 2 * 1024 * 8.0 + 3072 * 4.0 + 4096 * 6.0;
  const double layer = 4e-6 + (weights + activations) / 1e12 + 4e-6 + elementwise / 1e12;
  // Between its nodes the table is straight in logs, a little above the form itself: 3 %.
  CHECK_THAT(static_cast<double>(step.tokens(1).duration_ps), WithinRel(10 * layer * 1e12, 0.03));
  CHECK(step.tokens(1).duration_ps >= std::llround(10 * layer * 1e12) - 10);
  CHECK(step.head(0).duration_ps == 0);
  CHECK(step.host(3).duration_ps == 115'000'000);
  CHECK_THAT(step.host(3).gpu_energy_j, WithinRel(115e-6 * built.board.power.waiting.value, 1e-9));
  // Decode attention of 2 sequences that hold 1,000 tokens together: 5 us and a nanosecond for each of 16 KV heads and
  // 500 tokens, in 10 layers.
  const DecodeAttention& attention = step.decode_attention(2, 1000);
  CHECK(attention.fixed.duration_ps + 1000 * attention.ps_per_full_token == 10 * (5'000'000 + 16 * 500 * 1000));
  CHECK(attention.ps_per_window_token == 0);
  CHECK(attention.until_full_tokens == 2000);
  CHECK(step.window_tokens() == 0);
  // Attention of a prompt of 2,048 tokens: four of them fill the kernel with 32 heads, 10 + 32 * 4 us a layer. Each has
  // a quarter of what exceeds the launch, the table's least: one head of 128 tokens, 10 us and a 64th.
  const double launch = 10e-6 + 1e-6 / 64;
  CHECK_THAT(static_cast<double>(step.prompt_attention(0, 2048).duration_ps),
             WithinRel(10 * (138e-6 - launch) / 4 * 1e12, 1e-6));
  CHECK(step.prompt_launch().duration_ps == 10 * 10'015'625);
}

TEST_CASE("step: chunks of a prompt add up to the prompt exactly", "[models][llm][law]") {
  const Built dense("h100_sxm5", model("llama_3_1_70b"), Precision::fp8, {.tensor = 4});
  const Built sliding("h100_sxm5", model("gpt_oss_120b"), Precision::fp4, {.tensor = 2});
  REQUIRE(rc::check("P(0, b) + P(b, c) = P(0, c)", [&] {
    const std::int64_t middle = *rc::gen::inRange(1, 60'000);
    const std::int64_t end = middle + *rc::gen::inRange(1, 60'000);
    for (const StepModel* step : {&dense.step, &sliding.step}) {
      const StepPart first = step->prompt_attention(0, middle);
      const StepPart second = step->prompt_attention(middle, end);
      const StepPart whole = step->prompt_attention(0, end);
      RC_ASSERT(first.duration_ps + second.duration_ps == whole.duration_ps);
      RC_ASSERT(std::abs(first.gpu_energy_j + second.gpu_energy_j - whole.gpu_energy_j) <= 1e-9 * whole.gpu_energy_j);
    }
  }));
}

TEST_CASE("step: decode attention is continuous where its table has a node", "[models][llm][law]") {
  Built built("h200_sxm5", model("llama_3_1_70b"), Precision::fp8, {.tensor = 4});
  for (const std::int64_t sequences : {1, 7, 64, 500}) {
    std::int64_t tokens = 0;
    for (int node = 0; node < 4; ++node) {
      const DecodeAttention before = built.step.decode_attention(sequences, tokens);
      tokens = before.until_full_tokens;
      const DecodeAttention after = built.step.decode_attention(sequences, tokens);
      const auto at = [&](const DecodeAttention& rate) {
        return rate.fixed.duration_ps + rate.ps_per_full_token * tokens;
      };
      INFO(sequences << " sequences, " << tokens << " tokens");
      // A whole picosecond a token is the grain.
      CHECK(std::abs(at(before) - at(after)) <= tokens + 1);
    }
  }
}

TEST_CASE("step: layers with a window stop growing beyond it", "[models][llm]") {
  const LlmSpec oss = model("gpt_oss_120b");
  Built built("h200_sxm5", oss, Precision::fp4, {});
  CHECK(built.step.window_tokens() == 128);
  // Half of the layers see 128 tokens at most: a long prompt costs little more than half of all layers in full.
  LlmSpec all_full = oss;
  for (GroupedAttention& attention : all_full.grouped_attention) attention.window_tokens = 0;
  const Built full("h200_sxm5", all_full, Precision::fp4, {});
  const double ratio = static_cast<double>(built.step.prompt_attention(0, 100'000).duration_ps) /
                       static_cast<double>(full.step.prompt_attention(0, 100'000).duration_ps);
  CHECK(ratio > 0.5);
  CHECK(ratio < 0.53);
}

TEST_CASE("step: experts of few tokens are few", "[models][llm]") {
  Built built("h200_sxm5", model("mixtral_8x7b"), Precision::bf16, {.tensor = 2});
  // One token meets 2 of 8 experts, 64 tokens meet all: up to four times the expert bytes, which dominate.
  const double one = static_cast<double>(built.step.tokens(1).duration_ps);
  const double many = static_cast<double>(built.step.tokens(64).duration_ps);
  CHECK(many / one > 1.5);
  CHECK(many / one < 4.5);
}

TEST_CASE("step: stages of a pipeline share out a batch and hand it on", "[models][llm]") {
  const LlmSpec llama = model("llama_3_1_70b");
  Built one("h100_sxm5", llama, Precision::fp8, {.tensor = 4});
  Built two("h100_sxm5", llama, Precision::fp8, {.tensor = 4, .pipeline = 2});
  // Two micro-batches of 2,048 rows fill two stages: what one stage needs for 2,048 rows, and a hop.
  const std::int64_t alone = one.step.tokens(2048).duration_ps;
  const std::int64_t staged = two.step.tokens(4096).duration_ps;
  CHECK(staged > alone);
  CHECK(static_cast<double>(staged) < 1.05 * static_cast<double>(alone));
}

struct Case {
  std::string gpu, model;
  Precision precision;
  Parallelism parallelism;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& gpu_id : catalog_ids("gpus")) {
    for (const std::string& model_id : catalog_ids("models")) {
      const LlmSpec spec = model(model_id);
      for (const std::string& precision : spec.precisions) {
        cases.push_back({gpu_id, model_id, precision_from_name(precision), {.tensor = 4}});
      }
      if (!spec.experts.empty()) {
        cases.push_back({gpu_id,
                         model_id,
                         precision_from_name(spec.precisions.back()),
                         {.tensor = 2, .expert = 4, .attention_data = 4}});
        cases.push_back(
            {gpu_id, model_id, precision_from_name(spec.precisions.front()), {.expert = 8, .attention_data = 8}});
      }
    }
  }
  return cases;
}

Built build(const Case& use) { return {use.gpu, model(use.model), use.precision, use.parallelism}; }

TEST_CASE("step: every GPU runs every model within its power limit", "[models][llm][catalog]") {
  const std::vector<Case> cases = all_cases();
  CHECK(cases.size() >= 12 * 50 * 2);
  for (const Case& use : cases) {
    INFO(use.gpu << " " << use.model << " " << kPrecisionNames[static_cast<int>(use.precision)]);
    Built built = build(use);
    for (const std::int64_t tokens : {1, 64, 8192}) {
      const StepPart& part = built.step.tokens(tokens);
      REQUIRE(part.duration_ps > 0);
      const double power = part.gpu_energy_j / (static_cast<double>(part.duration_ps) * 1e-12);
      CHECK(power > built.board.power.waiting.value);
      CHECK(power <= built.board.power.limit.value * (1 + 1e-9));
    }
    const DecodeAttention& attention = built.step.decode_attention(1, 100'000);
    CHECK(attention.fixed.duration_ps + 100'000 * attention.ps_per_full_token > 0);
    CHECK(built.step.prompt_attention(0, 4096).duration_ps > 0);
  }
}

TEST_CASE("step: more work never takes less time", "[models][llm][law]") {
  const std::vector<Case> cases = all_cases();
  std::map<std::size_t, std::unique_ptr<Built>> built;
  REQUIRE(rc::check("duration never falls with tokens, sequences, context, chunk length", [&] {
    const std::size_t index = *rc::gen::resize(1000, rc::gen::inRange<std::size_t>(0, cases.size()));
    std::unique_ptr<Built>& made = built[index];
    if (!made) {
      const Case& use = cases[index];
      made = std::make_unique<Built>(use.gpu, model(use.model), use.precision, use.parallelism);
    }
    StepModel& step = made->step;
    RC_LOG(cases[index].gpu + " " + cases[index].model);
    const std::int64_t tokens = *rc::gen::inRange(1, 20'000);
    const std::int64_t more = tokens + *rc::gen::inRange(1, 2'000);
    RC_ASSERT(step.tokens(more).duration_ps >= step.tokens(tokens).duration_ps);
    const std::int64_t sequences = *rc::gen::inRange(1, 1'000);
    const std::int64_t others = sequences + *rc::gen::inRange(1, 500);
    RC_ASSERT(step.head(others).duration_ps >= step.head(sequences).duration_ps);
    RC_ASSERT(step.host(others).duration_ps > step.host(sequences).duration_ps);
    const auto reading = [&](std::int64_t count, std::int64_t context) {
      const DecodeAttention& rate = step.decode_attention(count, context);
      const std::int64_t in_window = std::min(context, count * step.window_tokens());
      return rate.fixed.duration_ps + rate.ps_per_full_token * context + rate.ps_per_window_token * in_window;
    };
    const std::int64_t context = sequences * *rc::gen::inRange(1, 50'000);
    const std::int64_t longer = context + *rc::gen::inRange(1, 100'000);
    RC_ASSERT(reading(sequences, context) > 0);
    RC_ASSERT(reading(sequences, longer) >= reading(sequences, context) - longer);  // a picosecond a token is the grain
    const std::int64_t each = context / sequences;
    RC_ASSERT(reading(others, others * each) >= reading(sequences, context) - others * each);
    const std::int64_t start = *rc::gen::inRange(0, 100'000);
    const StepPart chunk = step.prompt_attention(start, start + tokens);
    RC_ASSERT(step.prompt_attention(start, start + more).duration_ps >= chunk.duration_ps);
    RC_ASSERT(chunk.duration_ps >= 0 && chunk.gpu_energy_j >= 0);
  }));
}

const network::FabricLinks kNdr{.domain_gpus = 8, .nic_bandwidth = BytesPerSecond(50e9), .hop_latency = Seconds(1e-6)};

TEST_CASE("step: in one domain the links between domains change nothing", "[models][llm]") {
  for (const Parallelism parallelism :
       {Parallelism{.tensor = 8}, Parallelism{.tensor = 3}, Parallelism{.tensor = 2, .pipeline = 4},
        Parallelism{.expert = 8, .attention_data = 8}}) {
    const LlmSpec spec = parallelism.expert > 1 ? model("deepseek_r1") : small_model();
    Built alone("h200_sxm5", spec, Precision::bf16, parallelism);
    Built linked("h200_sxm5", spec, Precision::bf16, parallelism, kNdr);
    for (const std::int64_t count : {1, 33, 300, 5000}) {
      const StepPart without = alone.step.tokens(count), with = linked.step.tokens(count);
      CHECK(with.duration_ps == without.duration_ps);
      CHECK(with.gpu_energy_j == without.gpu_energy_j);
      CHECK(with.fabric_ps == 0);
      CHECK(with.fabric_bytes == 0.0);
      CHECK(linked.step.head(count).duration_ps == alone.step.head(count).duration_ps);
    }
  }
}

TEST_CASE("step: hops between domains go over the NICs, by hand", "[models][llm]") {
  const compute::KernelSpec kernels = tests::made_up_kernels();
  // Two GPUs a domain, four stages: the middle one of three hops leaves its domain.
  network::FabricLinks links = kNdr;
  links.domain_gpus = 2;
  const Parallelism stages{.pipeline = 4};
  Built inside(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, stages);
  Built across(made_up_gpu(), {&kernels}, small_model(), Precision::bf16, stages, links);
  // 4 tokens, one a stage: 2,048 B. A link of 100 GB/s needs 20 ns; the NIC gives 46 GB/s, LL sends each byte twice:
  // 89 ns after 1 us of the host, 2.7 us of the network and 1 us of the hop. The kernel is in both.
  const std::int64_t more = across.step.tokens(4).duration_ps - inside.step.tokens(4).duration_ps;
  CHECK_THAT(static_cast<double>(more), WithinRel(4.7e6 + 89'043 - 20'480, 1e-5));
  CHECK_THAT(static_cast<double>(across.step.tokens(4).fabric_ps), WithinRel(89'043.0, 1e-4));
  CHECK(across.step.tokens(4).fabric_bytes == 4096.0);
}

TEST_CASE("step: groups that span domains wait for the fabric, the more the slower it is", "[models][llm][law]") {
  network::FabricLinks slow = kNdr;
  slow.nic_bandwidth = BytesPerSecond(12.5e9);
  struct Spread {
    const char* model;
    Parallelism parallelism;
  };
  for (const Spread& spread :
       {Spread{"llama_3_1_405b", {.tensor = 16}}, Spread{"llama_3_1_405b", {.tensor = 8, .pipeline = 2}},
        Spread{"deepseek_r1", {.expert = 32, .attention_data = 32}},
        Spread{"deepseek_r1", {.tensor = 4, .expert = 4, .attention_data = 4}}}) {
    const std::string& id = spread.model;
    Built alone("h200_sxm5", model(id), Precision::fp8, spread.parallelism);
    Built linked("h200_sxm5", model(id), Precision::fp8, spread.parallelism, kNdr);
    Built slower("h200_sxm5", model(id), Precision::fp8, spread.parallelism, slow);
    std::int64_t before = 0;
    for (const std::int64_t count : {16, 64, 1000, 16384}) {
      INFO(id << " " << count);
      const StepPart part = linked.step.tokens(count);
      CHECK(part.duration_ps > before);
      CHECK(part.fabric_ps > 0);
      CHECK(part.fabric_ps < part.duration_ps);
      CHECK(part.fabric_bytes > 0.0);
      CHECK(slower.step.tokens(count).duration_ps >= part.duration_ps);
      CHECK(stretched_ps(part, 1.0) == part.duration_ps);
      CHECK(stretched_ps(part, 3.0) == part.duration_ps + 2 * part.fabric_ps);
      // A domain as large as the replica is what absent links mean.
      network::FabricLinks whole = kNdr;
      whole.domain_gpus = spread.parallelism.gpus();
      Built one("h200_sxm5", model(id), Precision::fp8, spread.parallelism, whole);
      CHECK(one.step.tokens(count).duration_ps == alone.step.tokens(count).duration_ps);
      before = part.duration_ps;
    }
  }
  REQUIRE_THROWS_AS(stretched_ps(StepPart{}, 0.5), std::invalid_argument);
}

TEST_CASE("step: answers outside the range of the tables are noted", "[models][llm]") {
  Built built("h100_sxm5", model("llama_2_70b"), Precision::fp8, {.tensor = 4});
  built.step.tokens(16'000);
  built.step.prompt_attention(0, 4096);
  const std::size_t before = built.notes.all().size();
  built.step.tokens(70'000);
  built.step.prompt_attention(0, 5000);
  CHECK(built.notes.all().size() == before + 2);
}

TEST_CASE("step: impossible arguments are named", "[models][llm]") {
  Built built("h100_sxm5", model("llama_3_1_8b"), Precision::bf16, {});
  CHECK_THROWS_AS(built.step.tokens(0), std::invalid_argument);
  CHECK_THROWS_AS(built.step.decode_attention(0, 0), std::invalid_argument);
  CHECK_THROWS_AS(built.step.prompt_attention(5, 5), std::invalid_argument);
  const auto make = [](Parallelism parallelism) {
    Built("h100_sxm5", model("llama_3_1_8b"), Precision::bf16, parallelism);
  };
  CHECK_THROWS_AS(make({.tensor = 4, .expert = 3}), std::invalid_argument);
  CHECK_THROWS_AS(make({.expert = 1, .attention_data = 0}), std::invalid_argument);
}

TEST_CASE("step: references stay valid while more is asked", "[models][llm]") {
  Built built("h100_sxm5", model("llama_3_1_8b"), Precision::bf16, {});
  const StepPart& first = built.step.tokens(1);
  const std::int64_t before = first.duration_ps;
  for (std::int64_t tokens = 1; tokens < 16'000; tokens += 7) built.step.tokens(tokens);
  CHECK(&first == &built.step.tokens(1));
  CHECK(first.duration_ps == before);
}

}  // namespace
}  // namespace tokenworks::llm
