// Options of a family with their fields set by key, as a scenario sets them.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/core/fields.hpp"

namespace tokenworks {

using FieldValue = std::variant<double, bool, std::string, std::vector<double>>;
using FieldValues = std::map<std::string, FieldValue>;

/// Sets the fields of one structure. Numbers outside a field's limits are refused, so that tests stay within them.
class FieldSetter final : public FieldVisitor {
 public:
  explicit FieldSetter(FieldValues values) : values_(std::move(values)) {}

  /// Throws when a value was not asked for.
  void expect_all_used() const {
    if (!values_.empty()) throw std::logic_error("no field " + values_.begin()->first);
  }

  void number(const Field& field, double& value) override { take(field, value); }
  void integer(const Field& field, std::int64_t& value) override {
    double number = static_cast<double>(value);
    take(field, number);
    value = static_cast<std::int64_t>(number);
  }
  void boolean(const Field& field, bool& value) override { take_as(field, value); }
  void text(const Field& field, std::string& value) override { take_as(field, value); }
  void sequence(const Field& field, SequenceAccess& access) override {
    std::vector<double> list;
    take_as(field, list);
    access.resize(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      FieldSetter element({{"", list[i]}});
      Field element_field = field;
      element_field.key = "";
      access.visit_element(i, element_field, element);
    }
  }
  void optional(const Field& field, OptionalAccess& access) override {
    const bool given = values_.count(std::string(field.key)) > 0;
    access.set_present(given);
    if (given) access.visit_value(field, *this);
  }
  void structure(const Field& field, StructureAccess&) override { refuse(field); }
  void alternative(const Field& field, AlternativeAccess&) override { refuse(field); }
  void map(const Field& field, MapAccess&) override { refuse(field); }

 private:
  template <class T>
  void take_as(const Field& field, T& value) {
    const auto found = values_.find(std::string(field.key));
    if (found == values_.end()) {
      if (field.required) throw std::logic_error("missing field " + std::string(field.key));
      return;
    }
    value = std::get<T>(found->second);
    values_.erase(found);
  }
  void take(const Field& field, double& value) {
    take_as(field, value);
    if (value < field.minimum || value > field.maximum || (field.above_minimum && value == field.minimum))
      refuse(field);
  }
  [[noreturn]] static void refuse(const Field& field) {
    throw std::logic_error("wrong value of " + std::string(field.key));
  }

  FieldValues values_;
};

template <class Base>
Choice<Base> chosen_option(Options<Base> options, std::string_view kind, FieldValues values = {}) {
  Choice<Base> choice(options, kind);
  if (!choice.has_value()) throw std::logic_error("no option " + std::string(kind));
  FieldSetter setter(std::move(values));
  choice->visit(setter);
  setter.expect_all_used();
  return choice;
}

}  // namespace tokenworks
