// Sets fields of a structure or option by their keys, as a scenario would: set_field(option,
// "heat_rejection/approach_k", 4).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "models/core/fields.hpp"

namespace tokenworks::tests {

class FieldSetter final : public FieldVisitor {
 public:
  using Value = std::variant<double, std::string>;
  FieldSetter(std::string_view path, Value value) : path_(path), value_(std::move(value)) {}
  bool found() const { return found_; }

  void number(const Field& f, double& value) override { assign(f, value); }
  void integer(const Field& f, std::int64_t& value) override {
    double number = static_cast<double>(value);
    if (assign(f, number)) value = static_cast<std::int64_t>(number);
  }
  void boolean(const Field& f, bool& value) override {
    double number = value ? 1.0 : 0.0;
    if (assign(f, number)) value = number != 0.0;
  }
  void text(const Field& f, std::string& value) override { assign(f, value); }
  void structure(const Field& f, StructureAccess& access) override {
    enter(f, [&] { access.visit(*this); });
  }
  void alternative(const Field& f, AlternativeAccess& access) override {
    if (rest_is(f)) {  // "heat_rejection" itself: the kind
      access.select(std::get<std::string>(value_));
      found_ = !access.selected().empty();
      return;
    }
    enter(f, [&] { access.visit_selected(*this); });
  }
  void optional(const Field& f, OptionalAccess& access) override {
    if (!rest_is(f) && !path_.starts_with(std::string(f.key) + "/")) return;
    access.set_present(true);
    access.visit_value(f, *this);
  }
  void sequence(const Field&, SequenceAccess&) override {}
  void map(const Field&, MapAccess&) override {}

 private:
  bool rest_is(const Field& f) const { return path_ == f.key; }
  template <class T>
  bool assign(const Field& f, T& value) {
    if (!rest_is(f)) return false;
    value = std::get<T>(value_);
    return found_ = true;
  }
  template <class Visit>
  void enter(const Field& f, Visit visit) {
    const std::string_view before = path_;
    if (path_.size() <= f.key.size() || path_.substr(0, f.key.size()) != f.key || path_[f.key.size()] != '/') return;
    path_.remove_prefix(f.key.size() + 1);
    visit();
    path_ = before;
  }

  std::string_view path_;
  Value value_;
  bool found_ = false;
};

template <class T>
void set_field(T& target, std::string_view path, FieldSetter::Value value) {
  FieldSetter setter(path, std::move(value));
  target.visit(setter);
  if (!setter.found()) throw std::invalid_argument("no field " + std::string(path));
}

}  // namespace tokenworks::tests
