#include "tools/compare/quantity.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "sim/report/summary.hpp"
#include "sim/scenario/fault.hpp"

namespace tokenworks::compare {
namespace {

constexpr double kJoulesPerWattHour = 3600.0;

struct Ending {
  std::string_view text;
  Unit unit;
};
constexpr Ending kEndings[] = {{"_l_per_kwh", Unit::litres_per_kwh},
                               {"_kg_per_kwh", Unit::kilograms_per_kwh},
                               {"_per_joule", Unit::per_joule},
                               {"_per_s", Unit::per_second},
                               {"_share", Unit::share},
                               {"_usd", Unit::usd},
                               {"_kg", Unit::kilograms},
                               {"_w", Unit::watts},
                               {"_j", Unit::joules},
                               {"_s", Unit::seconds},
                               {"_h", Unit::hours},
                               {"_l", Unit::litres},
                               {"_c", Unit::celsius},
                               {"_k", Unit::kelvin}};

const Ending* ending_of(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kEndings), std::end(kEndings), [&](const Ending& e) { return name.ends_with(e.text); });
  return found == std::end(kEndings) ? nullptr : found;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// At least `digits` significant digits, whole and grouped where it has more before the point.
std::string significant(double value, int digits) {
  const double size = std::abs(value);
  if (size == 0.0) return "0";
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
  if (before >= 16 || before < -3) return fmt::format("{:.{}g}", value, digits);
  if (before >= digits) return report::grouped(std::llround(value));
  return fmt::format("{:.{}f}", value, digits - std::max(before, 0));
}

std::string with_unit(const std::string& number, std::string_view unit) { return fmt::format("{} {}", number, unit); }

std::string finite(double value, Unit unit) {
  switch (unit) {
    case Unit::watts:
      return report::scaled(value, "W");
    case Unit::joules:
      return report::scaled(value / kJoulesPerWattHour, "Wh");
    case Unit::seconds:
      return std::abs(value) >= 1000.0 ? with_unit(significant(value, 4), "s") : report::scaled(value, "s");
    case Unit::hours:
      return with_unit(significant(value, 3), "h");
    case Unit::share:
      return with_unit(fmt::format("{:.2f}", value * 100.0), "%");
    case Unit::ratio:
      return fmt::format("{:.4f}", value);
    case Unit::count:
      return std::abs(value) < 9e15 ? report::grouped(std::llround(value)) : fmt::format("{:.4g}", value);
    case Unit::per_second:
      return std::abs(value) >= 1e5 ? report::scaled(value, "/s") : with_unit(significant(value, 4), "/s");
    case Unit::litres:
      return std::abs(value) >= 10'000.0 ? with_unit(significant(value * 1e-3, 3), "m3")
                                         : with_unit(significant(value, 3), "l");
    case Unit::litres_per_kwh:
      return fmt::format("{:.3f}", value);
    case Unit::kilograms:
      return std::abs(value) >= 10'000.0 ? with_unit(significant(value * 1e-3, 4), "t")
                                         : with_unit(significant(value, 4), "kg");
    case Unit::kilograms_per_kwh:
      return fmt::format("{:.4f}", value);
    case Unit::usd:
    case Unit::usd_per_million:
    case Unit::per_joule:
    case Unit::number:
      return significant(value, 4);
    case Unit::celsius:
      return with_unit(fmt::format("{:.1f}", value), "C");
    case Unit::kelvin:
      return with_unit(fmt::format("{:.2f}", value), "K");
  }
  return {};
}

}  // namespace

std::string_view unit_text(Unit unit) {
  constexpr std::array<std::string_view, 18> kTexts = {
      "W",   "J",    "s", "h", "1", "1", "1", "1/s", "l", "l/kWh", "kg", "kg/kWh", "USD", "USD/million tokens",
      "1/J", "degC", "K", "1"};
  return kTexts[static_cast<std::size_t>(unit)];
}

std::string shown(const std::optional<double>& value, Unit unit) {
  if (!value || std::isnan(*value)) return "-";
  if (std::isinf(*value)) return "never";
  return finite(*value, unit);
}

std::string shown_difference(const std::optional<double>& value, Unit unit) {
  if (!value || !std::isfinite(*value)) return "";
  if (*value == 0.0) return "=";
  std::string text = finite(std::abs(*value), unit);
  if (unit == Unit::share) text = text.substr(0, text.size() - 1) + "pp";  // percentage points
  if (unit == Unit::celsius) text.back() = 'K';
  return (*value < 0.0 ? "-" : "+") + text;
}

std::string shown_change(const std::optional<double>& share) {
  if (!share || !std::isfinite(*share)) return "";
  if (*share == 0.0) return "=";
  const double percent = *share * 100.0;
  if (std::abs(percent) >= 9999.5) return percent > 0 ? ">9999 %" : "<-9999 %";
  if (std::abs(percent) < 0.05) return percent > 0 ? "+0.0 %" : "-0.0 %";
  return fmt::format("{:+.{}f} %", percent, std::abs(percent) >= 999.5 ? 0 : 1);
}

std::string spoken(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string spoken_column(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return spoken(without_unit(name));
  std::string text(without_unit(name.substr(dot + 1)));
  std::replace(text.begin(), text.end(), '_', ' ');
  return std::string(name.substr(0, dot)) + ": " + text;
}

Unit unit_of_name(std::string_view name) {
  const Ending* const ending = ending_of(name);
  return ending != nullptr ? ending->unit : Unit::number;
}

std::string_view without_unit(std::string_view name) {
  const Ending* const ending = ending_of(name);
  if (ending == nullptr || ending->unit == Unit::share) return name;
  return name.substr(0, name.size() - ending->text.size());
}

std::string printable(std::string_view text) {
  std::string clean(text);
  const bool broken = !scenario::is_utf8(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    // C1 controls are two bytes in UTF-8: C2 80 to C2 9F.
    const bool c1 = byte == 0xC2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xA0;
    if (c1 && !broken) {
      clean.replace(i, 2, "?");
    } else if (byte < 0x20 || byte == 0x7F || (broken && byte >= 0x80)) {
      clean[i] = '?';
    }
  }
  return clean;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string fitted(std::string_view text, std::size_t columns, bool fill) {
  const std::size_t length = width(text);
  if (length <= columns) return std::string(text) + (fill ? std::string(columns - length, ' ') : "");
  std::size_t kept = 0, end = 0;
  const std::size_t room = columns > 3 ? columns - 3 : 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && kept++ == room) break;
  }
  return std::string(text.substr(0, end)) + std::string(std::min<std::size_t>(columns, 3), '.');
}

}  // namespace tokenworks::compare
