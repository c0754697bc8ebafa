// Question   how long prompts and answers are that spread over orders of magnitude
// Equation   tokens = median * exp(sigma * z), z standard normal, rounded, within 1 and max_tokens
// Source     the lognormal law; what lies above max_tokens falls on it, as `max_tokens` of a serving API cuts answers
// Valid for  sigma 0 to 10
// Checked by tests/models/workload/lengths_test.cpp
#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <cmath>

#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {
namespace {

class LognormalSampler final : public LengthSampler {
 public:
  LognormalSampler(double median_tokens, double sigma, double max_tokens)
      : log_tokens_(std::log(median_tokens), sigma), max_tokens_(max_tokens) {}
  std::int32_t draw(RandomEngine& random) override {
    return static_cast<std::int32_t>(std::clamp(std::exp(log_tokens_(random)) + 0.5, 1.0, max_tokens_));
  }

 private:
  boost::random::normal_distribution<double> log_tokens_;
  double max_tokens_;
};

class Lognormal final : public LengthDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "median_tokens", median_tokens_, "Median length", rule().required().at_least(1).at_most(kMostTokens));
    field(v, "sigma", sigma_, "Standard deviation of the length's natural logarithm",
          rule().required().at_least(0).at_most(10));
    field(v, "max_tokens", max_tokens_, "Longer draws are cut to this length",
          rule().required().at_least(1).at_most(kMostTokens));
  }
  std::unique_ptr<LengthSampler> sampler(const FindLengthTable&) const override {
    return std::make_unique<LognormalSampler>(median_tokens_, sigma_, static_cast<double>(max_tokens_));
  }

 private:
  double median_tokens_ = 1.0;
  double sigma_ = 0.0;
  std::int64_t max_tokens_ = kMostTokens;
};

}  // namespace

std::unique_ptr<LengthDistribution> make_lognormal_length() { return std::make_unique<Lognormal>(); }

}  // namespace tokenworks::workload
