#include "tools/validation/cases/inferencex_rules.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>

namespace tokenworks::validation {
namespace {

using Rows = std::vector<InferencexRow>;

template <class Predicate>
std::size_t remove_rows(Rows& rows, Predicate predicate) {
  return std::erase_if(rows, predicate);
}

std::size_t disaggregated(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) { return row.disaggregated; });
}

std::size_t no_concurrency(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) { return !row.concurrency; });
}

/// Two dumps hold some runs twice; R1 runs come back as "DeepSeek-V3".
std::size_t duplicates(Rows& rows) {
  std::set<std::tuple<std::string, double, double, double, double, double>> seen;
  return remove_rows(rows, [&](const InferencexRow& row) {
    return !seen.emplace(row.system, row.isl, row.osl, *row.concurrency, row.ttft_s, row.tpot_s).second;
  });
}

/// Degrees such as 12, 28 or 52: the GPUs of a deployment with pools of its own, not of one replica.
std::size_t whole_deployments(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) { return row.parallelism.tensor > 8; });
}

bool same_configuration(const InferencexRow& a, const InferencexRow& b) {
  return a.system == b.system && a.engine == b.engine && a.precision == b.precision && a.isl == b.isl &&
         a.osl == b.osl && a.parallelism.tensor == b.parallelism.tensor &&
         a.parallelism.attention_data == b.parallelism.attention_data && a.parallelism.expert == b.parallelism.expert;
}

/// R1 under TensorRT-LLM on three dates, and under SGLang in FP8 on B200 the faster of two equal rows and all from
/// 128 users on: 0.6 to 0.75 of the time a token of the same configuration, which only drafted tokens explain.
std::size_t unflagged_speculation(Rows& rows) {
  const Rows all = rows;
  return remove_rows(rows, [&](const InferencexRow& row) {
    if (!row.is_deepseek_r1()) return false;
    if (row.engine == "trtllm") {
      return row.date == "2026-01-14" || row.date == "2026-02-05" || row.date == "2026-02-06";
    }
    if (row.engine != "sglang" || row.precision != "fp8" || row.system != "b200_sxm") return false;
    return *row.concurrency >= 128 || std::any_of(all.begin(), all.end(), [&](const InferencexRow& other) {
      return other.is_deepseek_r1() && same_configuration(row, other) && other.version == row.version &&
             other.concurrency == row.concurrency && row.tpot_s < other.tpot_s;
    });
  });
}

/// Twice the users or more, at most 5 % more time a token, and more than half of the request's time before its first
/// token: the batch was capped and the rest waited. Only where the KV cache would have held them: gpt-oss.
std::size_t capped_batch(Rows& rows) {
  const Rows all = rows;
  return remove_rows(rows, [&](const InferencexRow& row) {
    const double request_s = row.ttft_s + (row.osl - 1) * row.tpot_s;
    return row.model == "openai/gpt-oss-120b" && row.ttft_s > 0.5 * request_s &&
           std::any_of(all.begin(), all.end(), [&](const InferencexRow& other) {
             return other.model == row.model && same_configuration(row, other) &&
                    2 * *other.concurrency <= *row.concurrency && 1.05 * other.tpot_s >= row.tpot_s;
           });
  });
}

/// 0.84 of the chip's FP8 peak would be needed; repeated prompts out of a prefix cache are likely.
std::size_t impossible_rate(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) {
    return row.model == "nvidia/Llama-3.1-8B-Instruct-FP8" && row.system == "h200_sxm" && row.engine == "vllm" &&
           row.version == "0.12.0";
  });
}

/// 34 to 58 ms a token however many users there are, and weights that one GPU cannot hold under tp = 1.
std::size_t host_bound_or_mislabelled(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) {
    return row.model == "Qwen/Qwen3-235B-A22B-FP8" && row.system == "h200_sxm" && row.engine == "vllm" &&
           row.version == "0.12.0";
  });
}

/// 8 ms a token with one user and 21 with two, 133 with 64 and 72 with 128: no batch of one engine does that.
std::size_t unsteady_gb200(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) {
    return row.gap_analysis && row.model == "Qwen/Qwen3-32B" && row.system == "gb200";
  });
}

/// Up to four times off both ways.
std::size_t gap_analysis_nvfp4(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) { return row.gap_analysis && row.model.ends_with("-NVFP4"); });
}

