// Question   how long after a request does a client of a production service send its next
// Equation   gamma: shape k, scale 1/k. Weibull: (-ln U)^(1/k) / Gamma(1 + 1/k). Both have mean 1
//            first gap: U times a gap drawn with a probability in proportion to its length. For gamma that is gamma of
//            shape k + 1; for Weibull x = y^(1/k) / Gamma(1 + 1/k) with y of gamma of shape 1 + 1/k
// Source     families: ServeGen, arXiv 2505.09999; first gap: Cox, Renewal Theory, 1962, sections 5.2 to 5.4 (the
//            inspection paradox); the Weibull case by putting y = (x / scale)^k into x f(x)
// Valid for  shapes within shape_limits(); ServeGen's run from 0.0067 to 45,230 (gamma) and 0.15 to 7.9 (Weibull)
// Checked by tests/models/workload/gap_distribution_test.cpp
#include "models/workload/gap_distribution.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::workload {

std::optional<GapFamily> gap_family_from_name(std::string_view name) {
  if (name == "Gamma") return GapFamily::gamma;
  if (name == "Weibull") return GapFamily::weibull;
  return std::nullopt;
}

ShapeLimits shape_limits(GapFamily family) {
  // At the lower ends one gap in 2 (gamma) is too small for a double, and the mean hangs on one gap in 1e9 (Weibull).
  return family == GapFamily::gamma ? ShapeLimits{1e-3, 1e9} : ShapeLimits{0.05, 1e3};
}

GapDistribution::GapDistribution(GapFamily family, double shape)
    : family_(family),
      scale_(family == GapFamily::gamma ? 1.0 / shape : 1.0 / std::tgamma(1.0 + 1.0 / shape)),
      power_(1.0 / shape),
      gap_(shape),
      longer_(family == GapFamily::gamma ? shape + 1.0 : 1.0 + 1.0 / shape) {
  const auto [least, most] = shape_limits(family);
  if (!(shape >= least && shape <= most)) {
    throw std::invalid_argument("shape of a distribution of gaps: found " + std::to_string(shape) +
                                ", allowed: " + std::to_string(least) + " to " + std::to_string(most));
  }
}

double GapDistribution::gap(RandomEngine& random) {
  if (family_ == GapFamily::gamma) return scale_ * gap_(random);
  return scale_ * std::pow(-std::log(uniform_open(random)), power_);
}

double GapDistribution::first_gap(RandomEngine& random) {
  const double drawn = longer_(random);
  const double longer = family_ == GapFamily::gamma ? drawn : std::pow(drawn, power_);
  return scale_ * longer * uniform_open(random);
}

}  // namespace tokenworks::workload
