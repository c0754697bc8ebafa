// Runs of SemiAnalysis InferenceX and of NVIDIA's gap analysis, the latter with fixed lengths and taken as sent alike.
//
// Compared are the means of TTFT and TPOT over all requests, opening burst included, and
// throughput = concurrency * OSL / (TTFT + (OSL - 1) * TPOT) / GPUs, from the means on both sides.
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/inferencex_row.hpp"
#include "tools/validation/cases/inferencex_rules.hpp"
#include "tools/validation/cases/inferencex_scenario.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"

namespace tokenworks::validation {
namespace {

double throughput(const InferencexRow& row, double ttft_s, double tpot_s) {
  const double tokens = mean_output_tokens(row);
  return *row.concurrency * tokens / (ttft_s + (tokens - 1) * tpot_s) / static_cast<double>(row.parallelism.gpus());
}

MeasuredCase measured_case(const InferencexRow& row, const Host& host, const std::string& model) {
  MeasuredCase result = inferencex_case(row, host, model);
  result.comparisons.push_back({"tpot_s", row.tpot_s, mean_tpot_s});
  if (!row.ttft_counts) return result;
  result.comparisons.push_back({"ttft_s", row.ttft_s, mean_ttft_s});
  result.comparisons.push_back(
      {"output_tok_per_s_per_gpu", throughput(row, row.ttft_s, row.tpot_s),
       [row](const CaseRun& run) { return throughput(row, mean_ttft_s(run), mean_tpot_s(run)); }});
  return result;
}

}  // namespace

CaseSet read_inferencex_points(const std::filesystem::path& path, scenario::FaultList& faults) {
  std::vector<InferencexRow> rows = read_inferencex_rows(path, faults);
  CaseSet set;
  if (!faults.empty()) return set;
  set.rows = rows.size();
  for (const InferencexRule& rule : inferencex_rules()) {
    (rule.keeps_rows ? set.partly : set.left_out).count(rule.reason, rule.apply(rows));
  }
  for (const InferencexRow& row : rows) {
    const std::optional<Host> host = host_of(row.system);
    const std::optional<std::string> model = model_id(row.is_deepseek_r1() ? "deepseek-r1" : row.model);
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
