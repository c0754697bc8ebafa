// What stands in year.json, for programs that read it and people who wonder what a key means.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tokenworks::report {

/// JSON Schema (draft 2020-12) of "tokenworks.year/1", with a sentence for each key whose name does not say it all.
nlohmann::ordered_json year_schema();

}  // namespace tokenworks::report
