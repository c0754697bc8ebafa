// How a plain struct names its fields, once, for every use: reading, writing, the JSON Schema, the parameter
// reference, overriding one value by path. There is no JSON here; the visitors that speak JSON live in sim/scenario.
//
// A struct has one function `void visit(FieldVisitor&)` that calls `field(v, "key_with_unit", member, "help")` for
// each member. A closed choice of shapes is a `Choice<Base>`: a tagged object with a "kind" key and only that kind's
// fields.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/core/units.hpp"

namespace tokenworks {

class FieldVisitor;

/// What is true of one field besides its value. Limits are in the unit of the key.
struct Field {
  std::string_view key;   ///< JSON key, unit included
  std::string_view help;  ///< one sentence for the parameter reference
  bool required = false;  ///< the key must be present; otherwise the member's default stands
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool above_minimum = false;                 ///< the minimum itself is not allowed
  std::span<const std::string_view> allowed;  ///< for text: the names that may stand here (empty: any)
  std::string_view catalog;                   ///< for text: the catalog section whose ids may stand here ("gpus")
  bool path = false;                          ///< for text: a file, relative to the folder of the scenario
  bool name = false;        ///< for text: a name that others refer to (letters, digits, "_", "-", ".")
  bool scaled = false;      ///< the member has another unit than the key: carries 15 significant digits, not 17
  char evidence = 0;        ///< where the default comes from: V read in the source, S second hand, C calculated,
                            ///< R remembered, E estimated; 0 where the default is a choice and not a fact
  std::string_view source;  ///< author, title or document of the default
};

/// A nested object.
class StructureAccess {
 public:
  virtual ~StructureAccess() = default;
  virtual void visit(FieldVisitor& visitor) = 0;
};

/// A list. Elements are visited one by one; the element's Field has an empty key.
class SequenceAccess {
 public:
  virtual ~SequenceAccess() = default;
  virtual std::size_t size() const = 0;
  virtual void resize(std::size_t count) = 0;
  virtual void visit_element(std::size_t index, const Field& field, FieldVisitor& visitor) = 0;
};

/// A tagged object: {"kind": "...", fields of that kind}.
class AlternativeAccess {
 public:
  struct Kind {
    std::string_view name;
    std::string_view help;
  };
  virtual ~AlternativeAccess() = default;
  virtual std::vector<Kind> kinds() const = 0;
  virtual std::string_view selected() const = 0;   ///< empty when nothing is selected
  virtual void select(std::string_view kind) = 0;  ///< replaces the value by that kind's defaults
  virtual void visit_selected(FieldVisitor& visitor) = 0;
};

/// A value that may be absent as a whole.
class OptionalAccess {
 public:
  virtual ~OptionalAccess() = default;
  virtual bool present() const = 0;
  virtual void set_present(bool present) = 0;
  virtual void visit_value(const Field& field, FieldVisitor& visitor) = 0;
};

/// A map from a free name to a value of one type (the catalog sections of a scenario).
class MapAccess {
 public:
  virtual ~MapAccess() = default;
  virtual std::vector<std::string> keys() const = 0;
  virtual void insert(const std::string& key) = 0;
  virtual void visit_value(const std::string& key, const Field& field, FieldVisitor& visitor) = 0;
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void number(const Field& field, double& value) = 0;
  virtual void integer(const Field& field, std::int64_t& value) = 0;
  virtual void boolean(const Field& field, bool& value) = 0;
  virtual void text(const Field& field, std::string& value) = 0;
  virtual void structure(const Field& field, StructureAccess& access) = 0;
  virtual void sequence(const Field& field, SequenceAccess& access) = 0;
  virtual void alternative(const Field& field, AlternativeAccess& access) = 0;
  virtual void optional(const Field& field, OptionalAccess& access) = 0;
  virtual void map(const Field& field, MapAccess& access) = 0;
};

// ---- Choices ------------------------------------------------------------------------------------------------------

/// One member of a family, as it stands in the family's visible list. `Base` has `virtual void visit(FieldVisitor&)`.
template <class Base>
struct Option {
  std::string_view kind;
  std::string_view help;
  std::unique_ptr<Base> (*make)();
};

template <class Base>
using Options = std::span<const Option<Base>>;

/// A value that is one of a family's options. `options` is the family's visible list (it must outlive the choice).
template <class Base>
class Choice {
 public:
  explicit Choice(Options<Base> options) : options_(options) {}
  Choice(Options<Base> options, std::string_view default_kind) : options_(options) { select(default_kind); }

