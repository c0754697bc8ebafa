// MLPerf Inference v4.1 on 8 H200 under caps on their power ("MaxQ") and without: the ratio of throughputs of the same
// chassis, and wall power of the whole server.
//
// Caps: the submitter's configurations (mlcommons/inference_results_v4.1 at a2f5d66: 500 W for llama2-70b, 350 W for
// gptj). Offline without a cap: two servers side by side, one of them capped, as many users as their batches hold; the
// ratio is that of the output tokens of their windows. MaxQ rows: one capped server; Server scenarios at the rate that
// was met. Every GPU is a replica in fp8; batches of 1,024 and 512 (I: not published for this round). Lengths as in
// mlperf_inference.cpp; prompts of gptj are those of CNN/DailyMail (R).
#include <cmath>
#include <set>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::string_view kCapped = "NVIDIA H200 (8x H200-SXM-141GB, MaxQ, TensorRT)";
constexpr std::string_view kFree = "NVIDIA H200 (8x H200-SXM-141GB, TensorRT)";
constexpr std::int64_t kGpus = 8;
constexpr double kWarmUpAnswers = 3.0, kAnswers = 8.0;  // window, in answers of a user
constexpr double kServerRequests = 30000, kServerWarmUpShare = 0.5;

struct Benchmark {
  std::string_view name, model;  // in the file, in the catalog
  double cap_w;
  std::int64_t prompt_tokens, batch;
};
constexpr Benchmark kBenchmarks[] = {{"llama2-70b", "llama_2_70b", 500, 290, 1024},
                                     {"gptj", "gpt_j_6b", 350, 780, 512}};

const Benchmark* benchmark_of(std::string_view model) {
  for (const Benchmark& benchmark : kBenchmarks) {
    if (model.starts_with(benchmark.name)) return &benchmark;
  }
  return nullptr;
}

double throughput(const metrics::ServiceResult& service) {
  return static_cast<double>(service.window_output_tokens) / service.window_s;
}

/// Services are told by name: "capped" before "free".
double throughput_ratio(const CaseRun& run) {
  return throughput(run.result.services.at(0)) / throughput(run.result.services.at(1));
}

scenario::Json server(const CsvTable::Row& row, const Benchmark& benchmark, const Host& host) {
  ReplicaScenario replica;
  replica.host = host;
  replica.model = benchmark.model;
  replica.precision = "fp8";
  replica.replicas = kGpus;
  replica.engine = engine_json("tensorrt_llm", "");
  replica.engine["max_sequences"] = benchmark.batch;
  replica.engine["max_batch_tokens"] = 16 * benchmark.prompt_tokens;
  const double answer_tokens = row.number("mean_output_tokens", {1.0});
  replica.input = uniform_share_length(benchmark.prompt_tokens, 0.5, 1.5);
  replica.output = uniform_share_length(std::llround(answer_tokens), 0.5, 1.5);
  replica.drain = false;
  if (row.name("scenario") == "Offline") {
    const std::int64_t users = kGpus * benchmark.batch;
    const double answer_s = static_cast<double>(users) * answer_tokens / row.number("tokens_per_s", kPositive);
    replica.arrivals = closed_loop(users, 0);
    replica.warm_up_s = kWarmUpAnswers * answer_s;
    replica.duration_s = kAnswers * answer_s;
  } else {
    const double rate = row.number("samples_per_s", kPositive);
    replica.arrivals = {{"kind", "poisson"}, {"rate_per_s", rate}};
    replica.duration_s = kServerRequests / rate;
    replica.warm_up_s = kServerWarmUpShare * replica.duration_s;
  }
  return scenario_json(replica);
}

MeasuredCase capped_case(const CsvTable::Row& row, const Benchmark& benchmark, const Host& host) {
  MeasuredCase result;
  result.name =
      fmt::format("{} {} at {} W (line {})", benchmark.name, row.name("scenario"), benchmark.cap_w, row.line());
  result.group = fmt::format("{} power caps {}", host.gpu, benchmark.name);
  result.scenario = server(row, benchmark, host);
  result.scenario["services"][0]["gpu_power_cap_w"] = benchmark.cap_w;
  result.comparisons.push_back({"server_power_w", row.number("system_power_avg_w", kPositive), mean_it_power_w});
  return result;
}

MeasuredCase ratio_case(const CsvTable::Row& row, const Benchmark& benchmark, const Host& host, double capped_tokens) {
  MeasuredCase result;
  result.name = fmt::format("{} {} at {} W and without (line {})", benchmark.name, row.name("scenario"),
                            benchmark.cap_w, row.line());
  result.group = fmt::format("{} power caps {}", host.gpu, benchmark.name);
  scenario::Json json = server(row, benchmark, host);
  json["factory"]["racks"][0]["count"] = 2;
  scenario::Json capped = json["services"][0], load = json["workloads"][0];
  json["services"][0]["name"] = json["workloads"][0]["service"] = "free";
  capped["name"] = load["service"] = "capped";
  capped["gpu_power_cap_w"] = benchmark.cap_w;
  json["services"].push_back(capped);
  json["workloads"].push_back(load);
  result.scenario = json;
  result.comparisons.push_back(
      {"throughput_ratio", capped_tokens / row.number("tokens_per_s", kPositive), throughput_ratio});
  return result;
}

}  // namespace

CaseSet read_power_caps(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(
      path,
      {"system", "model", "scenario", "tokens_per_s", "samples_per_s", "mean_output_tokens", "system_power_avg_w"},
      faults);
  const std::optional<Host> host = host_of("H200");
  if (!table || !host) return set;
  set.rows = table->rows();
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const std::string system = row.text("system"), mode = row.name("scenario");
    const bool is_capped = system == kCapped;
    const Benchmark* benchmark = benchmark_of(row.name("model"));
    if ((!is_capped && system != kFree) || benchmark == nullptr) {
      set.left_out.count("no cap is published for this system");
    } else if (!is_capped && mode != "Offline") {
      set.left_out.count("server scenarios without a cap: their throughput is an input of the run");
    } else if (!seen.emplace(system, mode, std::string(benchmark->name)).second) {
      set.left_out.count("rule duplicates: one run meets the targets of 99 and 99.9 %");
    } else if (is_capped) {
      set.cases.push_back(capped_case(row, *benchmark, *host));
    } else {
      double capped_tokens = 0.0;
      for (std::size_t other = 0; other < table->rows(); ++other) {
        const CsvTable::Row its = table->row(other);
        if (its.text("system") == kCapped && its.name("scenario") == mode &&
            benchmark_of(its.name("model")) == benchmark) {
          capped_tokens = its.number("tokens_per_s", kPositive);
        }
      }
      if (capped_tokens > 0.0) {
        set.cases.push_back(ratio_case(row, *benchmark, *host, capped_tokens));
      } else {
        set.left_out.count("no run under a cap to compare with");
      }
    }
  }
  return set;
}

}  // namespace tokenworks::validation
