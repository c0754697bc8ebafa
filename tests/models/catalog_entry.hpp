// Reads catalog entries through the specs' own `visit`, for tests of models. Every fault is a failed requirement; the
// program's reader, which explains faults to people, is another one.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/core/fields.hpp"

namespace tokenworks::tests {

class JsonFields final : public FieldVisitor {
 public:
  explicit JsonFields(const nlohmann::json& object) : node_(&object) {}

  void number(const Field& field, double& value) override {
    if (const auto* found = find(field)) check_range(field, value = found->get<double>());
  }
  void integer(const Field& field, std::int64_t& value) override {
    if (const auto* found = find(field)) {
      if (!found->is_number_integer()) throw std::runtime_error(std::string(field.key) + " is not a whole number");
      value = found->get<std::int64_t>();
      check_range(field, static_cast<double>(value));
    }
  }
  void boolean(const Field& field, bool& value) override {
    if (const auto* found = find(field)) value = found->get<bool>();
  }
  void text(const Field& field, std::string& value) override {
    const auto* found = find(field);
    if (!found) return;
    value = found->get<std::string>();
    const bool any = field.allowed.empty();
    if (!any && std::find(field.allowed.begin(), field.allowed.end(), value) == field.allowed.end()) {
      throw std::runtime_error(std::string(field.key) + " may not be " + value);
    }
  }
  void structure(const Field& field, StructureAccess& access) override {
    if (const auto* found = find(field)) inside(*found, [&] { access.visit(*this); });
  }
  void sequence(const Field& field, SequenceAccess& access) override {
    const auto* found = find(field);
    if (!found) return;
    access.resize(found->size());
    Field element = field;
    element.key = {};
    for (std::size_t i = 0; i < found->size(); ++i) {
      const auto* before = node_;
      node_ = &found->at(i);
      access.visit_element(i, element, *this);
      node_ = before;
    }
  }
  void optional(const Field& field, OptionalAccess& access) override {
    if (node_->contains(std::string(field.key))) {
      access.set_present(true);
      access.visit_value(field, *this);
    } else {
      seen_.insert(std::string(field.key));
    }
  }
  void alternative(const Field&, AlternativeAccess&) override { throw std::logic_error("no choices in these entries"); }
  void map(const Field&, MapAccess&) override { throw std::logic_error("no maps in these entries"); }

  /// Throws when the object has a key that `visit` did not name.
  void require_all_known() const {
    for (const auto& [key, unused] : node_->items()) {
      if (!seen_.count(key)) throw std::runtime_error("unknown key " + key);
    }
  }

 private:
  const nlohmann::json* find(const Field& field) {
    if (field.key.empty()) return node_;
    seen_.insert(std::string(field.key));
    const auto found = node_->find(std::string(field.key));
    if (found != node_->end()) return &*found;
    if (field.required) throw std::runtime_error("missing key " + std::string(field.key));
    return nullptr;
  }

  template <class Visit>
  void inside(const nlohmann::json& object, Visit visit) {
    const auto* before = node_;
    std::set<std::string> seen;
    seen.swap(seen_);
    node_ = &object;
    visit();
    require_all_known();
    node_ = before;
    seen.swap(seen_);
  }

  static void check_range(const Field& field, double value) {
    const bool low = field.above_minimum ? value <= field.minimum : value < field.minimum;
    if (low || value > field.maximum) {
      throw std::runtime_error(std::string(field.key) + " is out of range: " + std::to_string(value));
    }
  }

  const nlohmann::json* node_;
  std::set<std::string> seen_;
};

inline nlohmann::json catalog_json(const std::string& section, const std::string& id) {
  std::ifstream file(std::string(TOKENWORKS_SOURCE_DIR "/models/catalog/") + section + "/" + id + ".json");
  if (!file) throw std::runtime_error("no catalog entry " + section + "/" + id);
  return nlohmann::json::parse(file);
}

template <class Spec>
Spec catalog_entry(const std::string& section, const std::string& id) {
  const nlohmann::json json = catalog_json(section, id);
  Spec spec;
  JsonFields fields(json);
  spec.visit(fields);
  fields.require_all_known();
  return spec;
}

inline std::vector<std::string> catalog_ids(const std::string& section) {
  std::vector<std::string> ids;
  for (const auto& file : std::filesystem::directory_iterator(TOKENWORKS_SOURCE_DIR "/models/catalog/" + section)) {
    ids.push_back(file.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace tokenworks::tests
