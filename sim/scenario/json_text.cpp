#include "sim/scenario/json_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tokenworks::scenario {
namespace {

/// Walks over the text and tells how far the parser has read, which its callbacks do not say.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    *reached_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// The part of the parser's last token that stands on its last line; it writes control characters as <U+000A>.
std::string_view last_line(std::string_view token) {
  constexpr std::string_view kLineFeed = "<U+000A>";
  if (const auto feed = token.rfind(kLineFeed); feed != token.npos) token.remove_prefix(feed + kLineFeed.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return token;
}

/// Builds the value from the parser's events; refuses by returning false, after noting the fault.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const char* const& reached, FaultList& faults, const std::string& file,
          std::size_t most_values)
      : text_(text), reached_(reached), faults_(faults), file_(file), most_values_(most_values) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return put(value) != nullptr; }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second) {
      return refuse(FaultKind::duplicate_key, fmt::format("the key {} stands twice in this object", shown(name)),
                    start_of_string());
    }
    open_.back().key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override {
    std::string_view what = error.what();
    const std::size_t at = position > 0 ? position - 1 : 0;
    if (error.id == 406) {
      return refuse(FaultKind::out_of_range,
                    fmt::format("the number {} is beyond the range of a double", shown(last_token)), at);
    }
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - reason;
    // ..."
    if (const auto colon = what.find("column "); colon != what.npos) what.remove_prefix(colon);
    if (const auto colon = what.find(": "); colon != what.npos) what.remove_prefix(colon + 2);
    if (const auto tail = what.find("; last read"); tail != what.npos) what = what.substr(0, tail);
    std::string message = "this is no JSON: " + std::string(what.substr(0, 160));
    if (const std::string_view read = last_line(last_token); !read.empty()) message += ", last read " + shown(read);
    return refuse(FaultKind::syntax, std::move(message), at);
  }

 private:
  struct Open {
    Json* value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  std::size_t reached() const { return static_cast<std::size_t>(reached_ - text_.data()); }

  /// Offset of the quotation mark that opens the string whose end the parser has just read.
  std::size_t start_of_string() const {
    std::size_t at = std::min(reached(), text_.size());
    at = text_.rfind('"', at - 1);
    while (at != text_.npos && at > 0) {
      at = text_.rfind('"', at - 1);
      std::size_t backslashes = 0;
      while (at != text_.npos && backslashes < at && text_[at - 1 - backslashes] == '\\') ++backslashes;
      if (backslashes % 2 == 0) break;
    }
    return at == text_.npos ? 0 : at;
  }

  bool refuse(FaultKind kind, std::string message, std::size_t at) {
    at = std::min(at, text_.size());
    const std::string_view before = text_.substr(0, at);
    const std::size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    faults_.add(
        {.kind = kind, .message = std::move(message), .file = file_, .line = line, .column = at - line_start + 1});
    return false;
  }

  Json* put(Json value) {
    if (++values_ > most_values_) {
      refuse(FaultKind::too_large, fmt::format("more than {} values", most_values_), reached() - 1);
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back().value;
    if (parent.is_array()) {
      parent.get_ref<Json::array_t&>().push_back(std::move(value));
      return &parent.back();
    }
    // Keys are known to differ, so that the linear search of the ordered map is not needed.
    auto& members = static_cast<std::vector<std::pair<const std::string, Json>>&>(parent.get_ref<Json::object_t&>());
    members.emplace_back(std::move(open_.back().key), std::move(value));
    return &members.back().second;
  }

  bool open(Json container) {
    if (open_.size() >= kDeepestNesting) {
      return refuse(FaultKind::too_deep, fmt::format("nested beyond {} levels", kDeepestNesting), reached() - 1);
    }
    Json* value = put(std::move(container));
    if (value == nullptr) return false;
    open_.push_back({value, {}, {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const char* const& reached_;
  FaultList& faults_;
  const std::string& file_;
  std::size_t most_values_;
  Json root_;
  std::vector<Open> open_;  // an open container does not move: its parent grows only after it is closed
  std::size_t values_ = 0;
};

void append_text(const Json& value, std::size_t indent, std::string& text) {
  const auto line = [&](std::size_t depth) { text.append("\n").append(2 * depth, ' '); };
  const bool plain_list = value.is_array() && std::none_of(value.begin(), value.end(),
                                                           [](const Json& element) { return element.is_structured(); });
  if (!value.is_structured() || value.empty()) {
    text += value.dump();
  } else if (plain_list) {
    text += '[';
    for (std::size_t i = 0; i < value.size(); ++i) text.append(i > 0 ? ", " : "").append(value[i].dump());
    text += ']';
  } else {
    text += value.is_object() ? '{' : '[';
    bool first = true;
    for (auto member = value.begin(); member != value.end(); ++member) {
      if (!first) text += ',';
      first = false;
      line(indent + 1);
      if (value.is_object()) text += Json(member.key()).dump() + ": ";
      append_text(*member, indent + 1, text);
    }
    line(indent);
    text += value.is_object() ? '}' : ']';
  }
}

}  // namespace

std::optional<Json> parse_json(std::string_view text, FaultList& faults, const std::string& file,
                               std::size_t most_values) {
  if (text.size() > kLargestText) {
    faults.add(
        {.kind = FaultKind::too_large,
         .message = fmt::format("{} bytes are more than the {} MiB that are read", text.size(), kLargestText >> 20),
         .file = file});
    return std::nullopt;
  }
  const char* reached = text.data();
  Builder builder(text, reached, faults, file, most_values);
  if (!Json::sax_parse(CountingIterator(text.data(), &reached), CountingIterator(text.data() + text.size(), &reached),
                       &builder)) {
    return std::nullopt;
  }
  return builder.take();
}

std::optional<std::string> read_text(const std::string& path, FaultList& faults, const std::string& file,
                                     std::size_t largest) {
  const auto fail = [&](FaultKind kind, std::string message) {
    faults.add({.kind = kind, .message = std::move(message), .file = file});
    return std::nullopt;
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(FaultKind::cannot_read, "this is a folder, not a file");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(FaultKind::cannot_read, fmt::format("cannot be opened: {}", std::strerror(errno)));
  // Read in pieces up to the limit: the size of a pipe or a device is not known beforehand.
  std::string text;
  std::array<char, 1 << 16> piece;
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > largest) {
      return fail(FaultKind::too_large, fmt::format("the file has more than the {} MiB that are read", largest >> 20));
    }
  }
  if (stream.bad()) return fail(FaultKind::cannot_read, "reading failed");
  return text;
}

std::string json_text(const Json& value) {
  std::string text;
  append_text(value, 0, text);
  return text + '\n';
}

double rounded_to_15_digits(double value) {
  std::array<char, 40> digits;
  const auto written =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 15);
  double rounded = value;
  std::from_chars(digits.data(), written.ptr, rounded);
  return rounded;
}

std::string number_text(double value) {
  constexpr double kPlainDigits = 1e15;  // whole numbers below are written without an exponent
  std::array<char, 40> digits;
  char* const last = digits.data() + digits.size();
  const bool plain = std::trunc(value) == value && std::abs(value) < kPlainDigits;
  const auto written = plain ? std::to_chars(digits.data(), last, value, std::chars_format::fixed)
                             : std::to_chars(digits.data(), last, value);
  return std::string(digits.data(), written.ptr);
}

}  // namespace tokenworks::scenario
