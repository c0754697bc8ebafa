// Our own format, for programs that write JSON, a line a request:
// {"arrival_s": 0.25, "input_tokens": 100, "output_tokens": 20}
// and, where it is known, what a prompt has in common with others: ids of its blocks of so many tokens, chained, so
// that equal leading ids are a shared beginning; and the session that it belongs to, counted from 1:
// {..., "block_tokens": 16, "block_ids": [7, 8, 9], "session": 3}
#include "sim/jobs/workload/trace_readers/json_line.hpp"

namespace tokenworks::jobs {
namespace {

constexpr JsonLineKeys kKeys = {.date = "arrival_s",
                                .picosecond_exponent = 12,
                                .input_tokens = "input_tokens",
                                .output_tokens = "output_tokens",
                                .prompt_blocks = "block_ids",
                                .block_tokens = "block_tokens",
                                .session = "session",
                                .others_allowed = false};

class TokenworksJsonl final : public LineTrace {
 public:
  TokenworksJsonl(const std::string& path, PromptBlocks blocks)
      : LineTrace(path), keeps_blocks_(blocks == PromptBlocks::keep) {}
  std::span<const std::int64_t> prompt_blocks() const override { return blocks_; }
  std::int64_t prompt_block_tokens() const override { return block_tokens_; }

 private:
  std::string_view date_field() const override { return kKeys.date; }
  RawRecord parse(std::string_view line) override {
    const RawRecord record = parse_json_line(lines_, line, kKeys, keeps_blocks_ ? &blocks_ : nullptr);
    block_tokens_ = record.block_tokens;
    return record;
  }

  bool keeps_blocks_;
  std::int64_t block_tokens_ = 0;
  std::vector<std::int64_t> blocks_;  ///< of the last line; empty unless they are kept
};

}  // namespace

std::unique_ptr<TraceReader> open_tokenworks_jsonl(const std::string& path, PromptBlocks blocks) {
  return std::make_unique<TokenworksJsonl>(path, blocks);
}

}  // namespace tokenworks::jobs
