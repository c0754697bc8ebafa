#include "sim/scenario/check_engine.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "models/llm/lora.hpp"

namespace tokenworks::scenario {

bool check_adapters(const ReplicaPlan& plan, const llm::LlmSpec& model, const compute::GpuSpec& gpu, Bytes& per_gpu,
                    FaultList& faults) {
  const AdaptersSpec& adapters = *plan.service->adapters;
  const std::string place = plan.service_at + "/adapters";
  if (faults.concern(place)) return false;
  try {
    const llm::LoraModel one(gpu, model, *plan.parallelism, adapters.rank, adapters.lora_targets());
    per_gpu = one.bytes_per_gpu() * static_cast<double>(adapters.max_loaded);
  } catch (const std::invalid_argument& error) {
    faults.add(FaultKind::out_of_range, place + "/targets", error.what());
    return false;
  }
  return true;
}

bool check_engine(const ReplicaPlan& plan, const batching::EngineProfile& profile, FaultList& faults) {
  const std::int64_t copies = plan.parallelism->attention_data;
  bool good = true;
  const auto check = [&](std::string_view key, std::int64_t limit) {
    if (limit >= copies) return;
    good = false;
    const std::string place = fmt::format("{}/{}", plan.engine_at, key);
    if (faults.concern(place)) return;
    faults.add(FaultKind::out_of_range, place,
               fmt::format("found {}; allowed: at least attention_data, {}, for each copy of the attention has an "
                           "even share of it",
                           limit, copies));
  };
  check("max_batch_tokens", profile.max_batch_tokens);
  check("max_sequences", profile.max_sequences);
  if (const std::string batch = plan.engine_at + "/prompt_batch_steps";
      profile.prompt_batch_steps > 0 && profile.prompt_balance_steps == 0 && !faults.concern(batch)) {
    good = false;
    faults.add(FaultKind::conflicting_keys, batch, "acts with prompt_balance_steps alone");
  }
  const std::string swap = plan.engine_at + "/swap_gb";
  if (faults.concern(swap)) return false;
  if (profile.swaps && profile.swap_room.value == 0.0) {
    good = false;
    faults.add(FaultKind::missing_key, swap, "is missing; preemption by swap needs host memory");
  } else if (!profile.swaps && profile.swap_room.value > 0.0) {
    good = false;
    faults.add(FaultKind::conflicting_keys, swap, "acts on preemption by swap alone");
  }
  return good;
}

}  // namespace tokenworks::scenario
