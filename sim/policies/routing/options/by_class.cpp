#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

constexpr std::string_view kRouters[] = {"least_loaded", "shortest_queue", "round_robin"};

/// What a scenario says of one class.
struct ClassSettings {
  std::vector<std::string> pools;
  std::optional<std::int64_t> overflow_requests;
  std::string router{kRouters[0]};
  void visit(FieldVisitor& v) {
    field(v, "pools", pools, "Pools that requests of this class go to; all when absent");
    field(v, "overflow_requests", overflow_requests,
          "Requests a replica in service; while each of its pools has more, the class may use all pools. Absent: it "
          "never leaves its own",
          rule().at_least(0).at_most(1e9));
    field(v, "router", router, "How a replica of these pools is chosen", rule().one_of(kRouters));
  }
};

/// The same with numbers in place of names.
struct ClassRule {
  std::vector<std::int32_t> pools;
  std::optional<std::int64_t> overflow_requests;
  std::string_view router;
};

class ByClassRouter final : public Router {
 public:
  /// `rules` has one rule a service class and one for all others.
  ByClassRouter(const RouterSetup& setup, std::size_t pools, const std::vector<ClassRule>& rules) : pools_(pools) {
    std::vector<std::int32_t> all;
    for (std::size_t pool = 0; pool < pools; ++pool) all.push_back(static_cast<std::int32_t>(pool));
    for (const Candidate& candidate : setup.candidates) {
      pool_of_.push_back(static_cast<std::size_t>(candidate.pool));
      in_service_.push_back(true);
      requests_.push_back(0);
      ++pools_[pool_of_.back()].in_service;
    }
    for (const ClassRule& rule : rules) {
      rules_.push_back({rule.pools, rule.overflow_requests, group(setup, rule.pools, rule.router),
                        group(setup, rule.overflow_requests ? all : rule.pools, rule.router)});
    }
    made_.clear();
  }

  std::optional<std::int32_t> choose(const Arrival& arrival) override {
    const auto service_class = static_cast<std::size_t>(arrival.service_class);
    const Rule& rule = rules_[std::min(service_class, rules_.size() - 1)];
    Group& group = groups_[is_full(rule) ? rule.overflow : rule.home];
    const std::optional<std::int32_t> chosen = group.router->choose(arrival);
    if (!chosen) return std::nullopt;
    return group.members[static_cast<std::size_t>(*chosen)];
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override {
    const auto r = static_cast<std::size_t>(replica);
    requests_[r] += requests;
    if (in_service_[r]) pools_[pool_of_[r]].requests += requests;
    for (const Group& group : groups_) {
      if (group.places[r] >= 0) group.router->load_changed(group.places[r], requests, prompt_tokens);
    }
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_[r] == in_service) return;
    in_service_[r] = in_service;
    Pool& pool = pools_[pool_of_[r]];
    pool.in_service += in_service ? 1 : -1;
    pool.requests += in_service ? requests_[r] : -requests_[r];
    for (const Group& group : groups_) {
      if (group.places[r] >= 0) group.router->set_in_service(group.places[r], in_service);
    }
  }

  bool counts_tokens() const override {
    return std::any_of(groups_.begin(), groups_.end(),
                       [](const Group& group) { return group.router->counts_tokens(); });
  }

 private:
  struct Pool {
    std::int64_t in_service = 0;
    std::int64_t requests = 0;  // at replicas in service
  };
  /// A router over some pools; classes with the same pools and kind of router share it.
  struct Group {
    std::vector<std::int32_t> members;  // replicas
    std::vector<std::int32_t> places;   // among the members, by replica; -1: none
    std::unique_ptr<Router> router;
  };
  struct Rule {
    std::vector<std::int32_t> pools;
    std::optional<std::int64_t> overflow_requests;
    std::size_t home = 0, overflow = 0;  // groups
  };

  bool is_full(const Rule& rule) const {
    if (!rule.overflow_requests) return false;
    return std::all_of(rule.pools.begin(), rule.pools.end(), [&](std::int32_t number) {
      const Pool& pool = pools_[static_cast<std::size_t>(number)];
      return pool.in_service == 0 || pool.requests > *rule.overflow_requests * pool.in_service;
    });
  }

