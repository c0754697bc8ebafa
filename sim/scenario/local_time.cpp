#include "sim/scenario/local_time.hpp"

#include <cmath>

namespace tokenworks::scenario {
namespace {

constexpr int kMonthDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
int days_in_month(int year, int month) { return kMonthDays[month - 1] + (month == 2 && is_leap(year) ? 1 : 0); }

/// Takes pieces of fixed form from the front of a text; stays failed after the first that does not fit.
class Pieces {
 public:
  explicit Pieces(std::string_view rest) : rest_(rest) {}

  bool good() const { return good_; }
  bool finished() const { return good_ && rest_.empty(); }

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = next();
      if (c < '0' || c > '9') good_ = false;
      value = value * 10 + (c - '0');
    }
    return good_ ? value : 0;
  }
  void literal(char wanted) { good_ = next() == wanted && good_; }
  bool take(char wanted) {
    if (!good_ || rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  double fraction() {
    double value = 0, unit = 0.1;
    int count = 0;
    while (good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && count < 12) {
      value += unit * (next() - '0');
      unit /= 10;
      ++count;
    }
    if (count == 0) good_ = false;
    return value;
  }

 private:
  char next() {
    if (rest_.empty()) {
      good_ = false;
      return '0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
  bool good_ = true;
};

void take_offset(Pieces& pieces, LocalTime& time) {
  if (pieces.take('Z')) {
    time.utc_offset_h = 0.0;
    return;
  }
  const double sign = pieces.take('-') ? -1 : pieces.take('+') ? 1 : 0;
  if (sign == 0) return;
  const int hours = pieces.digits(2);
  pieces.literal(':');
  time.utc_offset_h = sign * (hours + pieces.digits(2) / 60.0);
}

bool in_calendar(const LocalTime& time) {
  return time.year >= 1 && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
         time.day <= days_in_month(time.year, time.month) && time.hour <= 23 && time.minute <= 59 && time.second < 60 &&
         std::abs(time.utc_offset_h.value_or(0)) <= 14;
}

}  // namespace

std::optional<LocalTime> parse_local_time(std::string_view text) {
  Pieces pieces(text);
  LocalTime time;
  time.year = pieces.digits(4);
  pieces.literal('-');
  time.month = pieces.digits(2);
  pieces.literal('-');
  time.day = pieces.digits(2);
  if (!pieces.finished()) {
    pieces.literal('T');
    time.hour = pieces.digits(2);
    pieces.literal(':');
    time.minute = pieces.digits(2);
    if (pieces.take(':')) {
      time.second = pieces.digits(2);
      if (pieces.take('.')) time.second += pieces.fraction();
    }
    take_offset(pieces, time);
  }
  if (!pieces.finished() || !in_calendar(time)) return std::nullopt;
  return time;
}

double seconds_of_year(const LocalTime& time) {
  int days = time.day - 1;
  for (int month = 1; month < time.month; ++month) days += days_in_month(time.year, month);
  return days * 86400.0 + time.hour * 3600.0 + time.minute * 60.0 + time.second;
}

grid::CalendarYear calendar_year(const LocalTime& time) {
  // Days since Monday, 1 January of the year 1, in the Gregorian calendar.
  const int years = time.year - 1;
  const int days = years * 365 + years / 4 - years / 100 + years / 400;
  return {.leap = is_leap(time.year), .first_weekday = days % 7};
}

double seconds_in_year(const LocalTime& time) { return (is_leap(time.year) ? 366 : 365) * 86400.0; }

}  // namespace tokenworks::scenario
