// The visible list of trace formats. To add one: a file in trace_readers/, its factory and its line here, and its name
// in models/workload/trace_formats.cpp.
#include "models/workload/trace_formats.hpp"

#include <stdexcept>

#include "sim/jobs/workload/input_error.hpp"
#include "sim/jobs/workload/trace_reader.hpp"

namespace tokenworks::jobs {

std::unique_ptr<TraceReader> open_azure_llm_2023(const std::string& path, PromptBlocks blocks);
std::unique_ptr<TraceReader> open_mooncake(const std::string& path, PromptBlocks blocks);
std::unique_ptr<TraceReader> open_tokenworks_csv(const std::string& path, PromptBlocks blocks);
std::unique_ptr<TraceReader> open_tokenworks_jsonl(const std::string& path, PromptBlocks blocks);

namespace {

struct TraceFormat {
  std::string_view name;
  std::unique_ptr<TraceReader> (*open)(const std::string& path, PromptBlocks blocks);
};

constexpr TraceFormat kFormats[] = {
    {"azure_llm_2023", &open_azure_llm_2023},
    {"mooncake", &open_mooncake},
    {"tokenworks_csv", &open_tokenworks_csv},
    {"tokenworks_jsonl", &open_tokenworks_jsonl},
};

}  // namespace

std::unique_ptr<TraceReader> open_trace(std::string_view format, const std::string& path, PromptBlocks blocks) {
  for (const TraceFormat& known : kFormats) {
    if (known.name == format) return known.open(path, blocks);
  }
  throw std::invalid_argument("no reader of trace format " + std::string(format));
}

void check_trace(const workload::TraceFile& trace, std::int64_t requests) {
  const std::unique_ptr<TraceReader> reader = open_trace(trace.format, trace.path);
  std::int64_t count = 0;
  while (count < requests && reader->next()) ++count;
  if (count == 0) throw InputError(trace.path, 0, "holds no request");
}

}  // namespace tokenworks::jobs
