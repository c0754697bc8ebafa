// Any text as a scenario: it is read, and when it is accepted it is written, read again, and found the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/read_scenario.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tokenworks::scenario;
  const std::string text(reinterpret_cast<const char*>(data), size);
  ReadOutcome outcome = read_scenario_text(text, "fuzzed", "/nonexistent");
  if (!outcome.faults.empty()) {
    if (outcome.faults.text("fuzzed").empty()) std::abort();
    return 0;
  }
  const std::string resolved = json_text(write_struct(outcome.spec));
  ReadOutcome again = read_scenario_text(resolved, "resolved", "/nonexistent");
  if (!again.faults.empty() || json_text(write_struct(again.spec)) != resolved) std::abort();
  return 0;
}
