#include "sim/scenario/override.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tokenworks::scenario {
namespace {

/// The steps of a JSON Pointer, unescaped; nothing when it is none, or names the whole document.
std::optional<std::vector<std::string>> steps_of(const std::string& pointer) {
  if (pointer.empty() || pointer.front() != '/') return std::nullopt;
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      steps.emplace_back();
    } else if (pointer[i] == '~') {
      const char escaped = ++i < pointer.size() ? pointer[i] : '\0';
      if (escaped != '0' && escaped != '1') return std::nullopt;
      steps.back() += escaped == '0' ? '~' : '/';
    } else {
      steps.back() += pointer[i];
    }
  }
  return steps;
}

/// The index that `step` names in a list of `size` elements, which may be one behind the last.
std::optional<std::size_t> index_of(const std::string& step, std::size_t size) {
  if (step == "-") return size;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool whole = error == std::errc() && end == step.data() + step.size() && (step.size() == 1 || step[0] != '0');
  return whole && index <= size ? std::optional(index) : std::nullopt;
}

Json value_of(const std::string& text) {
  FaultList no_json;
  std::optional<Json> value = parse_json(text, no_json);
  return value ? std::move(*value) : Json(text);
}

}  // namespace

void apply_override(Json& document, const std::string& pointer, const std::string& value, FaultList& faults) {
  const auto refuse = [&](const std::string& reason) {
    faults.add(FaultKind::bad_override, pointer, "--set: " + reason);
  };
  const auto steps = steps_of(pointer);
  if (!steps) return refuse("a JSON Pointer such as /services/0/replicas is wanted");
  if (steps->size() > kDeepestNesting) return refuse(fmt::format("beyond {} levels", kDeepestNesting));

  if (!is_utf8(pointer) || !is_utf8(value)) return refuse("this is not UTF-8");

  Json* at = &document;
  for (const std::string& step : *steps) {
    if (at->is_null()) *at = Json::object();
    if (at->is_object()) {
      at = &(*at)[step];
    } else if (at->is_array()) {
      const auto index = index_of(step, at->size());
      if (!index) return refuse(fmt::format("{} names no place in a list of {} elements", shown(step), at->size()));
      if (*index == at->size()) at->push_back(Json());
      at = &(*at)[*index];
    } else {
      return refuse(fmt::format("nothing can stand below {}", shown(at->dump())));
    }
  }
  *at = value_of(value);
}

}  // namespace tokenworks::scenario
