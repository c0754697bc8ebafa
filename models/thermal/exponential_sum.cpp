#include "models/thermal/exponential_sum.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace tokenworks::thermal {

double grown(double decay, double t) { return decay > 0.0 ? -std::expm1(-decay * t) / decay : t; }

double mean_grown(double decay, double t) {
  const double x = decay * t;
  if (x > 0.1) return (1.0 - grown(decay, t) / t) / decay;
  // t (x - 1 + exp(-x)) / x^2 as a series: the difference above loses digits.
  double term = 0.5, sum = 0.5;
  for (int i = 3; i < 13; ++i) {
    term *= -x / i;
    sum += term;
  }
  return t * sum;
}

void ExponentialSum::add(const ExponentialSum& other, double factor) {
  start_ += factor * other.start_;
  for (const Term& term : other.terms_) add(Term{factor * term.rate, term.decay});
}

double ExponentialSum::at(double t) const {
  double value = 0.0;
  for (const Term& term : terms_) value += term.rate * grown(term.decay, t);
  return start_ + value;
}

double ExponentialSum::slope(double t) const {
  double value = 0.0;
  for (const Term& term : terms_) value += term.rate * std::exp(-term.decay * t);
  return value;
}

double ExponentialSum::mean(double t) const {
  double value = 0.0;
  for (const Term& term : terms_) value += term.rate * mean_grown(term.decay, t);
  return start_ + value;
}

std::optional<double> ExponentialSum::limit() const {
  double value = 0.0;
  for (const Term& term : terms_) {
    if (term.decay == 0.0) return std::nullopt;
    value += term.rate / term.decay;
  }
  return start_ + value;
}

ExponentialSum ExponentialSum::after(double t) const {
  ExponentialSum later(at(t));
  for (const Term& term : terms_) later.add(Term{term.rate * std::exp(-term.decay * t), term.decay});
  return later;
}

namespace {

/// Finds where a sum that begins below 0 first reaches 0.
class FirstRise {
 public:
  using Term = ExponentialSum::Term;

