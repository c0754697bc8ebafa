// What `tokenworks year` needs besides the factory: how much work the factory has in each hour, and what it draws at
// work.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/core/fields.hpp"
#include "models/grid/year_series.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::scenario {

/// The racks at one load, as a run found them or as the scenario states them.
struct OperatingPoint {
  double load = 1.0;  ///< rates of all workloads over those that the scenario states
  double it_w = 0.0;  ///< at the racks' input
  double output_tokens_per_s = 0.0;
  double requests_per_s = 0.0;
  std::optional<double> liquid_share;         ///< of the heat, to cold plates
  std::optional<double> fans_and_supplies_w;  ///< of it_w: server fans and losses of power supplies
  void visit(FieldVisitor& v);
};

/// The load over the year.
class DemandOption {
 public:
  virtual ~DemandOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument, with line and column when a file is at fault.
  virtual grid::YearSeries load(const grid::CalendarYear& year, const weather::OpenText& open) const = 0;
};

/// `constant`, `daily`, `series`.
Options<DemandOption> demand_options();

struct YearSpec {
  Choice<DemandOption> demand;
  std::vector<OperatingPoint> operating_points;
  YearSpec();
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::scenario
