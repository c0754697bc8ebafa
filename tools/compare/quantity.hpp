// Values with units as people read them, in a table and on a page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tokenworks::compare {

enum class Unit {
  watts,
  joules,  ///< shown as Wh
  seconds,
  hours,
  share,  ///< 0..1, shown in percent
  ratio,  ///< PUE and its like
  count,
  per_second,
  litres,
  litres_per_kwh,
  kilograms,
  kilograms_per_kwh,
  usd,
  usd_per_million,
  per_joule,
  celsius,
  kelvin,
  number,  ///< without a unit that is known
};

/// As it stands in documents: "W", "l/kWh"; "1" for counts, shares and ratios.
std::string_view unit_text(Unit unit);

/// Absent: "-". Infinite: "never", of dates that did not come.
std::string shown(const std::optional<double>& value, Unit unit);
/// With its sign.
std::string shown_difference(const std::optional<double>& value, Unit unit);
/// Of a share: "+4.2 %"; absent: "".
std::string shown_change(const std::optional<double>& share);

/// "time_to_throttle_s" -> "Time to throttle s".
std::string spoken(std::string_view name);
/// A column of the series: "row_a.hottest_chip_c" -> "row_a: hottest chip".
std::string spoken_column(std::string_view name);
/// Unit that the end of a name says ("_w", "_s", "_share"); number where it says none.
Unit unit_of_name(std::string_view name);
/// "utility_loss_s" -> "utility_loss": without what unit_of_name() reads.
std::string_view without_unit(std::string_view name);

/// Control characters become "?": what comes from files must not steer a terminal. Broken UTF-8 does, too.
std::string printable(std::string_view text);
/// Code points.
std::size_t width(std::string_view text);
/// Cut to `columns` code points, marked by "..." where it was longer; filled with blanks to them where `fill`.
std::string fitted(std::string_view text, std::size_t columns, bool fill = false);

}  // namespace tokenworks::compare
