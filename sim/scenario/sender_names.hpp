// Names of what requests carry as numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Of one service. Where a list is empty, there is one that has no name of its own.
struct SenderNames {
  std::vector<std::string> classes, tenants;

  std::string_view service_class(std::int32_t place) const { return name(classes, place); }
  std::string_view tenant(std::int32_t place) const { return name(tenants, place); }

 private:
  static std::string_view name(const std::vector<std::string>& list, std::int32_t place) {
    const auto index = static_cast<std::size_t>(place);
    return index < list.size() ? std::string_view(list[index]) : std::string_view("default");
  }
};

/// By service.
inline std::map<std::string, SenderNames> sender_names(const ScenarioSpec& spec) {
  std::map<std::string, SenderNames> names;
  for (const ServiceSpec& service : spec.services) {
    SenderNames& of_service = names[service->name];
    const auto* llm = dynamic_cast<const LlmServiceSpec*>(&*service);
    if (llm == nullptr) continue;
    for (const ServiceClassSpec& one : llm->classes) of_service.classes.push_back(one.name);
    for (const TenantSpec& one : llm->tenants) of_service.tenants.push_back(one.name);
  }
  return names;
}

}  // namespace tokenworks::scenario
