#include "sim/scenario/field_schema.hpp"

#include <cmath>
#include <utility>

#include "sim/scenario/field_units.hpp"

namespace tokenworks::scenario {
namespace {

class SchemaWriter final : public FieldVisitor {
 public:
  explicit SchemaWriter(const std::function<std::vector<std::string>(std::string_view)>& catalog_ids)
      : catalog_ids_(catalog_ids) {}

  /// The schema of an object with the members that `visit` names.
  Json object(const Visit& visit) {
    Json schema = {{"type", "object"}, {"properties", Json::object()}};
    Json* outer = std::exchange(target_, &schema);
    const bool outer_default = std::exchange(without_default_, false);
    visit(*this);
    without_default_ = outer_default;
    target_ = outer;
    schema["additionalProperties"] = false;
    return schema;
  }

  void number(const Field& field, double& value) override {
    Json schema = {{"type", "number"}};
    limits(field, schema);
    put(field, std::move(schema), field.scaled ? rounded_to_15_digits(value) : value);
  }
  void integer(const Field& field, std::int64_t& value) override {
    Json schema = {{"type", "integer"}};
    limits(field, schema);
    put(field, std::move(schema), value);
  }
  void boolean(const Field& field, bool& value) override { put(field, {{"type", "boolean"}}, value); }

  void text(const Field& field, std::string& value) override {
    Json schema = {{"type", "string"}};
    if (!field.allowed.empty()) {
      schema["enum"] = Json::array();
      for (const std::string_view name : field.allowed) schema["enum"].push_back(std::string(name));
    }
    if (field.name) schema["pattern"] = std::string(kNamePattern);
    if (!field.catalog.empty() && catalog_ids_) schema["examples"] = catalog_ids_(field.catalog);
    put(field, std::move(schema), value.empty() ? Json() : Json(value));
  }

  void structure(const Field& field, StructureAccess& access) override {
    Json schema = object([&](FieldVisitor& v) { access.visit(v); });
    const bool required = schema.contains("required");  // an absent object stands for an empty one
    put(field, std::move(schema), Json(), required);
  }

  void sequence(const Field& field, SequenceAccess& access) override {
    const bool empty = access.size() == 0;
    access.resize(1);
    Json items = element(field, [&](const Field& f) { access.visit_element(0, f, *this); });
    put(field, {{"type", "array"}, {"items", std::move(items)}}, empty && !field.required ? Json::array() : Json());
  }

  void alternative(const Field& field, AlternativeAccess& access) override {
    const std::string preset(access.selected());
    Json branches = Json::array();
    bool required_in_preset = false;
    for (const AlternativeAccess::Kind& kind : access.kinds()) {
      access.select(kind.name);
      Json branch = object([&](FieldVisitor& v) { access.visit_selected(v); });
      Json properties = {{"kind", {{"const", std::string(kind.name)}, {"description", std::string(kind.help)}}}};
      properties.update(branch["properties"]);
      branch["properties"] = std::move(properties);
      Json required = Json::array();
      if (kind.name != preset) required.push_back("kind");  // without a kind, the preset one is meant
      for (Json& key : branch["required"]) required.push_back(std::move(key));
      if (kind.name == preset) required_in_preset = !required.empty();
      branch["required"] = std::move(required);
      branch["title"] = std::string(kind.name);
      branches.push_back(std::move(branch));
    }
    access.select(preset);
    put(field, {{"type", "object"}, {"oneOf", std::move(branches)}}, Json(), required_in_preset);
  }

  void optional(const Field& field, OptionalAccess& access) override {
    const bool present = access.present();
    access.set_present(true);
    const bool outer = std::exchange(without_default_, !present);
    access.visit_value(field, *this);
    without_default_ = outer;
  }

  void map(const Field& field, MapAccess& access) override {
    access.insert("name");
    Json values = element(field, [&](const Field& f) { access.visit_value("name", f, *this); });
    put(field,
        {{"type", "object"},
         {"propertyNames", {{"pattern", std::string(kNamePattern)}}},
         {"additionalProperties", std::move(values)}},
        Json());
  }

 private:
  static void limits(const Field& field, Json& schema) {
    if (std::isfinite(field.minimum)) schema[field.above_minimum ? "exclusiveMinimum" : "minimum"] = field.minimum;
    if (std::isfinite(field.maximum)) schema["maximum"] = field.maximum;
  }

  template <class VisitElement>
  Json element(const Field& list, const VisitElement& visit) {
    Field field = list;
    field.key = {};
    field.help = {};
    field.required = false;
    Json schema;
    Json* outer = std::exchange(target_, &schema);
    const bool outer_default = std::exchange(without_default_, true);
    visit(field);
    without_default_ = outer_default;
    target_ = outer;
    return schema;
  }

  /// A member goes into the object's properties, a nameless element becomes the target itself.
  void put(const Field& field, Json schema, const Json& value, bool required_inside = false) {
    if (!field.help.empty()) {
      const std::string_view unit = unit_of_key(field.key);
      schema["description"] = std::string(field.help) + (unit.empty() ? "" : " [" + std::string(unit) + "]");
    }
    if (!field.required && !without_default_ && !value.is_null()) schema["default"] = value;
    if (field.key.empty()) {
      *target_ = std::move(schema);
      return;
    }
    (*target_)["properties"][std::string(field.key)] = std::move(schema);
    const bool required = field.required || (required_inside && !without_default_);
    if (required) (*target_)["required"].push_back(std::string(field.key));
  }

  const std::function<std::vector<std::string>(std::string_view)>& catalog_ids_;
  Json* target_ = nullptr;
  bool without_default_ = false;  // the member is absent unless it is given
};

}  // namespace

Json schema_of_fields(const Visit& visit,
                      const std::function<std::vector<std::string>(std::string_view section)>& catalog_ids) {
  return SchemaWriter(catalog_ids).object(visit);
}

}  // namespace tokenworks::scenario
