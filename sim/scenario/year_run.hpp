// A year of a scenario's facility, hour by hour: weather, electricity and load of each hour, the racks' power from a
// table of operating points, everything else from the models.
#pragma once

#include <string>
#include <vector>

#include "sim/metrics/year_result.hpp"
#include "sim/resources/facility.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/site_models.hpp"
#include "sim/scenario/year_spec.hpp"

namespace tokenworks::scenario {

/// The load of each hour. Throws std::invalid_argument or jobs::InputError when a file is at fault.
grid::YearSeries year_demand(const ReadOutcome& scenario);
/// The highest load of any hour.
double highest_load(const grid::YearSeries& demand, const grid::CalendarYear& year);

/// `scenario` has no faults, `site` is what check_site_files() has loaded, `points` rise in load and are at least one.
/// `points_from` says in the report where they come from.
metrics::YearResult run_year(ReadOutcome& scenario, SiteModels site, const std::vector<OperatingPoint>& points,
                             const std::string& points_from);

}  // namespace tokenworks::scenario
