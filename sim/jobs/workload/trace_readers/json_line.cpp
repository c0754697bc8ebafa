#include "sim/jobs/workload/trace_readers/json_line.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace tokenworks::jobs {
namespace {

constexpr std::string_view kAllowedTokens = "a whole number from 1 to 2147483647";
constexpr std::string_view kAllowedSession = "a whole number from 1 to 9223372036854775807";
constexpr std::string_view kAllowedDate = "a number, 0 or more";
constexpr std::string_view kAllowedBlocks = "a list of whole numbers from 0 to 9223372036854775807";

/// Receives the parser's events of one line. Any fault is thrown at once.
class JsonLine {
 public:
  JsonLine(const TextLines& lines, const JsonLineKeys& keys, std::vector<std::int64_t>* blocks)
      : lines_(lines), keys_(keys), blocks_(blocks) {}

  RawRecord record() const {
    if (!date_) lines_.fail(fmt::format("{} is missing", keys_.date));
    if (!input_tokens_) lines_.fail(fmt::format("{} is missing", keys_.input_tokens));
    if (!output_tokens_) lines_.fail(fmt::format("{} is missing", keys_.output_tokens));
    if (has_blocks_ && !keys_.block_tokens.empty() && block_tokens_ == 0) {
      lines_.fail(fmt::format("{} is missing: blocks without a length", keys_.block_tokens));
    }
    return {*date_, *input_tokens_, *output_tokens_, block_tokens_, session_};
  }

  // Events, by the names that nlohmann::json::sax_parse calls.
  using json = nlohmann::json;
  bool null() { return other("null"); }
  bool boolean(bool value) { return other(value ? "true" : "false"); }
  bool string(std::string& text) { return other(text); }
  bool binary(json::binary_t&) { return other("binary"); }
  bool number_integer(std::int64_t value) {
    return value < 0 ? negative(value) : number_unsigned(static_cast<std::uint64_t>(value));
  }

  bool number_unsigned(std::uint64_t value) {
    switch (place()) {
      case Place::date:
        set_date(scaled_decimal(value, keys_.picosecond_exponent), std::to_string(value));
        break;
      case Place::input:
        input_tokens_ = tokens(keys_.input_tokens, value);
        break;
      case Place::output:
        output_tokens_ = tokens(keys_.output_tokens, value);
        break;
      case Place::block:
        add_block(value);
        break;
      case Place::block_tokens:
        block_tokens_ = tokens(keys_.block_tokens, value);
        break;
      case Place::session:
        session_ = session(value);
        break;
      case Place::blocks:
        return other(std::to_string(value));
      case Place::line:
        lines_.fail("line", std::to_string(value), "a JSON object");
      case Place::elsewhere:
        break;
    }
    return true;
  }

  bool number_float(double, const std::string& text) {
    if (place() != Place::date) return other(text);
    set_date(parse_decimal(text, keys_.picosecond_exponent), text);
    return true;
  }

  bool start_object(std::size_t) {
    if (depth_ == 0)
      member_ = Place::elsewhere;
    else
      other("{");
    ++depth_;
    return true;
  }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) {
    if (place() != Place::blocks) other("[");
    ++depth_;
    return true;
  }
  bool end_array() { return end_object(); }

