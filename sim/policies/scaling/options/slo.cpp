#include "sim/policies/scaling/options/options.hpp"

namespace tokenworks::scaling {
namespace {

class Slo final : public ScalingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "attainment_low", attainment_low_,
          "Share of requests with every promise kept below which more are started", rule().share());
    field(v, "attainment_high", attainment_high_, "Share from which on fewer are wanted, when nobody waits",
          rule().share());
  }
  /// A service to which nobody comes keeps every promise.
  Wish wish(const Snapshot& now) const override {
    if (now.judged == 0) return now.in_system == 0 ? Wish::fewer : Wish::none;
    const double attained = static_cast<double>(now.kept) / static_cast<double>(now.judged);
    if (attained < attainment_low_) return Wish::more;
    return attained >= attainment_high_ && now.waiting == 0 ? Wish::fewer : Wish::none;
  }
  bool needs_promises() const override { return true; }
  Thresholds thresholds() const override {
    return {"attainment_low", "attainment_high", attainment_low_, attainment_high_};
  }

 private:
  double attainment_low_ = 0.95, attainment_high_ = 1.0;
};

}  // namespace

std::unique_ptr<ScalingOption> make_slo() { return std::make_unique<Slo>(); }

}  // namespace tokenworks::scaling
