// How the engines of the InferenceX runs were started.
#pragma once

#include "sim/scenario/json_text.hpp"
#include "tools/validation/cases/inferencex_row.hpp"

namespace tokenworks::validation {

/// The engine of a row with the settings of its public recipe.
scenario::Json inferencex_engine(const InferencexRow& row);

}  // namespace tokenworks::validation
