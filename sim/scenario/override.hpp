// One value of a document changed from the command line: --set /services/0/replicas=8.
#pragma once

#include <string>

#include "sim/scenario/fault.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// Puts a value at a JSON Pointer (RFC 6901). `value` is JSON, or else taken as text. Members that are missing on the
/// way are made; a list may grow by one, at its end ("/services/2" or "/services/-"). A pointer that names no such
/// place is a fault.
void apply_override(Json& document, const std::string& pointer, const std::string& value, FaultList& faults);

}  // namespace tokenworks::scenario
