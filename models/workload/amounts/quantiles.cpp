// Question   how long something takes, or how often it happens, where only quantiles were published
// Equation   amount = Q(u), u uniform in (0, 1); ln Q straight over u between the points, Q itself where one is 0
// Source     the quantiles' own
// Valid for  shares from 0 to 1; between far points the shape is a guess, and with it the mean
// Checked by tests/models/workload/amounts_test.cpp
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/workload/amount_distribution.hpp"

namespace tokenworks::workload {
namespace {

void require(bool holds, const char* problem) {
  if (!holds) throw std::invalid_argument(std::string("quantiles: ") + problem);
}

class QuantileSampler final : public AmountSampler {
 public:
  QuantileSampler(std::vector<double> shares, std::vector<double> values)
      : shares_(std::move(shares)), values_(std::move(values)) {
    require(shares_.size() >= 2 && shares_.size() == values_.size(),
            "shares and values must be lists of one length, 2 or more");
    require(shares_.front() == 0.0 && shares_.back() == 1.0, "shares must go from 0 to 1");
    for (std::size_t i = 1; i < shares_.size(); ++i) {  // NaN holds neither
      require(shares_[i - 1] < shares_[i], "shares must rise");
      require(values_[i - 1] <= values_[i], "values must not fall");
    }
    require(values_.front() >= 0.0, "values must be 0 or more");
  }

  double draw(RandomEngine& random) override {
    const double u = uniform_open(random);
    const auto end = static_cast<std::size_t>(std::upper_bound(shares_.begin(), shares_.end(), u) - shares_.begin());
    const double low = values_[end - 1], high = values_[end];
    const double part = (u - shares_[end - 1]) / (shares_[end] - shares_[end - 1]);
    return low > 0.0 ? low * std::pow(high / low, part) : high * part;
  }

 private:
  std::vector<double> shares_, values_;
};

class Quantiles final : public AmountDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "shares", shares_, "Share of cases with no more than `values`: rising from 0 to 1",
          rule().required().share());
    field(v, "values", values_, "Amount at each share, in the unit of the field, not falling",
          rule().required().at_least(0).at_most(1e9));
  }
  std::unique_ptr<AmountSampler> sampler() const override { return quantile_amounts(shares_, values_); }

 private:
  std::vector<double> shares_ = {0.0, 1.0};
  std::vector<double> values_ = {0.0, 0.0};
};

}  // namespace

std::unique_ptr<AmountSampler> quantile_amounts(std::vector<double> shares, std::vector<double> values) {
  return std::make_unique<QuantileSampler>(std::move(shares), std::move(values));
}

std::unique_ptr<AmountDistribution> make_quantile_amount() { return std::make_unique<Quantiles>(); }

}  // namespace tokenworks::workload
