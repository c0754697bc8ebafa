#include "models/weather/epw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "models/weather/hourly_series.hpp"
#include "models/weather/psychrometrics.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {
namespace {

constexpr int kHeaderLines = 8;
constexpr std::size_t kNeededColumns = 10;     // up to the pressure
constexpr std::size_t kLongestLine = 1 << 16;  // real lines stay below 2,000 characters
constexpr double kSecondsPerHour = 3600.0;
constexpr KelvinDelta kDewPointTolerance{2.0};
constexpr double kDisagreement = 1.0;  // K, beyond the rounding of both

[[noreturn]] void fail(int line, std::string_view what) {
  throw std::invalid_argument(fmt::format("EPW file, line {}: {}", line, what));
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view value = text.substr(0, comma);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    fields.push_back(value);
    if (comma == std::string_view::npos) return fields;
    text.remove_prefix(comma + 1);
  }
}

std::optional<double> parse(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// A column of the data rows: limits and missing mark of the data dictionary.
struct Column {
  std::size_t index;
  std::string_view name;
  double minimum, maximum, missing;
};
constexpr Column kMonth{1, "month", 1, 12, NAN}, kDay{2, "day", 1, 31, NAN}, kHour{3, "hour", 1, 24, NAN};
constexpr Column kDryBulb{6, "dry bulb", -70, 70, 99.9}, kDewPoint{7, "dew point", -70, 70, 99.9};
constexpr Column kRelativeHumidity{8, "relative humidity", 0, 110, 999},
    kPressure{9, "pressure", 31000, 120000, 999999};

std::string shortened(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "...";
}

std::optional<double> read(const std::vector<std::string_view>& row, const Column& column, int line) {
  const std::string_view text = row[column.index];
  const std::optional<double> value = parse(text);
  if (!value)
    fail(line, fmt::format("{} (field {}): \"{}\" is not a number", column.name, column.index + 1, shortened(text)));
  if (*value >= column.missing) return std::nullopt;  // never true for columns without a mark
  if (*value < column.minimum || *value > column.maximum) {
    fail(line, fmt::format("{} (field {}): {} is outside {}..{}", column.name, column.index + 1, *value, column.minimum,
                           column.maximum));
  }
  return value;
}

/// Lines without their end, LF or CRLF, counted from 1.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in) {}
  bool next() {
    if (!std::getline(in_, text_)) return false;
    ++number_;
    if (!text_.empty() && text_.back() == '\r') text_.pop_back();
    if (number_ == 1 && text_.rfind("\xEF\xBB\xBF", 0) == 0) text_.erase(0, 3);
    if (text_.size() > kLongestLine) fail(number_, "longer than any EPW line");
    return true;
  }
  const std::string& text() const { return text_; }
  int number() const { return number_; }

 private:
  std::istream& in_;
  std::string text_;
  int number_ = 0;
};

struct HeaderDesign {
  Celsius dry_bulb, wet_bulb, dew_point;
};

/// The header does not name its values; they are counted from the word "Cooling", which stands at 0 here: hottest month
/// 1, daily range 2, 0.4 % dry bulb 3, its coincident wet bulb 4, ..., 0.4 % wet bulb 9, ..., wind 15 and 16, 0.4 % dew
/// point 17. "Extremes", behind them, differs between the ASHRAE editions and is not read.
std::optional<HeaderDesign> read_design(const std::vector<std::string_view>& fields, int line) {
  const auto cooling = std::find(fields.begin(), fields.end(), "Cooling");
  if (cooling == fields.end()) return std::nullopt;
  const auto value = [&](std::ptrdiff_t offset, std::string_view name) {
    if (fields.end() - cooling <= offset) fail(line, fmt::format("DESIGN CONDITIONS ends before the {}", name));
    const std::optional<double> number = parse(cooling[offset]);
    if (!number || *number < -70 || *number > 70) {
      fail(line, fmt::format("DESIGN CONDITIONS, {}: \"{}\" is not a temperature", name, shortened(cooling[offset])));
    }
    return Celsius(*number);
  };
  return HeaderDesign{value(3, "0.4 % dry bulb"), value(9, "0.4 % wet bulb"), value(17, "0.4 % dew point")};
}

struct Header {
  std::string place;
  Metres elevation;
  std::optional<HeaderDesign> design;
};

void require_hourly_year(const std::vector<std::string_view>& fields, int line) {
  if (fields.size() < 3 || parse(fields[1]) != 1.0) fail(line, "DATA PERIODS: one data period is supported");
  if (parse(fields[2]) != 1.0) fail(line, "DATA PERIODS: one record an hour is supported");
}

