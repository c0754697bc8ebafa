#include <rapidcheck.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/llm/built_step_model.hpp"

namespace tokenworks::llm {
namespace {

using tests::Built;
using tests::model;

double watts(const StepPart& part) { return part.gpu_energy_j / (static_cast<double>(part.duration_ps) * 1e-12); }

/// A decode step of `sequences` sequences with `context` tokens each.
StepPart decode_step(StepModel& step, std::int64_t sequences, std::int64_t context) {
  const DecodeAttention& attention = step.decode_attention(sequences, sequences * context);
  StepPart part = attention.fixed;
  const std::int64_t reading = attention.ps_per_full_token * sequences * context;
  part += StepPart{reading, static_cast<double>(reading) * 1e-12 * attention.gpu_power_w};
  part += step.tokens(sequences);
  part += step.head(sequences);
  part += step.host(sequences);
  return part;
}

StepPart prompt_step(StepModel& step, std::int64_t tokens) {
  StepPart part = step.prompt_attention(0, tokens);
  part += step.prompt_launch();
  part += step.tokens(tokens);
  part += step.head(1);
  part += step.host(1);
  return part;
}

TEST_CASE("step: a lower clock makes no step faster and none draw more; prompts follow it, decoding hardly",
          "[models][llm][law]") {
  struct Case {
    std::string gpu, model;
    Precision precision;
    Parallelism parallelism;
    double least_prompt_ratio;  // experts with few rows each wait for their weights
  };
  for (const Case& one : {Case{"h200_sxm5", "llama_3_1_70b", Precision::fp8, {.tensor = 4}, 1.6},
                          Case{"h100_sxm5", "gpt_oss_120b", Precision::fp4, {.tensor = 2}, 1.6},
                          Case{"b200_sxm", "deepseek_v3", Precision::fp8, {.tensor = 8}, 1.15}}) {
    std::vector<std::unique_ptr<Built>> at;
    for (const double share : {0.25, 0.5, 0.75, 1.0}) {
      at.push_back(
          std::make_unique<Built>(one.gpu, model(one.model), one.precision, one.parallelism, std::nullopt, share));
    }
    REQUIRE(rc::check(one.gpu + " with " + one.model, [&] {
      const std::int64_t sequences = *rc::gen::inRange(1, 257), context = *rc::gen::inRange(1, 20'000);
      const std::int64_t tokens = *rc::gen::inRange(1, 16'385);
      for (std::size_t i = 0; i + 1 < at.size(); ++i) {
        StepModel &slow = at[i]->step, &fast = at[i + 1]->step;
        const StepPart decoded = decode_step(slow, sequences, context),
                       decoded_fast = decode_step(fast, sequences, context);
        RC_ASSERT(decoded.duration_ps >= decoded_fast.duration_ps);
        RC_ASSERT(watts(decoded) <= watts(decoded_fast) * 1.0001);
        const StepPart prompt = prompt_step(slow, tokens), prompt_fast = prompt_step(fast, tokens);
        RC_ASSERT(prompt.duration_ps >= prompt_fast.duration_ps);
        RC_ASSERT(watts(prompt) <= watts(prompt_fast) * 1.0001);
      }
    }));
    StepModel &half = at[1]->step, &full = at.back()->step;
    const auto ratio = [](const StepPart& slow, const StepPart& fast) {
      return static_cast<double>(slow.duration_ps) / static_cast<double>(fast.duration_ps);
    };
    INFO(one.gpu << " with " << one.model << " at half the clock: prompts of 8,192 tokens "
                 << ratio(prompt_step(half, 8192), prompt_step(full, 8192)) << ", 8 sequences "
                 << ratio(decode_step(half, 8, 2000), decode_step(full, 8, 2000)));
    CHECK(ratio(prompt_step(half, 8192), prompt_step(full, 8192)) > one.least_prompt_ratio);
    CHECK(ratio(decode_step(half, 8, 2000), decode_step(full, 8, 2000)) < 1.2);
  }
}

}  // namespace
}  // namespace tokenworks::llm
