#include "sim/scenario/field_reference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/field_units.hpp"

namespace tokenworks::scenario {
namespace {

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string evidence_text(char evidence) {
  switch (evidence) {
    case 'V':
      return "read in the source: ";
    case 'S':
      return "second hand: ";
    case 'C':
      return "calculated: ";
    case 'R':
      return "remembered: ";
    case 'E':
      return "estimate: ";
    default:
      return {};
  }
}

std::string limits_text(const Field& field) {
  const bool low = std::isfinite(field.minimum), high = std::isfinite(field.maximum);
  std::string text;
  if (low) text += fmt::format("{} {}", field.above_minimum ? ">" : "≥", number_text(field.minimum));
  if (high) text += fmt::format("{}≤ {}", low ? ", " : "", number_text(field.maximum));
  return text;
}

class ReferenceWriter final : public FieldVisitor {
 public:
  /// Adds the section of an object, and behind it those of the objects in it.
  void section(const std::string& path, std::string_view help, const Visit& visit) {
    const std::size_t index = sections_.size();
    sections_.push_back({path, std::string(help), {}});
    const std::size_t outer = std::exchange(current_, index);
    const bool outer_absent = std::exchange(absent_, false);
    visit(*this);
    absent_ = outer_absent;
    current_ = outer;
  }

  std::string markdown(const std::string& title) const {
    std::string text;
    for (const Section& section : sections_) {
      text += fmt::format("\n## {}\n\n", section.path.empty() ? title : "`" + section.path + "`");
      if (!section.help.empty()) text += section.help + "\n\n";
      if (section.rows.empty()) {
        text += "No parameters.\n";
        continue;
      }
      text +=
          "| Key | Unit | Default | Allowed | Meaning | Source of the default |\n| --- | --- | --- | --- | --- | --- "
          "|\n";
      for (const std::string& row : section.rows) text += row;
    }
    return text;
  }

  void number(const Field& field, double& value) override {
    row(field, number_text(rounded_to_15_digits(value)), limits_text(field));
  }
  void integer(const Field& field, std::int64_t& value) override {
    row(field, std::to_string(value), join("whole number", limits_text(field)));
  }
  void boolean(const Field& field, bool& value) override { row(field, value ? "true" : "false", "true, false"); }

  void text(const Field& field, std::string& value) override {
    std::string allowed = field.path ? "path of a file" : field.name ? "name" : "text";
    if (!field.catalog.empty()) allowed = fmt::format("name from `{}` of the catalog", field.catalog);
    if (!field.allowed.empty()) {
      allowed.clear();
      for (const std::string_view name : field.allowed)
        allowed += fmt::format("{}`{}`", allowed.empty() ? "" : ", ", name);
    }
    row(field, value.empty() ? "" : "`" + value + "`", allowed);
  }

  void structure(const Field& field, StructureAccess& access) override {
    const std::string path = inside(field);
    if (!field.key.empty()) row(field, "", fmt::format("object, see `{}`", path));
    section(path, field.key.empty() ? "" : field.help, [&](FieldVisitor& v) { access.visit(v); });
  }

  void sequence(const Field& field, SequenceAccess& access) override {
    const bool was_empty = access.size() == 0;
    access.resize(1);
    list_row(field, was_empty ? "empty" : "", "list");
    element(field, inside(field) + "[]", [&](const Field& f) { access.visit_element(0, f, *this); });
  }

  void alternative(const Field& field, AlternativeAccess& access) override {
    const std::string preset(access.selected());
    const std::string path = inside(field);
    std::string kinds;
    for (const AlternativeAccess::Kind& kind : access.kinds()) {
      kinds += fmt::format("{}`{}`", kinds.empty() ? "" : ", ", kind.name);
    }
    if (!field.key.empty()) row(field, preset.empty() ? "" : "kind `" + preset + "`", "object with a `kind`: " + kinds);
    for (const AlternativeAccess::Kind& kind : access.kinds()) {
      access.select(kind.name);
      section(fmt::format("{} (kind {})", path, kind.name), kind.help,
              [&](FieldVisitor& v) { access.visit_selected(v); });
    }
    access.select(preset);
  }

  void optional(const Field& field, OptionalAccess& access) override {
    const bool absent = !access.present();
    access.set_present(true);
    const bool outer = std::exchange(absent_, absent);
    access.visit_value(field, *this);
    absent_ = outer;
  }

  void map(const Field& field, MapAccess& access) override {
    access.insert("name");
    list_row(field, "empty", "object: name to entry");
    element(field, inside(field) + ".NAME", [&](const Field& f) { access.visit_value("name", f, *this); });
  }

 private:
  struct Section {
    std::string path;
    std::string help;
    std::vector<std::string> rows;
  };

  static std::string join(std::string first, const std::string& second) {
    return second.empty() ? first : first + " " + second;
  }

  std::string inside(const Field& field) const {
    if (field.key.empty()) return element_path_;
    const std::string& outer = sections_[current_].path;
    return (outer.empty() ? "" : outer + ".") + std::string(field.key);
  }

  /// The elements of a list need a row of their own only when they are objects, which make a section.
  template <class VisitElement>
  void element(const Field& list, const std::string& path, const VisitElement& visit) {
    Field field = list;
    field.key = {};
    const std::string outer = std::exchange(element_path_, path);
    visit(field);
    element_path_ = outer;
  }

  void list_row(const Field& field, std::string preset, std::string allowed) {
    if (!field.allowed.empty()) {
      allowed += " of";
      for (const std::string_view name : field.allowed) allowed += fmt::format(" `{}`", name);
    }
    if (!field.catalog.empty()) allowed += fmt::format(" of names from `{}` of the catalog", field.catalog);
    row(field, std::move(preset), join(std::move(allowed), limits_text(field)));
  }

  void row(const Field& field, std::string preset, const std::string& allowed) {
    if (field.key.empty()) return;
    if (field.required) preset = "required";
    if (!field.required && absent_) preset = "absent";
    const std::string source = evidence_text(field.evidence) + std::string(field.source);
    sections_[current_].rows.push_back(fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.key,
                                                   unit_of_key(field.key), cell(preset), cell(allowed),
                                                   cell(field.help), cell(source)));
  }

  std::vector<Section> sections_;
  std::size_t current_ = 0;
  std::string element_path_;
  bool absent_ = false;  // the member is absent unless it is given
};

}  // namespace

std::string reference_of_fields(const Visit& visit, const std::string& title) {
  ReferenceWriter writer;
  writer.section("", "", visit);
  return writer.markdown(title);
}

}  // namespace tokenworks::scenario
