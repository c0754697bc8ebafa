#include <vector>

#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

class RoundRobinRouter final : public Router {
 public:
  explicit RoundRobinRouter(std::int32_t replicas) : in_service_(static_cast<std::size_t>(replicas), true) {}

  std::optional<std::int32_t> choose(const Arrival&) override {
    for (std::size_t tried = 0; tried < in_service_.size(); ++tried) {
      const std::size_t candidate = next_;
      next_ = next_ + 1 == in_service_.size() ? 0 : next_ + 1;
      if (in_service_[candidate]) return static_cast<std::int32_t>(candidate);
    }
    return std::nullopt;
  }
  void load_changed(std::int32_t, std::int32_t, std::int64_t) override {}
  void set_in_service(std::int32_t replica, bool in_service) override {
    in_service_[static_cast<std::size_t>(replica)] = in_service;
  }

 private:
  std::vector<bool> in_service_;
  std::size_t next_ = 0;
};

class RoundRobin final : public RouterOption {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<RoundRobinRouter>(static_cast<std::int32_t>(setup.candidates.size()));
  }
};

}  // namespace

std::unique_ptr<RouterOption> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace tokenworks::routing
