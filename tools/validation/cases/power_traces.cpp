// Wall power of whole servers that wait: the least value of traces that begin with minutes of idle. The averages of
// their runs are those of mlperf_inference_llm.csv; training runs wait for training.
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

/// The GPU in "NVIDIA H200 (8x H200-SXM-141GB, MaxQ)".
std::optional<Host> host_in(const std::string& system) {
  const std::size_t times = system.find("x ");
  if (times == std::string::npos) return std::nullopt;
  const std::string gpu = system.substr(times + 2);
  return host_of(gpu.substr(0, gpu.find('-')));
}

MeasuredCase idle_case(const CsvTable::Row& row, const Host& host) {
  MeasuredCase result;
  result.name = fmt::format("{} {} (line {})", row.text("system"), row.text("workload"), row.line());
  result.group = fmt::format("{} server idle", host.gpu);
  result.idle = true;
  ReplicaScenario replica;
  replica.host = host;
  replica.model = "llama_3_1_8b";  // any model that fits: an idle board draws its idle power
  replica.precision = "bf16";
  replica.engine = engine_json("tensorrt_llm", "");
  replica.arrivals = {{"kind", "poisson"}, {"rate_per_s", 1e-9}};
  replica.input = fixed_length(1);
  replica.output = fixed_length(1);
  replica.duration_s = 60;
  result.scenario = scenario_json(replica);
  result.comparisons.push_back({"idle_server_power_w", row.number("min_w", kPositive), mean_it_power_w});
  return result;
}

}  // namespace

CaseSet read_power_traces(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(path, {"system", "workload", "kind", "min_w"}, faults);
  if (!table) return set;
  set.rows = table->rows();
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    row.number("min_w", kPositive);
    std::optional<Host> host = host_in(row.name("system"));
    if (host) host->rack_kind = chassis_of(row.name("system"), host->rack_kind);
    if (!faults.empty()) continue;
    if (row.text("kind") != "inference") {
      set.left_out.count("training is not simulated yet");
    } else if (!host) {
      set.left_out.count(fmt::format("unknown system {}", row.text("system")));
    } else {
      set.cases.push_back(idle_case(row, *host));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
