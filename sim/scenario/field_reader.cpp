#include "sim/scenario/field_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace tokenworks::scenario {
namespace {

std::string_view type_name(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a text";
    case Json::value_t::boolean:
      return "a truth value";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return "a number";
    default:
      return "something else";
  }
}

std::string found(const Json& json) {
  if (json.is_string()) return shown(json.get_ref<const std::string&>());
  if (json.is_structured()) return std::string(type_name(json));
  return json.dump();
}

std::string limits_text(const Field& field, std::string_view what) {
  const bool low = std::isfinite(field.minimum), high = std::isfinite(field.maximum);
  if (!low && !high) return std::string(what);
  if (low && high && !field.above_minimum) {
    return fmt::format("{} from {} to {}", what, number_text(field.minimum), number_text(field.maximum));
  }
  std::string text(what);
  if (low) text += fmt::format(" {} {}", field.above_minimum ? "above" : "of at least", number_text(field.minimum));
  if (low && high) text += " and";
  if (high) text += fmt::format(" {} {}", low ? "at most" : "of at most", number_text(field.maximum));
  return text;
}

bool within_limits(const Field& field, double value) {
  return (field.above_minimum ? value > field.minimum : value >= field.minimum) && value <= field.maximum;
}

std::vector<std::string> kind_names(const AlternativeAccess& access) {
  std::vector<std::string> names;
  for (const AlternativeAccess::Kind& kind : access.kinds()) names.emplace_back(kind.name);
  return names;
}

class Reader final : public FieldVisitor {
 public:
  Reader(const ReadContext& context, FaultList& faults, std::vector<Assumption>& assumptions)
      : context_(context), faults_(faults), assumptions_(assumptions) {}

  /// Reads the members of one object; `object` is null when it is absent and its defaults stand.
  void members(const Json* object, bool tagged, const Visit& visit) {
    Frame frame{object, nullptr, {}};
    if (tagged) frame.seen.emplace_back("kind");
    std::swap(frame, frame_);
    visit(*this);
    std::swap(frame, frame_);
    if (object != nullptr) report_unknown_keys(*object, frame.seen);
  }

