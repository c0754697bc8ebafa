// NVIDIA's published maximum throughput of TensorRT-LLM: all requests of equal length at once, output tokens over the
// time to the last one. The number of requests by length is that of the same documents.
//
// Source: NVIDIA/TensorRT-LLM, docs/source/performance/perf-overview.md (commit 00f3768) and
// docs/source/developer-guide/perf-overview.md (commit 03e27c7): tables "Preparing a Dataset"; KV share of 0.95 "in
// many cases"; batches of at most 2,048 sequences are that program's default.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/csv_table.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::int64_t kMostSequencesOfARank = 2048;
constexpr std::int64_t kLeastBatchTokensOfARank = 8192;

struct DatasetSize {
  std::int64_t isl, osl, requests;
};

constexpr std::array kSizes = {
    DatasetSize{128, 128, 30000},   DatasetSize{128, 2048, 3000},   DatasetSize{128, 4096, 1500},
    DatasetSize{1000, 2000, 1500},  DatasetSize{2048, 128, 3000},   DatasetSize{2048, 2048, 1500},
    DatasetSize{5000, 500, 1500},   DatasetSize{1000, 1000, 3000},  DatasetSize{500, 2000, 3000},
    DatasetSize{20000, 2000, 1000}, DatasetSize{1024, 1024, 3000},  DatasetSize{8192, 1024, 1500},
    DatasetSize{1024, 8192, 1500},  DatasetSize{32768, 1024, 1000}, DatasetSize{1024, 32768, 1000},
};

std::optional<std::int64_t> requests_of(std::int64_t isl, std::int64_t osl) {
  for (const DatasetSize& size : kSizes) {
    if (size.isl == isl && size.osl == osl) return size.requests;
  }
  return std::nullopt;
}

/// "TP8": split over 8 GPUs. "DEP4": 4 copies of the attention, experts over the 4 GPUs. Nothing for pipelines.
std::optional<llm::Parallelism> parallelism_of(std::string_view text) {
  const bool copies = text.starts_with("DEP");
  if (!copies && !text.starts_with("TP")) return std::nullopt;
  text.remove_prefix(copies ? 3 : 2);
  std::int64_t gpus = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), gpus);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || gpus < 1 || (!rest.empty() && rest != "PP1")) return std::nullopt;
  return copies ? llm::Parallelism{1, gpus, gpus} : llm::Parallelism{gpus, 1, 1};
}

MeasuredCase measured_case(const CsvTable::Row& row, const Host& host, const std::string& model,
                           const llm::Parallelism& parallelism, std::int64_t requests) {
  const auto isl = std::llround(row.number("isl", kPositiveWhole));
  const auto osl = std::llround(row.number("osl", kPositiveWhole));
  MeasuredCase result;
  result.name = fmt::format("{}x{} (line {})", isl, osl, row.line());
  result.group = fmt::format("{} {} trtllm offline {} {}", host.gpu, model, row.text("parallelism"),
                             weight_precision(model, row.text("precision")));
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = weight_precision(model, row.text("precision"));
  replica.parallelism = parallelism;
  replica.engine = engine_json("tensorrt_llm", "");
  replica.engine["max_sequences"] = kMostSequencesOfARank;
  // A whole prompt must fit beside the tokens of a full batch.
  replica.engine["max_batch_tokens"] = std::max<std::int64_t>(kLeastBatchTokensOfARank, isl + kMostSequencesOfARank);
  replica.engine["memory_share"] = 0.95;
  each_attention_copy(replica.engine, parallelism.attention_data);
  replica.arrivals = closed_loop(requests, requests);
  replica.input = fixed_length(isl);
  replica.output = fixed_length(osl);
  result.scenario = scenario_json(replica);
  result.comparisons.push_back(
      {"output_tok_per_s_per_gpu", row.number("output_tok_s_per_gpu", kPositive), output_throughput_per_gpu});
  return result;
}

}  // namespace

CaseSet read_trtllm_perf_overview(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table =
      CsvTable::read(path, {"model", "gpu", "parallelism", "precision", "isl", "osl", "output_tok_s_per_gpu"}, faults);
  if (!table) return set;
  set.rows = table->rows();
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const std::optional<Host> host = host_of(row.name("gpu"));
    const std::optional<std::string> model = model_id(row.name("model"));
    const std::optional<llm::Parallelism> parallelism = parallelism_of(row.name("parallelism"));
    const double isl = row.number("isl", kPositiveWhole), osl = row.number("osl", kPositiveWhole);
    row.number("output_tok_s_per_gpu", kPositive);
    if (!faults.empty()) continue;
    const std::optional<std::int64_t> requests = requests_of(std::llround(isl), std::llround(osl));
    if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", row.text("gpu")));
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", row.text("model")));
    } else if (!parallelism) {
      set.left_out.count("pipeline parallelism is not simulated yet");
    } else if (!requests) {
      set.left_out.count(fmt::format("number of requests is not published for {}x{}", isl, osl));
    } else {
      set.cases.push_back(measured_case(row, *host, *model, *parallelism, *requests));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
