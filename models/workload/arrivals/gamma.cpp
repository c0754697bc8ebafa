// Question   when requests arrive that come in bursts (or, below cv 1, more evenly than by chance)
// Equation   gaps are gamma distributed: shape = 1 / cv^2, scale = cv^2 / rate [s]; a renewal process from the start
// Source     ServeGen, arXiv 2505.09999, where gamma gaps fit many production clients of Alibaba Cloud
// Valid for  cv 0.01 to 100; gaps are independent of each other, so bursts have no memory beyond one gap
// Checked by tests/models/workload/arrivals_test.cpp
#include "models/workload/arrival_process.hpp"
#include "models/workload/gamma_draw.hpp"

namespace tokenworks::workload {
namespace {

class GammaProcess final : public ArrivalProcess {
 public:
  GammaProcess(double rate_per_s, double cv) : draw_(1.0 / (cv * cv)), scale_s_(cv * cv / rate_per_s) {}
  double next_s(RandomEngine& random) override { return now_s_ += draw_(random) * scale_s_; }

 private:
  GammaDraw draw_;
  double scale_s_;
  double now_s_ = 0.0;
};

class Gamma final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "rate_per_s", rate_per_s_, "Mean number of requests a second", rule().required().above(0));
    field(v, "cv", cv_, "Coefficient of variation of the gaps: 1 is Poisson, more is burstier",
          rule().required().at_least(0.01).at_most(100));
  }
  std::unique_ptr<ArrivalProcess> open_process(double) const override {
    return std::make_unique<GammaProcess>(rate_per_s_, cv_);
  }
  void scale_rate(double factor) override { rate_per_s_ *= factor; }

 private:
  double rate_per_s_ = 1.0;
  double cv_ = 1.0;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_gamma_arrivals() { return std::make_unique<Gamma>(); }

}  // namespace tokenworks::workload