  bool key(const std::string& name) {
    if (depth_ != 1) return true;
    if (name == keys_.date)
      member_ = once(date_.has_value(), name, Place::date);
    else if (name == keys_.input_tokens)
      member_ = once(input_tokens_.has_value(), name, Place::input);
    else if (name == keys_.output_tokens)
      member_ = once(output_tokens_.has_value(), name, Place::output);
    else if (!keys_.prompt_blocks.empty() && name == keys_.prompt_blocks) {
      member_ = once(std::exchange(has_blocks_, true), name, Place::blocks);
    } else if (!keys_.block_tokens.empty() && name == keys_.block_tokens) {
      member_ = once(block_tokens_ != 0, name, Place::block_tokens);
    } else if (!keys_.session.empty() && name == keys_.session) {
      member_ = once(session_ != 0, name, Place::session);
    } else if (keys_.others_allowed) {
      member_ = Place::elsewhere;
    } else {
      std::string allowed = fmt::format("{}, {}, {}", keys_.date, keys_.input_tokens, keys_.output_tokens);
      for (const std::string_view key : {keys_.prompt_blocks, keys_.block_tokens, keys_.session}) {
        if (!key.empty()) allowed += fmt::format(", {}", key);
      }
      lines_.fail("key", name, allowed);
    }
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& error) {
    std::string_view reason = error.what();
    const std::size_t id_end = reason.find("] ");  // "[json.exception.parse_error.101] parse error at ..."
    if (id_end != reason.npos) reason.remove_prefix(id_end + 2);
    lines_.fail(fmt::format("not valid JSON: {}", reason));
  }

 private:
  enum class Place { line, date, input, output, blocks, block, block_tokens, session, elsewhere };

  /// Where the next value stands.
  Place place() const {
    if (depth_ == 0) return Place::line;
    if (depth_ == 1) return member_;
    return depth_ == 2 && member_ == Place::blocks ? Place::block : Place::elsewhere;
  }

  Place once(bool again, std::string_view name, Place place) const {
    if (again) lines_.fail(fmt::format("{} stands twice", name));
    return place;
  }

  /// A value of a type that no wanted member has.
  bool other(std::string_view found) const {
    switch (member_for(place())) {
      case Place::line:
        lines_.fail("line", found, "a JSON object");
      case Place::date:
        lines_.fail(keys_.date, found, kAllowedDate);
      case Place::input:
        lines_.fail(keys_.input_tokens, found, kAllowedTokens);
      case Place::output:
        lines_.fail(keys_.output_tokens, found, kAllowedTokens);
      case Place::blocks:
        lines_.fail(keys_.prompt_blocks, found, kAllowedBlocks);
      case Place::block_tokens:
        lines_.fail(keys_.block_tokens, found, kAllowedTokens);
      case Place::session:
        lines_.fail(keys_.session, found, kAllowedSession);
      default:
        return true;
    }
  }
  static Place member_for(Place place) { return place == Place::block ? Place::blocks : place; }

  bool negative(std::int64_t value) const { return other(std::to_string(value)); }

  void set_date(std::optional<AbsoluteDate> date, std::string_view found) {
    if (!date) lines_.fail(keys_.date, found, kAllowedDate);
    date_ = date;
  }

  std::int32_t tokens(std::string_view field, std::uint64_t value) const {
    if (value < 1 || value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
      lines_.fail(field, std::to_string(value), kAllowedTokens);
    }
    return static_cast<std::int32_t>(value);
  }

  std::int64_t session(std::uint64_t value) const {
    if (value < 1 || value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      lines_.fail(keys_.session, std::to_string(value), kAllowedSession);
    }
    return static_cast<std::int64_t>(value);
  }

  void add_block(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      lines_.fail(keys_.prompt_blocks, std::to_string(value), kAllowedBlocks);
    }
    if (blocks_ != nullptr) blocks_->push_back(static_cast<std::int64_t>(value));
  }

  const TextLines& lines_;
  const JsonLineKeys& keys_;
  std::vector<std::int64_t>* blocks_;
  std::int64_t depth_ = 0;
  Place member_ = Place::elsewhere;  ///< the wanted member of the object that values belong to
  bool has_blocks_ = false;
  std::int32_t block_tokens_ = 0;
  std::int64_t session_ = 0;
  std::optional<AbsoluteDate> date_;
  std::optional<std::int32_t> input_tokens_, output_tokens_;
};

}  // namespace

RawRecord parse_json_line(const TextLines& lines, std::string_view line, const JsonLineKeys& keys,
                          std::vector<std::int64_t>* blocks) {
  if (blocks != nullptr) blocks->clear();
  JsonLine events(lines, keys, blocks);
  nlohmann::json::sax_parse(line.data(), line.data() + line.size(), &events);
  return events.record();
}

}  // namespace tokenworks::jobs