  bool has_value() const { return value_ != nullptr; }
  std::string_view kind() const { return kind_; }
  Options<Base> options() const { return options_; }
  Base& operator*() const { return *value_; }
  Base* operator->() const { return value_.get(); }

  /// Selects `kind` with its defaults; an unknown kind leaves the choice empty.
  void select(std::string_view kind) {
    value_.reset();
    kind_ = {};
    for (const Option<Base>& option : options_) {
      if (option.kind == kind) {
        kind_ = option.kind;
        value_ = option.make();
        return;
      }
    }
  }

 private:
  Options<Base> options_;
  std::string_view kind_;
  std::unique_ptr<Base> value_;
};

// ---- field(): one overload a type of member -----------------------------------------------------------------------

/// Limits and marks of a field, to be chained: field(v, "power_w", power, "...", required().at_least(0)).
struct Rule {
  Field field;
  Rule& required() {
    field.required = true;
    return *this;
  }
  Rule& at_least(double limit) {
    field.minimum = limit;
    return *this;
  }
  Rule& above(double limit) {
    field.minimum = limit;
    field.above_minimum = true;
    return *this;
  }
  Rule& at_most(double limit) {
    field.maximum = limit;
    return *this;
  }
  Rule& share() { return at_least(0).at_most(1); }
  Rule& one_of(std::span<const std::string_view> names) {
    field.allowed = names;
    return *this;
  }
  Rule& from_catalog(std::string_view section) {
    field.catalog = section;
    return *this;
  }
  Rule& is_path() {
    field.path = true;
    return *this;
  }
  Rule& is_name() {
    field.name = true;
    return *this;
  }
  /// Says who vouches for the default. Defaults with evidence 'E' or 'R' are listed in the report when they act.
  Rule& default_from(char evidence, std::string_view source) {
    field.evidence = evidence;
    field.source = source;
    return *this;
  }
};

inline Rule rule() { return {}; }

namespace detail {
inline Field named(std::string_view key, std::string_view help, const Rule& rule) {
  Field field = rule.field;
  field.key = key;
  field.help = help;
  return field;
}

inline void visit_value(FieldVisitor& v, const Field& f, double& value) { v.number(f, value); }
inline void visit_value(FieldVisitor& v, const Field& f, std::int64_t& value) { v.integer(f, value); }
inline void visit_value(FieldVisitor& v, const Field& f, bool& value) { v.boolean(f, value); }
inline void visit_value(FieldVisitor& v, const Field& f, std::string& value) { v.text(f, value); }
inline void visit_value(FieldVisitor& v, const Field& f, Celsius& value) { v.number(f, value.value); }

template <int M, int L, int T, int K, int B>
void visit_value(FieldVisitor& v, const Field& f, Quantity<M, L, T, K, B>& value) {
  v.number(f, value.value);
}

template <class T>
concept Structure = requires(T& value, FieldVisitor& v) {
  value.visit(v);
};

template <Structure T>
void visit_value(FieldVisitor& v, const Field& f, T& value);
template <class Base>
void visit_value(FieldVisitor& v, const Field& f, Choice<Base>& value);
template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::vector<T>& value);
template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::optional<T>& value);
template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::map<std::string, T>& value);

template <Structure T>
void visit_value(FieldVisitor& v, const Field& f, T& value) {
  struct Access final : StructureAccess {
    explicit Access(T& t) : target(t) {}
    void visit(FieldVisitor& visitor) override { target.visit(visitor); }
    T& target;
  } access(value);
  v.structure(f, access);
}

