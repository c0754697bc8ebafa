// How a plant gives heat to the outside air: a family, one file an option in heat_rejection/. Each cooling option lists
// the kinds that it can work with, so that no impossible pair can be written.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::cooling {

/// The water loop that heat arrives in.
struct WaterLoop {
  Celsius supply;    ///< set point of the water that leaves the heat rejection
  KelvinDelta rise;  ///< at every load: the flow follows the heat
};

struct RejectionEffort {
  Watts chillers{0};
  Watts fans{0};
  std::size_t mode = 0;  ///< index into modes()
};

class HeatRejectionPlant {
 public:
  virtual ~HeatRejectionPlant() = default;
  virtual RejectionEffort effort(Watts heat, const weather::WeatherPoint& outside, ValidityNotes& notes) const = 0;
  virtual std::vector<std::string> modes() const = 0;
  virtual std::vector<std::pair<std::string, double>> ratings() const = 0;
};

class HeatRejection {
 public:
  virtual ~HeatRejection() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// A plant that carries `capacity` at `design_weather`.
  virtual std::unique_ptr<HeatRejectionPlant> size(Watts capacity, const WaterLoop& loop,
                                                   const weather::WeatherPoint& design_weather) const = 0;
};

std::unique_ptr<HeatRejection> make_air_cooled_chiller();
std::unique_ptr<HeatRejection> make_dry_cooler();

}  // namespace tokenworks::cooling
