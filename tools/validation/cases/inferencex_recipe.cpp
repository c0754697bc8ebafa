#include "tools/validation/cases/inferencex_recipe.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;

// Settings: SemiAnalysisAI/InferenceX, commit 843c625 and its history, benchmarks/*.sh (read as facts). Where a recipe
// sets nothing, or none was read, the engine's own default stands.

bool is_blackwell(const InferencexRow& row) { return row.system.starts_with("b") || row.system.starts_with("gb"); }
std::int64_t users(const InferencexRow& row) { return std::llround(*row.concurrency); }
std::int64_t gpus(const InferencexRow& row) { return row.parallelism.gpus(); }
bool short_prompts_and_answers(const InferencexRow& row) { return row.isl == 1024 && row.osl == 1024; }

void set_vllm(const InferencexRow& row, Json& engine) {
  engine["max_batch_tokens"] = 8192;
  engine["max_sequences"] = is_blackwell(row) ? std::max<std::int64_t>(512, users(row)) : users(row);
}

void set_tensorrt_llm(const InferencexRow& row, Json& engine) {
  if (row.model == "meta-llama/Llama-3.1-70B") {
    engine["max_batch_tokens"] = 16384;
    if (short_prompts_and_answers(row) && gpus(row) < 8) {
      engine["batch_wait_token_share"] = 0.9;
      engine["batch_wait_steps"] = 20;
    }
  } else if (row.model == "openai/gpt-oss-120b") {
    engine["max_batch_tokens"] = 20000;
    engine["memory_share"] = 0.85;
  } else if (row.is_deepseek_r1()) {
    engine["max_batch_tokens"] = std::max<std::int64_t>(8192, std::llround(row.isl) + users(row) + 64);
    engine["memory_share"] = 0.8;
    if (row.system == "b200_sxm" && row.precision == "fp8" && short_prompts_and_answers(row) && users(row) >= 64) {
      engine["batch_wait_token_share"] = 0.8;
      engine["batch_wait_steps"] = 40;
    }
  }
}

void set_sglang(const InferencexRow& row, Json& engine) {
  if (!row.is_deepseek_r1()) return;
  const bool four_gpus = gpus(row) == 4;
  engine["max_batch_tokens"] = row.precision == "fp4" ? 16384 : four_gpus ? 8192 : 32768;
  if (is_blackwell(row)) engine["poll_interval_steps"] = users(row) >= 16 && !four_gpus ? 30 : 10;
}

}  // namespace

Json inferencex_engine(const InferencexRow& row) {
  Json engine = engine_json(row.engine == "trtllm" ? "tensorrt_llm" : row.engine, row.version);
  if (row.gap_analysis) return engine;  // its recipes are not public
  if (row.engine == "vllm") set_vllm(row, engine);
  if (row.engine == "trtllm") set_tensorrt_llm(row, engine);
  if (row.engine == "sglang") set_sglang(row, engine);
  return engine;
}

}  // namespace tokenworks::validation
