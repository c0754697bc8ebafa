// MLPerf Inference v5.1 on NVIDIA systems whose parallelism is published: output tokens a second per accelerator, and
// wall power of the whole server in the power submissions.
//
// Offline: as many users as the batches of all replicas hold, in a closed loop. Server and Interactive: Poisson
// arrivals at the rate that was met; their TTFT is not compared, since so near to capacity it is the error of
// throughput again, out of all proportion. Configurations: NVIDIA's own, mlperf_nvidia_v5.1_configs.csv beside this
// file; power submissions of others with the same accelerators are taken to use them (I). Experts spread over all GPUs
// of a replica come with a copy of the attention on each, and its batch is that of a copy (I). Prompts: one mean length
// a model, as the benchmark's data sets are described (R); answers: the printed mean; both spread evenly from half to
// one and a half of it (E).
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

struct Prompts {
  std::string_view model;  // catalog id
  std::int64_t mean_tokens;
};

// Data sets: OpenOrca, CNN/DailyMail, the long-context mix of llama3.1-405b, OpenOrca + GSM8K + MBXP, reasoning tasks.
constexpr std::array kPrompts = {Prompts{"llama_2_70b", 290}, Prompts{"llama_3_1_8b", 780},
                                 Prompts{"llama_3_1_405b", 9400}, Prompts{"mixtral_8x7b", 400},
                                 Prompts{"deepseek_r1", 800}};

constexpr double kOfflineWarmUpAnswers = 4.0, kOfflineAnswers = 10.0;  // window, in answers of a user
constexpr double kServerRequests = 60000, kServerWarmUpShare = 0.5;

struct Configuration {
  llm::Parallelism parallelism;
  std::string precision;
  std::int64_t batch = 1, batch_tokens = 1;
};
using ConfigurationKey = std::tuple<std::string, long, std::string, std::string>;  // GPU, GPUs, scenario, model

/// "B200-SXM-180GBx8" -> b200_sxm, 8; "GB300-NVL72_GB300-288GB_aarch64x72_TRT" -> gb300, 72.
std::pair<std::string, long> system_of(const std::string& platform) {
  const std::optional<Host> host = host_of(platform.substr(0, platform.find('-')));
  const std::string without_tail = platform.substr(0, platform.find("_TRT"));
  const std::size_t times = without_tail.rfind('x');
  return {host ? host->gpu : platform,
          times == std::string::npos ? 0 : std::strtol(without_tail.c_str() + times + 1, nullptr, 10)};
}

std::map<ConfigurationKey, Configuration> read_configurations(const std::filesystem::path& path,
                                                              scenario::FaultList& faults) {
  std::map<ConfigurationKey, Configuration> known;
  const auto table = CsvTable::read(path.string(),
                                    {"platform", "scenario", "model", "tensor_parallelism", "pipeline_parallelism",
                                     "moe_expert_parallelism", "precision", "gpu_batch_size", "max_num_tokens"},
                                    faults);
  if (!table) return known;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    std::string model = row.name("model");
    std::replace(model.begin(), model.end(), '_', '.');  // "llama3_1-405b"
    const auto whole = [&](std::string_view column) {
      return std::llround(row.optional_number(column, kPositiveWhole).value_or(1.0));
    };
    const auto [gpu, gpus] = system_of(row.name("platform"));
    Configuration configuration;
    const std::int64_t split = whole("tensor_parallelism"), experts = whole("moe_expert_parallelism");
    configuration.parallelism.pipeline = whole("pipeline_parallelism");
    configuration.parallelism.expert = experts;
    configuration.parallelism.tensor = experts == split ? 1 : split;
    configuration.parallelism.attention_data = experts == split ? experts : 1;
    configuration.precision = row.name("precision");
    configuration.batch = whole("gpu_batch_size");
    configuration.batch_tokens = whole("max_num_tokens");
    known[{gpu, gpus, row.name("scenario"), model}] = configuration;
  }
  return known;
}

struct Row {
  std::size_t line;
  std::string submitter, platform, gpu_name, model, scenario;
  std::int64_t gpus;
  double tokens_per_s, samples_per_s, answer_tokens;
  std::optional<double> server_power_w;
};