/// Qwen3.5 in FP8 on four B200 without expert groups: 5.1 ms a token with four users where eight GPUs take 7.8 and four
/// GPUs with expert groups 10.8, first tokens later at that: the marks of drafted tokens, as with DeepSeek-R1.
std::size_t unflagged_speculation_qwen(Rows& rows) {
  return remove_rows(rows, [](const InferencexRow& row) {
    return row.model == "Qwen/Qwen3.5-397B-A17B" && row.system == "b200_sxm" && row.precision == "fp8" &&
           row.version == "0.5.9" && row.tp == 4 && row.moe_ep == 1;
  });
}

/// The checkpoint is the bf16 one, and all 37 rows take the time of bf16 weights and arithmetic: in fp8 every one of
/// them would be 28 to 55 % slower than the rest of the data.
std::size_t served_in_bf16(Rows& rows) {
  std::size_t relabelled = 0;
  for (InferencexRow& row : rows) {
    if (row.model != "meta-llama/Llama-3.1-8B-Instruct" || row.engine != "sglang" || row.precision != "fp8") continue;
    row.precision = "bf16";
    ++relabelled;
  }
  return relabelled;
}

/// R1 in FP4 under SGLang without a version (November 2025): the first requests waited for kernels to be compiled.
std::size_t cold_start(Rows& rows) {
  std::size_t marked = 0;
  for (InferencexRow& row : rows) {
    if (!row.is_deepseek_r1() || row.engine != "sglang" || row.precision != "fp4" || !row.version.empty()) continue;
    row.ttft_counts = false;
    ++marked;
  }
  return marked;
}

/// Rows of the gap analysis whose first tokens come later than those of more users on the same service: the few
/// requests of a small run waited for the service to warm up.
std::size_t cold_start_of_small_runs(Rows& rows) {
  const auto same_service = [](const InferencexRow& a, const InferencexRow& b) {
    return a.model == b.model && a.system == b.system && a.engine == b.engine && a.version == b.version &&
           a.precision == b.precision && a.parallelism.tensor == b.parallelism.tensor &&
           a.parallelism.expert == b.parallelism.expert &&
           a.parallelism.attention_data == b.parallelism.attention_data && a.isl == b.isl && a.osl == b.osl;
  };
  std::size_t marked = 0;
  for (InferencexRow& row : rows) {
    if (!row.gap_analysis || !row.ttft_counts) continue;
    const bool cold = std::any_of(rows.begin(), rows.end(), [&](const InferencexRow& other) {
      return same_service(row, other) && *other.concurrency > *row.concurrency && other.ttft_s < row.ttft_s;
    });
    if (!cold) continue;
    row.ttft_counts = false;
    ++marked;
  }
  return marked;
}

}  // namespace

std::span<const InferencexRule> inferencex_rules() {
  static constexpr std::array kRules = {
      InferencexRule{"disaggregated serving: how its GPUs are split over pools is not stated", disaggregated},
      InferencexRule{"no concurrency printed", no_concurrency},
      InferencexRule{"rule duplicates: same GPU, lengths, concurrency, TTFT and TPOT", duplicates},
      InferencexRule{"rule whole_deployments: tensor degree above 8 is a number of GPUs (inferred)", whole_deployments},
      InferencexRule{"rule unflagged_speculation: DeepSeek-R1 with drafted tokens (inferred)", unflagged_speculation},
      InferencexRule{"rule unflagged_speculation_qwen: Qwen3.5 on four B200, faster than on eight (inferred)",
                     unflagged_speculation_qwen},
      InferencexRule{"rule capped_batch: users wait while the time a token stays", capped_batch},
      InferencexRule{"rule impossible_rate: above 0.7 of the chip's peak", impossible_rate},
      InferencexRule{"rule host_bound_or_mislabelled: Qwen3-235B under vLLM 0.12.0 on H200", host_bound_or_mislabelled},
      InferencexRule{"rule gap_analysis_nvfp4: up to 4 x off both ways", gap_analysis_nvfp4},
      InferencexRule{"rule unsteady_gb200: Qwen3-32B on GB200, time a token without order (inferred)", unsteady_gb200},
      InferencexRule{"rule served_in_bf16: Llama 3.1 8B under SGLang, labelled fp8; kept as bf16 (inferred)",
                     served_in_bf16, true},
      InferencexRule{"rule cold_start: only TPOT counts", cold_start, true},
      InferencexRule{"rule cold_start_of_small_runs: later first tokens than with more users; only TPOT counts",
                     cold_start_of_small_runs, true},
  };
  return kRules;
}

}  // namespace tokenworks::validation
