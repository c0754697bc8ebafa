// Services that send requests on to others, from their specs to connections.
#include <algorithm>

#include "sim/scenario/factory.hpp"

namespace tokenworks::scenario {
namespace {

/// Of each entry the place of the one with its name in another list; without one, the first. An empty list stands for
/// one entry.
template <class T>
std::vector<std::int32_t> places_there(const std::vector<T>& here, const std::vector<T>& there) {
  std::vector<std::int32_t> places(std::max<std::size_t>(1, here.size()), 0);
  for (std::size_t i = 0; i < here.size(); ++i) {
    const auto same = std::find_if(there.begin(), there.end(), [&](const T& one) { return one.name == here[i].name; });
    if (same != there.end()) places[i] = static_cast<std::int32_t>(same - there.begin());
  }
  return places;
}

}  // namespace

/// Classes and tenants whose requests come to a service, be it from others.
std::set<std::pair<std::int32_t, std::int32_t>> Factory::senders_of(const LlmServiceSpec& service) const {
  std::set<std::pair<std::int32_t, std::int32_t>> senders;
  for (const WorkloadSpec& workload : scenario_.spec.workloads) {
    if (workload.service != service.name) continue;
    const jobs::SenderTraits traits = traits_of(workload, service);
    senders.insert({traits.service_class, traits.tenant});
  }
  for (const LlmServiceSpec* other : llm_specs_) {
    if (other->overflow_to != service.name) continue;
    const std::vector<std::int32_t> classes = places_there(other->classes, service.classes);
    const std::vector<std::int32_t> tenants = places_there(other->tenants, service.tenants);
    for (const auto& [service_class, tenant] : senders_of(*other)) {
      senders.insert({classes[static_cast<std::size_t>(service_class)], tenants[static_cast<std::size_t>(tenant)]});
    }
  }
  return senders;
}

/// Whether requests come to a service of arrivals of such a kind, be it from others.
bool Factory::receives(const LlmServiceSpec& service, bool (*of_kind)(const workload::ArrivalOption&)) const {
  for (const WorkloadSpec& workload : scenario_.spec.workloads) {
    if (workload.service == service.name && of_kind(*workload.arrivals)) return true;
  }
  return std::any_of(llm_specs_.begin(), llm_specs_.end(), [&](const LlmServiceSpec* other) {
    return other->overflow_to == service.name && receives(*other, of_kind);
  });
}

void Factory::connect_overflows() {
  for (std::size_t i = 0; i < llm_specs_.size(); ++i) {
    const LlmServiceSpec& spec = *llm_specs_[i];
    if (!spec.overflow_to) continue;
    const LlmServiceSpec& other = **std::find_if(llm_specs_.begin(), llm_specs_.end(), [&](const LlmServiceSpec* one) {
      return one->name == *spec.overflow_to;
    });
    services_[i]->set_overflow({.service = &service(other.name),
                                .class_there = places_there(spec.classes, other.classes),
                                .tenant_there = places_there(spec.tenants, other.tenants)});
  }
}

}  // namespace tokenworks::scenario
