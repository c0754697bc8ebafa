#include "sim/policies/scaling/options/options.hpp"

namespace tokenworks::scaling {
namespace {

class KvCache final : public ScalingOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "share_high", share_high_, "Share of the KV blocks of all that serve above which more are started",
          rule().share());
    field(v, "share_low", share_low_, "Share below which fewer are wanted", rule().share().above(0));
  }
  Wish wish(const Snapshot& now) const override {
    if (now.serving == 0) return Wish::none;
    if (now.kv_share > share_high_) return Wish::more;
    return now.kv_share < share_low_ && now.waiting == 0 ? Wish::fewer : Wish::none;
  }
  Thresholds thresholds() const override { return {"share_low", "share_high", share_low_, share_high_}; }

 private:
  double share_high_ = 0.8, share_low_ = 0.3;
};

}  // namespace

std::unique_ptr<ScalingOption> make_kv_cache() { return std::make_unique<KvCache>(); }

}  // namespace tokenworks::scaling
