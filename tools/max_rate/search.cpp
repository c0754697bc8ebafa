#include "tools/max_rate/search.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::tools {
namespace {

class Search {
 public:
  Search(const TryFactors& try_factors, const SearchOptions& options, const SearchProgress& progress)
      : try_factors_(try_factors), options_(options), progress_(progress) {}

  SearchResult run() {
    if (!attempt({1.0}) || !bracket() || !narrow()) result_.interrupted = true;
    for (const SearchResult::Tried& tried : result_.tried) {
      if (tried.passed && result_.failing && tried.factor > *result_.failing) {
        result_.passed_beyond.push_back(tried.factor);
      }
    }
    std::sort(result_.passed_beyond.begin(), result_.passed_beyond.end());
    return std::move(result_);
  }

 private:
  /// Factors over an octave from `from`, without it, cut into as many as there are jobs.
  std::vector<double> octave(double from, double direction) const {
    std::vector<double> factors;
    for (int i = 1; i <= options_.jobs; ++i) {
      const double factor =
          i == options_.jobs ? from * std::exp2(direction) : from * std::exp2(direction * i / options_.jobs);
      factors.push_back(std::clamp(factor, options_.lowest, options_.highest));
    }
    std::sort(factors.begin(), factors.end());
    factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
    return factors;
  }

  /// False: interrupted.
  bool bracket() {
    if (result_.passing) {
      while (!result_.failing && *result_.passing < options_.highest) {
        if (!attempt(octave(*result_.passing, 1))) return false;
      }
    } else {
      while (!result_.passing && *result_.failing > options_.lowest) {
        if (!attempt(octave(*result_.failing, -1))) return false;
      }
    }
    return true;
  }

  bool narrow() {
    while (result_.passing && result_.failing && cuts() > 1) {
      const int points = std::min(options_.jobs, cuts() - 1);
      const double octaves = std::log2(*result_.failing / *result_.passing);
      std::vector<double> factors;
      for (int i = 1; i <= points; ++i) factors.push_back(*result_.passing * std::exp2(octaves * i / (points + 1)));
      if (!attempt(factors)) return false;
    }
    return true;
  }

  /// Equal ratios that the bracket would have to be cut into to be narrow enough.
  int cuts() const {
    const double ratio = std::log(*result_.failing / *result_.passing) / std::log1p(options_.tolerance);
    return static_cast<int>(std::ceil(ratio * (1 - 1e-9)));
  }

  int batches_left() const {
    if (!result_.passing || !result_.failing) {
      return static_cast<int>(std::ceil(std::log(std::log(2.0) / options_.jobs / std::log1p(options_.tolerance)) /
                                        std::log(options_.jobs + 1)));
    }
    // The batch that begins is one of these.
    return static_cast<int>(std::ceil(std::log(cuts()) / std::log(options_.jobs + 1))) - 1;
  }

  bool attempt(const std::vector<double>& factors) {
    if (progress_) progress_(factors, std::max(0, batches_left()));
    const std::vector<bool> passed = try_factors_(factors);
    const std::size_t first = result_.tried.size();
    for (std::size_t i = 0; i < std::min(passed.size(), factors.size()); ++i) {
      result_.tried.push_back({factors[i], passed[i]});
      if (!passed[i] && (!result_.failing || factors[i] < *result_.failing)) result_.failing = factors[i];
    }
    for (std::size_t i = first; i < result_.tried.size(); ++i) {
      const auto& [factor, pass] = result_.tried[i];
      const bool below = !result_.failing || factor < *result_.failing;
      if (pass && below && (!result_.passing || factor > *result_.passing)) result_.passing = factor;
    }
    return passed.size() >= factors.size();
  }

  const TryFactors& try_factors_;
  const SearchOptions& options_;
  const SearchProgress& progress_;
  SearchResult result_;
};

}  // namespace

SearchResult find_max_rate(const TryFactors& try_factors, const SearchOptions& options,
                           const SearchProgress& progress) {
  if (!(options.tolerance > 0) || options.jobs < 1 || !(options.lowest <= 1 && 1 <= options.highest)) {
    throw std::invalid_argument("find_max_rate: found tolerance " + std::to_string(options.tolerance) + ", " +
                                std::to_string(options.jobs) + " jobs, limits " + std::to_string(options.lowest) +
                                " to " + std::to_string(options.highest) +
                                ", allowed: tolerance above 0, at least one job, limits around 1");
  }
  return Search(try_factors, options, progress).run();
}

}  // namespace tokenworks::tools
