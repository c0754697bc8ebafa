// The JSON Schema (draft 2020-12) of a struct through its visit function, so that editors complete and check it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// `visit` visits a struct with its defaults, made for this: lists and absent members are filled to look inside. Names
/// that the catalog holds stand as examples, because a document may bring its own.
Json schema_of_fields(const Visit& visit,
                      const std::function<std::vector<std::string>(std::string_view section)>& catalog_ids);

}  // namespace tokenworks::scenario
