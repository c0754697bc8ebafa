// One user at a time: TTFT and time a token of single requests. Where the source names no engine it is taken as vLLM.
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::int64_t kRequests = 10;

/// "2x H100" -> 2; "16x H100 (2 nodes, InfiniBand)" -> 16.
std::int64_t gpus_of(const std::string& system) { return std::max(1L, std::strtol(system.c_str(), nullptr, 10)); }

bool several_nodes(const std::string& system) { return system.find("nodes") != std::string::npos; }

/// Qwen2.5-72B: both GPUs hold its BF16 weights of 145 GB; DeepSeek-R1: FP8 as published.
std::string precision_of(const std::string& model) { return model == "deepseek_r1" ? "fp8" : "bf16"; }

MeasuredCase measured_case(const CsvTable::Row& row, const Host& host, const std::string& model) {
  const auto isl = std::llround(row.number("isl", kPositiveWhole));
  const auto osl = std::llround(row.number("osl", kPositiveWhole));
  const auto users = std::llround(row.number("concurrency", kPositiveWhole));
  const std::string& engine = row.text("engine");
  MeasuredCase result;
  result.name = fmt::format("{}x{} c{} (line {})", isl, osl, users, row.line());
  result.group = fmt::format("{} {} {} agg {}", host.gpu, model, engine == "SGLang" ? "sglang" : "engine unknown",
                             precision_of(model));
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = precision_of(model);
  replica.parallelism.tensor = gpus_of(row.text("system"));
  replica.engine = engine_json(engine == "SGLang" ? "sglang" : "vllm", "");
  replica.arrivals = closed_loop(users, kRequests);
  replica.input = fixed_length(isl);
  replica.output = fixed_length(osl);
  result.scenario = scenario_json(replica);
  result.comparisons.push_back({"tpot_s", row.number("tpot_ms", kPositive) * 1e-3, mean_tpot_s});
  result.comparisons.push_back({"ttft_s", row.number("ttft_ms", kPositive) * 1e-3, mean_ttft_s});
  return result;
}

}  // namespace

CaseSet read_low_concurrency_latency(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table =
      CsvTable::read(path, {"system", "model", "engine", "isl", "osl", "concurrency", "ttft_ms", "tpot_ms"}, faults);
  if (!table) return set;
  set.rows = table->rows();
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const std::string& system = row.name("system");
    const std::optional<std::string> model = model_id(row.name("model"));
    for (const std::string_view column : {"isl", "osl", "concurrency"}) row.number(column, kPositiveWhole);
    for (const std::string_view column : {"ttft_ms", "tpot_ms"}) row.number(column, kPositive);
    if (!faults.empty()) continue;
    const std::size_t gpu = system.find("x ");
    const std::optional<Host> host =
        gpu == std::string::npos ? std::nullopt
                                 : host_of(std::string_view(system).substr(gpu + 2, system.find(" (") - gpu - 2));
    if (!host) {
      set.left_out.count(fmt::format("unknown system {}", system));
    } else if (several_nodes(system)) {
      set.left_out.count("a replica over several nodes is not simulated yet");
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", row.text("model")));
    } else {
      set.cases.push_back(measured_case(row, *host, *model));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