  std::size_t group(const RouterSetup& setup, const std::vector<std::int32_t>& pools, std::string_view kind) {
    const auto [made, is_new] = made_.try_emplace({pools, kind}, groups_.size());
    if (!is_new) return made->second;
    Group group;
    std::vector<Candidate> candidates;
    for (const Candidate& candidate : setup.candidates) {
      if (!std::binary_search(pools.begin(), pools.end(), candidate.pool)) {
        group.places.push_back(-1);
        continue;
      }
      group.members.push_back(static_cast<std::int32_t>(group.places.size()));
      group.places.push_back(static_cast<std::int32_t>(candidates.size()));
      candidates.push_back(candidate);
    }
    RouterSetup inner = setup;
    inner.candidates = candidates;
    group.router = make_router(kind, inner);
    groups_.push_back(std::move(group));
    return made->second;
  }

  std::vector<std::size_t> pool_of_;  // by replica, as the next two
  std::vector<bool> in_service_;
  std::vector<std::int64_t> requests_;
  std::vector<Pool> pools_;
  std::vector<Rule> rules_;
  std::vector<Group> groups_;
  std::map<std::pair<std::vector<std::int32_t>, std::string_view>, std::size_t> made_;  // groups, while rules are read
};

std::string list_of(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

class ByClass final : public RouterOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "classes", classes_, "By class of service: the pools that it uses, and the router among their replicas");
    field(v, "otherwise", otherwise_, "Router of classes that are not named; they use all pools",
          rule().one_of(kRouters));
  }

  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    std::size_t pools = setup.pools.size();
    for (const Candidate& candidate : setup.candidates) {
      pools = std::max(pools, static_cast<std::size_t>(candidate.pool) + 1);
    }
    ClassRule other{{}, std::nullopt, otherwise_};
    for (std::size_t pool = 0; pool < pools; ++pool) other.pools.push_back(static_cast<std::int32_t>(pool));
    std::vector<ClassRule> rules(setup.service_classes.size() + 1, other);
    std::string faults;
    for (const auto& [name, settings] : classes_) {
      const auto place = std::find(setup.service_classes.begin(), setup.service_classes.end(), name);
      if (place == setup.service_classes.end()) {
        add_fault(faults,
                  "there is no service class '" + name + "' (there are: " + list_of(setup.service_classes) + ")");
      }
      const ClassRule rule = resolve(name, settings, setup, other.pools, faults);
      if (place != setup.service_classes.end()) {
        rules[static_cast<std::size_t>(place - setup.service_classes.begin())] = rule;
      }
    }
    if (!faults.empty()) throw std::invalid_argument("router by_class: " + faults);
    return std::make_unique<ByClassRouter>(setup, pools, rules);
  }

 private:
  static void add_fault(std::string& faults, const std::string& fault) {
    faults += (faults.empty() ? "" : "; ") + fault;
  }

  static ClassRule resolve(const std::string& name, const ClassSettings& settings, const RouterSetup& setup,
                           const std::vector<std::int32_t>& all, std::string& faults) {
    ClassRule rule{{}, settings.overflow_requests, settings.router};
    for (const std::string& pool : settings.pools) {
      const auto place = std::find(setup.pools.begin(), setup.pools.end(), pool);
      if (place == setup.pools.end()) {
        add_fault(faults,
                  "class '" + name + "': there is no pool '" + pool + "' (there are: " + list_of(setup.pools) + ")");
      } else {
        rule.pools.push_back(static_cast<std::int32_t>(place - setup.pools.begin()));
      }
    }
    std::sort(rule.pools.begin(), rule.pools.end());
    rule.pools.erase(std::unique(rule.pools.begin(), rule.pools.end()), rule.pools.end());
    if (settings.pools.empty()) rule.pools = all;
    if (settings.overflow_requests && rule.pools == all) {
      add_fault(faults, "class '" + name + "' has overflow_requests, but uses all pools already (" +
                            list_of(setup.pools) + ")");
    }
    return rule;
  }

  std::map<std::string, ClassSettings> classes_;
  std::string otherwise_{kRouters[0]};
};

}  // namespace

std::unique_ptr<RouterOption> make_by_class() { return std::make_unique<ByClass>(); }

}  // namespace tokenworks::routing
