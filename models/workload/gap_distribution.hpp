// Gaps between the requests of one client, as statistics of production services describe them.
#pragma once

#include <optional>
#include <string_view>

#include "models/core/random.hpp"
#include "models/workload/gamma_draw.hpp"

namespace tokenworks::workload {

enum class GapFamily { gamma, weibull };

/// "Gamma", "Weibull", as ServeGen's files spell them.
std::optional<GapFamily> gap_family_from_name(std::string_view name);

/// The shapes that may be drawn from. Far below them a gap of mean 1 is 0 or beyond any run.
struct ShapeLimits {
  double least, most;
};
ShapeLimits shape_limits(GapFamily family);

/// A renewal process whose gaps have the mean 1.
class GapDistribution {
 public:
  /// Throws std::invalid_argument for a shape outside the limits.
  GapDistribution(GapFamily family, double shape);

  /// A gap between two requests; not negative, 0 when it is too small for a double.
  double gap(RandomEngine& random);

  /// From any date to the next request of a process that has been running for ever. With it as the first gap the
  /// expected number of requests in any time t is t, however bursty the process is.
  double first_gap(RandomEngine& random);

 private:
  GapFamily family_;
  double scale_;  ///< that makes the mean 1
  double power_;  ///< Weibull: 1 / shape
  GammaDraw gap_, longer_;
};

}  // namespace tokenworks::workload
