// Question   how long something takes, or how often it happens, when that spreads over orders of magnitude
// Equation   amount = median * exp(sigma * z), z standard normal, sigma = ln(p90 / median) / 1.2816; at most `most`
// Source     the lognormal law; 1.2816 is the 90th percentile of the standard normal distribution
// Valid for  0 < median <= p90
// Checked by tests/models/workload/amounts_test.cpp
#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "models/workload/amount_distribution.hpp"

namespace tokenworks::workload {
namespace {

constexpr double kNormalP90 = 1.2815515655446004;

class LognormalSampler final : public AmountSampler {
 public:
  LognormalSampler(double median, double p90, double most)
      : log_amount_(std::log(median), std::log(p90 / median) / kNormalP90), most_(most) {}
  double draw(RandomEngine& random) override { return std::min(std::exp(log_amount_(random)), most_); }

 private:
  boost::random::normal_distribution<double> log_amount_;
  double most_;
};

class Lognormal final : public AmountDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "median", median_, "Median, in the unit of the field", rule().required().above(0).at_most(1e9));
    field(v, "p90", p90_, "90th percentile, not below the median", rule().required().above(0).at_most(1e9));
    field(v, "most", most_, "Greater draws are cut to this", rule().above(0).at_most(1e9));
  }
  std::unique_ptr<AmountSampler> sampler() const override { return lognormal_amounts(median_, p90_, most_); }

 private:
  double median_ = 1.0;
  double p90_ = 1.0;
  double most_ = 1e9;
};

}  // namespace

std::unique_ptr<AmountSampler> lognormal_amounts(double median, double p90, double most) {
  if (!(median > 0.0 && median <= p90)) {
    throw std::invalid_argument("p90: found " + std::to_string(p90) + ", allowed: the median, " +
                                std::to_string(median) + ", or more");
  }
  return std::make_unique<LognormalSampler>(median, p90, most);
}

std::unique_ptr<AmountDistribution> make_lognormal_amount() { return std::make_unique<Lognormal>(); }

}  // namespace tokenworks::workload