Header read_header(Lines& lines) {
  static constexpr std::array<std::string_view, kHeaderLines> kNames = {"LOCATION",
                                                                        "DESIGN CONDITIONS",
                                                                        "TYPICAL/EXTREME PERIODS",
                                                                        "GROUND TEMPERATURES",
                                                                        "HOLIDAYS/DAYLIGHT SAVINGS",
                                                                        "COMMENTS 1",
                                                                        "COMMENTS 2",
                                                                        "DATA PERIODS"};
  Header header;
  for (const std::string_view name : kNames) {
    if (!lines.next()) fail(lines.number() + 1, fmt::format("the file ends before the header line {}", name));
    const std::vector<std::string_view> fields = split(lines.text());
    // Two public files write "HOLIDAYS/DAYLIGHT SAVING"; the start of the word is enough.
    if (fields[0].substr(0, 8) != name.substr(0, 8)) {
      fail(lines.number(), fmt::format("expected the header line {}, found \"{}\"", name, shortened(fields[0])));
    }
    if (name == "LOCATION") {
      if (fields.size() < 10) fail(lines.number(), "LOCATION has fewer than 10 fields");
      const std::optional<double> elevation = parse(fields[9]);
      if (!elevation || *elevation < -1000 || *elevation > 9999.9)
        fail(lines.number(), "LOCATION, elevation (field 10)");
      header.place = fields[1];
      header.elevation = Metres(*elevation);
    }
    if (name == "DESIGN CONDITIONS") header.design = read_design(fields, lines.number());
    if (name == "DATA PERIODS") require_hourly_year(fields, lines.number());
  }
  return header;
}

/// The rows' calendar: months may come from different years, so the year itself says nothing.
class Calendar {
 public:
  void expect(const std::vector<std::string_view>& row, int line) {
    const double month = *read(row, kMonth, line), day = *read(row, kDay, line), hour = *read(row, kHour, line);
    if (month_ == 2 && day_ == 29 && month == 3) {  // no leap year
      month_ = 3;
      day_ = 1;
    }
    if (month != month_ || day != day_ || hour != hour_) {
      fail(line,
           fmt::format("expected month {}, day {}, hour {}, found {}, {}, {}", month_, day_, hour_, month, day, hour));
    }
    advance();
  }
  bool year_is_complete() const { return month_ == 13; }

 private:
  void advance() {
    static constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++hour_ <= 24) return;
    hour_ = 1;
    if (++day_ <= kDays[month_ - 1]) return;
    day_ = 1;
    ++month_;
  }
  int month_ = 1, day_ = 1, hour_ = 1;
};

/// Rows to hours, with what is missing filled from the hour before.
class HourReader {
 public:
  HourReader(const Header& header, ValidityNotes& notes) : header_(header), notes_(notes) {}

  EpwHour next(const std::vector<std::string_view>& row, int line) {
    const std::optional<double> dry = read(row, kDryBulb, line), dew = read(row, kDewPoint, line);
    const std::optional<double> humidity = read(row, kRelativeHumidity, line), pressure = read(row, kPressure, line);
    if (!dry) note_missing("weather file: missing dry bulb, filled from the hour before [rows]");
    if (!dew && !humidity) note_missing("weather file: missing dew point, filled from the hour before [rows]");
    if (!pressure) note_missing("weather file: missing pressure, filled from the elevation [rows]");
    if ((!dry || (!dew && !humidity)) && !last_) fail(line, "the first row lacks dry bulb or dew point");

    EpwHour hour;
    hour.dry_bulb = dry ? Celsius(*dry) : last_->dry_bulb;
    hour.pressure = pressure ? Pascals(*pressure) : standard_pressure(header_.elevation);
    if (dew) {
      hour.dew_point = Celsius(*dew);
    } else if (humidity) {
      hour.dew_point = dew_point(saturation_pressure(hour.dry_bulb) * std::min(*humidity / 100.0, 1.0));
    } else {
      hour.dew_point = last_->dew_point;
    }
    if (dry && dew && humidity && *humidity > 0.0) note_disagreement(hour, *humidity / 100.0);
    clip_dew_point(hour);
    last_ = hour;
    return hour;
  }

 private:
  void note_missing(std::string_view subject) { notes_.check(subject, 1, 0, 0); }

