#include "sim/report/requests_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace tokenworks::report {
namespace {

std::string_view without_gz(std::string_view path) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  return path;
}

/// Names come from outside: quoted in CSV where they must be, escaped in JSON.
std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + "\"";
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Appends cells, with commas between them in CSV and keys before them in JSON.
class Line {
 public:
  Line(std::string& text, bool json) : text_(text), json_(json) {
    if (json_) text_ += '{';
  }
  void end() { text_ += json_ ? "}\n" : "\n"; }

  void name(std::string_view key, std::string_view value) {
    begin(key);
    text_ += json_ ? json_text(value) : csv_text(value);
  }
  void whole(std::string_view key, std::optional<std::int64_t> value) {
    begin(key);
    if (!value) return absent();
    fmt::format_to(std::back_inserter(text_), "{}", *value);
  }
  /// Seconds with as many decimals as the picoseconds need.
  void time(std::string_view key, std::optional<Picoseconds> value) {
    begin(key);
    if (!value) return absent();
    fmt::format_to(std::back_inserter(text_), "{}", *value / kPicosecondsPerSecond);
    const Picoseconds fraction = *value % kPicosecondsPerSecond;
    if (fraction == 0) return;
    fmt::format_to(std::back_inserter(text_), ".{:012}", fraction);
    text_.erase(text_.find_last_not_of('0') + 1);
  }
  void energy(std::string_view key, double joules) {
    begin(key);
    fmt::format_to(std::back_inserter(text_), "{:.6g}", joules);
  }

 private:
  void begin(std::string_view key) {
    if (!first_) text_ += ',';
    first_ = false;
    if (json_) {
      text_ += '"';
      text_ += key;
      text_ += "\":";
    }
  }
  void absent() {
    if (json_) text_ += "null";
  }

  std::string& text_;
  bool json_;
  bool first_ = true;
};

constexpr std::string_view kHeader =
    "service,class,tenant,session,arrival_s,first_token_s,end_s,ttft_s,tpot_s,e2e_s,input_tokens,cached_tokens,"
    "output_tokens,generated_tokens,outcome,replica,preemptions,gpu_energy_j\n";

}  // namespace

bool RequestsFile::knows_format_of(std::string_view path) {
  path = without_gz(path);
  return path.ends_with(".csv") || path.ends_with(".jsonl");
}

RequestsFile::RequestsFile(const std::filesystem::path& path)
    : file_(path), json_(without_gz(path.native()).ends_with(".jsonl")) {
  if (!json_) file_.buffer() += kHeader;
}

void RequestsFile::add(const RequestRow& row) {
  const bool has_token = row.first_token >= 0;
  const bool completed = row.outcome == "completed";
  const auto when = [](bool exists, std::int64_t value) {
    return exists ? std::optional<std::int64_t>(value) : std::nullopt;
  };
  std::optional<Picoseconds> tpot;
  if (completed && row.output_tokens > 1) {
    const std::int64_t gaps = row.output_tokens - 1;
    tpot = (row.end - row.first_token + gaps / 2) / gaps;
  }
  Line line(file_.buffer(), json_);
  line.name("service", row.service);
  line.name("class", row.service_class);
  line.name("tenant", row.tenant);
  line.whole("session", when(row.session != 0, row.session));
  line.time("arrival_s", row.arrival);
  line.time("first_token_s", when(has_token, row.first_token));
  line.time("end_s", when(row.outcome != "unfinished", row.end));
  line.time("ttft_s", when(has_token, row.first_token - row.arrival));
  line.time("tpot_s", tpot);
  line.time("e2e_s", when(completed, row.end - row.arrival));
  line.whole("input_tokens", row.input_tokens);
  line.whole("cached_tokens", row.cached_tokens);
  line.whole("output_tokens", row.output_tokens);
  line.whole("generated_tokens", row.generated_tokens);
  line.name("outcome", row.reason.empty() ? std::string(row.outcome) : fmt::format("{}:{}", row.outcome, row.reason));
  line.whole("replica", when(row.replica >= 0, row.replica));
  line.whole("preemptions", row.preemptions);
  line.energy("gpu_energy_j", row.gpu_energy_j);
  line.end();
  file_.written();
}

}  // namespace tokenworks::report
