#include "sim/scenario/check_power_caps.hpp"

#include <string>

#include <fmt/format.h>

#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

void check_cap(const std::string& pointer, Watts cap, const std::vector<const compute::GpuSpec*>& gpus,
               FaultList& faults) {
  if (faults.concern(pointer)) return;
  for (const compute::GpuSpec* gpu : gpus) {
    const compute::BoardPower& power = gpu->power;
    if (cap >= power.least_cap() && cap <= power.limit) continue;
    faults.add(FaultKind::out_of_range, pointer,
               fmt::format("found {}; allowed: {} to {}, what {} can be set to{}", number_text(cap.value),
                           number_text(power.least_cap().value), number_text(power.limit.value), gpu->title,
                           power.least_limit ? "" : " (its least is not known: what it draws while it waits)"));
    return;
  }
}

}  // namespace

void check_power_caps(const ScenarioSpec& spec, const GpusOfServices& gpus, bool names_known, FaultList& faults) {
  std::vector<std::string> names;
  const auto gpus_of = [&](const LlmServiceSpec& service) {
    const auto at = gpus.find(&service);
    return at == gpus.end() ? std::vector<const compute::GpuSpec*>{} : at->second;
  };
  std::vector<const LlmServiceSpec*> services;
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const auto* llm = spec.services[i].has_value() ? dynamic_cast<const LlmServiceSpec*>(&*spec.services[i]) : nullptr;
    if (llm == nullptr) continue;
    services.push_back(llm);
    names.push_back(llm->name);
    if (llm->gpu_power_cap) {
      check_cap(fmt::format("/services/{}/gpu_power_cap_w", i), *llm->gpu_power_cap, gpus_of(*llm), faults);
    }
  }
  for (std::size_t i = 0; i < spec.incidents.size(); ++i) {
    const auto* cap =
        spec.incidents[i].has_value() ? dynamic_cast<const GpuPowerCapSpec*>(&*spec.incidents[i]) : nullptr;
    if (cap == nullptr || cap->service.empty()) continue;
    const std::string pointer = fmt::format("/incidents/{}", i);
    bool found = false;
    for (const LlmServiceSpec* service : services) {
      if (service->name != cap->service) continue;
      found = true;
      check_cap(pointer + "/gpu_power_cap_w", cap->watts_per_gpu, gpus_of(*service), faults);
    }
    if (found || !names_known || faults.concern(pointer + "/service")) continue;
    faults.add(FaultKind::unknown_name, pointer + "/service",
               fmt::format("found {}; the services are {}", shown(cap->service), name_list(names)));
  }
}

}  // namespace tokenworks::scenario
