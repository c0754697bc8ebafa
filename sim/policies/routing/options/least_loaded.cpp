#include <algorithm>
#include <cstddef>
#include <vector>

#include "sim/policies/routing/number_set.hpp"
#include "sim/policies/routing/options/options.hpp"
#include "sim/policies/routing/ordered_router.hpp"

namespace tokenworks::routing {
namespace {

/// For replicas of one speed: in sets by load; the least load is followed as it moves by one at a time.
class LeastLoadedRouter final : public Router {
 public:
  explicit LeastLoadedRouter(std::int32_t replicas)
      : load_(static_cast<std::size_t>(replicas)), in_service_(load_.size(), true), in_service_count_(load_.size()) {
    by_load_.emplace_back(load_.size());
    for (std::size_t replica = 0; replica < load_.size(); ++replica) by_load_[0].insert(replica);
  }

  std::optional<std::int32_t> choose(const Arrival&) override {
    if (in_service_count_ == 0) return std::nullopt;
    while (by_load_[least_].empty()) ++least_;
    const std::size_t replica = by_load_[least_].next_cyclic(cursor_);
    cursor_ = replica + 1;
    return static_cast<std::int32_t>(replica);
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_[r]) by_load_[load_[r]].erase(r);
    load_[r] = static_cast<std::size_t>(static_cast<std::int64_t>(load_[r]) + requests);
    if (in_service_[r]) insert(r);
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_[r] == in_service) return;
    in_service_[r] = in_service;
    if (in_service) {
      ++in_service_count_;
      insert(r);
    } else {
      --in_service_count_;
      by_load_[load_[r]].erase(r);
    }
  }

 private:
  void insert(std::size_t replica) {
    const std::size_t load = load_[replica];
    while (by_load_.size() <= load) by_load_.emplace_back(load_.size());
    by_load_[load].insert(replica);
    if (load < least_) least_ = load;
  }

  std::vector<std::size_t> load_;
  std::vector<bool> in_service_;
  std::size_t in_service_count_;
  std::vector<NumberSet> by_load_;
  std::size_t least_ = 0;   // no set below it has a member
  std::size_t cursor_ = 0;  // equals are served in turn
};

/// For replicas of several speeds. An idle one takes a request the sooner the faster it is.
LoadOrder::Key by_requests(const ReplicaLoad& load) {
  return {static_cast<double>(load.requests) / load.speed, -load.speed};
}

class LeastLoaded final : public RouterOption {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    const bool one_speed =
        std::all_of(setup.candidates.begin(), setup.candidates.end(),
                    [&](const Candidate& candidate) { return candidate.speed == setup.candidates.front().speed; });
    if (one_speed) return std::make_unique<LeastLoadedRouter>(static_cast<std::int32_t>(setup.candidates.size()));
    return std::make_unique<OrderedRouter>(setup.candidates, by_requests, false);
  }
};

}  // namespace

std::unique_ptr<RouterOption> make_least_loaded() { return std::make_unique<LeastLoaded>(); }

}  // namespace tokenworks::routing
