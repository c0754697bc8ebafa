#include "tools/validation/cases/inferencex_scenario.hpp"

#include <cmath>

#include <fmt/format.h>

#include "tools/validation/cases/inferencex_recipe.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

constexpr std::int64_t kRequestsPerUser = 10;
constexpr double kLeastLengthShare = 0.8;  // of the nominal length, InferenceX `--random-range-ratio`
constexpr double kMeanLengthShare = 0.9;
/// The gap analysis has lengths that are meant to be equal, and its harness is not known. Equal lengths would keep all
/// users in step for ever, which its times to first token contradict: a spread that undoes it, the mean kept. Of 0, 1,
/// 3 and 10 % the one that met its times to first token best (E).
constexpr double kUnknownHarnessSpread = 0.03;

scenario::Json length(const InferencexRow& row, double nominal) {
  const std::int64_t tokens = std::llround(nominal);
  if (row.gap_analysis) return uniform_share_length(tokens, 1.0 - kUnknownHarnessSpread, 1.0 + kUnknownHarnessSpread);
  return uniform_share_length(tokens, kLeastLengthShare, 1.0);
}

std::string case_name(const InferencexRow& row) {
  const llm::Parallelism& p = row.parallelism;
  std::string name = fmt::format("{}x{} c{} tp{}", row.isl, row.osl, *row.concurrency, p.tensor);
  if (p.attention_data > 1) name += fmt::format(" dp{}", p.attention_data);
  if (p.expert > 1) name += fmt::format(" ep{}", p.expert);
  return name + fmt::format(" (line {})", row.line);
}

}  // namespace

double mean_output_tokens(const InferencexRow& row) { return row.gap_analysis ? row.osl : kMeanLengthShare * row.osl; }

MeasuredCase inferencex_case(const InferencexRow& row, const Host& host, const std::string& model) {
  MeasuredCase result;
  result.name = case_name(row);
  result.group = fmt::format("{} {} {} agg {}", host.gpu, model, row.engine, row.precision);
  result.engine_version = row.version;
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = weight_precision(model, row.precision);
  replica.kv_cache_precision = inferencex_kv_cache(row);
  replica.parallelism = row.parallelism;
  replica.engine = inferencex_engine(row);
  replica.arrivals = closed_loop(std::llround(*row.concurrency), kRequestsPerUser * std::llround(*row.concurrency));
  replica.input = length(row, row.isl);
  replica.output = length(row, row.osl);
  result.scenario = scenario_json(replica);
  return result;
}

}  // namespace tokenworks::validation
