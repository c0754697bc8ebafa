#include "sim/policies/routing/number_set.hpp"
#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

class RoundRobinRouter final : public Router {
 public:
  explicit RoundRobinRouter(std::size_t replicas) : in_service_(replicas) {
    for (std::size_t replica = 0; replica < replicas; ++replica) in_service_.insert(replica);
  }

  std::optional<std::int32_t> choose(const Arrival&) override {
    if (in_service_.empty()) return std::nullopt;
    const std::size_t replica = in_service_.next_cyclic(next_);
    next_ = replica + 1;
    return static_cast<std::int32_t>(replica);
  }
  void load_changed(std::int32_t, std::int32_t, std::int64_t) override {}
  void set_in_service(std::int32_t replica, bool in_service) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_.contains(r) == in_service) return;
    if (in_service) {
      in_service_.insert(r);
    } else {
      in_service_.erase(r);
    }
  }

 private:
  NumberSet in_service_;
  std::size_t next_ = 0;
};

class RoundRobin final : public RouterOption {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<RoundRobinRouter>(setup.candidates.size());
  }
};

}  // namespace

std::unique_ptr<RouterOption> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace tokenworks::routing
