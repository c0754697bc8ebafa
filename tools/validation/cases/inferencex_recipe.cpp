#include "tools/validation/cases/inferencex_recipe.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;

// Settings: SemiAnalysisAI/InferenceX, commit 843c625 and its history, benchmarks/*.sh, one file for each model,
// precision and GPU (read as facts). Where a recipe sets nothing, or none was read, the engine's own default stands.

bool is_blackwell(const InferencexRow& row) { return row.system.starts_with("b") || row.system.starts_with("gb"); }
std::int64_t users(const InferencexRow& row) { return std::llround(*row.concurrency); }
std::int64_t prompt(const InferencexRow& row) { return std::llround(row.isl); }
bool is_shape(const InferencexRow& row, double isl, double osl) { return row.isl == isl && row.osl == osl; }
bool has(const InferencexRow& row, std::string_view name) { return row.model.find(name) != std::string::npos; }

void set_vllm(const InferencexRow& row, Json& engine) {
  if (has(row, "Kimi-K2.5")) {
    engine["max_batch_tokens"] = 2 * prompt(row);
    engine["max_sequences"] = users(row);
  } else if (has(row, "MiniMax-M2.5")) {
    engine["memory_share"] = 0.95;
    if (row.system == "h200_sxm" && row.version == "0.18.0") {
      engine["max_batch_tokens"] = users(row) <= 32 ? 16384 : 32768;
      engine["max_sequences"] = 512;
    }
  } else {
    engine["max_batch_tokens"] = 8192;
    engine["max_sequences"] = is_blackwell(row) ? 512 : users(row);
  }
}

void set_batch_wait(Json& engine, double token_share, std::int64_t steps) {
  engine["batch_wait_token_share"] = token_share;
  engine["batch_wait_steps"] = steps;
}

double deepseek_r1_memory_share(const InferencexRow& row) {
  if (!is_blackwell(row)) return 0.75;
  if (row.precision == "fp8" && row.isl == 1024 && users(row) >= 256) return 0.7;
  if (row.precision == "fp8" && is_shape(row, 8192, 1024) && row.parallelism.gpus() == 4) return 0.75;
  return 0.8;
}

void set_tensorrt_llm(const InferencexRow& row, Json& engine) {
  if (has(row, "Llama-3.1-70B")) {
    engine["max_batch_tokens"] = 16384;
    if (is_shape(row, 1024, 1024) && row.parallelism.gpus() < 8) set_batch_wait(engine, 0.9, 20);
  } else if (has(row, "gpt-oss-120b")) {
    engine["max_batch_tokens"] = 20000;
    engine["max_sequences"] = is_blackwell(row) ? 512 : users(row);
    engine["memory_share"] = 0.85;
  } else if (row.is_deepseek_r1()) {
    const std::int64_t whole_prompts = (users(row) + prompt(row) + 64 + 63) / 64 * 64;
    engine["max_batch_tokens"] = std::max<std::int64_t>(8192, whole_prompts);
    engine["memory_share"] = deepseek_r1_memory_share(row);
    const bool waits = is_blackwell(row) && row.precision == "fp8" && is_shape(row, 1024, 1024) && users(row) >= 64 &&
                       users(row) < 256;
    if (waits) set_batch_wait(engine, 0.8, 40);
  }
}

struct SglangRecipe {
  std::int64_t prompt_tokens;
  std::int64_t most_running;
  double memory_share;
};

/// No recipe printed here held a batch below the users: where one did, a later one with more users raised it.
SglangRecipe sglang_recipe(const InferencexRow& row) {
  if (row.is_deepseek_r1() && row.precision == "fp4") return {16384, 256, 0.85};
  if (row.is_deepseek_r1() && !is_blackwell(row)) return {32768, is_shape(row, 1024, 1024) ? 512 : 256, 0.82};
  if (row.is_deepseek_r1() && row.parallelism.gpus() == 4) return {8192, 32, 0.95};
  if (has(row, "GLM-5")) return {32768, users(row), 0.85};
  if (has(row, "Qwen3.5") && !is_blackwell(row)) return {16384, 128, 0.8};
  return {32768, 128, 0.82};  // DeepSeek-R1 in FP8 on 8 GPUs, Qwen3.5
}

void set_sglang(const InferencexRow& row, Json& engine) {
  const SglangRecipe recipe = sglang_recipe(row);
  engine["max_batch_tokens"] = recipe.prompt_tokens;
  engine["max_sequences"] = std::max(recipe.most_running, users(row));
  engine["memory_share"] = recipe.memory_share;
  if (!is_blackwell(row) || has(row, "GLM-5")) return;
  const bool four_fp8 = row.is_deepseek_r1() && row.precision == "fp8" && row.parallelism.gpus() == 4;
  engine["poll_interval_steps"] = users(row) >= 16 && !four_fp8 ? 30 : 10;
}

/// vLLM's and SGLang's "auto" is the model's own format, bf16, unless the recipe names another.
bool names_fp8_cache(const InferencexRow& row) {
  // On Blackwell 512 users of MiniMax M2.5 do not fit a bf16 cache beside its weights on two GPUs, and none waited (I).
  if (has(row, "MiniMax-M2.5")) return is_blackwell(row) || (row.system == "h200_sxm" && row.version == "0.18.0");
  if (row.engine == "vllm") return has(row, "Llama-3.1-70B") || (is_blackwell(row) && row.precision == "fp4");
  if (has(row, "Qwen3.5")) return row.precision != "bf16";
  return has(row, "GLM-5") || is_blackwell(row);
}

}  // namespace

std::string inferencex_kv_cache(const InferencexRow& row) {
  if (row.engine == "trtllm") return has(row, "gpt-oss") && !is_blackwell(row) ? "bf16" : "";
  if (row.gap_analysis) return row.precision == "bf16" ? "" : "bf16";
  return names_fp8_cache(row) ? "fp8" : "bf16";
}

/// Rows without a version were measured from 29 October to 2 December 2025: the versions of those weeks (I).
std::string version_of(const InferencexRow& row) {
  if (!row.version.empty() || row.gap_analysis) return row.version;
  if (row.engine == "trtllm") return "1.1.0rc2.post2";
  return row.engine == "vllm" ? "0.11.0" : "0.5.5";
}

Json inferencex_engine(const InferencexRow& row) {
  Json engine = engine_json(row.engine == "trtllm" ? "tensorrt_llm" : row.engine, version_of(row));
  if (row.gap_analysis) return engine;  // its settings are not public
  if (row.engine == "vllm") set_vllm(row, engine);
  if (row.engine == "trtllm") set_tensorrt_llm(row, engine);
  if (row.engine == "sglang") set_sglang(row, engine);
  // SGLang's limits are those of all copies together (server_args.py).
  if (row.engine != "sglang") each_attention_copy(engine, row.parallelism.attention_data);
  // Its recipes with attention data parallel: attention_dp_config {enable_balance, batching_wait_iters 0, timeout_iters
  // 60} (SemiAnalysisAI/InferenceX, benchmarks/, 2025-2026).
  if (row.engine == "trtllm" && row.parallelism.attention_data > 1) engine["prompt_balance_steps"] = 60;
  return engine;
}

}  // namespace tokenworks::validation
