// Question   how is what a node's limit leaves shared out among the GPUs under it
// Equation   budget = target * limit - what the node draws beside these GPUs; a GPU whose cap binds is taken to want
//            all that its board may draw, any other one what it draws. What is wanted beyond the budget is taken from
//            the first class down to its least, then from the next. Caps are lifted once what is wanted is a release
//            margin below the budget, and rise by a share of their range at a look
// Source     water-filling by priority, as NVIDIA Domain Power Service lowers policies on a shortfall; shares: E
// Valid for  what else the node draws changes little between two looks, losses between it and the GPUs among it
// Checked by tests/policies/capping_test.cpp
#include <algorithm>

#include "sim/policies/capping/options/options.hpp"

namespace tokenworks::capping {
namespace {

constexpr double kBinds = 0.97;  // of its cap: levels of the clock are a percent or two of power apart

class Proportional final : public CappingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "target_share", target_, "Share of the limit that is filled",
          rule().share().above(0).default_from('E', "Room for what changes between two looks"));
    field(v, "release_margin", margin_, "Share of the limit by which less must be wanted before caps are lifted",
          rule().share().default_from('E', "So that caps are not lifted and set by turns"));
    field(v, "rise_share", rise_, "Of the range of a GPU's cap, the most by which it rises from one look to the next",
          rule().above(0).at_most(1).default_from('E', "So that what hangs on GPU power does not carry the node over"));
  }

  Decision decide(const Snapshot& now) const override {
    double gpus_w = 0.0, wanted_w = 0.0;
    bool any = false;
    std::vector<double> wants;
    for (const GpuLoad& load : now.classes) {
      const bool capped = load.cap_w < load.most_w;
      const bool binds = capped && load.draw_w >= kBinds * std::min(load.cap_w, load.window_cap_w);
      wants.push_back(binds ? load.most_w : std::min(load.draw_w, load.most_w));
      const auto gpus = static_cast<double>(load.gpus);
      gpus_w += gpus * load.draw_w;
      wanted_w += gpus * wants.back();
      any = any || capped;
    }
    const double budget = target_ * now.limit_w - (now.measured_w - gpus_w);
    Decision decision{.caps_w = {}, .stage = 0};
    const bool keeps = any && wanted_w > budget - margin_ * now.limit_w && wanted_w <= budget;
    double over = wanted_w - budget;
    for (std::size_t i = 0; i < now.classes.size(); ++i) {
      const GpuLoad& load = now.classes[i];
      const double least = std::min(load.least_w, load.most_w);
      double cap = keeps ? load.cap_w : load.most_w;
      if (over > 0.0 && load.gpus > 0) {
        const auto gpus = static_cast<double>(load.gpus);
        const double taken = std::clamp(over, 0.0, gpus * std::max(0.0, wants[i] - least));
        cap = wants[i] - taken / gpus;
        over -= taken;
      }
      // What hangs on a GPU's power (fans, losses, cooling) rises with it and shows at the next look only.
      if (load.cap_w < load.most_w) cap = std::min(cap, load.cap_w + rise_ * (load.most_w - least));
      decision.caps_w.push_back(std::clamp(cap, least, load.most_w));
    }
    return decision;
  }

 private:
  double target_ = 0.97, margin_ = 0.05, rise_ = 0.1;
};

}  // namespace

std::unique_ptr<CappingOption> make_proportional() { return std::make_unique<Proportional>(); }

}  // namespace tokenworks::capping