  void number(const Field& field, double& value) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) return absent(field, [&] { return number_text(rounded_to_15_digits(value)); });
    if (!json->is_number()) return wrong_type(*json, limits_text(field, "a number"));
    double read = json->get<double>();
    if (!within_limits(field, read)) return out_of_range(*json, limits_text(field, "a number"));
    if (field.scaled) {
      // At 15 digits the key's value and the member determine each other; beyond, they would drift by rounding.
      read = rounded_to_15_digits(read);
      if (read == rounded_to_15_digits(value)) return;
    }
    value = read;
  }

  void integer(const Field& field, std::int64_t& value) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) return absent(field, [&] { return std::to_string(value); });
    const std::string allowed = limits_text(field, "a whole number");
    if (!json->is_number()) return wrong_type(*json, allowed);
    constexpr double kWhole = 9007199254740992.0;  // 2^53: beyond it a double skips whole numbers
    std::int64_t read = 0;
    if (json->is_number_float()) {
      const double real = json->get<double>();
      if (real != std::floor(real)) return wrong_type(*json, allowed);
      if (std::abs(real) > kWhole) return out_of_range(*json, allowed);
      read = static_cast<std::int64_t>(real);
    } else if (json->is_number_unsigned() &&
               json->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return out_of_range(*json, allowed);
    } else {
      read = json->get<std::int64_t>();
    }
    if (!within_limits(field, static_cast<double>(read))) return out_of_range(*json, allowed);
    value = read;
  }

  void boolean(const Field& field, bool& value) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) return absent(field, [&] { return std::string(value ? "true" : "false"); });
    if (!json->is_boolean()) return wrong_type(*json, "true or false");
    value = json->get<bool>();
  }

  void text(const Field& field, std::string& value) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) return absent(field, [&] { return value; });
    if (!json->is_string()) return wrong_type(*json, "a text");
    const std::string& read = json->get_ref<const std::string&>();
    if (!field.allowed.empty() && !known(read, {field.allowed.begin(), field.allowed.end()}, "allowed")) return;
    if (!field.catalog.empty() && context_.catalog_ids &&
        !known(read, context_.catalog_ids(field.catalog), fmt::format("the catalog has in {}", field.catalog))) {
      return;
    }
    if (!field.catalog.empty() && context_.catalog_named) context_.catalog_named(field.catalog, read);
    if (field.name && !is_name(read)) {
      return fault(
          FaultKind::bad_name,
          fmt::format("found {}; allowed: letters, digits, \"_\", \"-\" and \".\", 1 to 64 of them", shown(read)));
    }
    if (field.path && context_.path_fault) {
      if (const std::string reason = context_.path_fault(read); !reason.empty()) {
        return fault(FaultKind::missing_file, fmt::format("{}: {}", shown(read), reason));
      }
    }
    value = read;
  }

  void structure(const Field& field, StructureAccess& access) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr && field.required) return missing();
    if (json != nullptr && !json->is_object()) return wrong_type(*json, "an object");
    members(json, false, [&](FieldVisitor& v) { access.visit(v); });
  }

  void sequence(const Field& field, SequenceAccess& access) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) {
      if (field.required) missing();
      return;
    }
    if (!json->is_array()) return wrong_type(*json, "a list");
    access.resize(json->size());
    for (std::size_t i = 0; i < json->size() && !hopeless(); ++i) {
      element(field, std::to_string(i), (*json)[i], [&](const Field& f) { access.visit_element(i, f, *this); });
    }
  }

  void alternative(const Field& field, AlternativeAccess& access) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr && field.required) return missing();
    if (json != nullptr && !json->is_object()) return wrong_type(*json, "an object with a \"kind\"");
    if (json != nullptr && !select_kind(*json, access)) return;
    if (access.selected().empty()) return;
    members(json, true, [&](FieldVisitor& v) { access.visit_selected(v); });
  }

  void optional(const Field& field, OptionalAccess& access) override {
    const Json* json = find(field);
    if (json == nullptr && field.required) {
      const Scope scope(*this, field);
      return missing();
    }
    if (json != nullptr) access.set_present(true);
    if (access.present()) access.visit_value(field, *this);
  }

  void map(const Field& field, MapAccess& access) override {
    const Scope scope(*this, field);
    const Json* json = find(field);
    if (json == nullptr) {
      if (field.required) missing();
      return;
    }
    if (!json->is_object()) return wrong_type(*json, "an object");
    for (auto member = json->begin(); member != json->end() && !hopeless(); ++member) {
      const std::string& key = member.key();
      if (!is_name(key)) {
        faults_.add({.kind = FaultKind::bad_name,
                     .pointer = pointer_ + pointer_step(key),
                     .message = "names have letters, digits, \"_\", \"-\" and \".\", 1 to 64 of them",
                     .file = context_.file});
        continue;
      }
      access.insert(key);
      element(field, key, *member, [&](const Field& f) { access.visit_value(key, f, *this); });
    }
  }

 private:
  /// The object whose members are being read, or the list element or map value whose Field has no key.
  struct Frame {
    const Json* object = nullptr;
    const Json* element = nullptr;
    std::vector<std::string> seen;
  };

  /// Puts the field's key behind the pointer for as long as the field is read.
  class Scope {
   public:
    Scope(Reader& reader, const Field& field) : Scope(reader, field.key.empty() ? "" : pointer_step(field.key)) {}
    Scope(Reader& reader, const std::string& step) : reader_(reader), length_(reader.pointer_.size()) {
      reader_.pointer_ += step;
    }
    ~Scope() { reader_.pointer_.resize(length_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Reader& reader_;
    std::size_t length_;
  };

  const Json* find(const Field& field) {
    if (field.key.empty()) return frame_.element;
    frame_.seen.emplace_back(field.key);
    if (frame_.object == nullptr) return nullptr;
    const auto member = frame_.object->find(field.key);
    return member == frame_.object->end() ? nullptr : &*member;
  }

  template <class VisitElement>
  void element(const Field& list, const std::string& name, const Json& json, const VisitElement& visit) {
    Field field = list;
    field.key = {};
    field.evidence = 0;
    const Scope scope(*this, pointer_step(name));
    Frame frame{nullptr, &json, {}};
    std::swap(frame, frame_);
    visit(field);
    std::swap(frame, frame_);
  }

  /// Selects the kind that `json` names. Without one, the default kind stands.
  bool select_kind(const Json& json, AlternativeAccess& access) {
    const Scope scope(*this, "/kind");
    const std::vector<std::string> kinds = kind_names(access);
    const auto kind = json.find("kind");
    if (kind == json.end()) {
      if (!access.selected().empty()) return true;
      fault(FaultKind::missing_key, fmt::format("is missing; allowed: {}", name_list(kinds)));
      return false;
    }
    if (!kind->is_string()) {
      wrong_type(*kind, "a text");
      return false;
    }
    const std::string& wanted = kind->get_ref<const std::string&>();
    if (std::find(kinds.begin(), kinds.end(), wanted) == kinds.end()) {
      fault(FaultKind::unknown_kind, fmt::format("found {}; allowed: {}", shown(wanted), name_list(kinds)),
            nearest_name(wanted, kinds));
      return false;
    }
    if (access.selected() != wanted) access.select(wanted);
    return true;
  }

  bool known(const std::string& name, const std::vector<std::string>& names, std::string_view where) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    fault(FaultKind::unknown_name,
          fmt::format("found {}; {}: {}", shown(name), where, names.empty() ? "nothing" : name_list(names)),
          nearest_name(name, names));
    return false;
  }

  void report_unknown_keys(const Json& object, const std::vector<std::string>& seen) {
    std::set<std::string_view> present;
    for (auto member = object.begin(); member != object.end(); ++member) present.insert(member.key());
    // Keys that the object has already are no help.
    std::vector<std::string> free;
    std::copy_if(seen.begin(), seen.end(), std::back_inserter(free),
                 [&](const std::string& name) { return !present.contains(name); });
    for (auto member = object.begin(); member != object.end() && !hopeless(); ++member) {
      const std::string& key = member.key();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
      const Scope scope(*this, pointer_step(key));
      fault(FaultKind::unknown_key,
            free.empty() ? "this key is unknown"
                         : "this key is unknown; keys that may still stand here: " + name_list(free),
            nearest_name(key, free));
    }
  }

  /// With so many faults, nobody is helped by a complete list: a file of nonsense is answered at once.
  bool hopeless() const { return faults_.total() > 10 * FaultList::kKept; }

  template <class ValueText>
  void absent(const Field& field, const ValueText& value_text) {
    if (field.required) return missing();
    if (field.evidence != 'E' && field.evidence != 'R') return;
    assumptions_.push_back(
        {context_.subject + pointer_, value_text(), std::string(1, field.evidence), std::string(field.source)});
  }

  void fault(FaultKind kind, std::string message, std::string nearest = {}) {
    faults_.add({.kind = kind,
                 .pointer = context_.pointer + pointer_,
                 .message = std::move(message),
                 .nearest = std::move(nearest),
                 .file = context_.file});
  }
  void missing() { fault(FaultKind::missing_key, "is missing"); }
  void wrong_type(const Json& json, std::string_view allowed) {
    fault(FaultKind::wrong_type, fmt::format("found {}; allowed: {}", found(json), allowed));
  }
  void out_of_range(const Json& json, std::string_view allowed) {
    fault(FaultKind::out_of_range, fmt::format("found {}; allowed: {}", found(json), allowed));
  }

  const ReadContext& context_;
  FaultList& faults_;
  std::vector<Assumption>& assumptions_;
  Frame frame_;
  std::string pointer_;
};

}  // namespace

void read_fields(const Json& json, const Visit& visit, const ReadContext& context, FaultList& faults,
                 std::vector<Assumption>& assumptions) {
  Reader reader(context, faults, assumptions);
  if (!json.is_object()) {
    faults.add({.kind = FaultKind::wrong_type,
                .pointer = context.pointer,
                .message = fmt::format("found {}; allowed: an object", found(json)),
                .file = context.file});
    return;
  }
  reader.members(&json, false, visit);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

}  // namespace tokenworks::scenario
