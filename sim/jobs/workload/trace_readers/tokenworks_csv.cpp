// Our own format, for traces that people make: "arrival_s,input_tokens,output_tokens", seconds from any origin.
#include "sim/jobs/workload/trace_readers/line_trace.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::string_view kHeader = "arrival_s,input_tokens,output_tokens";
constexpr int kPicosecondExponent = 12;

class TokenworksCsv final : public LineTrace {
 public:
  explicit TokenworksCsv(const std::string& path) : LineTrace(path) { expect_header(kHeader); }

 private:
  std::string_view date_field() const override { return "arrival_s"; }

  RawRecord parse(std::string_view line) override {
    const auto [date_text, input, output] = three_columns(lines_, line, kHeader);
    const std::optional<AbsoluteDate> date = parse_decimal(date_text, kPicosecondExponent);
    if (!date) lines_.fail("arrival_s", date_text, "seconds as a decimal number, 0 or more");
    return {*date, token_count(lines_, "input_tokens", input), token_count(lines_, "output_tokens", output)};
  }
};

}  // namespace

std::unique_ptr<TraceReader> open_tokenworks_csv(const std::string& path, PromptBlocks) {
  return std::make_unique<TokenworksCsv>(path);
}

}  // namespace tokenworks::jobs
