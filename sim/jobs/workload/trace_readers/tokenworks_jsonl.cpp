// Our own format, for programs that write JSON, a line a request:
// {"arrival_s": 0.25, "input_tokens": 100, "output_tokens": 20}
#include "sim/jobs/workload/trace_readers/json_line.hpp"

namespace tokenworks::jobs {
namespace {

constexpr JsonLineKeys kKeys = {.date = "arrival_s",
                                .picosecond_exponent = 12,
                                .input_tokens = "input_tokens",
                                .output_tokens = "output_tokens",
                                .prompt_blocks = {},
                                .others_allowed = false};

class TokenworksJsonl final : public LineTrace {
 public:
  explicit TokenworksJsonl(const std::string& path) : LineTrace(path) {}

 private:
  std::string_view date_field() const override { return kKeys.date; }
  RawRecord parse(std::string_view line) override { return parse_json_line(lines_, line, kKeys, nullptr); }
};

}  // namespace

std::unique_ptr<TraceReader> open_tokenworks_jsonl(const std::string& path, PromptBlocks) {
  return std::make_unique<TokenworksJsonl>(path);
}

}  // namespace tokenworks::jobs
