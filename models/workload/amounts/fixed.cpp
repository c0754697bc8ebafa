// Question   how long something takes, or how often it happens, when all cases are alike
// Equation   amount = constant
// Source     the scenario
// Valid for  any amount from 0
// Checked by tests/models/workload/amounts_test.cpp
#include "models/workload/amount_distribution.hpp"

namespace tokenworks::workload {
namespace {

class FixedSampler final : public AmountSampler {
 public:
  explicit FixedSampler(double value) : value_(value) {}
  double draw(RandomEngine&) override { return value_; }

 private:
  double value_;
};

class Fixed final : public AmountDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "value", value_, "The amount, in the unit of the field", rule().required().at_least(0).at_most(1e9));
  }
  std::unique_ptr<AmountSampler> sampler() const override { return std::make_unique<FixedSampler>(value_); }

 private:
  double value_ = 0.0;
};

}  // namespace

std::unique_ptr<AmountDistribution> make_fixed_amount() { return std::make_unique<Fixed>(); }

}  // namespace tokenworks::workload
