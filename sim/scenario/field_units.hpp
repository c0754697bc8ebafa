// The unit that a key names by its ending: one table for the whole format.
#pragma once

#include <string_view>

namespace tokenworks::scenario {

/// "fan_power_w" -> "W"; empty for a key that names no unit (a count, a share, a name).
std::string_view unit_of_key(std::string_view key);

}  // namespace tokenworks::scenario
