// Question   when requests of independent users arrive whose number follows the hours of the day
// Equation   rate(h) = mean * shape(h) / (mean of shape over the day)                             h: local hour
//            shape(h) = (1 + (peak_to_mean - 1) * cos(2 pi (h - peak_hour) / 24)) * multiplier[floor(h)]
//            drawn by thinning a Poisson process of the greatest rate
// Source     Lewis, Shedler, Simulation of nonhomogeneous Poisson processes by thinning, 1979
// Valid for  peak_to_mean 1 to 2 (at 2 the night falls to nothing); every day alike; no change to summer time in a run
// Checked by tests/models/workload/arrivals_test.cpp
#include <algorithm>
#include <array>
#include <boost/math/constants/constants.hpp>
#include <boost/random/exponential_distribution.hpp>
#include <cmath>
#include <stdexcept>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {
namespace {

constexpr std::size_t kHours = 24;
constexpr double kRadiansPerHour = boost::math::constants::two_pi<double>() / kHours;

/// The relative rate over a day, before it is scaled to the mean.
struct DayCurve {
  double peak_hour = 0.0;
  double swing = 0.0;  ///< peak_to_mean - 1
  std::array<double, kHours> multipliers;

  double at(double hour) const {
    const std::size_t index = std::min(static_cast<std::size_t>(hour), kHours - 1);
    return multipliers[index] * (1.0 + swing * std::cos((hour - peak_hour) * kRadiansPerHour));
  }

  double mean() const {
    double sum = 0.0;
    for (std::size_t hour = 0; hour < kHours; ++hour) {
      const double from = (static_cast<double>(hour) - peak_hour) * kRadiansPerHour;
      sum += multipliers[hour] * (1.0 + swing * (std::sin(from + kRadiansPerHour) - std::sin(from)) / kRadiansPerHour);
    }
    return sum / kHours;
  }

  /// Never below the greatest value of at().
  double ceiling() const { return *std::max_element(multipliers.begin(), multipliers.end()) * (1.0 + swing); }
};

class DiurnalProcess final : public ArrivalProcess {
 public:
  DiurnalProcess(const DayCurve& curve, double mean_rate_per_s, double start_hour)
      : curve_(curve),
        ceiling_(curve.ceiling()),
        candidate_gap_s_(mean_rate_per_s * ceiling_ / curve.mean()),
        hour_(std::fmod(start_hour, kHours)) {}

  double next_s(RandomEngine& random) override {
    do {
      const double gap_s = candidate_gap_s_(random);
      now_s_ += gap_s;
      hour_ += gap_s / 3600.0;
      if (hour_ >= kHours) hour_ = std::fmod(hour_, kHours);
    } while (uniform_open(random) * ceiling_ >= curve_.at(hour_));
    return now_s_;
  }

 private:
  DayCurve curve_;
  double ceiling_;
  boost::random::exponential_distribution<double> candidate_gap_s_;
  double now_s_ = 0.0;
  double hour_;  ///< local, 0 to 24
};

class Diurnal final : public ArrivalOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "mean_rate_per_s", mean_rate_per_s_, "Requests a second, mean over the day", rule().required().above(0));
    field(v, "peak_hour_local", peak_hour_local_, "Local hour of the cosine's peak, 14.5 is half past two",
          rule().required().at_least(0).at_most(24));
    field(v, "peak_to_mean", peak_to_mean_, "Rate at the cosine's peak over its mean; 1 is flat",
          rule().required().at_least(1).at_most(2));
    field(v, "hourly_multipliers", hourly_multipliers_,
          "24 factors on the cosine, from midnight; the mean over the day stays mean_rate_per_s", rule().at_least(0));
  }

  std::unique_ptr<ArrivalProcess> open_process(double start_hour_local) const override {
    DayCurve curve{.peak_hour = peak_hour_local_, .swing = peak_to_mean_ - 1.0, .multipliers = {}};
    curve.multipliers.fill(1.0);
    if (hourly_multipliers_) {
      if (hourly_multipliers_->size() != kHours) {
        throw std::invalid_argument("hourly_multipliers: found " + std::to_string(hourly_multipliers_->size()) +
                                    " values, allowed: 24");
      }
      std::copy(hourly_multipliers_->begin(), hourly_multipliers_->end(), curve.multipliers.begin());
      if (!(curve.mean() > 0.0)) throw std::invalid_argument("hourly_multipliers: at least one must be above 0");
    }
    return std::make_unique<DiurnalProcess>(curve, mean_rate_per_s_, start_hour_local);
  }
  void scale_rate(double factor) override { mean_rate_per_s_ *= factor; }

 private:
  double mean_rate_per_s_ = 1.0;
  double peak_hour_local_ = 12.0;
  double peak_to_mean_ = 1.0;
  std::optional<std::vector<double>> hourly_multipliers_;
};

}  // namespace

std::unique_ptr<ArrivalOption> make_diurnal_arrivals() { return std::make_unique<Diurnal>(); }

}  // namespace tokenworks::workload
