#include "sim/scenario/check_serving.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace tokenworks::scenario {
namespace {

/// Names of a list of a service, told once each.
template <class T>
std::vector<std::string> unique_names(const std::string& pointer, std::string_view list, const std::vector<T>& entries,
                                      FaultList& faults) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto other = std::find(names.begin(), names.end(), entries[i].name);
    if (!entries[i].name.empty() && other != names.end()) {
      faults.add(FaultKind::duplicate_name, fmt::format("{}/{}/{}/name", pointer, list, i),
                 fmt::format("{} is the name of {}/{}/{} already", shown(entries[i].name), pointer, list,
                             other - names.begin()));
    }
    names.push_back(entries[i].name);
  }
  return names;
}

void check_pools(const std::string& pointer, const LlmServiceSpec& service, FaultList& faults) {
  const auto has = [&](std::string_view role) {
    return std::any_of(service.pools.begin(), service.pools.end(),
                       [role](const PoolSpec& pool) { return pool.role == role; });
  };
  if (!service.pools.empty() && service.replicas != 1 && !faults.concern(pointer + "/replicas")) {
    faults.add(FaultKind::conflicting_keys, pointer + "/replicas",
               fmt::format("found {}; with pools, each pool says how many replicas it has", service.replicas));
  }
  const std::string pools = pointer + "/pools";
  if (faults.concern(pools)) return;
  if (has("prefill") != has("decode")) {
    faults.add(FaultKind::needs_other_part, pools,
               fmt::format("found a pool of role {} and none of role {}; prompts and answers need both",
                           has("prefill") ? "prefill" : "decode", has("prefill") ? "decode" : "prefill"));
  }
  if (service.disaggregation && !has("decode")) {
    faults.add(FaultKind::needs_other_part, pointer + "/disaggregation",
               "there is no pool of role decode that prompts could be handed to");
  }
}

/// A router that names what is not there says so when it is made.
void check_router(const std::string& pointer, const RouterSpec& router, std::size_t candidates,
                  const std::vector<std::string>& pools, const std::vector<std::string>& classes, FaultList& faults) {
  if (!router.has_value() || faults.concern(pointer)) return;
  const std::vector<routing::Candidate> replicas(candidates);
  try {
    router->make({.candidates = replicas, .pools = pools, .service_classes = classes});
  } catch (const std::invalid_argument& error) {
    faults.add(FaultKind::unknown_name, pointer, error.what());
  }
}

}  // namespace

void check_serving(const std::string& pointer, const LlmServiceSpec& service, FaultList& faults) {
  check_pools(pointer, service, faults);
  unique_names(pointer, "pools", service.pools, faults);
  std::vector<std::string> classes = unique_names(pointer, "classes", service.classes, faults);
  unique_names(pointer, "tenants", service.tenants, faults);
  if (service.fairness == "token_share" && service.tenants.size() < 2 && !faults.concern(pointer + "/tenants")) {
    faults.add(FaultKind::needs_other_part, pointer + "/fairness",
               "found \"token_share\"; there are not two tenants that could share");
  }
  for (std::size_t i = 1; i < service.kv_tiers.size(); ++i) {
    if (service.kv_tiers[i - 1].kind == "host_memory" && service.kv_tiers[i].kind == "local_drives") continue;
    if (faults.concern(pointer + "/kv_tiers")) break;
    faults.add(FaultKind::conflicting_keys, fmt::format("{}/kv_tiers/{}/kind", pointer, i),
               "allowed: host_memory, local_drives, or both in this order");
  }
  std::vector<std::string> entry_pools, decode_pools;  // that the two routers choose from
  for (const PoolSpec& pool : service.pools) (pool.role == "decode" ? decode_pools : entry_pools).push_back(pool.name);
  if (service.pools.empty()) entry_pools.push_back(service.name);
  if (classes.empty()) classes.emplace_back("default");
  check_router(pointer + "/router", service.router, 1, entry_pools, classes, faults);
  if (service.disaggregation && !decode_pools.empty()) {
    check_router(pointer + "/disaggregation/decode_router", service.disaggregation->decode_router, 1, decode_pools,
                 classes, faults);
  }
}

void check_sender(const ScenarioSpec& spec, std::size_t index, FaultList& faults) {
  const WorkloadSpec& workload = spec.workloads[index];
  const std::string pointer = fmt::format("/workloads/{}", index);
  for (const ServiceSpec& service : spec.services) {
    const LlmServiceSpec* llm = as_llm(service);
    if (llm == nullptr || llm->name != workload.service) continue;
    const auto check = [&](const std::string& key, const std::optional<std::string>& name, const auto& entries,
                           std::string_view many) {
      if (!name || faults.concern(pointer + key)) return;
      std::vector<std::string> names;
      for (const auto& entry : entries) names.push_back(entry.name);
      if (std::find(names.begin(), names.end(), *name) != names.end()) return;
      faults.add(FaultKind::unknown_name, pointer + key,
                 fmt::format("found {}; {} has {}: {}", shown(*name), llm->name, many,
                             names.empty() ? "none" : name_list(names)),
                 nearest_name(*name, names));
    };
    check("/class", workload.service_class, llm->classes, "the classes");
    check("/tenant", workload.tenant, llm->tenants, "the tenants");
    return;
  }
}

}  // namespace tokenworks::scenario
