#include "sim/scenario/check_scaling.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

bool promises_anything(const LlmServiceSpec& service) {
  const auto any = [](const std::optional<PromiseSpec>& slo) { return slo && (slo->ttft || slo->tpot); };
  return any(service.slo) || std::any_of(service.classes.begin(), service.classes.end(),
                                         [&](const ServiceClassSpec& one) { return any(one.slo); });
}

void check_autoscaler(const std::string& pointer, const scaling::ScalingOption& option, bool promises,
                      FaultList& faults) {
  if (option.min_replicas > option.max_replicas) {
    faults.add(FaultKind::out_of_range, pointer + "/min_replicas",
               fmt::format("found {}; allowed: at most max_replicas, {}", option.min_replicas, option.max_replicas));
  }
  const scaling::ScalingOption::Thresholds thresholds = option.thresholds();
  if (thresholds.low > thresholds.high) {
    faults.add(FaultKind::out_of_range, fmt::format("{}/{}", pointer, thresholds.low_key),
               fmt::format("found {}; allowed: at most {}, {}", number_text(thresholds.low), thresholds.high_key,
                           number_text(thresholds.high)));
  }
  if (option.needs_promises() && !promises) {
    faults.add(FaultKind::needs_other_part, pointer + "/kind",
               "found \"slo\"; the service promises nothing (slo) that could be kept");
  }
}

}  // namespace

void check_autoscalers(const std::string& pointer, const LlmServiceSpec& service, FaultList& faults) {
  if (service.autoscaler && !service.pools.empty() && !faults.concern(pointer + "/autoscaler")) {
    faults.add(FaultKind::conflicting_keys, pointer + "/autoscaler",
               "a service with pools has an autoscaler for each pool that should have one");
    return;
  }
  for (const ReplicaPlan& plan : replica_plans(service, pointer)) {
    if (plan.autoscaler == nullptr || faults.concern(plan.autoscaler_at)) continue;
    check_autoscaler(plan.autoscaler_at, *plan.autoscaler, promises_anything(service), faults);
    const std::string at = plan.pointer + "/replicas";
    const std::int64_t least = plan.autoscaler->min_replicas, most = plan.autoscaler->max_replicas;
    if (faults.concern(at) || least > most || (plan.in_service >= least && plan.in_service <= most)) continue;
    faults.add(FaultKind::out_of_range, at,
               fmt::format("found {}; its autoscaler allows {} to {}", plan.in_service, least, most));
  }
}

void check_model_swap(const std::string& pointer, const ModelSwapSpec& swap, const LlmServiceSpec& service,
                      FaultList& faults) {
  if (service.adapters) {
    faults.add(
        FaultKind::conflicting_keys, pointer + "/service",
        fmt::format("found \"{}\"; its adapters are made for {}, and for no other model", service.name, service.model));
  }
  const bool hands_over = std::any_of(service.pools.begin(), service.pools.end(),
                                      [](const PoolSpec& pool) { return pool.role != "serve"; });
  if (hands_over && swap.strategy.has_value()) {
    const auto refuse = [&](std::string_view key, std::string_view allowed) {
      faults.add(FaultKind::conflicting_keys, pointer + std::string(key),
                 fmt::format("what one model computes of a prompt is of no use to another: with pools of role prefill "
                             "and decode {}",
                             allowed));
    };
    if (swap.strategy->max_unavailable()) refuse("/strategy", "all replicas change at one time (all_at_once)");
    if (swap.drain) refuse("/drain", "nothing can drain (false)");
    if (swap.canary) refuse("/canary", "there is no canary");
  }
  if (!swap.canary || hands_over) return;
  std::int64_t replicas = 0;
  for (const ReplicaPlan& plan : replica_plans(service)) replicas += plan.in_service;
  const std::string canary = pointer + "/canary";
  if (swap.canary->replicas >= replicas && !faults.concern(canary + "/replicas")) {
    faults.add(
        FaultKind::out_of_range, canary + "/replicas",
        fmt::format("found {}; allowed: fewer than the {} of {}", swap.canary->replicas, replicas, service.name));
  }
  if (!swap.canary->gate.has_value()) return;
  const auto* latency = dynamic_cast<const LatencyGate*>(&*swap.canary->gate);
  if (latency == nullptr || latency->worst_ttft_ratio || latency->worst_tpot_ratio) return;
  if (faults.concern(canary + "/gate")) return;
  faults.add(FaultKind::missing_key, canary + "/gate",
             "it asks for nothing; worst_ttft_ratio, worst_tpot_ratio or both say what the canary must keep");
}

}  // namespace tokenworks::scenario
