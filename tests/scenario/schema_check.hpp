// The part of JSON Schema that our schemas use: enough to hold a document against one.
#pragma once

#include <string>

#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// Where and why `value` does not fit `schema`; empty when it does. Throws for a keyword that this check does not know.
std::string schema_fault(const Json& schema, const Json& value, const std::string& pointer = {});

}  // namespace tokenworks::scenario
