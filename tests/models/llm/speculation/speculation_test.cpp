#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "models/llm/memory_capacity.hpp"
#include "models/llm/speculation/drafter_layers.hpp"
#include "models/llm/speculation/speculation_model.hpp"
#include "models/llm/speculation/speculation_option.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/made_up_kernels.hpp"

namespace tokenworks::llm {
namespace {

using tests::catalog_entry;
using tests::catalog_ids;

/// Two layers with 128 heads over 8 KV heads, and a head that drafts with one such layer.
LlmSpec small_model() {
  LlmSpec model;
  model.title = "small";
  model.layers = 2;
  model.hidden = 1024;
  model.vocabulary = 10'000;
  model.context_tokens = 8192;
  GroupedAttention attention;
  attention.layers = 2;
  attention.heads = 128;
  attention.kv_heads = 8;
  attention.head_dim = 128;
  model.grouped_attention = {attention};
  DenseNetwork network;
  network.layers = 2;
  network.intermediate = 2048;
  model.dense_networks = {network};
  Drafter drafter;
  drafter.layers = 1;
  drafter.parameters = drafter.active_parameters = 45e6;
  drafter.mean_accepted = {1.8, 2.4};
  model.drafters = {drafter};
  return model;
}

compute::GpuSpec made_up_gpu() {
  compute::GpuSpec gpu;
  gpu.title = "made up";
  gpu.memory = Bytes(80e9);
  gpu.ratings = tests::made_up_ratings();
  gpu.power.waiting = Watts(100);
  gpu.power.limit = Watts(700);
  gpu.power.decode_attention.memory = Watts(400);
  return gpu;
}

/// A model, its GPU and its steps, kept together.
struct Served {
  Served(std::int64_t draft_tokens, bool uses_drafter)
      : setup{.gpu = gpu, .kernels = {&kernels}, .model = model, .parallelism = {}, .variant = {}, .host = {}},
        verifier(setup, notes),
        speculation({verifier, setup, draft_tokens, uses_drafter}, notes) {}

