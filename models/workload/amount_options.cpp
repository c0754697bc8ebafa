// The visible list of amount options. To add one: a file in amounts/, its factory and its line here.
#include "models/workload/amount_distribution.hpp"

namespace tokenworks::workload {

std::unique_ptr<AmountDistribution> make_fixed_amount();
std::unique_ptr<AmountDistribution> make_lognormal_amount();
std::unique_ptr<AmountDistribution> make_quantile_amount();

Options<AmountDistribution> amount_options() {
  static constexpr Option<AmountDistribution> kOptions[] = {
      {"fixed", "Always the same", &make_fixed_amount},
      {"lognormal", "Lognormal by median and 90th percentile, cut at a maximum", &make_lognormal_amount},
      {"quantiles", "By measured quantiles", &make_quantile_amount},
  };
  return kOptions;
}

}  // namespace tokenworks::workload
