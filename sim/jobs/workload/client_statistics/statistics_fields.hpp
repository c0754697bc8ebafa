// What both files of client statistics hold: numbers of clients and starts of windows.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/jobs/workload/text_lines.hpp"

namespace tokenworks::jobs {

/// A whole number, 0 or more.
std::int64_t client_number(const TextLines& lines, std::string_view text);

/// How many windows before the one that starts at `text` seconds: a multiple of `window_s` within 100 days.
std::int32_t window_number(const TextLines& lines, std::string_view text, std::int64_t window_s);

}  // namespace tokenworks::jobs
