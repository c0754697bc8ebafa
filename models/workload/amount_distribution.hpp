// Times and counts that vary from case to case: a family, one file an option, listed in amount_options.cpp. The key of
// the field that holds one says what is drawn ("tool_time_s": seconds, "turns": a count).
#pragma once

#include <memory>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/random.hpp"

namespace tokenworks::workload {

/// Draws one amount.
class AmountSampler {
 public:
  virtual ~AmountSampler() = default;
  virtual double draw(RandomEngine& random) = 0;  ///< >= 0
};

class AmountDistribution {
 public:
  virtual ~AmountDistribution() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument when the fields, each allowed by itself, do not fit together.
  virtual std::unique_ptr<AmountSampler> sampler() const = 0;
};

/// `fixed`, `lognormal`, `quantiles`.
Options<AmountDistribution> amount_options();

struct AmountChoice : Choice<AmountDistribution> {
  AmountChoice() : Choice(amount_options()) {}
};

/// Lognormal by its median and its 90th percentile; what lies above `most` falls on it.
std::unique_ptr<AmountSampler> lognormal_amounts(double median, double p90, double most);
/// By its quantiles: `shares` rise from 0 to 1, `values` do not fall. Between two points the logarithm of the amount is
/// straight over the share (the amount itself where one of them is 0). Throws std::invalid_argument.
std::unique_ptr<AmountSampler> quantile_amounts(std::vector<double> shares, std::vector<double> values);

}  // namespace tokenworks::workload
