#include <algorithm>

#include "sim/policies/capping/options/options.hpp"

namespace tokenworks::capping {
namespace {

/// As an operator's nvidia-smi -pl on every GPU under the node.
class StaticCap final : public CappingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "gpu_power_cap_w", cap_, "Cap on every GPU under the node; within what its board can be set to",
          rule().required().above(0));
  }

  Decision decide(const Snapshot& now) const override {
    Decision decision{.caps_w = {}, .stage = 0};
    for (const GpuLoad& load : now.classes) {
      decision.caps_w.push_back(std::clamp(cap_.value, std::min(load.least_w, load.most_w), load.most_w));
    }
    return decision;
  }

 private:
  Watts cap_{700};
};

}  // namespace

std::unique_ptr<CappingOption> make_static_cap() { return std::make_unique<StaticCap>(); }

}  // namespace tokenworks::capping