  FirstRise(double start, std::vector<Term> terms, double until)
      : start_(start), terms_(std::move(terms)), until_(until) {
    std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) { return a.decay < b.decay; });
    std::size_t kept = 0;
    for (const Term& term : terms_) {  // alike zones have alike decays
      if (kept > 0 && term.decay - terms_[kept - 1].decay <= 1e-12 * term.decay) {
        terms_[kept - 1].rate += term.rate;
      } else {
        terms_[kept++] = term;
      }
    }
    terms_.resize(kept);
    terms_.erase(std::remove_if(terms_.begin(), terms_.end(), [](const Term& term) { return term.rate == 0.0; }),
                 terms_.end());
    for (const Term& term : terms_) {
      if (term.rate > 0.0) rise_at_end_ += part_at(term, until);
    }
  }

  std::optional<double> find() const {
    if (start_ >= 0.0) return 0.0;
    if (terms_.empty()) return std::nullopt;
    Point from = point(0.0);
    double step = std::min(until_, 1.0 / std::max(terms_.back().decay, 1e-15));
    while (true) {
      // What holds from here to the end.
      if (start_ + rise_at_end_ - from.fall < 0.0) return std::nullopt;
      if (highest_slope(from) <= 0.0) return std::nullopt;
      const bool only_rises = terms_.front().rate - from.shrinking > 0.0;
      if (only_rises && until_ < kForever) {
        const Point end = point(until_);
        return end.value < 0.0 ? std::nullopt : std::optional(root(from, end));
      }
      const Point to = point(std::min(until_, from.t + step));
      if (const std::optional<double> rise = within(from, to)) return rise;
      if (to.t >= until_ || to.t > 1e18) return std::nullopt;
      from = to;
      step = from.t;
    }
  }

 private:
  /// Parts of the sum at a date, apart by sign: each of `rise` and `fall` only grows. Slopes are without the factor
  /// exp(-slowest decay t) and without the slowest term, so that `growing` and `shrinking` only fall.
  struct Point {
    double t, value, rise, fall, growing, shrinking;
  };

  static double part_at(const Term& term, double t) {
    return t < kForever ? term.rate * grown(term.decay, t) : term.rate / term.decay;
  }

  Point point(double t) const {
    Point p{t, 0.0, 0.0, 0.0, 0.0, 0.0};
    const double slowest = terms_.front().decay;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      const Term& term = terms_[i];
      const double part = term.rate * grown(term.decay, t);
      (part > 0.0 ? p.rise : p.fall) += std::abs(part);
      if (i == 0) continue;
      const double slope = term.rate * std::exp((slowest - term.decay) * t);
      (slope > 0.0 ? p.growing : p.shrinking) += std::abs(slope);
    }
    p.value = start_ + p.rise - p.fall;
    return p;
  }

  /// Bounds of the slope from one point on (up to another), without the factor exp(-slowest decay t).
  double highest_slope(const Point& from) const { return terms_.front().rate + from.growing; }
  double highest_slope(const Point& from, const Point& to) const { return highest_slope(from) - to.shrinking; }
  double lowest_slope(const Point& from, const Point& to) const {
    return terms_.front().rate + to.growing - from.shrinking;
  }

  /// The first root between two points, of which the first lies below 0.
  std::optional<double> within(const Point& from, const Point& to) const {
    std::vector<Point> ends{to};
    Point low = from;
    while (!ends.empty()) {
      const Point& high = ends.back();
      const double width = high.t - low.t;
      if (can_reach(low, high)) {
        if (lowest_slope(low, high) >= 0.0) {
          if (high.value >= 0.0) return root(low, high);
        } else if (width > 1e-14 + 1e-15 * high.t) {
          ends.push_back(point(low.t + 0.5 * width));
          continue;
        } else if (high.value >= 0.0) {
          return high.t;
        }
      }
      low = high;
      ends.pop_back();
    }
    return std::nullopt;
  }

  bool can_reach(const Point& low, const Point& high) const {
    if (high.value >= 0.0) return true;
    if (start_ + high.rise - low.fall < 0.0) return false;
    const double factor = std::exp(-terms_.front().decay * low.t), width = high.t - low.t;
    const double up = highest_slope(low, high) * factor, down = -lowest_slope(low, high) * factor;
    if (up <= 0.0 || down <= 0.0) return false;  // only falls, or only rises to a value below 0
    // The steepest rise from the one end and the steepest fall to the other meet at the highest value possible.
    const double meet = std::clamp((high.value - low.value + down * width) / (up + down), 0.0, width);
    return low.value + up * meet >= 0.0;
  }

  /// Where the sum rises from below 0 to at least 0.
  double root(const Point& from, const Point& to) const {
    double low = from.t, high = to.t;
    double t = low + (high - low) * (from.value / (from.value - to.value));
    for (int i = 0; i < 200; ++i) {
      double value = 0.0, slope = 0.0;
      for (const Term& term : terms_) {
        value += term.rate * grown(term.decay, t);
        slope += term.rate * std::exp(-term.decay * t);
      }
      value += start_;
      (value < 0.0 ? low : high) = t;
      double next = slope > 0.0 ? t - value / slope : low;
      if (std::abs(next - t) <= 1e-14 + 4e-16 * t) return next;
      if (!(next > low && next < high)) next = low + 0.5 * (high - low);
      if (next <= low || next >= high) break;
      t = next;
    }
    return high;
  }

  double start_;
  std::vector<Term> terms_;
  double until_;
  double rise_at_end_ = 0.0;
};

}  // namespace

std::optional<double> ExponentialSum::first_crossing(double threshold, Direction direction, double until) const {
  const double sign = direction == Direction::rising ? 1.0 : -1.0;
  std::vector<Term> terms(terms_.begin(), terms_.end());
  for (Term& term : terms) term.rate *= sign;
  return FirstRise(sign * (start_ - threshold), std::move(terms), until).find();
}

}  // namespace tokenworks::thermal