  /// Humidity is given twice. The dew point counts; how far the relative humidity's is from it follows from the slope
  /// of saturation (Magnus).
  void note_disagreement(const EpwHour& hour, double relative_humidity) {
    const double by_dew_point = saturation_pressure(hour.dew_point) / saturation_pressure(hour.dry_bulb);
    const double slope = 17.27 * 237.3 / std::pow(237.3 + hour.dew_point.value, 2);
    notes_.check("weather file: dew point of the relative humidity less the dew point, which counts [K]",
                 std::log(relative_humidity / by_dew_point) / slope, -kDisagreement, kDisagreement);
  }

  void clip_dew_point(EpwHour& hour) {
    if (header_.design) {
      const Celsius highest = header_.design->dew_point + kDewPointTolerance;
      notes_.check("weather file: dew point, clipped to the header's 0.4 % value + 2 K [degC]", hour.dew_point.value,
                   -100.0, highest.value);
      hour.dew_point = std::min(hour.dew_point, highest);
    }
    hour.dew_point = std::min(hour.dew_point, hour.dry_bulb);  // rounding of the file near saturation
  }

  const Header& header_;
  ValidityNotes& notes_;
  std::optional<EpwHour> last_;
};

WeatherPoint design_of(const Header& header, const std::vector<EpwHour>& hours, ValidityNotes& notes) {
  const Pascals pressure = standard_pressure(header.elevation);
  if (header.design) return {header.design->dry_bulb, header.design->dew_point, header.design->wet_bulb, pressure};
  notes.check("weather file: no design conditions in the header, sized from the file's own hours [files]", 1, 0, 0);
  std::vector<double> dry, dew, wet;
  for (const EpwHour& hour : hours) {
    dry.push_back(hour.dry_bulb.value);
    dew.push_back(hour.dew_point.value);
    wet.push_back(wet_bulb(hour.dry_bulb, hour.dew_point, hour.pressure).value);
  }
  return {Celsius(highest_but_0_4_percent(dry)), Celsius(highest_but_0_4_percent(dew)),
          Celsius(highest_but_0_4_percent(wet)), pressure};
}

class EpwSeries final : public WeatherSeries {
 public:
  EpwSeries(EpwYear year, const DesignOverride& design)
      : year_(std::move(year)), design_(design.applied_to(year_.design)) {}

  WeatherPoint at(double seconds_of_year) const override {
    // A leap year's last day, of which a file of 8,760 hours knows nothing, is its first.
    const EpwHour& hour = year_.hours[static_cast<std::size_t>(hour_of(seconds_of_year)) % year_.hours.size()];
    return air_at_dew_point(hour.dry_bulb, hour.dew_point, hour.pressure);
  }
  double next_change(double seconds_of_year) const override {
    return (hour_of(seconds_of_year) + 1.0) * kSecondsPerHour;
  }
  WeatherPoint design() const override { return design_; }

 private:
  static double hour_of(double seconds_of_year) { return std::floor(seconds_of_year / kSecondsPerHour); }
  EpwYear year_;
  WeatherPoint design_;
};

class Epw final : public WeatherOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "path", path_, "EnergyPlus weather file, plain or gzip", rule().required().is_path());
    design_.visit(v);
  }
  std::unique_ptr<WeatherSeries> load(const OpenText& open, const FindSite&, ValidityNotes& notes) const override {
    const std::unique_ptr<std::istream> in = open(path_);
    return std::make_unique<EpwSeries>(read_epw(*in, notes), design_);
  }

 private:
  std::string path_;
  DesignOverride design_;
};

}  // namespace

EpwYear read_epw(std::istream& in, ValidityNotes& notes) {
  Lines lines(in);
  const Header header = read_header(lines);
  EpwYear year{header.place, header.elevation, {}, {}};
  year.hours.reserve(8784);
  HourReader reader(header, notes);
  Calendar calendar;
  while (lines.next()) {
    if (lines.text().find_first_not_of(" ,\x1a") == std::string::npos) continue;  // blank end, also of DOS tools
    if (calendar.year_is_complete()) fail(lines.number(), "rows after the end of the year");
    const std::vector<std::string_view> row = split(lines.text());
    if (row.size() < kNeededColumns) {
      fail(lines.number(), fmt::format("{} fields, at least {} are needed", row.size(), kNeededColumns));
    }
    calendar.expect(row, lines.number());
    year.hours.push_back(reader.next(row, lines.number()));
  }
  if (!calendar.year_is_complete()) {
    fail(lines.number(), fmt::format("the file ends after {} of 8,760 hours", year.hours.size()));
  }
  year.design = design_of(header, year.hours, notes);
  return year;
}

std::unique_ptr<WeatherOption> make_epw() { return std::make_unique<Epw>(); }

}  // namespace tokenworks::weather