template <class Base>
void visit_value(FieldVisitor& v, const Field& f, Choice<Base>& value) {
  struct Access final : AlternativeAccess {
    explicit Access(Choice<Base>& c) : target(c) {}
    std::vector<Kind> kinds() const override {
      std::vector<Kind> list;
      for (const Option<Base>& option : target.options()) list.push_back({option.kind, option.help});
      return list;
    }
    std::string_view selected() const override { return target.kind(); }
    void select(std::string_view kind) override { target.select(kind); }
    void visit_selected(FieldVisitor& visitor) override {
      if (target.has_value()) target->visit(visitor);
    }
    Choice<Base>& target;
  } access(value);
  v.alternative(f, access);
}

template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::vector<T>& value) {
  struct Access final : SequenceAccess {
    explicit Access(std::vector<T>& list) : target(list) {}
    std::size_t size() const override { return target.size(); }
    void resize(std::size_t count) override {
      target.clear();
      for (std::size_t i = 0; i < count; ++i) target.emplace_back();
    }
    void visit_element(std::size_t index, const Field& field, FieldVisitor& visitor) override {
      visit_value(visitor, field, target[index]);
    }
    std::vector<T>& target;
  } access(value);
  v.sequence(f, access);
}

template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::optional<T>& value) {
  struct Access final : OptionalAccess {
    explicit Access(std::optional<T>& o) : target(o) {}
    bool present() const override { return target.has_value(); }
    void set_present(bool present) override {
      if (present && !target) target.emplace();
      if (!present) target.reset();
    }
    void visit_value(const Field& field, FieldVisitor& visitor) override {
      if (target) detail::visit_value(visitor, field, *target);
    }
    std::optional<T>& target;
  } access(value);
  v.optional(f, access);
}

template <class T>
void visit_value(FieldVisitor& v, const Field& f, std::map<std::string, T>& value) {
  struct Access final : MapAccess {
    explicit Access(std::map<std::string, T>& m) : target(m) {}
    std::vector<std::string> keys() const override {
      std::vector<std::string> names;
      for (const auto& [name, unused] : target) names.push_back(name);
      return names;
    }
    void insert(const std::string& key) override { target.try_emplace(key); }
    void visit_value(const std::string& key, const Field& field, FieldVisitor& visitor) override {
      detail::visit_value(visitor, field, target.at(key));
    }
    std::map<std::string, T>& target;
  } access(value);
  v.map(f, access);
}
}  // namespace detail

/// Names one member. The unit of the key is the unit of the member (SI), or use `scaled_field`.
template <class T>
void field(FieldVisitor& v, std::string_view key, T& value, std::string_view help, const Rule& rule = {}) {
  detail::visit_value(v, detail::named(key, help, rule), value);
}

/// Names a member whose key has another unit: member = key value * `si_per_unit`.
/// Example: scaled_field(v, "link_gbit_per_s", bandwidth, 1e9 / 8, "...").
inline void scaled_field(FieldVisitor& v, std::string_view key, double& value, double si_per_unit,
                         std::string_view help, const Rule& rule = {}) {
  const double before = value / si_per_unit;
  double in_unit = before;
  Field field = detail::named(key, help, rule);
  field.scaled = true;
  v.number(field, in_unit);
  if (in_unit != before) value = in_unit * si_per_unit;
}

/// The same for a quantity.
template <class T>
void scaled_field(FieldVisitor& v, std::string_view key, T& value, double si_per_unit, std::string_view help,
                  const Rule& rule = {}) {
  scaled_field(v, key, value.value, si_per_unit, help, rule);
}

/// The same for a quantity that may be absent.
template <class T>
void scaled_field(FieldVisitor& v, std::string_view key, std::optional<T>& value, double si_per_unit,
                  std::string_view help, const Rule& rule = {}) {
  struct Access final : OptionalAccess {
    Access(std::optional<T>& o, double scale) : target(o), si_per_unit(scale) {}
    bool present() const override { return target.has_value(); }
    void set_present(bool present) override {
      if (present && !target) target.emplace();
      if (!present) target.reset();
    }
    void visit_value(const Field& field, FieldVisitor& visitor) override {
      if (!target) return;
      Rule inner;
      inner.field = field;
      scaled_field(visitor, field.key, *target, si_per_unit, field.help, inner);
    }
    std::optional<T>& target;
    double si_per_unit;
  } access(value, si_per_unit);
  Field field = detail::named(key, help, rule);
  field.scaled = true;
  v.optional(field, access);
}

}  // namespace tokenworks
