// Dates that a scenario names: ISO 8601 in the site's local time.
#pragma once

#include <optional>
#include <string_view>

#include "models/grid/year_series.hpp"

namespace tokenworks::scenario {

/// A date of the Gregorian calendar with a time of day.
struct LocalTime {
  int year = 2026, month = 1, day = 1, hour = 0, minute = 0;
  double second = 0.0;
  std::optional<double> utc_offset_h;  ///< local time minus UTC
};

/// Reads "2026-07-15", "2026-07-15T14:00", "2026-07-15T14:00:00.5", each with time followed by nothing, "Z" or an
/// offset such as
/// "+05:30". Nothing for any other text and for dates that the calendar does not have (no 24:00, no leap seconds).
std::optional<LocalTime> parse_local_time(std::string_view text);

/// Seconds since 1 January 00:00 of the same year, local time.
double seconds_of_year(const LocalTime& time);
/// Length of the time's year in seconds: 365 or 366 days.
double seconds_in_year(const LocalTime& time);
/// Its year, for what follows months and days of the week.
grid::CalendarYear calendar_year(const LocalTime& time);

}  // namespace tokenworks::scenario
