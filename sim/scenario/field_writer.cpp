#include "sim/scenario/field_writer.hpp"

#include <string>
#include <utility>

namespace tokenworks::scenario {
namespace {

class Writer final : public FieldVisitor {
 public:
  Json members(const Visit& visit, std::string_view kind = {}) {
    Json object = Json::object();
    if (!kind.empty()) object["kind"] = std::string(kind);
    Json* outer = std::exchange(target_, &object);
    visit(*this);
    target_ = outer;
    return object;
  }

  void number(const Field& field, double& value) override {
    put(field, field.scaled ? rounded_to_15_digits(value) : value);
  }
  void integer(const Field& field, std::int64_t& value) override { put(field, value); }
  void boolean(const Field& field, bool& value) override { put(field, value); }
  void text(const Field& field, std::string& value) override { put(field, value); }

  void structure(const Field& field, StructureAccess& access) override {
    put(field, members([&](FieldVisitor& v) { access.visit(v); }));
  }

  void sequence(const Field& field, SequenceAccess& access) override {
    Json list = Json::array();
    const Field element = nameless(field);
    for (std::size_t i = 0; i < access.size(); ++i) {
      list.push_back(element_value([&] { access.visit_element(i, element, *this); }));
    }
    put(field, std::move(list));
  }

  void alternative(const Field& field, AlternativeAccess& access) override {
    if (access.selected().empty()) return;
    put(field, members([&](FieldVisitor& v) { access.visit_selected(v); }, access.selected()));
  }

  void optional(const Field& field, OptionalAccess& access) override {
    if (access.present()) access.visit_value(field, *this);
  }

  void map(const Field& field, MapAccess& access) override {
    Json object = Json::object();
    const Field element = nameless(field);
    for (const std::string& key : access.keys()) {
      object[key] = element_value([&] { access.visit_value(key, element, *this); });
    }
    put(field, std::move(object));
  }

 private:
  static Field nameless(Field field) {
    field.key = {};
    return field;
  }

  /// A member goes into the object under its key, a nameless element becomes the target itself.
  void put(const Field& field, Json value) {
    if (field.key.empty()) {
      *target_ = std::move(value);
    } else {
      (*target_)[std::string(field.key)] = std::move(value);
    }
  }

  template <class VisitElement>
  Json element_value(const VisitElement& visit) {
    Json value;
    Json* outer = std::exchange(target_, &value);
    visit();
    target_ = outer;
    return value;
  }

  Json* target_ = nullptr;
};

}  // namespace

Json write_fields(const Visit& visit) { return Writer().members(visit); }

}  // namespace tokenworks::scenario
