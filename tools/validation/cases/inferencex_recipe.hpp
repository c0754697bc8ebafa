// How the engines of the InferenceX runs were started.
#pragma once

#include <string>

#include "sim/scenario/json_text.hpp"
#include "tools/validation/cases/inferencex_row.hpp"

namespace tokenworks::validation {

/// The engine of a row with the settings of its public recipe.
scenario::Json inferencex_engine(const InferencexRow& row);
/// The format of its KV cache; empty where no recipe was read and the precision says it.
std::string inferencex_kv_cache(const InferencexRow& row);

}  // namespace tokenworks::validation
