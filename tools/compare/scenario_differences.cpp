#include "tools/compare/scenario_differences.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/fault.hpp"

namespace tokenworks::compare {
namespace {

using scenario::Json;
using Values = std::vector<const Json*>;  // null: absent

bool all_equal(const Values& values) {
  return std::all_of(values.begin(), values.end(), [&](const Json* value) {
    if (value == nullptr || values.front() == nullptr) return value == values.front();
    return *value == *values.front();
  });
}

template <class Test>
bool all_are(const Values& values, Test test) {
  return std::all_of(values.begin(), values.end(), [&](const Json* value) { return value != nullptr && test(*value); });
}

Values members(const Values& objects, const std::string& key) {
  Values found;
  for (const Json* object : objects) {
    const auto member = object->find(key);
    found.push_back(member == object->end() ? nullptr : &*member);
  }
  return found;
}

Part part_of(std::string_view pointer) {
  const std::string_view head = pointer.substr(1, pointer.find('/', 1) - 1);
  for (const std::string_view name : {"workloads", "services", "seed", "clock", "traffic"}) {
    if (head == name) return Part::traffic;
  }
  if (head == "factory") return Part::factory;
  if (head == "site") return Part::site;
  if (head == "incidents") return Part::incidents;
  return Part::other;
}

class Walk {
 public:
  explicit Walk(std::vector<SettingDifference>& found) : found_(found) {}

  void compare(const Values& values, const std::string& pointer) {
    if (all_equal(values)) return;
    if (all_are(values, [](const Json& value) { return value.is_object(); })) return compare_objects(values, pointer);
    const auto is_list_of_objects = [](const Json& value) {
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const Json& element) { return element.is_object(); });
    };
    if (all_are(values, is_list_of_objects)) return compare_lists(values, pointer);
    tell(values, pointer);
  }

 private:
  void tell(const Values& values, const std::string& pointer) {
    SettingDifference& difference = found_.emplace_back();
    difference.pointer = pointer.empty() ? "/" : pointer;
    difference.part = part_of(difference.pointer);
    for (const Json* value : values) {
      difference.values.push_back(value == nullptr ? std::nullopt : std::optional(*value));
    }
  }

  void compare_objects(const Values& values, const std::string& pointer) {
    const bool kinds_differ = !all_equal(members(values, "kind"));
    std::vector<std::string> keys;
    for (const Json* value : values) {
      for (const auto& [key, member] : value->items()) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
      }
    }
    for (const std::string& key : keys) {
      if (pointer.empty() && (key == "name" || key == "format")) continue;
      const Values below = members(values, key);
      const bool all_know = std::find(below.begin(), below.end(), nullptr) == below.end();
      if (kinds_differ && key != "kind" && !all_know) continue;
      compare(below, pointer + scenario::pointer_step(key));
    }
  }

  void compare_lists(const Values& values, const std::string& pointer) {
    std::size_t longest = 0;
    for (const Json* value : values) longest = std::max(longest, value->size());
    for (std::size_t i = 0; i < longest; ++i) {
      Values below;
      for (const Json* value : values) below.push_back(i < value->size() ? &(*value)[i] : nullptr);
      compare(below, fmt::format("{}/{}", pointer, i));
    }
  }

  std::vector<SettingDifference>& found_;
};

}  // namespace

std::string_view part_name(Part part) {
  constexpr std::string_view kNames[] = {"traffic", "factory", "site", "incidents", "other"};
  return kNames[static_cast<std::size_t>(part)];
}

std::vector<SettingDifference> scenario_differences(const std::vector<const Json*>& scenarios) {
  std::vector<SettingDifference> found;
  if (!scenarios.empty()) Walk(found).compare(scenarios, "");
  return found;
}

bool concerns(const std::vector<SettingDifference>& differences, Part part) {
  return std::any_of(differences.begin(), differences.end(),
                     [part](const SettingDifference& difference) { return difference.part == part; });
}

}  // namespace tokenworks::compare
