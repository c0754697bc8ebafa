// Services that share GPUs, from their specs to turns.
#include "sim/scenario/check_sharing.hpp"
#include "sim/scenario/factory.hpp"

namespace tokenworks::scenario {

/// The plans of a service's replicas, which stand where those do whose GPUs they share.
std::vector<ReplicaPlan> Factory::plans_of(const LlmServiceSpec& service) const {
  std::vector<ReplicaPlan> plans = replica_plans(service);
  const LlmServiceSpec* owner = gpu_owner(scenario_.spec, service);
  if (owner == nullptr) return plans;
  for (ReplicaPlan& plan : plans) plan.placement = owner->placement ? &*owner->placement : nullptr;
  return plans;
}

void Factory::share_gpus(const LlmServiceSpec& service, jobs::SharedGpus& sharing) {
  const LlmServiceSpec* owner = gpu_owner(scenario_.spec, service);
  sharing.is_owner = owner == nullptr;
  if (owner == nullptr) owner = &service;
  const LlmServiceSpec* sharer = nullptr;  // all of them say the same
  for (const LlmServiceSpec* other : llm_specs_) {
    const bool shares = gpu_owner(scenario_.spec, *other) == owner;
    if (shares) sharer = other;
    if (other != &service && (shares || other == owner)) sharing.with.push_back(other->name);
  }
  if (sharer == nullptr) return;
  const SharingSpec usual;
  const SharingSpec& rule = sharer->sharing ? *sharer->sharing : usual;
  sharing.kind = rule.kind();
  std::vector<std::unique_ptr<jobs::GpuTurns>>& turns = turns_[owner->name];
  if (turns.empty()) {
    jobs::GpuTurns::Setup setup;
    if (const auto* swapped = dynamic_cast<const SwappedSharing*>(&*rule)) {
      const RackGroupSpec& group = racks_of(plans_of(*owner).front());
      setup = {.swapped = true,
               .least_turn = to_picoseconds(swapped->least_turn.value),
               .overhead = to_picoseconds(swapped->overhead.value),
               .host_link = scenario_.catalog.rack(group.kind, scenario_.faults)->host_link_bandwidth};
    }
    for (std::int64_t replica = 0; replica < owner->replicas; ++replica) {
      setup.number = next_turns_++;
      turns.push_back(std::make_unique<jobs::GpuTurns>(*simulation_, setup));
    }
  }
  for (const auto& one : turns) sharing.turns.push_back(one.get());
}

}  // namespace tokenworks::scenario
