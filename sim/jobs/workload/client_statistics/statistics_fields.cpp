#include "sim/jobs/workload/client_statistics/statistics_fields.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace tokenworks::jobs {
namespace {

// Dates from here on no longer fit on the simulation's clock.
constexpr std::int64_t kLastDate_s = 100 * std::int64_t{86'400};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::int64_t client_number(const TextLines& lines, std::string_view text) {
  const std::optional<std::int64_t> number = whole_number(text);
  if (!number) lines.fail("client_id", text, "a whole number, 0 or more");
  return *number;
}

std::int32_t window_number(const TextLines& lines, std::string_view text, std::int64_t window_s) {
  const std::optional<std::int64_t> start_s = whole_number(text);
  if (!start_s || *start_s % window_s != 0 || *start_s > kLastDate_s - window_s) {
    lines.fail("window_start_s", text, fmt::format("multiples of {} s within 100 days", window_s));
  }
  return static_cast<std::int32_t>(*start_s / window_s);
}

}  // namespace tokenworks::jobs
