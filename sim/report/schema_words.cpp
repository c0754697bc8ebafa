#include "sim/report/schema_words.hpp"

namespace tokenworks::report::schema {

Json of_type(Json type, const char* meaning) {
  Json schema = {{"type", std::move(type)}};
  if (*meaning != '\0') schema["description"] = meaning;
  return schema;
}

Json text(const char* meaning) { return of_type("string", meaning); }
Json number(const char* meaning) { return of_type("number", meaning); }
Json count(const char* meaning) {
  Json schema = of_type("integer", meaning);
  schema["minimum"] = 0;
  return schema;
}
Json flag(const char* meaning) { return of_type("boolean", meaning); }
Json text_or_null(const char* meaning) { return of_type({"string", "null"}, meaning); }
Json number_or_null(const char* meaning) { return of_type({"number", "null"}, meaning); }

Json list(Json items, const char* meaning) {
  Json schema = of_type("array", meaning);
  schema["items"] = std::move(items);
  return schema;
}

Json map_to(Json values, const char* meaning) {
  Json schema = of_type("object", meaning);
  schema["additionalProperties"] = std::move(values);
  return schema;
}

Json object(std::initializer_list<std::pair<const char*, Json>> members, const char* meaning) {
  Json schema = of_type("object", meaning);
  Json properties = Json::object(), required = Json::array();
  for (const auto& [key, member] : members) {
    properties[key] = member;
    required.push_back(key);
  }
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json or_null(Json schema) {
  schema["type"] = {"object", "null"};
  return schema;
}

Json constant(Json value) { return {{"const", std::move(value)}}; }

Json one_of(Json values, const char* meaning) {
  Json schema = {{"enum", std::move(values)}};
  if (*meaning != '\0') schema["description"] = meaning;
  return schema;
}

Json document(const char* format, Json object) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", format}};
  schema.update(std::move(object));
  return schema;
}

Json provenance() {
  const Json note =
      object({{"fields", list(text())},
              {"evidence", text("V read in the source, S second hand, C calculated, R remembered, E estimated")},
              {"source", text()}});
  return object({{"program", text()},
                 {"version", text()},
                 {"git_revision", text("\"-dirty\" is added for changed files; \"unknown\" outside a checkout")},
                 {"seed", of_type("integer", "")},
                 {"inputs", list(object({{"path", text()}, {"sha256", text()}}), "every file that was read")},
                 {"catalog", list(object({{"section", text()},
                                          {"id", text()},
                                          {"origin", text("shipped, scenario, or the file it came from")},
                                          {"sources", list(note)}}),
                                  "the catalog entries that acted")}},
                "from what the report was made");
}

Json assumptions() {
  const Json assumption = object(
      {{"subject", text()}, {"value", text()}, {"evidence", text("R remembered, E estimated")}, {"source", text()}});
  return list(assumption, "values that acted and that no source vouches for");
}

Json validity() {
  const Json note = object({{"subject", text("model: quantity [unit]")},
                            {"worst", number_or_null("value farthest out")},
                            {"minimum", number_or_null("null: no limit")},
                            {"maximum", number_or_null("null: no limit")},
                            {"count", count("how often")}});
  return list(note, "models that were used outside the range they were made for");
}

Json columns(const char* aggregations) {
  return list(object({{"name", text()},
                      {"unit", text("1 for counts and shares")},
                      {"meaning", text()},
                      {"aggregation", text(aggregations)}}));
}

}  // namespace tokenworks::report::schema
