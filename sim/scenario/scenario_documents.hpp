// What the program says about the scenario format: for editors and for people.
#pragma once

#include <string>

#include "sim/scenario/catalog.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// JSON Schema (draft 2020-12) of tokenworks.scenario/1, with the ids of `catalog` as examples.
Json scenario_schema(const Catalog& catalog);

/// All keys of a scenario in Markdown.
std::string parameter_reference();

}  // namespace tokenworks::scenario
