// Fills a struct from JSON through its visit function, strictly: unknown keys, missing keys, wrong types, values out of
// their limits and names that nothing bears are faults. All of them are found; a member at fault keeps its default.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// What a reader knows besides the JSON. All of it may be left out.
struct ReadContext {
  std::string file{};     ///< stands in faults; empty for the file that was asked for
  std::string pointer{};  ///< of the JSON inside its document; stands before the pointers of faults
  std::string subject{};  ///< stands before the pointers of assumptions ("gpus/h100_sxm5")
  /// Ids that a catalog section holds; without it names from the catalog are not checked.
  std::function<std::vector<std::string>(std::string_view section)> catalog_ids{};
  /// Told of each name that was found in a catalog section.
  std::function<void(std::string_view section, const std::string& id)> catalog_named{};
  /// Why a path that the JSON names cannot be opened; empty when it can. Without it paths are not checked.
  std::function<std::string(const std::string& path)> path_fault{};
};

/// A visit function of any struct.
using Visit = std::function<void(FieldVisitor&)>;

/// Reads `json` into the members that `visit` names. Defaults that stand because their key is absent, and that rest on
/// an estimate or on memory, are added to `assumptions`.
void read_fields(const Json& json, const Visit& visit, const ReadContext& context, FaultList& faults,
                 std::vector<Assumption>& assumptions);

template <class T>
void read_struct(const Json& json, T& target, const ReadContext& context, FaultList& faults,
                 std::vector<Assumption>& assumptions) {
  read_fields(
      json, [&](FieldVisitor& v) { target.visit(v); }, context, faults, assumptions);
}

/// Whether `name` may be the name of something: letters, digits, "_", "-" and ".", 1 to 64 of them.
bool is_name(std::string_view name);
inline constexpr std::string_view kNamePattern = "^[A-Za-z0-9_.-]{1,64}$";

}  // namespace tokenworks::scenario
