#include "sim/scenario/check_sharing.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

const LlmServiceSpec* find(const ScenarioSpec& spec, const std::string& name) {
  for (const ServiceSpec& service : spec.services) {
    const LlmServiceSpec* llm = as_llm(service);
    if (llm != nullptr && llm->name == name) return llm;
  }
  return nullptr;
}

/// The service that another one names at `at`; null where that is a fault.
const LlmServiceSpec* other_service(const ScenarioSpec& spec, const LlmServiceSpec& service, const std::string& name,
                                    const std::string& at, bool names_known, FaultList& faults) {
  std::vector<std::string> names;
  for (const ServiceSpec& one : spec.services) {
    const LlmServiceSpec* llm = as_llm(one);
    if (llm != nullptr && llm != &service) names.push_back(llm->name);
  }
  if (name == service.name) {
    faults.add(FaultKind::conflicting_keys, at,
               fmt::format("found {}, the service itself; allowed: {}", shown(name),
                           names.empty() ? "another service, and there is none" : name_list(names)));
    return nullptr;
  }
  const LlmServiceSpec* other = find(spec, name);
  if (other == nullptr && names_known) {
    faults.add(
        FaultKind::unknown_name, at,
        fmt::format("found {}; the other services are: {}", shown(name), names.empty() ? "none" : name_list(names)),
        nearest_name(name, names));
  }
  return other;
}

/// Kind and settings, to be compared.
std::string described(const std::optional<SharingSpec>& sharing) {
  static const SharingSpec usual;
  const SharingSpec& spec = sharing ? *sharing : usual;
  const auto* swapped = dynamic_cast<const SwappedSharing*>(&*spec);
  if (swapped == nullptr) return std::string(spec.kind());
  return fmt::format("{}, least_turn_s {}, overhead_s {}", spec.kind(), number_text(swapped->least_turn.value),
                     number_text(swapped->overhead.value));
}

class SharingCheck {
 public:
  SharingCheck(const ScenarioSpec& spec, const std::map<const LlmServiceSpec*, double>& claims, bool names_known,
               FaultList& faults)
      : spec_(spec), claims_(claims), names_known_(names_known), faults_(faults) {}

  void run() {
    for (std::size_t i = 0; i < spec_.services.size(); ++i) {
      const LlmServiceSpec* service = as_llm(spec_.services[i]);
      if (service == nullptr) continue;
      const std::string pointer = fmt::format("/services/{}", i);
      if (service->sharing && !service->shares_gpus_with && !faults_.concern(pointer + "/sharing")) {
        faults_.add(FaultKind::needs_other_part, pointer + "/sharing",
                    "\"shares_gpus_with\" is missing: how to share stands where it is said with whom");
      }
      if (!service->shares_gpus_with || faults_.concern(pointer + "/shares_gpus_with")) continue;
      if (const LlmServiceSpec* owner = check_owner(pointer, *service)) {
        check_alike(pointer, *service, *owner);
        sharers_[owner].emplace_back(i, service);
      }
    }
    for (const ServiceSpec& service : spec_.services) {
      const auto group = sharers_.find(as_llm(service));
      if (group == sharers_.end()) continue;
      check_agreement(group->second);
      check_memory(*group->first, group->second);
    }
    check_they_stay();
  }

 private:
  using Sharers = std::vector<std::pair<std::size_t, const LlmServiceSpec*>>;

  const LlmServiceSpec* check_owner(const std::string& pointer, const LlmServiceSpec& service) {
    const std::string& name = *service.shares_gpus_with;
    const std::string at = pointer + "/shares_gpus_with";
    const LlmServiceSpec* owner = other_service(spec_, service, name, at, names_known_, faults_);
    if (owner != nullptr && owner->shares_gpus_with) {
      faults_.add(FaultKind::conflicting_keys, at,
                  fmt::format("found {}, which stands on the GPUs of {}; name the service whose GPUs they are",
                              shown(name), shown(*owner->shares_gpus_with)));
      return nullptr;
    }
    return owner;
  }

  void refuse(const std::string& pointer, const std::string& message) {
    if (!faults_.concern(pointer)) faults_.add(FaultKind::conflicting_keys, pointer, message);
  }

  void check_alike(const std::string& pointer, const LlmServiceSpec& service, const LlmServiceSpec& owner) {
    const std::string with = fmt::format("on the GPUs of {}", owner.name);
    if (service.placement) refuse(pointer + "/placement", fmt::format("it stands {}, wherever these are", with));
    if (!service.pools.empty()) refuse(pointer + "/pools", fmt::format("allowed {}: no pools", with));
    if (!owner.pools.empty()) {
      refuse(
          pointer + "/shares_gpus_with",
          fmt::format("found {}, which has pools; allowed: a service whose replicas are all alike", shown(owner.name)));
      return;
    }
    if (!service.pools.empty()) return;
    if (service.replicas != owner.replicas) {
      refuse(pointer + "/replicas", fmt::format("found {}; {} has {} on these GPUs, and each shares with one",
                                                service.replicas, owner.name, owner.replicas));
    }
    if (service.parallelism.gpus() != owner.parallelism.gpus()) {
      refuse(pointer + "/parallelism", fmt::format("a replica has {} GPUs; one of {}, which has the same, has {}",
                                                   service.parallelism.gpus(), owner.name, owner.parallelism.gpus()));
    }
  }

