#include "sim/policies/routing/options/options.hpp"
#include "sim/policies/routing/ordered_router.hpp"

namespace tokenworks::routing {
namespace {

/// Time until the prompts that a replica has are computed, then how many share it.
LoadOrder::Key by_prompt_time(const ReplicaLoad& load) {
  return {static_cast<double>(load.prompt_tokens) / load.speed, static_cast<double>(load.requests)};
}

class ShortestQueue final : public RouterOption {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<OrderedRouter>(setup.candidates, by_prompt_time, true);
  }
};

}  // namespace

std::unique_ptr<RouterOption> make_shortest_queue() { return std::make_unique<ShortestQueue>(); }

}  // namespace tokenworks::routing
