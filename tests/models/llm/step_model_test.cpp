#include "models/llm/step_model.hpp"

#include <rapidcheck.h>
#include <cmath>
#include <map>

#include "models/llm/memory_capacity.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::llm {
namespace {

using compute::GpuSpec;
using tests::catalog_entry;
using tests::catalog_ids;

LlmSpec model(const std::string& id) { return catalog_entry<LlmSpec>("models", id); }
GpuSpec gpu(const std::string& id) { return catalog_entry<GpuSpec>("gpus", id); }

const StepModel::HostOverhead kHost{.per_step_s = 1e-4, .per_sequence_s = 5e-6};

TEST_CASE("step: one token of Llama 3.1 8B on an H100 takes as long as reading its weights", "[models][llm]") {
  ValidityNotes notes;
  StepModel step(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, {}, kHost, notes);
  // Weights of the layers: 32 * (4096 * 6144 + 4096 * 4096 + 3 * 4096 * 14336) = 6.979e9 values, 13.96 GB at
  // 0.825 * 3.35 TB/s: 5.0506 ms; 4 products a layer of 3.69 us fixed: 0.4723 ms; 4 elementwise kernels a layer of 3
  // us: 0.384 ms; activations add 0.01 %. 5.9069 ms.
  CHECK_THAT(static_cast<double>(step.tokens(1).duration_ps), WithinRel(5.9069e9, 0.001));
  // Head: 128256 * 4096 * 2 B = 1.0507 GB: 380.2 us, 3.69 us fixed, two kernels of 3 us
  // and 1.28 MB of logits at 0.8 * 3.35 TB/s: 0.48 us.
  CHECK_THAT(static_cast<double>(step.head(1).duration_ps), WithinRel(390.4e6, 0.001));
  CHECK(step.head(0).duration_ps == 0);
  CHECK(step.host(3).duration_ps == 115'000'000);
  CHECK_THAT(step.host(3).gpu_energy_j, WithinRel(115e-6 * 125, 1e-9));
  // A token of context: 131072 B at 0.75 * 3.35 TB/s.
  CHECK(step.decode_attention(1).ps_per_full_token == std::llround(131072 / (0.75 * 3.35e12) * 1e12));
  CHECK(step.decode_attention(1).ps_per_window_token == 0);
  CHECK(step.window_tokens() == 0);
  CHECK(notes.all().empty());
}

TEST_CASE("step: chunks of a prompt add up to the prompt exactly", "[models][llm][law]") {
  ValidityNotes notes;
  const StepModel dense(gpu("h100_sxm5"), model("llama_3_1_70b"), Precision::fp8, {.tensor = 4}, kHost, notes);
  const StepModel sliding(gpu("h100_sxm5"), model("gpt_oss_120b"), Precision::fp4, {.tensor = 2}, kHost, notes);
  REQUIRE(rc::check("P(0, b) + P(b, c) = P(0, c)", [&] {
    const std::int64_t middle = *rc::gen::inRange(1, 60'000);
    const std::int64_t end = middle + *rc::gen::inRange(1, 60'000);
    for (const StepModel* step : {&dense, &sliding}) {
      const StepPart first = step->prompt_attention(0, middle);
      const StepPart second = step->prompt_attention(middle, end);
      const StepPart whole = step->prompt_attention(0, end);
      RC_ASSERT(first.duration_ps + second.duration_ps == whole.duration_ps);
      RC_ASSERT(std::abs(first.gpu_energy_j + second.gpu_energy_j - whole.gpu_energy_j) <= 1e-9 * whole.gpu_energy_j);
    }
  }));
}

TEST_CASE("step: prompt attention of a long prompt counts its operations", "[models][llm]") {
  ValidityNotes notes;
  const StepModel step(gpu("h100_sxm5"), model("llama_3_1_70b"), Precision::bf16, {.tensor = 8}, kHost, notes);
  // Causal: 2 * 2 * heads * head_dim * L^2 / 2 = 2 * 8 * 128 * L^2 a layer and GPU; 80 layers, L = 65536: 7.037e14
  // operations; at 0.572 * 989.4 TFLOP/s, slowed by (L + 1188) / L: 1.2434 s * 1.0181.
  CHECK_THAT(step.prompt_attention(0, 65536).duration_ps * 1e-12, WithinRel(1.2660, 0.001));
}

TEST_CASE("step: layers with a window stop growing beyond it", "[models][llm]") {
  ValidityNotes notes;
  const LlmSpec oss = model("gpt_oss_120b");
  StepModel step(gpu("h200_sxm5"), oss, Precision::fp4, {}, kHost, notes);
  CHECK(step.window_tokens() == 128);
  const DecodeAttention& attention = step.decode_attention(4);
  CHECK(attention.ps_per_window_token == attention.ps_per_full_token);  // 18 layers each
  // Half of the layers see 128 tokens at most: a long prompt costs little more than half of all layers in full.
  LlmSpec all_full = oss;
  all_full.grouped_attention[1].window_tokens = 0;
  const StepModel full(gpu("h200_sxm5"), all_full, Precision::fp4, {}, kHost, notes);
  const double ratio = static_cast<double>(step.prompt_attention(0, 100'000).duration_ps) /
                       static_cast<double>(full.prompt_attention(0, 100'000).duration_ps);
  CHECK(ratio > 0.5);
  CHECK(ratio < 0.52);
}

TEST_CASE("step: copies of the attention share out sequences, the latent is read by each GPU of a copy",
          "[models][llm]") {
  ValidityNotes notes;
  const LlmSpec deepseek = model("deepseek_r1");
  StepModel split(gpu("h200_sxm5"), deepseek, Precision::fp8, {.tensor = 8}, kHost, notes);
  StepModel copies(gpu("h200_sxm5"), deepseek, Precision::fp8, {.expert = 8, .attention_data = 8}, kHost, notes);
  // By bytes a split over 8 GPUs takes a token's 61 * 656 B (512 in fp8, four scales, 64 in bf16) at 0.67 * 4.8 TB/s on
  // each of them; a copy does 128 heads' operations, 2 * 128 * (2 * 512 + 64) a layer at 0.562 * 989.5 TFLOP/s, but for
  // an eighth of the sequences.
  CHECK(split.decode_attention(64).ps_per_full_token == std::llround(61 * 656 / (0.67 * 4.8e12) * 1e12));
  const double copy = 61 * 2.0 * 128 * 1088 / (0.562 * 989.5e12) * 1e12 / 8;
  CHECK(copies.decode_attention(64).ps_per_full_token == std::llround(copy));
}

TEST_CASE("step: experts of few tokens are few", "[models][llm]") {
  ValidityNotes notes;
  StepModel step(gpu("h200_sxm5"), model("mixtral_8x7b"), Precision::bf16, {.tensor = 2}, kHost, notes);
  // One token meets 2 of 8 experts, 64 tokens meet all: about four times the expert bytes, which dominate.
  const double one = static_cast<double>(step.tokens(1).duration_ps);
  const double many = static_cast<double>(step.tokens(64).duration_ps);
  CHECK(many / one > 2.0);
  CHECK(many / one < 4.0);
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
        cases.push_back({gpu_id, model_id, precision_from_name(precision), {.tensor = 8}});
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

/// A step model with what it refers to.
struct Built {
  explicit Built(const Case& use)
      : board(gpu(use.gpu)), step(board, model(use.model), use.precision, use.parallelism, kHost, notes) {}
  ValidityNotes notes;
  GpuSpec board;
  StepModel step;
};

TEST_CASE("step: every GPU runs every model within its power limit", "[models][llm][catalog]") {
  const std::vector<Case> cases = all_cases();
  CHECK(cases.size() >= 11 * 13 * 2);
  for (const Case& use : cases) {
    INFO(use.gpu << " " << use.model << " " << kPrecisionNames[static_cast<int>(use.precision)]);
    Built built(use);
    for (const std::int64_t tokens : {1, 64, 8192}) {
      const StepPart& part = built.step.tokens(tokens);
      REQUIRE(part.duration_ps > 0);
      const double power = part.gpu_energy_j / (static_cast<double>(part.duration_ps) * 1e-12);
      CHECK(power > built.board.power.waiting.value);
      CHECK(power <= built.board.power.limit.value);
    }
    const DecodeAttention& attention = built.step.decode_attention(1);
    CHECK(attention.ps_per_full_token + attention.ps_per_window_token > 0);
  }
}

TEST_CASE("step: more work never takes less time or energy", "[models][llm][law]") {
  const std::vector<Case> cases = all_cases();
  std::map<std::size_t, Built> built;
  REQUIRE(rc::check("duration and energy never fall with tokens, sequences, context, chunk length", [&] {
    const std::size_t index = *rc::gen::resize(1000, rc::gen::inRange<std::size_t>(0, cases.size()));
    StepModel& step = built.try_emplace(index, cases[index]).first->second.step;
    const std::int64_t tokens = *rc::gen::inRange(1, 20'000);
    const std::int64_t more = tokens + *rc::gen::inRange(1, 2'000);
    RC_ASSERT(step.tokens(more).duration_ps >= step.tokens(tokens).duration_ps);
    RC_ASSERT(step.tokens(more).gpu_energy_j >= step.tokens(tokens).gpu_energy_j);
    const std::int64_t sequences = *rc::gen::inRange(1, 2'000);
    const std::int64_t others = sequences + *rc::gen::inRange(1, 500);
    RC_ASSERT(step.head(others).duration_ps >= step.head(sequences).duration_ps);
    RC_ASSERT(step.host(others).duration_ps > step.host(sequences).duration_ps);
    const DecodeAttention& few = step.decode_attention(sequences);
    const DecodeAttention& many = step.decode_attention(others);
    RC_ASSERT(many.fixed.duration_ps >= few.fixed.duration_ps);
    RC_ASSERT(many.ps_per_full_token >= few.ps_per_full_token && few.ps_per_full_token >= 0);
    RC_ASSERT(many.ps_per_window_token >= few.ps_per_window_token && few.ps_per_window_token >= 0);
    RC_ASSERT(few.ps_per_full_token + few.ps_per_window_token > 0);
    const std::int64_t start = *rc::gen::inRange(0, 100'000);
    const StepPart chunk = step.prompt_attention(start, start + tokens);
    RC_ASSERT(step.prompt_attention(start, start + more).duration_ps >= chunk.duration_ps);
    // A chunk further into the prompt sees more context; both of its ends are rounded.
    RC_ASSERT(step.prompt_attention(start + 500, start + 500 + tokens).duration_ps >= chunk.duration_ps - 1);
    RC_ASSERT(chunk.duration_ps > 0 && chunk.gpu_energy_j > 0);
  }));
}

TEST_CASE("step: answers outside the range of the tables are noted", "[models][llm]") {
  ValidityNotes notes;
  StepModel step(gpu("h100_sxm5"), model("llama_2_70b"), Precision::fp8, {.tensor = 4}, kHost, notes);
  step.tokens(65'536);
  step.prompt_attention(0, 4096);
  CHECK(notes.all().empty());
  step.tokens(70'000);
  step.prompt_attention(0, 5000);
  CHECK(notes.all().size() == 2);
}

TEST_CASE("step: impossible arguments are named", "[models][llm]") {
  ValidityNotes notes;
  const GpuSpec h100 = gpu("h100_sxm5");
  const LlmSpec llama = model("llama_3_1_8b");
  StepModel step(h100, llama, Precision::bf16, {}, kHost, notes);
  CHECK_THROWS_AS(step.tokens(0), std::invalid_argument);
  CHECK_THROWS_AS(step.decode_attention(0), std::invalid_argument);
  CHECK_THROWS_AS(step.prompt_attention(5, 5), std::invalid_argument);
  CHECK_THROWS_AS(StepModel(h100, llama, Precision::bf16, {.tensor = 4, .expert = 3}, kHost, notes),
                  std::invalid_argument);
  CHECK_THROWS_AS(StepModel(h100, llama, Precision::bf16, {.expert = 1, .attention_data = 0}, kHost, notes),
                  std::invalid_argument);
}

TEST_CASE("step: references stay valid while more is asked", "[models][llm]") {
  ValidityNotes notes;
  StepModel step(gpu("h100_sxm5"), model("llama_3_1_8b"), Precision::bf16, {}, kHost, notes);
  const StepPart& first = step.tokens(1);
  const std::int64_t before = first.duration_ps;
  for (std::int64_t tokens = 1; tokens < 40'000; tokens += 7) step.tokens(tokens);
  CHECK(&first == &step.tokens(1));
  CHECK(first.duration_ps == before);
}

}  // namespace
}  // namespace tokenworks::llm
