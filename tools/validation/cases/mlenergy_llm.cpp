// ML.ENERGY: a steady closed loop of `max_num_seqs` users against vLLM; GPU board power, tokens a second and the time
// between tokens by batch size.
//
// The prompts' lengths are not printed: one length a task, an assumption (E). Answers spread evenly from half to one
// and a half of the printed mean, an assumption too. The run's length is set from the measured rates (answers of the
// printed length), so that the window holds a steady state.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

struct Task {
  std::string_view name;
  std::int64_t prompt_tokens;
};

constexpr std::array kTasks = {Task{"lm-arena-chat", 200}, Task{"gpqa", 250}, Task{"sourcegraph-fim", 1000}};

constexpr double kWarmUpAnswers = 2.0;  // the window begins after so many answers of a user ...
constexpr double kAnswers = 8.0;        // ... and ends after so many
constexpr double kHostBound = 3.0;      // times the step of another task

struct Row {
  std::size_t line;
  std::string task, model, precision, gpu;
  std::int64_t gpus, data, expert, users;
  double answer_tokens, gpu_power_w, output_tok_per_s, median_itl_s;
};

std::vector<Row> read_rows(const std::filesystem::path& path, scenario::FaultList& faults) {
  std::vector<Row> rows;
  const auto table = CsvTable::read(path,
                                    {"task", "model", "weight_precision", "gpu", "num_gpus", "ep", "dp", "max_num_seqs",
                                     "avg_output_len", "avg_power_w_per_gpu", "output_tok_s", "median_itl_ms"},
                                    faults);
  if (!table) return rows;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const auto whole = [&](std::string_view column) {
      const double value = row.number(column, kPositiveWhole);
      return std::isnan(value) ? std::int64_t{1} : std::llround(value);
    };
    rows.push_back({row.line(), row.name("task"), row.name("model"), row.text("weight_precision"), row.name("gpu"),
                    whole("num_gpus"), whole("dp"), whole("ep"), whole("max_num_seqs"),
                    row.number("avg_output_len", {1.0}), row.number("avg_power_w_per_gpu", kPositive),
                    row.number("output_tok_s", kPositive), row.number("median_itl_ms", kPositive) * 1e-3});
  }
  return rows;
}

/// A step that takes three times that of the same deployment in another task waits for the host.
bool is_host_bound(const Row& row, const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
    return other.task != row.task && other.model == row.model && other.gpu == row.gpu && other.gpus == row.gpus &&
           other.users == row.users && row.median_itl_s > kHostBound * other.median_itl_s;
  });
}

const Task* task_of(const Row& row) {
  const auto found = std::find_if(kTasks.begin(), kTasks.end(), [&](const Task& t) { return t.name == row.task; });
  return found == kTasks.end() ? nullptr : found;
}

MeasuredCase measured_case(const Row& row, const Host& host, const std::string& model, const Task& task) {
  MeasuredCase result;
  const std::string precision = weight_precision(model, row.precision);
  result.name = fmt::format("{} c{} {} GPUs (line {})", row.task, row.users, row.gpus, row.line);
  result.group = fmt::format("{} {} vllm {} {}", host.gpu, model, row.task, precision);
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = precision;
  replica.kv_cache_precision = "bf16";  // vLLM's "auto"
  replica.parallelism = {.tensor = row.gpus / row.data, .expert = row.expert, .attention_data = row.data};
  replica.engine = engine_json("vllm", "");
  replica.engine["max_sequences"] = row.users;
  each_attention_copy(replica.engine, row.data);
  replica.arrivals = closed_loop(row.users, 0);
  replica.input = fixed_length(task.prompt_tokens);
  replica.output = uniform_share_length(std::llround(row.answer_tokens), 0.5, 1.5);
  const double answer_s = row.answer_tokens * static_cast<double>(row.users) / row.output_tok_per_s;
  replica.warm_up_s = kWarmUpAnswers * answer_s;
  replica.duration_s = kAnswers * answer_s;
  replica.drain = false;
  result.scenario = scenario_json(replica);
  result.comparisons.push_back({"gpu_power_w", row.gpu_power_w, mean_gpu_power_w});
  result.comparisons.push_back({"itl_median_s", row.median_itl_s, median_itl_s});
  result.comparisons.push_back({"output_tok_per_s_per_gpu", row.output_tok_per_s / static_cast<double>(row.gpus),
                                window_output_throughput_per_gpu});
  return result;
}

}  // namespace

CaseSet read_mlenergy_llm(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const std::vector<Row> rows = read_rows(path, faults);
  if (!faults.empty()) return set;
  set.rows = rows.size();
  for (const Row& row : rows) {
    const std::optional<Host> host = host_of(row.gpu);
    const std::optional<std::string> model = model_id(row.model);
    const Task* task = task_of(row);
    if (is_host_bound(row, rows)) {
      set.left_out.count("rule host_bound: step above 3 x that of the other task");
    } else if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", row.gpu));
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", row.model));
    } else if (task == nullptr) {
      set.left_out.count(fmt::format("unknown task {}", row.task));
    } else {
      set.cases.push_back(measured_case(row, *host, *model, *task));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
