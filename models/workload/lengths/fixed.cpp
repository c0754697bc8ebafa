// Question   how long a prompt or answer is, when all are alike
// Equation   tokens = constant
// Source     the scenario
// Valid for  1 to 2^31 - 1 tokens
// Checked by tests/models/workload/lengths_test.cpp
#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {
namespace {

class FixedSampler final : public LengthSampler {
 public:
  explicit FixedSampler(std::int32_t tokens) : tokens_(tokens) {}
  std::int32_t draw(RandomEngine&) override { return tokens_; }

 private:
  std::int32_t tokens_;
};

class Fixed final : public LengthDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "tokens", tokens_, "Tokens of every request", rule().required().at_least(1).at_most(kMostTokens));
  }
  std::unique_ptr<LengthSampler> sampler(const FindLengthTable&) const override {
    return std::make_unique<FixedSampler>(static_cast<std::int32_t>(tokens_));
  }

 private:
  std::int64_t tokens_ = 1;
};

}  // namespace

std::unique_ptr<LengthDistribution> make_fixed_length() { return std::make_unique<Fixed>(); }

}  // namespace tokenworks::workload
