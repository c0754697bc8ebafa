#include "models/network/expert_exchange.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "models/compute/kernel_time.hpp"

namespace tokenworks::network {
namespace {

using compute::ExchangeCurve;
using compute::KernelSpec;

constexpr double kMostLowLatencyTokens = 256.0;  // the most that was measured between nodes; SGLang's default is 128
constexpr double kMostDomainsOfAToken = 4.0;     // DeepSeek's routing, tests/test_internode.py of DeepEP (V)
constexpr double kMeasuredNic = 50e9;            // ConnectX-7, one a GPU: system files of aiconfigurator (V)

/// Bytes of a token: fp8 with a scale of 4 B for each 128 values out, bf16 back.
double bytes_there_and_back(double hidden) { return hidden * (1.0 + 4.0 / 128.0) + 2.0 * hidden; }

/// Of `places` even ones, how many a token with so many experts meets.
double met(double places, double active) { return places * (1.0 - std::pow(1.0 - 1.0 / places, active)); }

ExchangeForm low_latency_form(const ExchangeShape& shape) {
  constexpr double kStart = 38.4e-6, kStartOfADoubling = 6.32e-6, kNicShare = 0.928;  // fitted (C)
  constexpr double kLinkShare = 0.515;  // one node of H100, 128 tokens: 19.7 MB in 85 us (C)
  const double m = static_cast<double>(shape.domains()), g = static_cast<double>(shape.domain_gpus);
  const double bytes = shape.active * bytes_there_and_back(shape.hidden);
  ExchangeForm form;
  form.start_s = kStart + kStartOfADoubling * std::log2(m);
  form.token_fabric_bytes = bytes * (m - 1.0) / m;
  form.token_fabric_s = form.token_fabric_bytes / (kNicShare * shape.nic.value);
  form.token_s = std::max(form.token_fabric_s, bytes * (g - 1.0) / (g * m) / (kLinkShare * shape.link.value));
  return form;
}

ExchangeForm normal_form(const ExchangeShape& shape) {
  constexpr double kStart = 86.2e-6, kStartOfADoubling = 59.4e-6, kNicShare = 0.97, kLinkShare = 0.67;  // fitted (C)
  const double m = static_cast<double>(shape.domains()), g = static_cast<double>(shape.domain_gpus);
  const double domains = std::min(m, kMostDomainsOfAToken);
  const double bytes = bytes_there_and_back(shape.hidden);
  ExchangeForm form;
  form.start_s = kStart + kStartOfADoubling * std::log2(m);
  form.token_fabric_bytes = bytes * met(domains, shape.active) * (m - 1.0) / m;
  form.token_fabric_s = form.token_fabric_bytes / (kNicShare * shape.nic.value);
  const double inside = bytes * met(domains * g, shape.active) * (g - 1.0) / g / (kLinkShare * shape.link.value);
  form.token_s = std::hypot(form.token_fabric_s, inside);
  return form;
}

std::string_view name_of(ExchangeMode mode) { return mode == ExchangeMode::normal ? "normal" : "low_latency"; }

/// The curve of several nodes that is nearest to the shape; nothing when there is none.
const ExchangeCurve* nearest(const KernelSpec& entry, ExchangeMode mode, const ExchangeShape& shape) {
  const auto far = [](double a, double b) { return std::abs(std::log(a / b)); };
  const auto distance = [&](const ExchangeCurve& curve) {
    return std::tuple(far(static_cast<double>(curve.nodes), static_cast<double>(shape.domains())),
                      far(static_cast<double>(curve.hidden), shape.hidden),
                      far(static_cast<double>(curve.active), shape.active));
  };
  const ExchangeCurve* best = nullptr;
  for (const ExchangeCurve& curve : entry.exchanges) {
    if (curve.library != "deepep" || curve.mode != name_of(mode) || curve.nodes < 2) continue;
    if (best == nullptr || distance(curve) < distance(*best)) best = &curve;
  }
  return best;
}

}  // namespace

CollectiveTime ExchangeForm::time(double tokens) const {
  if (tokens <= 0.0) return {};
  return {start_s + tokens * token_s, tokens * token_fabric_s, tokens * token_fabric_bytes};
}

ExchangeForm exchange_form(ExchangeMode mode, const ExchangeShape& shape) {
  return mode == ExchangeMode::normal ? normal_form(shape) : low_latency_form(shape);
}

ExpertExchange::ExpertExchange(const ExchangeShape& shape, const std::vector<const KernelSpec*>& entries) {
  for (const ExchangeMode mode : {ExchangeMode::low_latency, ExchangeMode::normal}) {
    Mode& acting = mode == ExchangeMode::normal ? normal_ : low_latency_;
    acting.form = exchange_form(mode, shape);
    for (const KernelSpec* entry : entries) {
      const ExchangeCurve* curve = nearest(*entry, mode, shape);
      if (curve == nullptr) continue;
      const ExchangeShape measured{.gpus = curve->gpus,
                                   .domain_gpus = curve->gpus / curve->nodes,
                                   .hidden = static_cast<double>(curve->hidden),
                                   .active = static_cast<double>(curve->active),
                                   .link = entry->ratings.scale_up_bandwidth,
                                   .nic = BytesPerSecond(kMeasuredNic)};
      acting.measured = exchange_form(mode, measured);
      acting.tokens = curve->tokens;
      acting.seconds = curve->time_s;
      break;
    }
  }
}

CollectiveTime ExpertExchange::time(ExchangeMode mode, double tokens) const {
  if (tokens <= 0.0) return {};
  const Mode& acting = mode == ExchangeMode::normal ? normal_ : low_latency_;
  CollectiveTime time = acting.form.time(tokens);
  if (acting.tokens.empty()) return time;
  const double same_wire_time = tokens * acting.form.token_s / acting.measured.token_s;
  const double seconds = compute::along_curve(acting.tokens, acting.seconds, same_wire_time) + acting.form.start_s -
                         acting.measured.start_s;
  time.seconds = std::max(seconds, tokens * acting.form.token_s);
  return time;
}

CollectiveTime ExpertExchange::time(double tokens) const {
  const CollectiveTime normal = time(ExchangeMode::normal, tokens);
  if (tokens > kMostLowLatencyTokens) return normal;
  const CollectiveTime low_latency = time(ExchangeMode::low_latency, tokens);
  return low_latency.seconds < normal.seconds ? low_latency : normal;
}

}  // namespace tokenworks::network
