// How much CO2 a kilowatt hour carries over the year: a family, listed in carbon_options.cpp.
#pragma once

#include "models/core/fields.hpp"
#include "models/grid/year_series.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::grid {

class CarbonOption {
 public:
  virtual ~CarbonOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// kg of CO2 equivalent a kWh. Throws std::invalid_argument, with line and column when a file is at fault.
  virtual YearSeries intensity(const CalendarYear& year, const weather::OpenText& open) const = 0;
};

/// `constant`, `balancing_area`, `series`.
Options<CarbonOption> carbon_options();

struct CarbonChoice : Choice<CarbonOption> {
  CarbonChoice() : Choice(carbon_options()) {}
};

}  // namespace tokenworks::grid
