// Question   how long an answer is whose every token is the last with the same chance
// Equation   P(tokens = n) = p (1 - p)^(n - 1), n >= 1, p = 1 / mean
// Source     Kleinrock, Queueing Systems, volume 1, 1975: the discrete law without memory, for queues of type M/M
// Valid for  mean 1 to 2^31 - 1; draws above 2^31 - 1 become 2^31 - 1
// Checked by tests/models/workload/lengths_test.cpp
#include <algorithm>
#include <boost/random/geometric_distribution.hpp>

#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {
namespace {

class GeometricSampler final : public LengthSampler {
 public:
  explicit GeometricSampler(double mean_tokens) : further_tokens_(1.0 / mean_tokens) {}
  std::int32_t draw(RandomEngine& random) override {
    return static_cast<std::int32_t>(std::min(1 + further_tokens_(random), kMostTokens));
  }

 private:
  boost::random::geometric_distribution<std::int64_t, double> further_tokens_;
};

class OneToken final : public LengthSampler {
 public:
  std::int32_t draw(RandomEngine&) override { return 1; }
};

class Geometric final : public LengthDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "mean_tokens", mean_tokens_, "Mean length", rule().required().at_least(1).at_most(kMostTokens));
  }
  std::unique_ptr<LengthSampler> sampler(const FindLengthTable&) const override {
    if (mean_tokens_ <= 1.0) return std::make_unique<OneToken>();  // p = 1 is outside Boost's range
    return std::make_unique<GeometricSampler>(mean_tokens_);
  }

 private:
  double mean_tokens_ = 1.0;
};

}  // namespace

std::unique_ptr<LengthDistribution> make_geometric_length() { return std::make_unique<Geometric>(); }

}  // namespace tokenworks::workload
