// The part of the factory's building that has to do with replicas that come and go.
#include <algorithm>
#include <map>
#include <utility>

#include "sim/scenario/factory.hpp"
#include "sim/scenario/factory_parts.hpp"

namespace tokenworks::scenario {

/// Services that are scaled, or get another model, have fleets.
void Factory::build_fleets() {
  std::map<std::string, const ModelSwapSpec*> swapped;  // the first swap of each
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const auto* swap = dynamic_cast<const ModelSwapSpec*>(&*incident);
    if (swap == nullptr) continue;
    const ModelSwapSpec*& first = swapped[swap->service];
    if (first == nullptr || swap->at < first->at) first = swap;
  }
  std::uint64_t number = 0, scaler = 0;
  for (std::size_t s = 0; s < services_.size(); ++s) {
    const std::vector<ReplicaPlan> plans = replica_plans(*llm_specs_[s]);
    const auto scaled =
        std::find_if(plans.begin(), plans.end(), [](const ReplicaPlan& plan) { return plan.autoscaler != nullptr; });
    fleets_.emplace_back();
    const auto swap = swapped.find(services_[s]->name());
    if (scaled == plans.end() && swap == swapped.end()) continue;
    jobs::Fleet::Setup setup{.loaded = loaded_[s], .start_up = {}, .give_up = duration_, .number = number};
    for (std::size_t pool = 0; pool < plans.size(); ++pool) {
      // Without an autoscaler, what it served before a swap starts again as what it serves after.
      scaling::StartUp start_up;
      if (swap != swapped.end()) start_up = swap->second->start_up;
      if (plans[pool].autoscaler != nullptr) start_up = plans[pool].autoscaler->start_up;
      setup.start_up.insert(setup.start_up.end(), static_cast<std::size_t>(plans[pool].replicas),
                            to_picoseconds(start_up.total().value));
    }
    number += static_cast<std::uint64_t>(services_[s]->replica_count());
    fleets_.back() = std::make_unique<jobs::Fleet>(*simulation_, fabric_.get(), std::move(setup));
    for (std::size_t pool = 0; pool < plans.size(); ++pool) {
      if (plans[pool].autoscaler == nullptr) continue;
      autoscalers_.push_back(
          std::make_unique<jobs::Autoscaler>(*simulation_, *fleets_.back(), pool, *plans[pool].autoscaler, scaler++));
    }
  }
}

jobs::Fleet* Factory::fleet_of(const std::string& name) const {
  for (std::size_t s = 0; s < services_.size(); ++s) {
    if (services_[s]->name() == name) return fleets_[s].get();
  }
  return nullptr;
}

jobs::ModelSwap Factory::build_swap(const ModelSwapSpec& spec) {
  jobs::ModelSwap swap;
  swap.service = spec.service;
  swap.fleet = fleet_of(spec.service);
  swap.at = to_picoseconds(spec.at.value);
  swap.max_unavailable = spec.strategy->max_unavailable();
  swap.drains = spec.drain;
  if (spec.canary) {
    swap.canary.emplace();
    swap.canary->replicas = spec.canary->replicas;
    swap.canary->traffic_share = spec.canary->traffic_share;
    swap.canary->duration = to_picoseconds(spec.canary->duration.value);
    if (const auto* verdict = dynamic_cast<const VerdictGate*>(&*spec.canary->gate)) {
      swap.canary->verdict = verdict->passes;
    } else {
      const auto& latency = dynamic_cast<const LatencyGate&>(*spec.canary->gate);
      swap.canary->worst_ttft_ratio = latency.worst_ttft_ratio;
      swap.canary->worst_tpot_ratio = latency.worst_tpot_ratio;
    }
  }
  const LlmServiceSpec& service =
      **std::find_if(llm_specs_.begin(), llm_specs_.end(), [&](const auto* s) { return s->name == spec.service; });
  std::vector<std::unique_ptr<jobs::ServedModel>> models;
  std::vector<Bytes> weights_per_gpu_of;
  for (const ReplicaPlan& plan : replica_plans_after(service, spec)) {
    llm::KvPool room;
    models.push_back(build_model(plan, room));
    weights_per_gpu_of.insert(weights_per_gpu_of.end(), static_cast<std::size_t>(plan.replicas),
                              room.weight_bytes_per_gpu);
  }
  swap.fleet->service().add_edition(std::move(models));
  swap.edition = swap.fleet->add_edition(weights_per_gpu_of, to_picoseconds(spec.start_up.total().value));
  return swap;
}

}  // namespace tokenworks::scenario
