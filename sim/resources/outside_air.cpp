#include "sim/resources/outside_air.hpp"

#include <cmath>
#include <limits>

namespace tokenworks::resources {

OutsideAir::OutsideAir(engine::Simulation& simulation, Facility& facility, const weather::WeatherSeries& series,
                       double start_s, double year_s)
    : simulation_(simulation),
      facility_(facility),
      series_(series),
      start_s_(start_s),
      year_s_(year_s),
      timer_(simulation.add_timer(*this, 0, engine::rank(engine::RankClass::weather, 0))) {
  simulation.set_idle(timer_);
}

double OutsideAir::second_of_year(Picoseconds now) const { return std::fmod(start_s_ + to_seconds(now), year_s_); }

void OutsideAir::on_timer(std::uint32_t) {
  // Half a second into the new hour: the date of the change, rounded to picoseconds, must not fall before it.
  facility_.set_weather(series_.at(std::fmod(second_of_year(simulation_.now()) + 0.5, year_s_)), simulation_.now());
  if (!simulation_.nothing_pending()) wait_for_change();  // weather alone keeps no run alive
}

void OutsideAir::wait_for_change() {
  const double now_s = second_of_year(simulation_.now());
  double change_s = series_.next_change(now_s + 0.5);
  if (change_s == std::numeric_limits<double>::infinity()) {
    if (series_.next_change(0) == change_s) return;  // constant weather
    change_s = year_s_;                              // the year starts again
  }
  simulation_.set_timer(timer_, simulation_.now() + to_picoseconds(change_s - now_s));
}

}  // namespace tokenworks::resources
