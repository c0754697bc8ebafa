// Splitwise: a batch of equal requests that start together. The time of the prompts of the whole batch, the time a
// token, and the time of the request, inside the engine. Five repeats a point become their median.
//
// The batch is prefilled at once: the token budget holds all its prompts. float16 is simulated as bf16 (same bytes and
// rates).
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/error_statistics.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::int64_t kMostBatchTokens = 262144;

struct Point {
  std::string model, hardware;
  std::int64_t prompt, batch, tokens, tensor;
  auto operator<=>(const Point&) const = default;
};

struct Repeats {
  std::size_t first_line = 0;
  std::vector<double> prompt_s, token_s, request_s;
};

MeasuredCase measured_case(const Point& point, const Repeats& repeats, const Host& host, const std::string& model) {
  MeasuredCase result;
  result.name = fmt::format("{}x{} batch {} (line {})", point.prompt, point.tokens, point.batch, repeats.first_line);
  result.group = fmt::format("{} {} splitwise tp{} bf16", host.gpu, model, point.tensor);
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = "bf16";
  replica.parallelism.tensor = point.tensor;
  replica.engine = engine_json("vllm", "");
  replica.engine["max_batch_tokens"] =
      std::min(kMostBatchTokens, std::max<std::int64_t>(8192, point.prompt * point.batch));
  replica.engine["memory_share"] = 0.98;  // two H100 held the weights and every batch
  replica.engine["request_overhead_s"] = 0.0;
  replica.arrivals = closed_loop(point.batch, point.batch);
  replica.input = fixed_length(point.prompt);
  replica.output = fixed_length(point.tokens);
  result.scenario = scenario_json(replica);
  result.comparisons.push_back({"prompt_s", quantile(repeats.prompt_s, 0.5), mean_ttft_s});
  result.comparisons.push_back({"token_s", quantile(repeats.token_s, 0.5), mean_tpot_s});
  result.comparisons.push_back({"request_s", quantile(repeats.request_s, 0.5), mean_request_s});
  return result;
}

}  // namespace

CaseSet read_splitwise_perf_model(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(path,
                                    {"model", "hardware", "prompt_size", "batch_size", "token_size", "prompt_time",
                                     "token_time", "e2e_time", "tensor_parallel"},
                                    faults);
  if (!table) return set;
  set.rows = table->rows();
  std::map<Point, Repeats> points;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const auto whole = [&](std::string_view column) {
      const double value = row.number(column, kPositiveWhole);
      return std::isnan(value) ? std::int64_t{1} : std::llround(value);
    };
    Repeats& repeats = points[{row.name("model"), row.name("hardware"), whole("prompt_size"), whole("batch_size"),
                               whole("token_size"), whole("tensor_parallel")}];
    if (repeats.first_line == 0) repeats.first_line = row.line();
    repeats.prompt_s.push_back(row.number("prompt_time", kPositive) * 1e-3);
    repeats.token_s.push_back(row.number("token_time", kPositive) * 1e-3);
    repeats.request_s.push_back(row.number("e2e_time", kPositive) * 1e-3);
  }
  if (!faults.empty()) return set;
  for (const auto& [point, repeats] : points) {
    const std::size_t rows = repeats.prompt_s.size();
    const std::optional<Host> host = host_of(point.hardware);
    const std::optional<std::string> model = model_id(point.model);
    if (point.hardware.ends_with("-pcap")) {
      set.left_out.count("GPUs under a power cap: 1.3 times the prompt times of the rows without, not measured", rows);
    } else if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", point.hardware), rows);
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", point.model), rows);
    } else {
      set.left_out.count("repeats of a point, of which the median counts", rows - 1);
      set.cases.push_back(measured_case(point, repeats, *host, *model));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
