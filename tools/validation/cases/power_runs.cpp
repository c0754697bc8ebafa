// Wall power of whole servers while they run MLPerf Inference, second by second: the run that the trace belongs to is
// simulated as in mlperf_inference.cpp and power_caps.cpp, from requests to the wall; its seconds behind the warm-up
// are compared with the trace's average and the value below which 95 % of its seconds lie. Power at rest is that of
// power_traces.cpp.
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"

namespace tokenworks::validation {

CaseSet read_mlperf_inference(const std::filesystem::path& path, scenario::FaultList& faults);
CaseSet read_power_caps(const std::filesystem::path& path, scenario::FaultList& faults);

namespace {

/// Without the accuracy target, which does not change the run: "llama2-70b-99.9" -> "llama2-70b".
std::string without_target(std::string model) {
  for (const std::string_view target : {"-99.9", "-99"}) {
    if (model.ends_with(target)) model.resize(model.size() - target.size());
  }
  return model;
}

/// As traces name it: "NVIDIA H200 (8x H200-SXM-141GB, MaxQ, TensorRT)" -> without the engine.
std::string without_engine(std::string system) {
  constexpr std::string_view kEngine = ", TensorRT)";
  if (system.ends_with(kEngine)) system = system.substr(0, system.size() - kEngine.size()) + ')';
  return system;
}

/// Of the row of results that is the run of a trace.
std::optional<std::size_t> line_of(const CsvTable& results, const std::string& system, const std::string& workload) {
  const std::size_t slash = workload.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string model = without_target(workload.substr(0, slash)), scenario = workload.substr(slash + 1);
  for (std::size_t i = 0; i < results.rows(); ++i) {
    const CsvTable::Row row = results.row(i);
    if (without_engine(row.text("system")) == system && row.text("scenario") == scenario &&
        without_target(row.text("model")) == model) {
      return row.line();
    }
  }
  return std::nullopt;
}

/// The case of that row which has the server's power.
const MeasuredCase* case_of(const CaseSet& set, std::size_t line) {
  const std::string ending = fmt::format("(line {})", line);
  for (const MeasuredCase& measured : set.cases) {
    if (!measured.name.ends_with(ending)) continue;
    for (const Comparison& comparison : measured.comparisons) {
      if (comparison.metric == "server_power_w") return &measured;
    }
  }
  return nullptr;
}

}  // namespace

CaseSet read_power_runs(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(path, {"system", "workload", "kind", "avg_run_w", "p95_run_w"}, faults);
  if (!table) return set;
  set.rows = table->rows();
  const std::filesystem::path results_path = path.parent_path().parent_path() / "mlperf_inference_llm.csv";
  if (!std::filesystem::exists(results_path)) {
    set.left_out.count("mlperf_inference_llm.csv, which has their rates, is not there", set.rows);
    return set;
  }
  const auto results = CsvTable::read(results_path, {"system", "model", "scenario"}, faults);
  if (!results) return set;
  const CaseSet runs = read_mlperf_inference(results_path, faults), capped = read_power_caps(results_path, faults);
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const double average_w = row.number("avg_run_w", kPositive), p95_w = row.number("p95_run_w", kPositive);
    if (!faults.empty()) continue;
    if (row.text("kind") != "inference") {
      set.left_out.count("training is not simulated yet");
      continue;
    }
    const auto line = line_of(*results, row.text("system"), row.text("workload"));
    const MeasuredCase* found = line ? case_of(runs, *line) : nullptr;
    if (line && found == nullptr) found = case_of(capped, *line);
    if (found == nullptr) {
      set.left_out.count("no published run has its system and benchmark");
      continue;
    }
    MeasuredCase measured = *found;
    measured.scenario["report"]["interval_s"] = 1;
    measured.comparisons = {
        {"server_power_w", average_w, [](const CaseRun& run) { return window_it_power_w(run); }},
        {"server_power_p95_w", p95_w, [](const CaseRun& run) { return window_it_power_w(run, 0.95); }}};
    measured.stated = fmt::format("{} {}", row.text("system"), row.text("workload"));
    set.cases.push_back(std::move(measured));
  }
  return set;
}

}  // namespace tokenworks::validation