  ValidityNotes notes;
  compute::GpuSpec gpu = made_up_gpu();
  compute::KernelSpec kernels = tests::made_up_kernels();
  LlmSpec model = small_model();
  StepModel::Setup setup;
  StepModel verifier;
  SpeculationModel speculation;
};

std::int64_t duration(const DecodeAttention& attention, std::int64_t full_tokens) {
  return attention.fixed.duration_ps + attention.ps_per_full_token * full_tokens;
}

TEST_CASE("speculation: the context is read once, unless the arithmetic of all queries takes longer", "[models][llm]") {
  // 8 KV heads in 2 layers, a nanosecond a head and token: 16 ns. A query multiplies 128 * (128 + 128) values in each
  // layer: 131,072 operations at 580 / 989 of 100 TFLOP/s, 2.235 ns; two queries 4.47 ns, nine 20.115 ns.
  Served two(1, false), nine(8, false);
  CHECK(two.verifier.decode_attention(1, 0).ps_per_full_token == 16'000);
  CHECK(two.speculation.decode_attention(1, 0).ps_per_full_token == 16'000);
  CHECK(nine.speculation.decode_attention(1, 0).ps_per_full_token == 20'115);
  CHECK(duration(nine.speculation.decode_attention(1, 0), 0) == duration(nine.verifier.decode_attention(1, 0), 0));
}

TEST_CASE("speculation: drafts from the text cost nothing", "[models][llm]") {
  Served served(3, false);
  CHECK(served.speculation.drafting(400, 100).duration_ps == 0);
  CHECK(served.speculation.prompt_launch().duration_ps == 0);
  CHECK(served.speculation.prompt_attention(0, 1000).duration_ps == 0);
}

TEST_CASE("speculation: a drafter's first pass takes all tokens, the others one a sequence", "[models][llm]") {
  Served served(3, true);
  ValidityNotes notes;
  const LlmSpec layers = drafter_as_model(served.model);
  StepModel drafter(
      {.gpu = served.gpu, .kernels = {&served.kernels}, .model = layers, .parallelism = {}, .variant = {}, .host = {}},
      notes);
  CHECK(served.speculation.drafting(40, 10).duration_ps ==
        drafter.tokens(40).duration_ps + 2 * drafter.tokens(10).duration_ps + 3 * drafter.head(10).duration_ps);
  CHECK(served.speculation.drafting(500, 0).duration_ps == drafter.tokens(500).duration_ps);
  // Three passes read one layer each: 3 * 8 ns beside the model's 16.
  CHECK(served.speculation.decode_attention(1, 0).ps_per_full_token == 16'000 + 3 * 8'000);
  // One layer of the model's two.
  CHECK_THAT(static_cast<double>(served.speculation.prompt_attention(0, 4000).duration_ps),
             WithinRel(0.5 * static_cast<double>(served.verifier.prompt_attention(0, 4000).duration_ps), 1e-6));
}

TEST_CASE("speculation: more drafts and more context never take less time", "[models][llm][law]") {
  REQUIRE(rc::check("monotone", [] {
    const bool uses_drafter = *rc::gen::arbitrary<bool>();
    const auto drafts = *rc::gen::inRange<std::int64_t>(1, 8);
    Served fewer(drafts, uses_drafter), more(drafts + 1, uses_drafter);
    const auto sequences = *rc::gen::inRange<std::int64_t>(1, 300);
    const auto context = *rc::gen::inRange<std::int64_t>(0, 200'000) * sequences;
    const auto at = [&](Served& served, std::int64_t tokens) {
      return duration(served.speculation.decode_attention(sequences, tokens), tokens);
    };
    RC_ASSERT(at(fewer, context) >= duration(fewer.verifier.decode_attention(sequences, context), context));
    RC_ASSERT(at(more, context) >= at(fewer, context));
    RC_ASSERT(at(more, context + 1000) >= at(more, context));
    RC_ASSERT(more.speculation.drafting(sequences * (2 + drafts), sequences).duration_ps >=
              fewer.speculation.drafting(sequences * (1 + drafts), sequences).duration_ps);
  }));
}

TEST_CASE("speculation: intervals of context join, and each pass adds energy", "[models][llm][law]") {
  Served text(8, false), head(8, true);
  for (const std::int64_t sequences : {1, 7, 64}) {
    std::int64_t border = head.speculation.decode_attention(sequences, 0).until_full_tokens;
    int borders = 0;
    while (border != std::numeric_limits<std::int64_t>::max()) {
      const DecodeAttention& low = head.speculation.decode_attention(sequences, border - 1);
      const DecodeAttention& high = head.speculation.decode_attention(sequences, border);
      // Slopes are whole picoseconds, so that intervals of the kernel tables may miss each other by one a token.
      CHECK(std::abs(duration(low, border) - duration(high, border)) <= 10 * border);
      const auto joules = [border](const DecodeAttention& attention) {
        return attention.fixed.gpu_energy_j +
               attention.gpu_power_w * 1e-12 * static_cast<double>(attention.ps_per_full_token * border);
      };
      const double without = joules(text.speculation.decode_attention(sequences, border));
      CHECK(without > 0.0);
      CHECK(joules(high) > without);
      border = high.until_full_tokens;
      ++borders;
    }
    CHECK(borders > 0);
  }
}

TEST_CASE("drafter: as a model of its own it has the parameters that its entry says", "[models][llm]") {
  int checked = 0;
  for (const std::string& id : catalog_ids("models")) {
    const auto model = catalog_entry<LlmSpec>("models", id);
    if (model.drafters.empty()) continue;
    INFO(id);
    const Drafter& entry = model.drafters.front();
    const LlmSpec drafter = drafter_as_model(model);
    const double embeddings =
        (model.tied_embeddings ? 1.0 : 2.0) * static_cast<double>(model.hidden * model.vocabulary);
    CHECK_THAT(parameters(drafter).active - embeddings, WithinRel(entry.active_parameters, 0.01));
    CHECK_THAT(parameters(drafter).total - embeddings, WithinRel(entry.parameters, 0.03));
    // What GPUs hold grows by just these, and their contexts by the drafter's layers.
    const LlmSpec both = model_with_drafter(model);
    CHECK_THAT(parameters(both).total - parameters(model).total, WithinRel(entry.parameters, 0.03));
    CHECK(kv_bytes_per_token(both, KvFormat::bf16).full > kv_bytes_per_token(model, KvFormat::bf16).full);
    ++checked;
  }
  CHECK(checked >= 10);
  CHECK_THROWS_AS(drafter_as_model(catalog_entry<LlmSpec>("models", "llama_3_1_8b")), std::invalid_argument);
}

TEST_CASE("acceptance: as stated, else as measured for so many drafts", "[models][llm]") {
  const LlmSpec model = small_model();
  CHECK(measured_mean_accepted(model, 2) == 2.4);
  CHECK_FALSE(measured_mean_accepted(model, 3).has_value());
  CHECK_FALSE(measured_mean_accepted(catalog_entry<LlmSpec>("models", "llama_3_1_8b"), 1).has_value());
  const Choice<SpeculationOption> drafter(speculation_options(), "drafter");
  CHECK(drafter->uses_drafter());
  CHECK(mean_accepted(*drafter, model) == 1.8);  // one draft, as by default
  const Choice<SpeculationOption> text(speculation_options(), "n_gram");
  CHECK_FALSE(text->uses_drafter());
  CHECK(mean_accepted(*text, model) == 1.0);
}

}  // namespace
}  // namespace tokenworks::llm