MeasuredCase measured_case(const Row& row, const Configuration& configuration, const Host& host,
                           const std::string& model, std::int64_t prompt_tokens) {
  MeasuredCase result;
  const bool offline = row.scenario == "Offline";
  const std::int64_t replicas = row.gpus / configuration.parallelism.gpus();
  result.name = fmt::format("{} {} {}x {} GPUs (line {})", row.submitter, row.scenario, replicas,
                            configuration.parallelism.gpus(), row.line);
  result.group = fmt::format("{} {} trtllm mlperf {} {}", host.gpu, model, row.scenario, configuration.precision);
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = configuration.precision;
  replica.parallelism = configuration.parallelism;
  replica.replicas = replicas;
  replica.engine = engine_json("tensorrt_llm", "");
  replica.engine["max_sequences"] = configuration.batch;
  replica.engine["max_batch_tokens"] = std::max(configuration.batch_tokens, 16 * prompt_tokens);
  each_attention_copy(replica.engine, configuration.parallelism.attention_data);
  replica.input = uniform_share_length(prompt_tokens, 0.5, 1.5);
  replica.output = uniform_share_length(std::llround(row.answer_tokens), 0.5, 1.5);
  replica.drain = false;
  if (offline) {
    const std::int64_t users = replicas * configuration.parallelism.attention_data * configuration.batch;
    replica.arrivals = closed_loop(users, 0);
    const double answer_s = static_cast<double>(users) * row.answer_tokens / row.tokens_per_s;
    replica.warm_up_s = kOfflineWarmUpAnswers * answer_s;
    replica.duration_s = kOfflineAnswers * answer_s;
  } else {
    replica.arrivals = {{"kind", "poisson"}, {"rate_per_s", row.samples_per_s}};
    replica.duration_s = kServerRequests / row.samples_per_s;
    replica.warm_up_s = kServerWarmUpShare * replica.duration_s;
  }
  result.scenario = scenario_json(replica);
  if (offline) {
    result.comparisons.push_back({"output_tok_per_s_per_gpu", row.tokens_per_s / static_cast<double>(row.gpus),
                                  window_output_throughput_per_gpu});
  }
  if (row.server_power_w) result.comparisons.push_back({"server_power_w", *row.server_power_w, mean_it_power_w});
  return result;
}

std::vector<Row> read_rows(const CsvTable& table, CaseSet& set) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const CsvTable::Row row = table.row(i);
    const auto power_w = row.optional_number("system_power_avg_w", kPositive);
    if (row.name("round") != "v5.1" || row.name("division") != "closed") {
      set.left_out.count("parallelism is not published (other rounds and the open division)");
      continue;
    }
    if (row.name("submitter") != "NVIDIA" && !power_w) {
      set.left_out.count("parallelism is not published (other submitters)");
      continue;
    }
    rows.push_back({row.line(), row.text("submitter"), row.name("platform"), row.name("accel_norm"), row.name("model"),
                    row.name("scenario"),
                    std::llround(row.optional_number("total_accelerators", kPositiveWhole).value_or(1)),
                    row.number("tokens_per_s", kPositive), row.number("samples_per_s", kPositive),
                    row.number("mean_output_tokens", {1.0}), power_w});
  }
  return rows;
}

/// The -99 and -99.9 accuracy targets of a model are met by one run.
std::string without_target(std::string model) {
  for (const std::string_view target : {"-99.9", "-99"}) {
    if (model.ends_with(target)) model.resize(model.size() - target.size());
  }
  return model;
}

}  // namespace

CaseSet read_mlperf_inference(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table =
      CsvTable::read(path,
                     {"round", "division", "submitter", "platform", "accel_norm", "total_accelerators", "model",
                      "scenario", "tokens_per_s", "samples_per_s", "mean_output_tokens", "system_power_avg_w"},
                     faults);
  const auto configurations = read_configurations(path.parent_path() / "mlperf_nvidia_v5.1_configs.csv", faults);
  if (!table) return set;
  set.rows = table->rows();
  const std::vector<Row> rows = read_rows(*table, set);
  if (!faults.empty()) return set;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const Row& row : rows) {
    const std::string benchmark = without_target(row.model);
    std::optional<Host> host = host_of(row.gpu_name);
    if (host) host->rack_kind = chassis_of(row.platform, host->rack_kind);
    const std::optional<std::string> model = model_id(benchmark);
    const auto prompts =
        std::find_if(kPrompts.begin(), kPrompts.end(), [&](const Prompts& p) { return p.model == model; });
    const auto found =
        host ? configurations.find({host->gpu, row.gpus, row.scenario, benchmark}) : configurations.end();
    if (!seen.emplace(row.platform, row.scenario, benchmark).second) {
      set.left_out.count("rule duplicates: one run meets the targets of 99 and 99.9 %");
    } else if (row.scenario != "Offline" && !row.server_power_w) {
      set.left_out.count("server scenarios without power: their throughput is an input of the run");
    } else if (!host || !model || prompts == kPrompts.end() || found == configurations.end()) {
      set.left_out.count("parallelism is not published for this system and model");
    } else {
      set.cases.push_back(measured_case(row, found->second, *host, *model, prompts->mean_tokens));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
