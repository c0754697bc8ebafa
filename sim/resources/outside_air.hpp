// Tells the facility of every change of the weather.
#pragma once

#include <memory>

#include "models/weather/weather_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::resources {

class OutsideAir final : private engine::TimerClient {
 public:
  /// The run starts `start_s` seconds into the year of `length_s` seconds; the year repeats.
  OutsideAir(engine::Simulation& simulation, Facility& facility, const weather::WeatherSeries& series, double start_s,
             double year_s);
  void start() { wait_for_change(); }

 private:
  void on_timer(std::uint32_t) override;
  void wait_for_change();
  double second_of_year(Picoseconds now) const;

  engine::Simulation& simulation_;
  Facility& facility_;
  const weather::WeatherSeries& series_;
  double start_s_, year_s_;
  engine::TimerId timer_;
};

}  // namespace tokenworks::resources
