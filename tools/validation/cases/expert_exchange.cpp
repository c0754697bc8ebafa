// DeepEP between nodes of H100, dispatch and combine together, three ways: by the closed form alone, from the curves of
// other numbers of nodes, and from the node's own curve without the point that is asked for. Groups say whether the
// constants of the closed form were fitted to them.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "models/network/expert_exchange.hpp"
#include "sim/scenario/catalog.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/collective_case.hpp"
#include "tools/validation/csv_table.hpp"

namespace tokenworks::validation {
namespace {

using compute::ExchangeCurve;
using network::ExchangeMode;
using network::ExchangeShape;
using network::ExpertExchange;

constexpr std::int64_t kGpusPerNode = 8;
constexpr BytesPerSecond kConnectX7{50e9};
constexpr const char* kTables = "h100_sxm__sglang_0.5.6.post2_wideep_deepep_";

/// Nodes, values of a token, experts, experts that a token visits.
using Shape = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
using Times = std::map<double, double>;  // tokens of a GPU -> s
struct Measured {
  ExchangeMode mode;
  std::map<Shape, Times> times;
};

std::string_view name_of(ExchangeMode mode) { return mode == ExchangeMode::normal ? "normal" : "low_latency"; }

/// Of the numbers of multiprocessors that a row may have, the fastest counts.
void read_times(const CsvTable& table, const std::vector<std::string>& parts, CaseSet& set, Measured& measured,
                scenario::FaultList& faults) {
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const CsvTable::Row row = table.row(i);
    const auto whole = [&](const char* column) { return std::llround(row.number(column, kPositiveWhole)); };
    const Shape shape{whole("node_num"), whole("hidden_size"), whole("num_experts"), whole("num_topk")};
    const double tokens = row.number("num_token", kPositiveWhole);
    double seconds = 0.0;
    for (const std::string& part : parts) seconds += 1e-6 * row.number(part, Limits{0.0});
    if (!faults.empty()) continue;
    if (std::get<0>(shape) == 1) {
      set.left_out.count("one node: steps take the domain's own collectives");
      continue;
    }
    const auto [at, is_new] = measured.times[shape].try_emplace(tokens, seconds);
    if (!is_new) set.left_out.count("other numbers of multiprocessors: the fastest counts");
    at->second = std::min(at->second, seconds);
  }
}

ExchangeCurve curve_of(ExchangeMode mode, const Shape& shape, const Times& times, double without) {
  const auto [nodes, hidden, experts, active] = shape;
  ExchangeCurve curve{"deepep", std::string(name_of(mode)), nodes, kGpusPerNode * nodes, hidden, experts, active, {},
                      {}};
  for (const auto& [tokens, seconds] : times) {
    if (tokens == without) continue;
    curve.tokens.push_back(tokens);
    curve.time_s.push_back(curve.time_s.empty() ? seconds : std::max(seconds, curve.time_s.back()));
  }
  return curve;
}

/// See expert_exchange.hpp: 256 experts on 2 and 4 nodes, in normal mode on 4 (and 1).
bool is_fitted_on(ExchangeMode mode, std::int64_t nodes, std::int64_t experts) {
  return experts == 256 && (nodes == 4 || (nodes == 2 && mode == ExchangeMode::low_latency));
}

void add_cases(CaseSet& set, const Measured& measured, const compute::GpuRatings& gpu) {
  for (const auto& [shape, times] : measured.times) {
    const auto [nodes, hidden, experts, active] = shape;
    const ExchangeShape wanted{.gpus = kGpusPerNode * nodes,
                               .domain_gpus = kGpusPerNode,
                               .hidden = static_cast<double>(hidden),
                               .active = static_cast<double>(active),
                               .link = gpu.scale_up_bandwidth,
                               .nic = kConnectX7};
    compute::KernelSpec others, own;
    others.ratings = own.ratings = gpu;
    for (const auto& [other, its_times] : measured.times) {
      if (std::get<0>(other) != nodes) others.exchanges.push_back(curve_of(measured.mode, other, its_times, 0.0));
    }
    const ExpertExchange closed(wanted, {}), from_others(wanted, {&others});
    MeasuredCase result;
    result.group = fmt::format("h100_sxm deepep {} {} nodes ({})", name_of(measured.mode), nodes,
                               is_fitted_on(measured.mode, nodes, experts) ? "fitted" : "unseen");
    result.name = fmt::format("{} experts", experts);
    result.engine_version = "sglang 0.5.6.post2";
    for (const auto& [tokens, seconds] : times) {
      own.exchanges = {curve_of(measured.mode, shape, times, tokens)};
      const std::string part = fmt::format("{} tokens", tokens);
      const auto add = [&](const char* metric, const ExpertExchange& exchange) {
        const double predicted = exchange.time(measured.mode, tokens).seconds;
        result.comparisons.push_back({metric, seconds, without_run(predicted), part});
      };
      add("closed_form_s", closed);
      add("from_other_nodes_s", from_others);
      add("from_other_tokens_s", ExpertExchange(wanted, {&own}));
    }
    set.cases.push_back(std::move(result));
  }
}

}  // namespace

CaseSet read_expert_exchange(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  scenario::Catalog catalog;
  const compute::GpuSpec* gpu = catalog.gpu("h100_sxm5", faults);
  const std::vector<std::string> low_latency = {"dispatch_avg_t_us", "combine_avg_t_us"};
  const std::vector<std::string> normal = {"dispatch_transmit_us", "dispatch_notify_us", "combine_transmit_us",
                                           "combine_notify_us"};
  for (const auto& [mode, suffix, parts] :
       {std::tuple(ExchangeMode::low_latency, "ll", low_latency), std::tuple(ExchangeMode::normal, "normal", normal)}) {
    const std::filesystem::path file = path / fmt::format("{}{}_perf.csv.gz", kTables, suffix);
    if (!std::filesystem::exists(file)) continue;
    std::vector<std::string> columns = {"node_num", "hidden_size", "num_token", "num_topk", "num_experts"};
    columns.insert(columns.end(), parts.begin(), parts.end());
    const auto table = CsvTable::read(file, columns, faults);
    if (!table || gpu == nullptr) continue;
    set.rows += table->rows();
    Measured measured{mode, {}};
    read_times(*table, parts, set, measured, faults);
    if (faults.empty()) add_cases(set, measured, gpu->ratings);
  }
  return set;
}

}  // namespace tokenworks::validation
