#include "sim/jobs/workload/client_statistics/client_lengths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "sim/jobs/workload/client_statistics/statistics_fields.hpp"
#include "sim/jobs/workload/text_lines.hpp"

namespace tokenworks::jobs {
namespace {

using workload::TokenTable;

constexpr std::string_view kTable = "an object {\"length\": probability}";
constexpr std::string_view kProbability = "a probability, 0 to 1";
constexpr std::int64_t kMostTokens = std::numeric_limits<std::int32_t>::max();

/// Attachments are drawn one by one, so that their number must be of a human kind (the data hold up to 49).
constexpr std::int64_t kMostAttachments = 10'000;

/// The keys of a line. Those up to `output` make requests; the last is skipped.
enum class Key {
  client,
  window,
  input,
  text,
  image_count,
  image,
  audio_count,
  audio,
  video_count,
  video,
  output,
  ratio
};
constexpr std::array<std::string_view, 12> kKeys = {"client_id",   "window_start_s", "input_tokens",  "text_tokens",
                                                    "image_count", "image_tokens",   "audio_count",   "audio_tokens",
                                                    "video_count", "video_tokens",   "output_tokens", "reason_ratio"};
constexpr std::pair<Key, Key> kAttachments[] = {
    {Key::image_count, Key::image}, {Key::audio_count, Key::audio}, {Key::video_count, Key::video}};

constexpr std::size_t at(Key key) { return static_cast<std::size_t>(key); }
std::string_view name(Key key) { return kKeys[at(key)]; }

/// Receives the parser's events of one line. Any fault is thrown at once.
class StatisticsLine {
 public:
  explicit StatisticsLine(const TextLines& lines) : lines_(lines) {}

  std::int64_t client() const { return number(Key::client, client_); }
  std::int32_t window() const { return static_cast<std::int32_t>(number(Key::window, window_)); }
  bool has(Key key) const { return seen_[at(key)]; }
  std::vector<TokenTable::Entry>& entries(Key key) { return entries_[at(key)]; }

  // Events, by the names that nlohmann::json::sax_parse calls.
  using json = nlohmann::json;
  bool null() { return other("null"); }
  bool boolean(bool value) { return other(value ? "true" : "false"); }
  bool string(std::string& text) { return other(text); }
  bool binary(json::binary_t&) { return other("binary"); }
  bool number_integer(std::int64_t value) { return take(static_cast<double>(value), std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return take(static_cast<double>(value), std::to_string(value)); }
  bool number_float(double value, const std::string& text) { return take(value, text); }

  bool start_object(std::size_t) {
    if (depth_ == 2 || (depth_ == 1 && is_number(key_))) other("{");
    ++depth_;
    return true;
  }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) { return other("["); }
  bool end_array() { return true; }

  bool key(const std::string& text) {
    if (depth_ == 1) {
      const auto found = std::find(kKeys.begin(), kKeys.end(), text);
      if (found == kKeys.end()) lines_.fail("key", text, fmt::format("{}", fmt::join(kKeys, ", ")));
      key_ = static_cast<Key>(found - kKeys.begin());
      if (std::exchange(seen_[at(key_)], true)) lines_.fail(fmt::format("{} stands twice", text));
    } else if (key_ != Key::ratio) {
      const std::int64_t most = is_count(key_) ? kMostAttachments : kMostTokens;
      std::int64_t tokens = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), tokens);
      if (error != std::errc() || end != text.data() + text.size() || tokens < 0 || tokens > most) {
        lines_.fail(name(key_), text, fmt::format("whole numbers from 0 to {}", most));
      }
      entries_[at(key_)].push_back({static_cast<std::int32_t>(tokens), 0.0});
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
  static bool is_number(Key key) { return key == Key::client || key == Key::window; }
  static bool is_count(Key key) {
    return key == Key::image_count || key == Key::audio_count || key == Key::video_count;
  }

  std::int64_t number(Key key, std::int64_t value) const {
    if (!has(key)) lines_.fail(fmt::format("{} is missing", name(key)));
    return value;
  }

  bool take(double value, const std::string& text) {
    if (depth_ == 0) return other(text);
    if (depth_ == 1) {
      if (key_ == Key::client)
        client_ = client_number(lines_, text);
      else if (key_ == Key::window)
        window_ = window_number(lines_, text, kLengthWindow_s);
      else
        other(text);
      return true;
    }
    if (!(value >= 0.0 && value <= 1.0)) lines_.fail(name(key_), text, kProbability);
    if (key_ != Key::ratio) entries_[at(key_)].back().probability = value;
    return true;
  }

  /// A value of a type that may not stand here.
  bool other(std::string_view found) const {
    if (depth_ == 0) lines_.fail("line", found, "a JSON object");
    if (depth_ == 2) lines_.fail(name(key_), found, kProbability);
    if (is_number(key_)) lines_.fail(name(key_), found, "a whole number, 0 or more");
    lines_.fail(name(key_), found, kTable);
  }

