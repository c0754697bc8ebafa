// Azure/AzurePublicDataset, AzureLLMInferenceTrace_{conv,code}.csv (CC-BY 4.0): production LLM services of 2023,
// described in Patel et al., Splitwise, ISCA 2024. Columns: wall time with 100 ns digits, prompt tokens, answer tokens.
#include <charconv>
#include <chrono>

#include "sim/jobs/workload/trace_readers/line_trace.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::string_view kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens";
constexpr std::string_view kShape =
    "0000-00-00 00:00:00";  // zeros stand for digits; up to 12 digits of a second follow
constexpr std::size_t kMostFractionDigits = 12;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Picoseconds since 1970 as if the wall time were UTC; nothing when the text is no such date.
std::optional<AbsoluteDate> wall_time(std::string_view text) {
  if (text.size() < kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
  }
  const auto digits = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (std::size_t i = from; i < from + count; ++i) value = 10 * value + (text[i] - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day day{year(digits(0, 4)), month(static_cast<unsigned>(digits(5, 2))),
                           std::chrono::day(static_cast<unsigned>(digits(8, 2)))};
  const int hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;

  std::int64_t fraction = 0;
  std::string_view rest = text.substr(kShape.size());
  if (!rest.empty()) {
    if (rest.size() < 2 || rest.size() > kMostFractionDigits + 1 || rest[0] != '.') return std::nullopt;
    for (std::size_t i = 1; i <= kMostFractionDigits; ++i) {
      if (i < rest.size() && !is_digit(rest[i])) return std::nullopt;
      fraction = 10 * fraction + (i < rest.size() ? rest[i] - '0' : 0);
    }
  }
  const std::int64_t days = sys_days(day).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second;
  return AbsoluteDate{seconds} * kPicosecondsPerSecond + fraction;
}

class AzureLlm2023 final : public LineTrace {
 public:
  explicit AzureLlm2023(const std::string& path) : LineTrace(path) { expect_header(kHeader); }

 private:
  std::string_view date_field() const override { return "TIMESTAMP"; }

  RawRecord parse(std::string_view line) override {
    const auto [date_text, input, output] = three_columns(lines_, line, kHeader);
    const std::optional<AbsoluteDate> date = wall_time(date_text);
    if (!date) lines_.fail("TIMESTAMP", date_text, "a date like 2023-11-16 18:15:46.6805900");
    return {*date, token_count(lines_, "ContextTokens", input), token_count(lines_, "GeneratedTokens", output)};
  }
};

}  // namespace

std::unique_ptr<TraceReader> open_azure_llm_2023(const std::string& path, PromptBlocks) {
  return std::make_unique<AzureLlm2023>(path);
}

}  // namespace tokenworks::jobs
