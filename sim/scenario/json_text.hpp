// JSON text to values and back, strictly: what the JSON library lets pass or cannot survive is a fault with line and
// column.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sim/scenario/fault.hpp"

namespace tokenworks::scenario {

/// Keys keep the order in which they stand in the text.
using Json = nlohmann::ordered_json;

inline constexpr std::size_t kLargestText = std::size_t{64} << 20;  ///< bytes
inline constexpr std::size_t kMostValues = 2'000'000;
inline constexpr std::size_t kDeepestNesting = 64;

/// The value that `text` holds. Otherwise nothing, and one fault: text that is no JSON, NaN or infinity, a number
/// beyond the range of a double, broken UTF-8, a key that stands twice in an object, nesting beyond 64 levels,
/// something after the value, or more than 64 MiB or `most_values` values. `file` goes into the fault.
std::optional<Json> parse_json(std::string_view text, FaultList& faults, const std::string& file = {},
                               std::size_t most_values = kMostValues);

/// The contents of a regular file of at most `largest` bytes. Otherwise nothing, and one fault.
std::optional<std::string> read_text(const std::string& path, FaultList& faults, const std::string& file = {},
                                     std::size_t largest = kLargestText);

/// `value` indented by two spaces, lists of plain values on one line, with a line feed at the end.
std::string json_text(const Json& value);

/// `value` rounded to 15 significant decimal digits: the most that every double carries.
double rounded_to_15_digits(double value);
/// The shortest decimal that reads back as `value`; whole numbers below 1e15 without an exponent.
std::string number_text(double value);

}  // namespace tokenworks::scenario