  const TextLines& lines_;
  int depth_ = 0;
  Key key_ = Key::client;  ///< of the object that values belong to
  std::array<bool, kKeys.size()> seen_{};
  std::int64_t client_ = 0;
  std::int64_t window_ = 0;
  std::array<std::vector<TokenTable::Entry>, kKeys.size()> entries_;
};

class LengthsReader {
 public:
  explicit LengthsReader(const std::string& path) : lines_(path) {}

  LengthStatistics read() {
    while (const std::optional<std::string_view> line = lines_.next()) {
      if (line->find_first_not_of(" \t") != line->npos) add(*line);
    }
    if (seen_.empty()) throw InputError(lines_.path(), 0, "holds no lengths");
    LengthStatistics statistics;
    const std::int64_t days = (last_ + kLengthWindowsADay) / kLengthWindowsADay;
    statistics.windows = days * kLengthWindowsADay;
    for (auto& [client, windows] : windows_) {
      std::sort(windows.begin(), windows.end(),
                [](const LengthWindow& a, const LengthWindow& b) { return a.number < b.number; });
      statistics.clients.push_back({client, std::move(windows)});
    }
    if (statistics.clients.empty()) throw InputError(lines_.path(), 0, "holds no lengths but empty tables");
    return statistics;
  }

 private:
  void add(std::string_view text) {
    StatisticsLine line(lines_);
    nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &line);
    const std::int64_t client = line.client();
    const std::int32_t number = line.window();
    if (!seen_.emplace(client, number).second) {
      lines_.fail(fmt::format("window_start_s: {} of client {} stands in a line before already",
                              number * kLengthWindow_s, client));
    }
    last_ = std::max(last_, number);
    require_whole(line);
    if (without_requests(line)) return;
    LengthWindow window;
    window.number = number;
    window.input = table(line, line.has(Key::input) ? Key::input : Key::text);
    window.output = table(line, Key::output);
    std::int64_t most = window.input.most();
    for (const auto& [count, tokens] : kAttachments) {
      if (!line.has(count)) continue;
      window.attachments.push_back({table(line, count), table(line, tokens)});
      most += std::int64_t{window.attachments.back().count.most()} * window.attachments.back().tokens.most();
      if (window.attachments.back().count.most() == 0) window.attachments.pop_back();  // there is never one
    }
    if (most > kMostTokens) {
      lines_.fail(
          fmt::format("a prompt with all its attachments may have {} tokens, allowed: up to {}", most, kMostTokens));
    }
    windows_[client].push_back(std::move(window));
  }

  void require_whole(const StatisticsLine& line) const {
    if (!line.has(Key::input) && !line.has(Key::text)) lines_.fail("input_tokens is missing");
    if (line.has(Key::input) && line.has(Key::text)) lines_.fail("input_tokens and text_tokens stand side by side");
    if (!line.has(Key::output)) lines_.fail("output_tokens is missing");
    for (const auto& [count, tokens] : kAttachments) {
      if (line.has(count) == line.has(tokens)) continue;
      lines_.fail(fmt::format("{} is missing beside {}", name(line.has(count) ? tokens : count),
                              name(line.has(count) ? count : tokens)));
    }
  }

  /// Whether all tables are empty or hold nothing but 0.
  static bool without_requests(StatisticsLine& line) {
    for (std::size_t key = at(Key::input); key <= at(Key::output); ++key) {
      for (const TokenTable::Entry& entry : line.entries(static_cast<Key>(key))) {
        if (entry.tokens > 0) return false;
      }
    }
    return true;
  }

  TokenTable table(StatisticsLine& line, Key key) const {
    std::vector<TokenTable::Entry>& entries = line.entries(key);
    const auto less = [](const TokenTable::Entry& a, const TokenTable::Entry& b) { return a.tokens < b.tokens; };
    if (!std::is_sorted(entries.begin(), entries.end(), less)) std::sort(entries.begin(), entries.end(), less);
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].tokens == entries[i - 1].tokens) {
        lines_.fail(fmt::format("{}: the length {} stands twice", name(key), entries[i].tokens));
      }
    }
    double sum = 0.0;
    for (const TokenTable::Entry& entry : entries) sum += entry.probability;
    if (!(std::abs(sum - 1.0) <= TokenTable::kSumTolerance)) {
      lines_.fail(fmt::format("{}: probabilities sum to {:.9g}, allowed: 1 within {}", name(key), sum,
                              TokenTable::kSumTolerance));
    }
    return TokenTable(entries);
  }

  TextLines lines_;
  std::map<std::int64_t, std::vector<LengthWindow>> windows_;  // by client
  std::set<std::pair<std::int64_t, std::int32_t>> seen_;
  std::int32_t last_ = 0;
};

}  // namespace

LengthWindow::Lengths LengthWindow::draw(RandomEngine& input_random, RandomEngine& output_random) const {
  std::int32_t input_tokens = input.draw(input_random);
  for (const Attachments& kind : attachments) {
    for (std::int32_t left = kind.count.draw(input_random); left > 0; --left)
      input_tokens += kind.tokens.draw(input_random);
  }
  return {std::max(input_tokens, 1), std::max(output.draw(output_random), 1)};
}

LengthStatistics read_client_lengths(const std::string& path) { return LengthsReader(path).read(); }

}  // namespace tokenworks::jobs
