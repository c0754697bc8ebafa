#include "sim/jobs/workload/client_statistics/client_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "sim/jobs/workload/client_statistics/statistics_fields.hpp"
#include "sim/jobs/workload/text_lines.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::string_view kHeader = "client_id,window_start_s,rate_req_s,iat_cv,iat_distribution,param1,param2";
constexpr std::size_t kColumns = 7;
using Columns = std::array<std::string_view, kColumns>;

constexpr double kLeastRate = 1e-9, kMostRate = 1e6;  // 1/s of one client: a request in 30 years, more than any has

/// A fitted mean gap outside these shares of 1 / rate counts as stretched.
constexpr double kLeastMean = 0.5, kMostMean = 2.0;

Columns columns_of(const TextLines& lines, std::string_view line) {
  Columns columns;
  std::size_t start = 0;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::size_t end = line.find(',', start);
    if ((end == line.npos) != (i + 1 == kColumns)) lines.fail("columns", line, kHeader);
    columns[i] = line.substr(start, end - start);
    start = end + 1;
  }
  return columns;
}

/// A decimal number within the limits; `allowed` says them.
double number(const TextLines& lines, std::string_view field, std::string_view text, double least, double most,
              std::string_view allowed) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    lines.fail(field, text, allowed);
  }
  return value;
}

double rate_of(const TextLines& lines, std::string_view text) {
  constexpr std::string_view kAllowed = "requests a second: 0, or from 1e-9 to 1e6";
  const double rate = number(lines, "rate_req_s", text, 0.0, kMostRate, kAllowed);
  if (rate > 0.0 && rate < kLeastRate) lines.fail("rate_req_s", text, kAllowed);
  return rate;
}

double fitted_mean_s(workload::GapFamily family, double shape, double scale) {
  return family == workload::GapFamily::gamma ? shape * scale : scale * std::tgamma(1.0 + 1.0 / shape);
}

class RatesReader {
 public:
  explicit RatesReader(const std::string& path) : lines_(path) {}

  RateStatistics read() {
    const std::optional<std::string_view> header = lines_.next();
    if (!header) lines_.fail(fmt::format("the file is empty; its first line must be {}", kHeader));
    if (*header != kHeader) lines_.fail("header", *header, kHeader);
    while (const std::optional<std::string_view> line = lines_.next()) {
      if (line->find_first_not_of(" \t") != line->npos) add(columns_of(lines_, *line));
    }
    finish();
    return std::move(statistics_);
  }

 private:
  /// A window and the line that it stands on, for the fault of another row for it.
  struct Row {
    RateWindow window;
    std::int64_t line = 0;
  };

  void add(const Columns& columns) {
    const auto& [client_text, start, rate_text, cv, family_text, shape_text, scale_text] = columns;
    const std::int64_t client = client_number(lines_, client_text);
    RateWindow window;
    window.number = window_number(lines_, start, kRateWindow_s);
    window.rate_per_s = rate_of(lines_, rate_text);
    number(lines_, "iat_cv", cv, 0.0, std::numeric_limits<double>::max(), "a number, 0 or more");
    const std::optional<workload::GapFamily> family = workload::gap_family_from_name(family_text);
    if (!family) lines_.fail("iat_distribution", family_text, "Gamma, Weibull");
    window.family = *family;
    const auto [least, most] = workload::shape_limits(*family);
    window.shape = number(lines_, "param1", shape_text, least, most,
                          fmt::format("the shape of a {} distribution, {:g} to {:g}", family_text, least, most));
    const double scale = number(lines_, "param2", scale_text, std::numeric_limits<double>::min(),
                                std::numeric_limits<double>::max(), "the scale of the distribution, above 0");

    if (client != last_client_ || rows_.empty()) {
      last_client_ = client;
      last_index_ = index_.try_emplace(client, rows_.size()).first->second;
      if (last_index_ == rows_.size()) {
        rows_.emplace_back();
        statistics_.clients.push_back({.client = client, .windows = {}});
      }
    }
    rows_[last_index_].push_back({window, lines_.line_number()});
    statistics_.windows = std::max<std::int64_t>(statistics_.windows, window.number + 1);
    const double share = fitted_mean_s(*family, window.shape, scale) * window.rate_per_s;
    if (share < kLeastMean || share > kMostMean) {
      statistics_.clients[last_index_].stretched_requests += window.rate_per_s * static_cast<double>(kRateWindow_s);
    }
  }

  void finish() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      std::vector<Row>& rows = rows_[i];
      std::stable_sort(rows.begin(), rows.end(),
                       [](const Row& a, const Row& b) { return a.window.number < b.window.number; });
      ClientRates& client = statistics_.clients[i];
      client.windows.reserve(rows.size());
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const RateWindow& window = rows[k].window;
        if (k > 0 && rows[k - 1].window.number == window.number) {
          throw InputError(lines_.path(), rows[k].line,
                           fmt::format("window_start_s: {} of client {} stands in line {} already",
                                       window.number * kRateWindow_s, client.client, rows[k - 1].line));
        }
        if (window.rate_per_s == 0.0) continue;
        client.windows.push_back(window);
        client.requests += window.rate_per_s * static_cast<double>(kRateWindow_s);
      }
    }
    std::erase_if(statistics_.clients, [](const ClientRates& client) { return client.windows.empty(); });
    if (statistics_.clients.empty()) throw InputError(lines_.path(), 0, "holds no window with a rate above 0");
    std::sort(statistics_.clients.begin(), statistics_.clients.end(),
              [](const ClientRates& a, const ClientRates& b) { return a.client < b.client; });
  }

  TextLines lines_;
  RateStatistics statistics_;
  std::vector<std::vector<Row>> rows_;                   // of statistics_.clients
  std::unordered_map<std::int64_t, std::size_t> index_;  // client to its place there
  std::int64_t last_client_ = 0;
  std::size_t last_index_ = 0;
};

}  // namespace

RateStatistics read_client_rates(const std::string& path) { return RatesReader(path).read(); }

}  // namespace tokenworks::jobs
