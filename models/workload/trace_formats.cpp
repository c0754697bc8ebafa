#include "models/workload/trace_formats.hpp"

namespace tokenworks::workload {

std::span<const std::string_view> trace_format_names() {
  static constexpr std::string_view kNames[] = {"azure_llm_2023", "mooncake", "tokenworks_csv", "tokenworks_jsonl"};
  return kNames;
}

bool has_prompt_blocks(std::string_view format) { return format == "mooncake" || format == "tokenworks_jsonl"; }

}  // namespace tokenworks::workload
