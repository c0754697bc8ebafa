// Question   how does a quantity move that is a sum of exponentials and a ramp, and when does it first meet a threshold
// Equation   f(t) = start + sum rate_k (1 - exp(-decay_k t)) / decay_k; a decay of 0 is a ramp: rate_k t
// Source     calculus. Crossings: all rising terms less all falling ones bound f and its slope over a span; spans are
//            halved until they hold no crossing or one where f is monotone
// Valid for  t >= 0, decays >= 0, up to rounding: f is known to some 1e-15 of the largest term
// Checked by tests/models/thermal/exponential_sum_test.cpp
#pragma once

#include <boost/container/small_vector.hpp>
#include <limits>
#include <optional>

namespace tokenworks::thermal {

enum class Direction { rising, falling };

inline constexpr double kForever = std::numeric_limits<double>::infinity();

/// A quantity in its own unit (degrees Celsius, watts) over seconds.
class ExponentialSum {
 public:
  struct Term {
    double rate;   ///< what it adds to the slope at t = 0, per second
    double decay;  ///< per second
  };

  explicit ExponentialSum(double start) : start_(start) {}
  /// Terms that do not move are left out.
  void add(Term term) {
    if (term.rate != 0.0) terms_.push_back(term);
  }
  /// Adds `factor` times another course.
  void add(const ExponentialSum& other, double factor);

  double at(double t) const;
  double slope(double t) const;
  /// Over [0, t]; the value at 0 for t = 0.
  double mean(double t) const;
  /// As t grows for ever; none where a ramp moves it.
  std::optional<double> limit() const;
  /// The same course, counted from `t` on.
  ExponentialSum after(double t) const;

  /// The first date in [0, until] at which f has reached `threshold`: at or above it when `rising`, at or below it when
  /// `falling`. 0 where that holds from the start. Never later than the first crossing, however short the visit
  /// beyond the threshold; a mere touch, to within rounding, may count or not.
  std::optional<double> first_crossing(double threshold, Direction direction, double until = kForever) const;

 private:
  double start_;
  boost::container::small_vector<Term, 8> terms_;
};

/// (1 - exp(-decay t)) / decay: what a term of rate 1 adds until `t`.
double grown(double decay, double t);
/// Mean of grown() over [0, t].
double mean_grown(double decay, double t);

}  // namespace tokenworks::thermal
