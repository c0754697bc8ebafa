// A comparison as the document "tokenworks.comparison/1", and its JSON Schema.
#pragma once

#include "sim/scenario/json_text.hpp"
#include "tools/compare/comparison.hpp"

namespace tokenworks::compare {

inline constexpr const char* kComparisonFormat = "tokenworks.comparison/1";

/// Equal comparisons give equal bytes. A date that did not come is "never", what a report does not have is null.
scenario::Json comparison_json(const Comparison& comparison);

/// Complete: the document has no other keys.
scenario::Json comparison_schema();

}  // namespace tokenworks::compare
