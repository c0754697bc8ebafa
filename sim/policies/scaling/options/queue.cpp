#include "sim/policies/scaling/options/options.hpp"

namespace tokenworks::scaling {
namespace {

class Queue final : public ScalingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "waiting_high", waiting_high_, "Waiting requests a serving replica above which more are started",
          rule().at_least(0));
    field(v, "waiting_low", waiting_low_, "Waiting requests a serving replica below which fewer are wanted",
          rule().above(0));
  }
  Wish wish(const Snapshot& now) const override {
    if (now.serving == 0) return Wish::none;
    const double waiting = static_cast<double>(now.waiting) / static_cast<double>(now.serving);
    if (waiting > waiting_high_) return Wish::more;
    return waiting < waiting_low_ ? Wish::fewer : Wish::none;
  }
  Thresholds thresholds() const override { return {"waiting_low", "waiting_high", waiting_low_, waiting_high_}; }

 private:
  double waiting_high_ = 4.0, waiting_low_ = 0.5;
};

}  // namespace

std::unique_ptr<ScalingOption> make_queue() { return std::make_unique<Queue>(); }

}  // namespace tokenworks::scaling
