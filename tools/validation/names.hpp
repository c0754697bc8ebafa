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

/// The number format of the weights that a printed precision means: "FP8", "bfloat16", "mxfp4" ... Checkpoints of
/// gpt-oss exist with MXFP4 experts only; another format is then the KV cache's. int4 is the fp4 of the model's entry.
std::string weight_precision(std::string_view model_id, std::string_view printed);

/// Where a GPU stands.
struct Host {
  std::string gpu;        ///< short name, in groups: "h100_sxm"
  std::string rack_kind;  ///< catalog id
  std::int64_t gpus_per_rack = 8;
};
/// The rack kind of a system: its own where the catalog has it (liquid-cooled B200 servers), else `usual`.
std::string chassis_of(std::string_view system, const std::string& usual);
/// Nothing for a GPU that no rack kind of ours has.
std::optional<Host> host_of(std::string_view gpu);

}  // namespace tokenworks::validation
