// Question   which GPUs under an oversubscribed node are capped, when its power nears the limit
// Equation   stage 1 above T1: the first class at `first_cap`; stage 2 above T2: it at `first_deep_cap`, all others at
//            `others_cap`; stage 3 above the limit: all at their least. A stage is left, one at a look, below its
//            threshold less the release margin
// Source     Patel et al., POLCA: Power Oversubscription in LLM Cloud Providers, 2023: thresholds of 80 and 89 %, a
//            margin of 5 %, clocks of 1,275, 1,110 and 1,305 of 1,410 MHz on A100, here as caps by the law of the whole
//            board (models/compute/clock.hpp); R
// Valid for  limits that the fixed caps of its stages can keep, a fifth below the load or so; below, it swings between
//            its second stage and the brake
// Checked by tests/policies/capping_test.cpp
#include <algorithm>

#include "sim/policies/capping/options/options.hpp"

namespace tokenworks::capping {
namespace {

class Polca final : public CappingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    const auto share = [](const char* source) { return rule().share().above(0).default_from('R', source); };
    field(v, "first_threshold", first_, "Share of the limit above which the first class is capped",
          share("Patel et al., POLCA, 2023"));
    field(v, "second_threshold", second_, "Share of the limit above which all classes are capped",
          share("Patel et al., POLCA, 2023"));
    field(v, "release_margin", margin_, "Share of the limit that power must fall below a threshold before it releases",
          rule().share().default_from('R', "Patel et al., POLCA, 2023"));
    field(v, "first_cap_share", first_cap_, "Cap on the first class above the first threshold, of the board's limit",
          share("1,275 of 1,410 MHz (POLCA, 2023), by the law of the whole board"));
    field(v, "first_deep_cap_share", first_deep_cap_, "The same above the second threshold",
          share("1,110 of 1,410 MHz (POLCA, 2023), by the law of the whole board"));
    field(v, "others_cap_share", others_cap_, "Cap on all other classes above the second threshold",
          share("1,305 of 1,410 MHz (POLCA, 2023), by the law of the whole board"));
  }

  Decision decide(const Snapshot& now) const override {
    const double power = now.measured_w / now.limit_w;
    const double enters[] = {first_, second_, 1.0};
    std::int32_t stage = std::clamp(now.stage, 0, 3);
    std::int32_t entered = 0;
    while (entered < 3 && power > enters[entered]) ++entered;
    if (entered > stage) {
      stage = entered;
    } else if (stage > 0 && now.is_settled && power < enters[stage - 1] - margin_) {
      --stage;
    }
    Decision decision{.caps_w = {}, .stage = stage};
    for (std::size_t i = 0; i < now.classes.size(); ++i) {
      const GpuLoad& load = now.classes[i];
      const bool is_first = i == 0;
      double share = 1.0;
      if (stage == 1 && is_first) share = first_cap_;
      if (stage == 2) share = is_first ? first_deep_cap_ : others_cap_;
      if (stage == 3) share = 0.0;
      decision.caps_w.push_back(std::clamp(share * load.most_w, std::min(load.least_w, load.most_w), load.most_w));
    }
    return decision;
  }

  std::optional<Thresholds> thresholds() const override {
    return Thresholds{"first_threshold", "second_threshold", first_, second_};
  }

 private:
  double first_ = 0.80, second_ = 0.89, margin_ = 0.05;
  double first_cap_ = 0.84, first_deep_cap_ = 0.68, others_cap_ = 0.87;
};

}  // namespace

std::unique_ptr<CappingOption> make_polca() { return std::make_unique<Polca>(); }

}  // namespace tokenworks::capping
