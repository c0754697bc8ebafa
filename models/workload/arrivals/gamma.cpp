// Question   when requests arrive that come in bursts (or, below cv 1, more evenly than by chance)
// Equation   gaps are gamma distributed: shape = 1 / cv^2, scale = cv^2 / rate [s]; a renewal process from the start
//            drawn by Marsaglia and Tsang's method (Boost 1.74's gamma_distribution takes two to five times as long)
// Source     form: ServeGen, arXiv 2505.09999, where gamma gaps fit many production clients of Alibaba Cloud; method:
//            Marsaglia, Tsang, A simple method for generating gamma variables, ACM TOMS 26(3), 2000
// Valid for  cv 0.01 to 100; gaps are independent of each other, so bursts have no memory beyond one gap
// Checked by tests/models/workload/arrivals_test.cpp
#include <boost/random/normal_distribution.hpp>
#include <cmath>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {
namespace {

/// Gamma distributed numbers of mean `shape`.
class GammaDraw {
 public:
  explicit GammaDraw(double shape)
      : small_shape_power_(shape < 1.0 ? 1.0 / shape : 0.0),
        d_((shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0),
        c_(1.0 / std::sqrt(9.0 * d_)) {}

  double operator()(RandomEngine& random) {
    double value = at_least_one(random);
    // From shape + 1 down to shape, by the paper's remark on shapes below 1.
    if (small_shape_power_ > 0.0) value *= std::pow(uniform_open(random), small_shape_power_);
    return value;
  }

 private:
  /// The method proper, for shapes of 1 and more; `d`, `c`, `x`, `v` as in the paper.
  double at_least_one(RandomEngine& random) {
    while (true) {
      const double x = normal_(random);
      const double root = 1.0 + c_ * x;
      if (root <= 0.0) continue;
      const double v = root * root * root;
      const double u = uniform_open(random);
      if (u < 1.0 - 0.0331 * (x * x) * (x * x)) return d_ * v;
      if (std::log(u) < 0.5 * x * x + d_ * (1.0 - v + std::log(v))) return d_ * v;
    }
  }

  double small_shape_power_, d_, c_;
  boost::random::normal_distribution<double> normal_;
};

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
