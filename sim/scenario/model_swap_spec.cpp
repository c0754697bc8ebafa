#include "sim/scenario/model_swap_spec.hpp"

#include "models/llm/architecture.hpp"

namespace tokenworks::scenario {
namespace {

class Rolling final : public SwapStrategy {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "max_unavailable", max_unavailable_, "Replicas out of service at one time",
          rule().at_least(1).at_most(1e6));
  }
  std::optional<std::int64_t> max_unavailable() const override { return max_unavailable_; }

 private:
  std::int64_t max_unavailable_ = 1;
};

class AllAtOnce final : public SwapStrategy {
 public:
  void visit(FieldVisitor&) override {}
  std::optional<std::int64_t> max_unavailable() const override { return std::nullopt; }
};

template <class Base, class Derived>
std::unique_ptr<Base> make() {
  return std::make_unique<Derived>();
}
constexpr Option<SwapStrategy> kStrategies[] = {
    {"rolling", "A few replicas at a time, in the order of their numbers", make<SwapStrategy, Rolling>},
    {"all_at_once", "All replicas at one time; requests wait until the first serves", make<SwapStrategy, AllAtOnce>},
};
constexpr Option<SwapGate> kGates[] = {
    {"latency", "By the mean latencies of the canary's requests over those of the others, in the same time",
     make<SwapGate, LatencyGate>},
    {"verdict", "By an evaluation outside the simulation, whose outcome is given", make<SwapGate, VerdictGate>},
};

}  // namespace

Options<SwapStrategy> swap_strategies() { return kStrategies; }
Options<SwapGate> swap_gates() { return kGates; }

void SwapTargetSpec::visit(FieldVisitor& v) {
  field(v, "model", model, "Model that is served afterwards", rule().required().from_catalog("models"));
  field(v, "precision", precision, "Number format of weights and computation; as before when absent",
        rule().one_of(llm::kPrecisionNames));
  field(v, "kv_cache_precision", kv_cache_precision,
        "Number format of the cache of keys and values; as the precision implies when absent",
        rule().one_of(llm::kKvFormatNames));
  field(v, "engine", engine, "Inference engine and settings; as before when absent");
  field(v, "speculation", speculation, "Speculative decoding; none when absent");
}

void LatencyGate::visit(FieldVisitor& v) {
  field(v, "worst_ttft_ratio", worst_ttft_ratio, "Mean time to first token, of the canary over the others, at most",
        rule().above(0));
  field(v, "worst_tpot_ratio", worst_tpot_ratio, "Mean time per output token, of the canary over the others, at most",
        rule().above(0));
}

void VerdictGate::visit(FieldVisitor& v) { field(v, "passes", passes, "What it finds"); }

void CanarySpec::visit(FieldVisitor& v) {
  field(v, "replicas", replicas, "Replicas that get the new model first", rule().at_least(1).at_most(1e6));
  field(v, "traffic_share", traffic_share, "Share of the arrivals that goes to them", rule().above(0).at_most(1));
  field(v, "duration_s", duration, "How long they are looked at, from when all of them serve",
        rule().above(0).at_most(9e6));
  field(v, "gate", gate, "What decides whether the rest follows or they go back", rule().required());
}

void ModelSwapSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "service", service, "Service whose model is replaced", rule().required());
  field(v, "to", to, "What it serves afterwards", rule().required());
  field(v, "strategy", strategy, "How many replicas are out of service at one time");
  field(v, "drain", drain,
        "Replicas end what runs before they go down; otherwise its tokens are thrown away and it starts again "
        "elsewhere");
  field(v, "canary", canary, "Replicas that try the new model before the others; none when absent");
  field(v, "start_up", start_up, "What a replica does when the new weights are there, before it serves");
}

}  // namespace tokenworks::scenario
