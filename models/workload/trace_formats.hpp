// Names of the trace formats; the readers themselves are in sim/jobs/workload/trace_readers.
#pragma once

#include <span>
#include <string_view>

namespace tokenworks::workload {

/// `azure_llm_2023`, `mooncake`, `tokenworks_csv`, `tokenworks_jsonl`.
std::span<const std::string_view> trace_format_names();

/// Whether requests of the format may say which blocks their prompts consist of.
bool has_prompt_blocks(std::string_view format);

}  // namespace tokenworks::workload
