#include "sim/jobs/workload/trace_readers/line_trace.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tokenworks::jobs {
namespace {

constexpr std::string_view kAllowedTokens = "a whole number from 1 to 2147483647";

/// Dates from here on no longer fit on the simulation's clock.
constexpr Picoseconds kLastDate = 100 * std::int64_t{86'400} * kPicosecondsPerSecond;

/// Differences of dates up to here do not overflow.
constexpr AbsoluteDate kLastAbsoluteDate = AbsoluteDate{1} << 120;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<TraceRecord> LineTrace::next() {
  while (const std::optional<std::string_view> line = lines_.next()) {
    if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
    const RawRecord raw = parse(*line);
    return TraceRecord{since_first(raw.date), raw.input_tokens, raw.output_tokens, raw.session};
  }
  return std::nullopt;
}

void LineTrace::expect_header(std::string_view header) {
  const std::optional<std::string_view> line = lines_.next();
  if (!line) lines_.fail(fmt::format("the file is empty; its first line must be {}", header));
  if (*line != header) lines_.fail("header", *line, header);
}

Picoseconds LineTrace::since_first(AbsoluteDate date) {
  if (!first_date_) first_date_ = date;
  const AbsoluteDate since = date - *first_date_;
  if (since < last_date_) {
    lines_.fail(
        fmt::format("{}: found a date {:g} s before that of the last request, allowed: dates that do not go back",
                    date_field(), static_cast<double>(last_date_ - since) * 1e-12));
  }
  if (since > kLastDate) {
    lines_.fail(fmt::format("{}: found a date {:g} days after the first, allowed: up to 100 days", date_field(),
                            static_cast<double>(since) * 1e-12 / 86'400));
  }
  return last_date_ = static_cast<Picoseconds>(since);
}

ThreeColumns three_columns(const TextLines& lines, std::string_view line, std::string_view header) {
  const std::size_t first = line.find(',');
  const std::size_t second = first == line.npos ? line.npos : line.find(',', first + 1);
  if (second == line.npos || line.find(',', second + 1) != line.npos) lines.fail("columns", line, header);
  return {line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

std::int32_t token_count(const TextLines& lines, std::string_view field, std::string_view text) {
  std::int32_t tokens = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), tokens);
  if (error != std::errc() || end != text.data() + text.size() || tokens < 1) lines.fail(field, text, kAllowedTokens);
  return tokens;
}

std::optional<AbsoluteDate> scaled_decimal(AbsoluteDate mantissa, int exponent) {
  for (; exponent > 0 && mantissa != 0; --exponent) {
    if (mantissa > kLastAbsoluteDate / 10) return std::nullopt;
    mantissa *= 10;
  }
  for (; exponent < -1 && mantissa != 0; ++exponent) mantissa /= 10;
  return exponent < 0 ? (mantissa + 5) / 10 : mantissa;
}

std::optional<AbsoluteDate> parse_decimal(std::string_view text, int exponent) {
  AbsoluteDate mantissa = 0;
  std::size_t at = 0;
  std::size_t digits = 0;
  const auto read_digits = [&](int exponent_if_taken, int exponent_if_left) {
    for (; at < text.size() && is_digit(text[at]); ++at, ++digits) {
      if (mantissa < kLastAbsoluteDate / 100) {  // further digits do not count
        mantissa = 10 * mantissa + (text[at] - '0');
        exponent += exponent_if_taken;
      } else {
        exponent += exponent_if_left;
      }
    }
  };
  read_digits(0, 1);
  if (at < text.size() && text[at] == '.') {
    ++at;
    read_digits(-1, 0);
  }
  if (digits == 0) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at + 1 < text.size() && text[at] == '+' && is_digit(text[at + 1])) ++at;
    std::int16_t power = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), power);
    if (error != std::errc()) return std::nullopt;
    at = static_cast<std::size_t>(end - text.data());
    exponent += power;
  }
  if (at != text.size()) return std::nullopt;
  return scaled_decimal(mantissa, exponent);
}

}  // namespace tokenworks::jobs
