// Throughput that SemiAnalysis printed in blog posts and an issue: only rows whose parallelism is printed and that
// serve with one pool. The harness is that of inferencex_points.csv. Printed is input and output tokens per second and
// GPU.
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/inferencex_recipe.hpp"
#include "tools/validation/cases/inferencex_scenario.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"

namespace tokenworks::validation {
namespace {

/// "agg TP8 EP1" -> 8 and 1. Nothing when the mode says no degrees.
std::optional<llm::Parallelism> parallelism_of(const std::string& mode) {
  long long tensor = 0, expert = 0;
  if (std::sscanf(mode.c_str(), "agg TP%lld EP%lld", &tensor, &expert) != 2 || tensor < 1 || expert < 1) {
    return std::nullopt;
  }
  return llm::Parallelism{tensor, expert, 1};
}

/// "330.6 (mean)" in milliseconds; nothing where nothing or a median is printed.
std::optional<double> printed_mean_s(const std::string& text) {
  if (!text.ends_with(" (mean)")) return std::nullopt;
  return std::strtod(text.c_str(), nullptr) * 1e-3;
}

InferencexRow as_inferencex_row(const CsvTable::Row& row, const llm::Parallelism& parallelism, const Host& host) {
  InferencexRow same;
  const std::string& framework = row.text("framework");  // "sglang 0.5.7"
  const std::size_t blank = framework.find(' ');
  same.line = row.line();
  same.engine = framework.substr(0, blank);
  same.version = blank == std::string::npos ? "" : framework.substr(blank + 1);
  same.model = row.text("model").starts_with("DeepSeek-R1") ? "deepseek-ai/DeepSeek-R1" : row.text("model");
  same.system = host.gpu;
  same.precision = weight_precision("", row.text("precision"));
  same.isl = row.number("isl_nominal", kPositiveWhole);
  same.osl = row.number("osl_nominal", kPositiveWhole);
  same.concurrency = row.number("concurrency", kPositiveWhole);
  same.parallelism = parallelism;
  return same;
}

MeasuredCase measured_case(const CsvTable::Row& row, const llm::Parallelism& parallelism, const Host& host,
                           const std::string& model) {
  const InferencexRow same = as_inferencex_row(row, parallelism, host);
  MeasuredCase result = inferencex_case(same, host, model);
  result.comparisons.push_back(
      {"total_tok_per_s_per_gpu", row.number("total_tok_s_per_gpu", kPositive), total_throughput_per_gpu});
  if (const auto ttft_s = printed_mean_s(row.text("median_ttft_ms"))) {
    result.comparisons.push_back({"ttft_s", *ttft_s, mean_ttft_s});
  }
  if (const auto tpot_s = printed_mean_s(row.text("median_tpot_ms"))) {
    result.comparisons.push_back({"tpot_s", *tpot_s, mean_tpot_s});
  }
  return result;
}

}  // namespace

CaseSet read_inferencex_published(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(path,
                                    {"model", "gpu", "precision", "framework", "mode", "isl_nominal", "osl_nominal",
                                     "concurrency", "total_tok_s_per_gpu", "median_ttft_ms", "median_tpot_ms"},
                                    faults);
  if (!table) return set;
  set.rows = table->rows();
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const std::optional<llm::Parallelism> parallelism = parallelism_of(row.name("mode"));
    const std::optional<Host> host = host_of(row.name("gpu"));
    const std::optional<std::string> model = model_id(row.name("model"));
    for (const std::string_view column : {"isl_nominal", "osl_nominal", "concurrency"})
      row.number(column, kPositiveWhole);
    row.number("total_tok_s_per_gpu", kPositive);
    if (!faults.empty()) continue;
    if (!parallelism) {
      set.left_out.count("parallelism is not printed, or several pools");
    } else if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", row.text("gpu")));
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", row.text("model")));
    } else {
      set.cases.push_back(measured_case(row, *parallelism, *host, *model));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
