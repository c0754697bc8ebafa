// Names in files of measurements and what they are called in our catalog: the one table of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tokenworks::validation {

/// The catalog id of a model as a file of measurements names it; nothing for a name that nobody has looked up. An id
/// need not be in the catalog.
std::optional<std::string> model_id(std::string_view name);

/// Where a GPU stands.
struct Host {
  std::string gpu;        ///< short name, in groups: "h100_sxm"
  std::string rack_kind;  ///< catalog id
  std::int64_t gpus_per_rack = 8;
};
/// Nothing for a GPU that no rack kind of ours has.
std::optional<Host> host_of(std::string_view gpu);

}  // namespace tokenworks::validation
