#include "tests/scenario/schema_check.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <stdexcept>

namespace tokenworks::scenario {
namespace {

bool has_type(const Json& value, const Json& type) {
  if (type.is_array())
    return std::any_of(type.begin(), type.end(), [&](const Json& one) { return has_type(value, one); });
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "number") return value.is_number();
  if (type == "integer")
    return value.is_number_integer() || (value.is_number() && std::floor(value.get<double>()) == value.get<double>());
  throw std::logic_error("unknown type " + type.dump());
}

bool matches(const Json& pattern, const std::string& text) {
  return std::regex_search(text, std::regex(pattern.get<std::string>()));
}

std::string object_fault(const Json& schema, const Json& value, const std::string& pointer) {
  for (const Json& key : schema.value("required", Json::array())) {
    if (!value.contains(key.get<std::string>())) return pointer + " lacks " + key.get<std::string>();
  }
  const Json properties = schema.value("properties", Json::object());
  for (auto member = value.begin(); member != value.end(); ++member) {
    const std::string inside = pointer + "/" + member.key();
    if (schema.contains("propertyNames") && !matches(schema["propertyNames"]["pattern"], member.key()))
      return inside + " has a bad name";
    std::string fault;
    if (properties.contains(member.key())) {
      fault = schema_fault(properties[member.key()], *member, inside);
    } else if (schema.contains("additionalProperties")) {
      const Json& others = schema["additionalProperties"];
      fault = others.is_boolean() ? (others.get<bool>() ? "" : inside + " is unknown")
                                  : schema_fault(others, *member, inside);
    }
    if (!fault.empty()) return fault;
  }
  return {};
}

}  // namespace

std::string schema_fault(const Json& schema, const Json& value, const std::string& pointer) {
  static const std::set<std::string> known = {"$schema",
                                              "title",
                                              "description",
                                              "default",
                                              "examples",
                                              "type",
                                              "properties",
                                              "required",
                                              "additionalProperties",
                                              "propertyNames",
                                              "items",
                                              "enum",
                                              "const",
                                              "pattern",
                                              "minimum",
                                              "maximum",
                                              "exclusiveMinimum",
                                              "oneOf"};
  for (auto keyword = schema.begin(); keyword != schema.end(); ++keyword) {
    if (!known.contains(keyword.key())) throw std::logic_error("unknown keyword " + keyword.key());
  }
  if (schema.contains("type") && !has_type(value, schema["type"])) return pointer + " is no " + schema["type"].dump();
  if (schema.contains("const") && value != schema["const"]) return pointer + " is another constant";
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return pointer + " is not in the list";
  if (schema.contains("pattern") && !matches(schema["pattern"], value)) return pointer + " has another form";
  if (value.is_number()) {
    const double number = value.get<double>();
    if (schema.contains("minimum") && number < schema["minimum"].get<double>()) return pointer + " is too small";
    if (schema.contains("maximum") && number > schema["maximum"].get<double>()) return pointer + " is too great";
    if (schema.contains("exclusiveMinimum") && number <= schema["exclusiveMinimum"].get<double>())
      return pointer + " is too small";
  }
  if (value.is_object()) {
    if (std::string fault = object_fault(schema, value, pointer); !fault.empty()) return fault;
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (std::string fault = schema_fault(schema["items"], value[i], pointer + "/" + std::to_string(i));
          !fault.empty())
        return fault;
    }
  }
  if (schema.contains("oneOf")) {
    const auto fits = std::count_if(schema["oneOf"].begin(), schema["oneOf"].end(),
                                    [&](const Json& branch) { return schema_fault(branch, value, pointer).empty(); });
    if (fits != 1) return pointer + " fits " + std::to_string(fits) + " of the branches";
  }
  return {};
}

}  // namespace tokenworks::scenario
