// libFuzzer target of the trace readers: the first byte of an input chooses the format (from 0xF0 on: sessions), the
// rest is the file.
// A reader may refuse a file with an InputError; what it does hand out must keep the contract of TraceReader.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "models/workload/trace_formats.hpp"
#include "sim/jobs/workload/input_error.hpp"
#include "sim/jobs/workload/session_reader.hpp"
#include "sim/jobs/workload/trace_reader.hpp"

namespace {

using namespace tokenworks;

/// A file in memory, under a path that can be opened like any other.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* bytes, std::size_t size) : descriptor_(memfd_create("trace", 0)) {
    if (descriptor_ < 0 || write(descriptor_, bytes, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void require(bool holds) {
  if (!holds) std::abort();
}

void read(std::string_view format, const std::string& path) {
  const auto reader = jobs::open_trace(format, path, jobs::PromptBlocks::keep);
  Picoseconds last = 0;
  while (const auto record = reader->next()) {
    require(record->date >= last);
    require(record->input_tokens >= 1 && record->output_tokens >= 1);
    for (const std::int64_t block : reader->prompt_blocks()) require(block >= 0);
    last = record->date;
  }
}

void read_sessions(const std::string& path) {
  const auto reader = jobs::open_session_trace("kv_cache_tester", path);
  while (const auto plan = reader->next()) {
    require(!plan->chains.empty() && !plan->steps.empty());
    for (const auto& chain : plan->chains) require(chain.steps >= 1);
    for (const auto& spawn : plan->spawns) require(spawn.wait_s >= 0.0);
    for (const auto& step : plan->steps) {
      require(step.input_tokens >= 1 && step.output_tokens >= 1 && step.wait_s >= 0.0);
      std::int64_t units = 0;
      for (const auto& run : plan->content(step, 0).runs) {
        require(run.first >= 0 && run.units >= 1);
        units += run.units;
      }
      require(units * plan->unit_tokens >= step.content_tokens);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto formats = workload::trace_format_names();
  const MemoryFile file(bytes + 1, size - 1);
  try {
    if (bytes[0] >= 0xF0)
      read_sessions(file.path());
    else
      read(formats[bytes[0] % formats.size()], file.path());
  } catch (const jobs::InputError& fault) {
    require(fault.what()[0] != '\0');
  }
  return 0;
}
