// The highest of all factors at which something still holds, when it holds below some factor and fails above it; each
// answer costs a run, and several runs may go on at a time.
#pragma once

#include <functional>
#include <optional>
#include <vector>

namespace tokenworks::tools {

struct SearchOptions {
  double tolerance = 0.02;  ///< the search ends when the lowest failing factor is at most 1 + tolerance times the
                            ///< highest passing one
  int jobs = 1;             ///< factors that are tried at a time
  double lowest = 1.0 / 1024, highest = 1024;
};

/// Tries all these factors, which rise. Fewer answers than factors: interrupted.
using TryFactors = std::function<std::vector<bool>(const std::vector<double>& factors)>;
/// Told before factors are tried, with how many more batches will follow at least.
using SearchProgress = std::function<void(const std::vector<double>& factors, int batches_left)>;

struct SearchResult {
  struct Tried {
    double factor;
    bool passed;
  };
  std::vector<Tried> tried;           ///< in the order of trying
  std::optional<double> passing;      ///< the highest that passed below the lowest that failed; nothing: none passed
  std::optional<double> failing;      ///< the lowest that failed; nothing: `highest` passed
  std::vector<double> passed_beyond;  ///< passed although a lower one failed
  bool interrupted = false;
};

/// Tries 1 first, then an octave up or down at a time, cut into `jobs` equal ratios, until one passes and one fails, at
/// most to the limits; then cuts the ratio between both into `jobs` + 1 until it is small enough. The same answers
/// give the same factors in the same order. Throws std::invalid_argument for a tolerance that is not above 0, no jobs,
/// or limits that do not hold 1 between them.
SearchResult find_max_rate(const TryFactors& try_factors, const SearchOptions& options,
                           const SearchProgress& progress = {});

}  // namespace tokenworks::tools
