// Runs of SemiAnalysis InferenceX and of NVIDIA's gap analysis: a closed loop of `concurrency` users, 10 requests a
// user, all sent at once at the start, the next one as soon as an answer has ended.
//
// Compared are the means of TTFT and TPOT over all requests, opening burst included, and
// throughput = concurrency * OSL / (TTFT + (OSL - 1) * TPOT) / GPUs, from the means on both sides.
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/inferencex_recipe.hpp"
#include "tools/validation/cases/inferencex_row.hpp"
#include "tools/validation/cases/inferencex_rules.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::int64_t kRequestsPerUser = 10;
constexpr double kLeastLengthShare = 0.8;  // of the nominal length, InferenceX `--random-range-ratio`
constexpr double kMeanLengthShare = 0.9;

double mean_output_tokens(const InferencexRow& row) { return row.gap_analysis ? row.osl : kMeanLengthShare * row.osl; }

double throughput(const InferencexRow& row, double ttft_s, double tpot_s) {
  const double tokens = mean_output_tokens(row);
  return *row.concurrency * tokens / (ttft_s + (tokens - 1) * tpot_s) / static_cast<double>(row.parallelism.gpus());
}

scenario::Json length(const InferencexRow& row, double nominal) {
  const std::int64_t tokens = std::llround(nominal);
  return row.gap_analysis ? fixed_length(tokens) : uniform_share_length(tokens, kLeastLengthShare, 1.0);
}

std::string case_name(const InferencexRow& row) {
  const llm::Parallelism& p = row.parallelism;
  std::string name = fmt::format("{}x{} c{} tp{}", row.isl, row.osl, *row.concurrency, p.tensor);
  if (p.attention_data > 1) name += fmt::format(" dp{}", p.attention_data);
  if (p.expert > 1) name += fmt::format(" ep{}", p.expert);
  return name + fmt::format(" (line {})", row.line);
}

/// Checkpoints of gpt-oss exist with MXFP4 experts only; "fp8" is then the KV cache's.
std::string weight_precision(const InferencexRow& row) {
  return row.model == "openai/gpt-oss-120b" ? "fp4" : row.precision;
}

MeasuredCase measured_case(const InferencexRow& row, const Host& host, const std::string& model) {
  MeasuredCase result;
  result.name = case_name(row);
  result.group = fmt::format("{} {} {} agg {}", host.gpu, model, row.engine, row.precision);
  result.engine_version = row.version;
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = weight_precision(row);
  replica.parallelism = row.parallelism;
  replica.engine = inferencex_engine(row);
  replica.arrivals = closed_loop(std::llround(*row.concurrency), kRequestsPerUser * std::llround(*row.concurrency));
  replica.input = length(row, row.isl);
  replica.output = length(row, row.osl);
  result.scenario = scenario_json(replica);
  result.comparisons.push_back({"tpot_s", row.tpot_s, [](const CaseRun& run) { return run.service().tpot_s->mean; }});
  if (row.ttft_counts) {
    result.comparisons.push_back({"ttft_s", row.ttft_s, [](const CaseRun& run) { return run.service().ttft_s->mean; }});
    result.comparisons.push_back(
        {"output_tok_per_s_per_gpu", throughput(row, row.ttft_s, row.tpot_s), [row](const CaseRun& run) {
           return throughput(row, run.service().ttft_s->mean, run.service().tpot_s->mean);
         }});
  }
  return result;
}

}  // namespace

CaseSet read_inferencex_points(const std::filesystem::path& path, scenario::FaultList& faults) {
  std::vector<InferencexRow> rows = read_inferencex_rows(path, faults);
  CaseSet set;
  if (!faults.empty()) return set;
  set.rows = rows.size();
  for (const InferencexRule& rule : inferencex_rules()) {
    (rule.only_ttft ? set.partly : set.left_out).count(rule.reason, rule.apply(rows));
  }
  for (const InferencexRow& row : rows) {
    const std::optional<Host> host = host_of(row.system);
    const std::optional<std::string> model = model_id(row.model.ends_with("DeepSeek-V3") ? "deepseek-r1" : row.model);
    if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", row.system));
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", row.model));
    } else {
      set.cases.push_back(measured_case(row, *host, *model));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
