// The visible list of length options. To add one: a file in lengths/, its factory and its line here.
#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {

std::unique_ptr<LengthDistribution> make_fixed_length();
std::unique_ptr<LengthDistribution> make_uniform_share_length();
std::unique_ptr<LengthDistribution> make_geometric_length();
std::unique_ptr<LengthDistribution> make_lognormal_length();
std::unique_ptr<LengthDistribution> make_table_length();

Options<LengthDistribution> length_options() {
  static constexpr Option<LengthDistribution> kOptions[] = {
      {"fixed", "Always the same number of tokens", &make_fixed_length},
      {"uniform_share", "Evenly spread between two shares of a nominal length", &make_uniform_share_length},
      {"geometric", "Every further token comes with the same chance", &make_geometric_length},
      {"lognormal", "Lognormal by median and sigma, cut at a maximum", &make_lognormal_length},
      {"table", "A measured distribution from the catalog, by its quantiles", &make_table_length},
  };
  return kOptions;
}

}  // namespace tokenworks::workload
