// Question   how long prompts and answers of random benchmark requests are
// Equation   whole tokens, evenly from low * nominal to high * nominal, both ends included and rounded
// Source     `--random-range-ratio` of SGLang's and vLLM's serving benchmarks; SemiAnalysis InferenceX draws from
//            0.8 to 1.0 of the nominal length that it prints
// Valid for  0 <= low <= high; a length below 1 token becomes 1
// Checked by tests/models/workload/lengths_test.cpp
#include <algorithm>
#include <boost/random/uniform_int_distribution.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {
namespace {

class UniformSampler final : public LengthSampler {
 public:
  UniformSampler(std::int32_t least, std::int32_t most) : tokens_(least, most) {}
  std::int32_t draw(RandomEngine& random) override { return tokens_(random); }

 private:
  boost::random::uniform_int_distribution<std::int32_t> tokens_;
};

class UniformShare final : public LengthDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "nominal_tokens", nominal_tokens_, "Length that the shares refer to",
          rule().required().at_least(1).at_most(kMostTokens));
    field(v, "low", low_, "Smallest share of the nominal length", rule().required().at_least(0));
    field(v, "high", high_, "Greatest share of the nominal length, not below low", rule().required().above(0));
  }
  std::unique_ptr<LengthSampler> sampler(const FindLengthTable&) const override {
    if (!(low_ <= high_)) {
      throw std::invalid_argument("low: found " + std::to_string(low_) + ", allowed: up to high, " +
                                  std::to_string(high_));
    }
    return std::make_unique<UniformSampler>(tokens(low_), tokens(high_));
  }

 private:
  std::int32_t tokens(double share) const {
    const double rounded = std::round(share * static_cast<double>(nominal_tokens_));
    return static_cast<std::int32_t>(std::clamp(rounded, 1.0, static_cast<double>(kMostTokens)));
  }

  std::int64_t nominal_tokens_ = 1;
  double low_ = 1.0;
  double high_ = 1.0;
};

}  // namespace

std::unique_ptr<LengthDistribution> make_uniform_share_length() { return std::make_unique<UniformShare>(); }

}  // namespace tokenworks::workload