  void check_agreement(const Sharers& sharers) {
    const std::string first = described(sharers.front().second->sharing);
    for (const auto& [index, service] : sharers) {
      const std::string own = described(service->sharing);
      if (own == first) continue;
      refuse(fmt::format("/services/{}/sharing", index),
             fmt::format("found {}; {} shares the same GPUs and says {}", own, sharers.front().second->name, first));
    }
  }

  /// Models that lie in GPU memory together must fit there together.
  void check_memory(const LlmServiceSpec& owner, const Sharers& sharers) {
    constexpr double kRounding = 1e-9;
    for (const auto& [index, service] : sharers) {
      if (faults_.concern(fmt::format("/services/{}/sharing", index))) return;
      if (service->sharing && (*service->sharing).kind() != "resident") return;
    }
    double sum = 0.0;
    std::string list;
    const auto add = [&](const LlmServiceSpec& service) {
      const auto claim = claims_.find(&service);
      if (claim == claims_.end()) return false;
      sum += claim->second;
      list += fmt::format("{}{} takes {:.3g}", list.empty() ? "" : ", ", service.name, claim->second);
      return true;
    };
    if (!add(owner)) return;
    for (const auto& [index, service] : sharers) {
      if (!add(*service)) return;
    }
    if (sum <= 1.0 + kRounding) return;
    faults_.add(FaultKind::does_not_fit, fmt::format("/services/{}/shares_gpus_with", sharers.back().first),
                fmt::format("of the memory of each GPU, {}; allowed: 1 together. Set memory_share of their engines, or "
                            "let one model at a time be there: \"sharing\": {{\"kind\": \"swapped\"}}",
                            list));
  }

  /// Replicas on shared GPUs neither come and go nor change their model.
  void check_they_stay() {
    std::set<const LlmServiceSpec*> sharing;
    for (const auto& [owner, sharers] : sharers_) {
      sharing.insert(owner);
      for (const auto& [index, service] : sharers) sharing.insert(service);
    }
    for (std::size_t i = 0; i < spec_.services.size(); ++i) {
      const LlmServiceSpec* service = as_llm(spec_.services[i]);
      if (service == nullptr || !service->autoscaler || !sharing.contains(service)) continue;
      refuse(fmt::format("/services/{}/autoscaler", i), "the replicas of services that share GPUs stay as they are");
    }
    for (std::size_t i = 0; i < spec_.incidents.size(); ++i) {
      const auto* swap =
          spec_.incidents[i].has_value() ? dynamic_cast<const ModelSwapSpec*>(&*spec_.incidents[i]) : nullptr;
      const LlmServiceSpec* service = swap == nullptr ? nullptr : find(spec_, swap->service);
      if (service == nullptr || !sharing.contains(service)) continue;
      refuse(fmt::format("/incidents/{}/service", i),
             fmt::format("found {}; services that share GPUs keep their model", shown(swap->service)));
    }
  }

  const ScenarioSpec& spec_;
  const std::map<const LlmServiceSpec*, double>& claims_;
  bool names_known_;
  FaultList& faults_;
  std::map<const LlmServiceSpec*, Sharers> sharers_;
};

}  // namespace

const LlmServiceSpec* gpu_owner(const ScenarioSpec& spec, const LlmServiceSpec& service) {
  if (!service.shares_gpus_with || *service.shares_gpus_with == service.name) return nullptr;
  const LlmServiceSpec* owner = find(spec, *service.shares_gpus_with);
  return owner == nullptr || owner->shares_gpus_with ? nullptr : owner;
}

double claimed_share(const llm::MemoryRule& rule, const llm::KvPool& pool, const compute::GpuSpec& gpu) {
  if (!rule.share_of_free_memory) return rule.memory_share;
  const double taken = (pool.weight_bytes_per_gpu + rule.runtime_reserve).value / gpu.memory.value;
  return taken + rule.memory_share * std::max(0.0, 1.0 - taken);
}

void check_sharing(const ScenarioSpec& spec, const std::map<const LlmServiceSpec*, double>& claims, bool names_known,
                   FaultList& faults) {
  SharingCheck(spec, claims, names_known, faults).run();
}

void check_overflow(const ScenarioSpec& spec, bool names_known, FaultList& faults) {
  std::map<const LlmServiceSpec*, const LlmServiceSpec*> next;
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const LlmServiceSpec* service = as_llm(spec.services[i]);
    const std::string at = fmt::format("/services/{}/overflow_to", i);
    if (service == nullptr || !service->overflow_to || faults.concern(at)) continue;
    next[service] = other_service(spec, *service, *service->overflow_to, at, names_known, faults);
  }
  std::set<const LlmServiceSpec*> told;
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const LlmServiceSpec* first = as_llm(spec.services[i]);
    std::vector<const LlmServiceSpec*> way;
    const LlmServiceSpec* one = first;
    while (one != nullptr && std::find(way.begin(), way.end(), one) == way.end()) {
      way.push_back(one);
      const auto to = next.find(one);
      one = to == next.end() ? nullptr : to->second;
    }
    if (one == nullptr || one != first || !told.insert(first).second) continue;
    std::string circle = first->name;
    for (std::size_t k = 1; k < way.size(); ++k) {
      circle += " -> " + way[k]->name;
      told.insert(way[k]);
    }
    faults.add(FaultKind::conflicting_keys, fmt::format("/services/{}/overflow_to", i),
               fmt::format("requests would go round in a circle: {} -> {}", circle, first->name));
  }
}

}  // namespace tokenworks::scenario
