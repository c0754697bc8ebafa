// The cooling plant's effort as a table over liquid and air heat, filled where a run goes and read by straight lines:
// plant models solve for fan speeds and take microseconds, a run asks at every change of a batch.
//
// Error of the straight lines: about (1/512)^2 of the plant's power where its curves are smooth, and below 0.1 % at a
// change of mode. The value is a function of heat and weather alone, whatever was asked before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/cooling/cooling_option.hpp"

namespace tokenworks::resources {

class CoolingTable {
 public:
  /// For heat up to `range`; beyond it the plant itself is asked.
  CoolingTable(const cooling::CoolingPlant& plant, const cooling::HeatLoad& range);

  void set_weather(const weather::WeatherPoint& weather);
  cooling::CoolingEffort effort(const cooling::HeatLoad& load);

 private:
  static constexpr std::size_t kSteps = 512;
  struct Knot {
    cooling::CoolingEffort effort;
    std::uint64_t weather = 0;  // the table's weather_ when it was filled
  };
  const cooling::CoolingEffort& at(std::size_t liquid, std::size_t air);
  void fill(Knot& knot, std::size_t liquid, std::size_t air) const;

  const cooling::CoolingPlant& plant_;
  Watts liquid_step_, air_step_;
  double per_liquid_step_, per_air_step_;  // 1 / step, 0 for an axis without range
  weather::WeatherPoint outside_;
  std::uint64_t weather_ = 1;
  std::vector<std::unique_ptr<Knot[]>> rows_;  // by liquid heat, allocated when first asked for
};

}  // namespace tokenworks::resources
