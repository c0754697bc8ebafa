// kvcache-ai/Mooncake, FAST25-release/traces (Apache-2.0): production requests of Kimi, described in Qin et al.,
// Mooncake, FAST 2025. One JSON object a line: timestamp (ms), input_length, output_length, and hash_ids, one id for
// each 512 tokens of the prompt, chained, so that equal leading ids are a shared prefix.
#include "sim/jobs/workload/trace_readers/json_line.hpp"

namespace tokenworks::jobs {
namespace {

constexpr JsonLineKeys kKeys = {.date = "timestamp",
                                .picosecond_exponent = 9,
                                .input_tokens = "input_length",
                                .output_tokens = "output_length",
                                .prompt_blocks = "hash_ids",
                                .others_allowed = true};

class Mooncake final : public LineTrace {
 public:
  Mooncake(const std::string& path, PromptBlocks blocks)
      : LineTrace(path), keeps_blocks_(blocks == PromptBlocks::keep) {}
  std::span<const std::int64_t> prompt_blocks() const override { return blocks_; }
  std::int64_t prompt_block_tokens() const override { return 512; }

 private:
  std::string_view date_field() const override { return kKeys.date; }
  RawRecord parse(std::string_view line) override {
    return parse_json_line(lines_, line, kKeys, keeps_blocks_ ? &blocks_ : nullptr);
  }

  bool keeps_blocks_;
  std::vector<std::int64_t> blocks_;  ///< of the last line; empty unless they are kept
};

}  // namespace

std::unique_ptr<TraceReader> open_mooncake(const std::string& path, PromptBlocks blocks) {
  return std::make_unique<Mooncake>(path, blocks);
}

}  // namespace tokenworks::jobs
