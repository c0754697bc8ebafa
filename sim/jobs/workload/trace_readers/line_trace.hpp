// What the trace formats with one request a line have in common.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/jobs/workload/text_lines.hpp"
#include "sim/jobs/workload/trace_reader.hpp"

namespace tokenworks::jobs {

/// A date in picoseconds from an origin of the format's own: 128 bits hold any epoch.
__extension__ using AbsoluteDate = __int128;

/// A line as it was read, before its date is put on the trace's clock.
struct RawRecord {
  AbsoluteDate date = 0;
  std::int32_t input_tokens = 0;
  std::int32_t output_tokens = 0;
  std::int32_t block_tokens = 0;  ///< of the blocks of its prompt; 0: not said
  std::int64_t session = 0;       ///< 0: of none
};

/// Reads line by line; a format says how a line reads. Blank lines are skipped.
class LineTrace : public TraceReader {
 public:
  std::optional<TraceRecord> next() final;

 protected:
  explicit LineTrace(const std::string& path) : lines_(path) {}
  /// `date_field` is named in faults of the dates' order.
  virtual std::string_view date_field() const = 0;
  virtual RawRecord parse(std::string_view line) = 0;

  /// Reads the first line, which must be `header`.
  void expect_header(std::string_view header);

  TextLines lines_;

 private:
  Picoseconds since_first(AbsoluteDate date);

  std::optional<AbsoluteDate> first_date_;
  Picoseconds last_date_ = 0;
};

using ThreeColumns = std::array<std::string_view, 3>;

/// The three columns of a line of comma-separated values without quotes; a fault when there are more or fewer.
ThreeColumns three_columns(const TextLines& lines, std::string_view line, std::string_view header);

/// A whole number of tokens, 1 to 2^31 - 1.
std::int32_t token_count(const TextLines& lines, std::string_view field, std::string_view text);

/// mantissa * 10^exponent, rounded to a whole number; nothing when it exceeds any date. The mantissa is not negative.
std::optional<AbsoluteDate> scaled_decimal(AbsoluteDate mantissa, int exponent);

/// A decimal number, not negative, times 10^exponent, exactly: "1700000000.25" with exponent 12 are the picoseconds of
/// that many seconds. Nothing when the text is no such number.
std::optional<AbsoluteDate> parse_decimal(std::string_view text, int exponent);

}  // namespace tokenworks::jobs
