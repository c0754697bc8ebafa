// Question   when does an overloaded breaker open
// Equation   heat x of 0..1: dx/dt = 1 / t_trip(load) above 100 %, -1 / cooling_s below; it opens at x = 1
// Source     curve 110 % 600 s, 125 % 120 s, 150 % 30 s, 200 % 10 s and the cooling time: estimates; between its points
//            straight lines of ln t over ln load; from 100 % to the first point the rate grows in proportion; above the
//            last, I^2 t is constant
// Valid for  thermal-magnetic and electronic long-time trips; no instantaneous trip of short circuits
// Checked by tests/models/power/trip_curve_test.cpp
#pragma once

#include <vector>

#include "models/core/fields.hpp"
#include "models/core/whole_power.hpp"

namespace tokenworks::power {

struct TripPoint {
  double load_share = 1.0;  ///< of the rating, above 1
  Seconds time{0};
  void visit(FieldVisitor& v);
};

struct TripSpec {
  std::vector<TripPoint> points = {
      {1.10, Seconds(600)}, {1.25, Seconds(120)}, {1.50, Seconds(30)}, {2.00, Seconds(10)}};
  Seconds cooling{600};  ///< from the brink of opening to cold
  void visit(FieldVisitor& v);
};

/// Heat as a whole number, so that its sum over spans does not depend on where they are cut.
class TripCurve {
 public:
  __extension__ using Heat = __int128;
  static constexpr Heat kOpens = Heat{1'000'000'000'000'000} * 1'000'000'000'000'000;

  /// Throws std::invalid_argument unless loads rise above 1 and times fall.
  explicit TripCurve(const TripSpec& spec = {});

  /// From cold to opening at constant load; infinite at or below 100 %.
  Seconds trip_time(double load_share) const;
  /// Heat gained in a picosecond at a constant load; negative below 100 %, where it ends at 0.
  std::int64_t rate(Milliwatts output, Milliwatts rating) const;
  /// Heat after `picoseconds` at `rate`: never below 0.
  static Heat after(Heat heat, std::int64_t rate, std::int64_t picoseconds);
  /// Picoseconds until it opens at a constant rate; `never` where it does not.
  static std::int64_t time_to_open(Heat heat, std::int64_t rate, std::int64_t never);

 private:
  std::vector<TripPoint> points_;
  std::int64_t cooling_rate_ = 0;
};

}  // namespace tokenworks::power
