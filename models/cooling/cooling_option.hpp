// How a hall takes heat from its racks: a family, one file an option, listed in cooling_options.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::cooling {

/// Heat that the plant must move, and what it was sized for.
struct HeatLoad {
  Watts liquid{0};  ///< that racks offer to cold plates; an option without a liquid path takes it as air
  Watts air{0};
};

/// Electric power that moving the heat takes, by component, and the mode that the plant runs in.
struct CoolingEffort {
  Watts air_handler_fans{0};
  Watts pumps{0};
  Watts chillers{0};
  Watts heat_rejection_fans{0};
  Watts heat_to_liquid{0};  ///< of the load, taken by a liquid path; the rest is taken by air
  std::size_t mode = 0;     ///< index into modes()

  Watts total() const { return air_handler_fans + pumps + chillers + heat_rejection_fans; }
};

/// A plant sized for one hall. effort() is a pure function of load and weather.
class CoolingPlant {
 public:
  virtual ~CoolingPlant() = default;
  virtual CoolingEffort effort(const HeatLoad& load, const weather::WeatherPoint& outside,
                               ValidityNotes& notes) const = 0;
  virtual std::vector<std::string> modes() const = 0;
  /// Rated figures for the report: "chiller_capacity_w" -> watts of heat or power.
  virtual std::vector<std::pair<std::string, double>> ratings() const = 0;
};

class CoolingOption {
 public:
  virtual ~CoolingOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual std::string_view heat_rejection_kind() const = 0;
  /// A plant whose parts carry `design_load` at `design_weather`.
  virtual std::unique_ptr<CoolingPlant> size(const HeatLoad& design_load,
                                             const weather::WeatherPoint& design_weather) const = 0;
};

/// `air_crah`, `direct_to_chip`.
Options<CoolingOption> cooling_options();

}  // namespace tokenworks::cooling
