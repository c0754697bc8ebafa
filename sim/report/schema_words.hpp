// The words of JSON Schema (draft 2020-12) that our documents are described in, and the parts that several share.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

namespace tokenworks::report::schema {

using Json = nlohmann::ordered_json;

/// `type` is a name or a list of them; `meaning` becomes the description where it says something.
Json of_type(Json type, const char* meaning);
Json text(const char* meaning = "");
Json number(const char* meaning = "");
/// A whole number of at least 0.
Json count(const char* meaning = "");
Json flag(const char* meaning = "");
Json text_or_null(const char* meaning = "");
/// Null is a statistic of nothing; a value out of the range of numbers (no limit) is null too.
Json number_or_null(const char* meaning = "");
Json list(Json items, const char* meaning = "");
/// An object from free keys to values of one shape.
Json map_to(Json values, const char* meaning);
/// An object of exactly these keys.
Json object(std::initializer_list<std::pair<const char*, Json>> members, const char* meaning = "");
/// The object that `schema` describes, or null.
Json or_null(Json schema);
Json constant(Json value);
Json one_of(Json values, const char* meaning = "");

/// A whole document of this format.
Json document(const char* format, Json object);

/// As every report holds them.
Json provenance();
Json assumptions();
Json validity();
/// Columns of a series: name, unit, meaning, aggregation.
Json columns(const char* aggregations);

}  // namespace tokenworks::report::schema
