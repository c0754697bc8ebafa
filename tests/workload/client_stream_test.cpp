#include "sim/jobs/workload/client_statistics/client_stream.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>

#include "sim/jobs/workload/input_error.hpp"
#include "tests/catch.hpp"
#include "tests/models/workload/goodness_of_fit.hpp"
#include "tests/workload/client_files.hpp"

namespace tokenworks::jobs {
namespace {

std::vector<Request> requests_of(const workload::ClientStatisticsFiles& files, double until_s, std::uint64_t seed = 7,
                                 std::string_view name = "chat") {
  ClientStream stream(files, seed, name, to_picoseconds(until_s));
  std::vector<Request> list;
  while (const std::optional<Request> request = stream.next()) list.push_back(*request);
  CHECK(!stream.next().has_value());  // it stays at its end
  return list;
}

using Row = std::tuple<Picoseconds, std::int32_t, std::int32_t>;

/// Those with the given input length, which tests make the mark of a client; 0 takes all.
std::vector<Row> rows(const std::vector<Request>& requests, std::int32_t input_tokens = 0) {
  std::vector<Row> list;
  for (const Request& request : requests) {
    if (input_tokens == 0 || request.input_tokens == input_tokens)
      list.emplace_back(request.arrival, request.input_tokens, request.output_tokens);
  }
  return list;
}

std::map<std::int32_t, double> shares_by_input(const std::vector<Request>& requests) {
  std::map<std::int32_t, double> shares;
  for (const Request& request : requests) shares[request.input_tokens] += 1.0 / static_cast<double>(requests.size());
  return shares;
}

std::vector<double> counts(const std::vector<Request>& requests, double interval_s, double until_s) {
  std::vector<double> list(static_cast<std::size_t>(std::ceil(until_s / interval_s)), 0.0);
  for (const Request& request : requests)
    list[static_cast<std::size_t>(to_seconds(request.arrival) / interval_s)] += 1.0;
  return list;
}

/// Three clients, each marked by its input length.
std::string three_rates() {
  std::string text;
  for (int window = 0; window < 6; ++window) {
    text += rate_row(1, window, 0.8, "Gamma", 0.1);
    text += rate_row(4, window, 0.5, "Weibull", 0.5);
    if (window % 2 == 1) text += rate_row(9, window, 0.3);
  }
  return text;
}
std::string three_lengths() { return length_line(1, 0, 11, 1) + length_line(4, 0, 14, 2) + length_line(9, 0, 19, 3); }

struct Process {
  std::string_view family;
  double shape;
};
const std::vector<Process> kProcesses = {{"Gamma", 20.0},  {"Gamma", 1.0},   {"Gamma", 0.05},
                                         {"Gamma", 0.012}, {"Weibull", 2.0}, {"Weibull", 0.35}};

}  // namespace

TEST_CASE("client stream: every client sends its rate, also in windows as short as its mean gap and in bursts",
          "[sim][workload][law]") {
  constexpr int kWindows = 4000;
  for (const auto& [family, shape] : kProcesses) {
    for (const double expected : {1.0, 30.0}) {  // requests a window
      CAPTURE(std::string(family), shape, expected);
      std::string text;
      for (int window = 0; window < kWindows; ++window) text += rate_row(1, window, expected / 600, family, shape);
      const ClientFiles files(text, length_line(1, 0, 11, 1));
      const std::vector<double> list = counts(requests_of(files.files(), kWindows * 600.0), 600.0, kWindows * 600.0);
      CHECK_THAT(mean_of(list), WithinAbs(expected, 4.0 * deviation_of(list) / std::sqrt(kWindows)));
    }
  }
}

TEST_CASE("client stream: gaps within a window vary as the distribution says", "[sim][workload]") {
  for (const auto& [family, shape] : kProcesses) {
    CAPTURE(std::string(family), shape);
    const ClientFiles files(rate_row(1, 0, 2000.0, family, shape), length_line(1, 0, 11, 1));
    const std::vector<Request> requests = requests_of(files.files(), 600.0);
    std::vector<double> gaps;
    for (std::size_t i = 1; i < requests.size(); ++i)
      gaps.push_back(to_seconds(requests[i].arrival - requests[i - 1].arrival));
    const double a = std::tgamma(1.0 + 2.0 / shape), b = std::tgamma(1.0 + 1.0 / shape);
    const double cv = family == "Gamma" ? 1.0 / std::sqrt(shape) : std::sqrt(a / (b * b) - 1.0);
    // 1.2 million gaps; the heaviest tail has a kurtosis of 500, so that the deviation is known to 1 %.
    CHECK_THAT(deviation_of(gaps) / mean_of(gaps), WithinRel(cv, 0.04));
  }
}

TEST_CASE("client stream: rate_scale makes every client send more, in the same windows", "[sim][workload][law]") {
  std::string text;
  for (int window = 0; window < 400; window += 2) text += rate_row(1, window, 0.2, "Gamma", 0.5);
  const ClientFiles files(text, length_line(1, 0, 11, 1));
  workload::ClientStatisticsFiles scaled = files.files();
  for (const double scale : {0.25, 1.0, 8.0}) {
    CAPTURE(scale);
    scaled.rate_scale = scale;
    const std::vector<double> list = counts(requests_of(scaled, 240'000.0), 600.0, 240'000.0);
    std::vector<double> sending;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i % 2 == 0) {
        sending.push_back(list[i]);
      } else {
        CHECK(list[i] == 0.0);
      }
    }
    CHECK_THAT(mean_of(sending), WithinAbs(120.0 * scale, 4.0 * deviation_of(sending) / std::sqrt(200.0)));
  }
}

TEST_CASE("client stream: dates rise and lie before the end", "[sim][workload][law]") {
  const ClientFiles files(three_rates(), three_lengths());
  for (const double until_s : {0.5, 599.9999, 3600.0, 1e5}) {
    const std::vector<Request> requests = requests_of(files.files(), until_s);
    CHECK(std::is_sorted(requests.begin(), requests.end(),
                         [](const Request& a, const Request& b) { return a.arrival < b.arrival; }));
    for (const Request& request : requests) {
      REQUIRE(request.arrival >= 0);
      REQUIRE(request.arrival < to_picoseconds(std::min(until_s, 3600.0)));
    }
  }
}

TEST_CASE("client stream: the same seed and name give the same requests, others others", "[sim][workload][law]") {
  const ClientFiles files(three_rates(), three_lengths());
  const std::vector<Row> once = rows(requests_of(files.files(), 3600.0));
  CHECK(once.size() > 3000);
  CHECK(once == rows(requests_of(files.files(), 3600.0)));
  CHECK(once != rows(requests_of(files.files(), 3600.0, 8)));
  CHECK(once != rows(requests_of(files.files(), 3600.0, 7, "code")));
}

TEST_CASE("client stream: a longer run begins with the shorter one", "[sim][workload][law]") {
  const ClientFiles files(three_rates(), three_lengths());
  const std::vector<Row> whole = rows(requests_of(files.files(), 3600.0));
  for (const double until_s : {200.0, 1200.0, 2000.0}) {
    const std::vector<Row> part = rows(requests_of(files.files(), until_s));
    REQUIRE(part.size() < whole.size());
    CHECK(std::equal(part.begin(), part.end(), whole.begin()));
  }
}

TEST_CASE("client stream: adding a client changes no request of the others", "[sim][workload][law]") {
  const ClientFiles three(three_rates(), three_lengths());
  const ClientFiles four(three_rates() + rate_row(2, 0, 1.5, "Gamma", 0.3) + rate_row(2, 4, 0.7),
                         three_lengths() + length_line(2, 0, 12, 4));
  const std::vector<Request> before = requests_of(three.files(), 3600.0), after = requests_of(four.files(), 3600.0);
  CHECK(after.size() > before.size() + 500);
  for (const int mark : {11, 14, 19}) {
    CAPTURE(mark);
    CHECK(rows(before, mark) == rows(after, mark));
    CHECK(!rows(before, mark).empty());
  }
  CHECK(rows(before, 12).empty());
}

TEST_CASE("client stream: the order of rows and lines does not matter", "[sim][workload][law]") {
  const ClientFiles files(three_rates(), three_lengths());
  std::vector<std::string> lines;
  const std::string rates = three_rates();
  for (std::size_t start = 0; start < rates.size();) {
    const std::size_t end = rates.find('\n', start) + 1;
    lines.push_back(rates.substr(start, end - start));
    start = end;
  }
  std::string turned;
  for (const std::string& line : lines) turned.insert(0, line);
  const ClientFiles other(turned, length_line(9, 0, 19, 3) + length_line(4, 0, 14, 2) + length_line(1, 0, 11, 1));
  CHECK(rows(requests_of(files.files(), 3600.0)) == rows(requests_of(other.files(), 3600.0)));
}

TEST_CASE("client stream: start_s moves the run into the statistics; they end, or start again", "[sim][workload]") {
  // Silent but for the second window of four.
  const ClientFiles files(rate_row(1, 1, 5.0) + rate_row(1, 3, 0.0), length_line(1, 0, 11, 1));
  workload::ClientStatisticsFiles from = files.files();
  const auto in = [](const std::vector<Request>& requests, double from_s, double to_s) {
    return std::count_if(requests.begin(), requests.end(), [&](const Request& request) {
      return to_seconds(request.arrival) >= from_s && to_seconds(request.arrival) < to_s;
    });
  };
  const auto all_in = [&](const std::vector<Request>& requests, double from_s, double to_s) {
    const auto expected = 5.0 * (to_s - from_s);
    const auto found = static_cast<double>(in(requests, from_s, to_s));
    return static_cast<std::size_t>(in(requests, from_s, to_s)) == requests.size() &&
           std::abs(found - expected) < 4.0 * std::sqrt(expected);
  };
  CHECK(all_in(requests_of(from, 1e6), 600.0, 1200.0));
  from.start_s = 500.0;
  CHECK(all_in(requests_of(from, 1e6), 100.0, 700.0));
  from.start_s = 900.0;
  CHECK(all_in(requests_of(from, 1e6), 0.0, 300.0));
  CHECK(all_in(requests_of(from, 100.0), 0.0, 100.0));
  from.loop = true;
  const std::vector<Request> looped = requests_of(from, 6300.0);  // windows at 0-300, 2100-2700, 4500-5100
  CHECK(in(looped, 0.0, 300.0) + in(looped, 2100.0, 2700.0) + in(looped, 4500.0, 5100.0) ==
        static_cast<std::ptrdiff_t>(looped.size()));
  for (const double start : {2100.0, 4500.0}) CHECK(std::abs(in(looped, start, start + 600.0) - 3000) < 4 * 55);
  CHECK(looped[1600].arrival - to_picoseconds(2100.0) != looped[1600 + 3000].arrival - to_picoseconds(4500.0));
  from.start_s = 3600.0 * 24 * 365 + 900.0;  // a year is 13,140 passes of 2,400 s: the same place
  CHECK(!requests_of(from, 100.0).empty());
}

TEST_CASE("client stream: lengths follow the client's tables, input and output by themselves", "[sim][workload]") {
  const ClientFiles files(rate_row(1, 0, 200.0), table_line(1, 0, "{\"10\": 0.5, \"20\": 0.3, \"4000\": 0.2}",
                                                            "{\"1\": 0.25, \"300\": 0.75}"));
  const std::vector<Request> requests = requests_of(files.files(), 600.0);
  std::map<std::pair<int, int>, double> cells;
  for (const Request& request : requests) cells[{request.input_tokens, request.output_tokens}] += 1.0;
  const std::map<int, double> inputs = {{10, 0.5}, {20, 0.3}, {4000, 0.2}}, outputs = {{1, 0.25}, {300, 0.75}};
  CHECK(cells.size() == 6);
  double chi_squared = 0.0;
  for (const auto& [input, p] : inputs) {
    for (const auto& [output, q] : outputs) {
      const double expected = p * q * static_cast<double>(requests.size());
      chi_squared += (cells[{input, output}] - expected) * (cells[{input, output}] - expected) / expected;
    }
  }
  CHECK(chi_squared < quantile(boost::math::chi_squared_distribution<double>(5), 0.999));
}

TEST_CASE("client stream: tables change with the time of day, repeat by day, and stand in for missing ones",
          "[sim][workload]") {
  std::string text;
  for (int window = 0; window < 2 * 144; ++window) text += rate_row(1, window, 0.05);
  const ClientFiles files(text, length_line(1, 1, 11, 1) + length_line(1, 2, 12, 1));
  const std::vector<Request> requests = requests_of(files.files(), 2 * 86'400.0);
  for (const Request& request : requests) {
    const auto quarter = static_cast<int>(to_seconds(request.arrival) / 21'600.0) % 4;
    // The first six hours of a day have the last table of the day before.
    REQUIRE(request.input_tokens == (quarter == 1 ? 11 : 12));
  }
  CHECK(requests.size() > 8000);
}

TEST_CASE("client stream: clients without lengths draw from the others by their requests at that time of day",
          "[sim][workload]") {
  std::string text;
  for (int window = 0; window < 72; ++window) {
    text += rate_row(1, window, window < 36 ? 0.3 : 0.1);
    text += rate_row(2, window, window < 36 ? 0.1 : 0.3);
    text += rate_row(3, window, 1.0);  // without a line
    text += rate_row(4, window, 0.5);  // with empty tables
  }
  const ClientFiles files(text, length_line(1, 0, 11, 21) + length_line(2, 0, 12, 22) + table_line(4, 0, "{}", "{}") +
                                    length_line(5, 0, 15, 25));
  workload::ClientStatisticsFiles pooled = files.files();
  ClientStream stream(pooled, 7, "chat", to_picoseconds(43'200.0));
  CHECK(stream.notes().clients_in_file == 4);
  CHECK(stream.notes().clients == 4);
  CHECK(stream.notes().clients_without_lengths == 2);
  CHECK_THAT(stream.notes().share_without_lengths, WithinAbs(1.5 / 1.9, 1e-9));
  CHECK(stream.notes().stretched_share == 0.0);

  const std::vector<Request> requests = requests_of(pooled, 43'200.0);
  for (const Request& request : requests) REQUIRE(request.output_tokens == request.input_tokens + 10);  // of one client
  const auto middle = std::find_if(requests.begin(), requests.end(),
                                   [](const Request& request) { return request.arrival >= to_picoseconds(21'600.0); });
  // Those of the first two clients and 3 or 1 of 4 of the others: 0.75, then 0.25. 4 sigma over 41,000: 0.009.
  const auto morning = shares_by_input({requests.begin(), middle}), noon = shares_by_input({middle, requests.end()});
  CHECK(morning.size() == 2);
  CHECK_THAT(morning.at(11), WithinAbs(0.75, 0.01));
  CHECK_THAT(noon.at(11), WithinAbs(0.25, 0.01));

  workload::ClientStatisticsFiles left_out = files.files();
  left_out.clients_without_lengths = "left_out";
  ClientStream others(left_out, 7, "chat", to_picoseconds(43'200.0));
  CHECK(others.notes().clients == 2);
  CHECK(others.notes().clients_without_lengths == 2);
  CHECK_THAT(others.notes().share_without_lengths, WithinAbs(1.5 / 1.9, 1e-9));
  const std::vector<Request> fewer = requests_of(left_out, 43'200.0);
  CHECK_THAT(static_cast<double>(fewer.size()), WithinAbs(0.4 * 43'200, 4.0 * std::sqrt(0.4 * 43'200)));
}

TEST_CASE("client stream: clients takes those that send most; what they send stays", "[sim][workload]") {
  const ClientFiles files(three_rates(), three_lengths());
  const std::vector<Request> all = requests_of(files.files(), 3600.0);
  workload::ClientStatisticsFiles two = files.files();
  two.clients = 2;
  const std::vector<Request> some = requests_of(two, 3600.0);
  CHECK(rows(some, 11) == rows(all, 11));
  CHECK(rows(some, 14) == rows(all, 14));
  CHECK(rows(some, 19).empty());
  two.clients = 3;
  CHECK(rows(requests_of(two, 3600.0)) == rows(all));
  two.clients = 4;
  CHECK_THROWS_AS(requests_of(two, 3600.0), InputError);
}

TEST_CASE("client stream: windows whose fitted gaps do not give the rate are counted, and send their rate",
          "[sim][workload]") {
  // A mean gap of 0.1 s where 1 / rate is 1 s: a client that sent during a tenth of the window.
  const ClientFiles files("1,0,1.0,1,Gamma,1,0.1\n1,600,3.0,1,Gamma,1,0.3333\n", length_line(1, 0, 11, 1));
  ClientStream stream(files.files(), 7, "chat", to_picoseconds(1200.0));
  CHECK_THAT(stream.notes().stretched_share, WithinAbs(0.25, 1e-12));
  const std::vector<double> list = counts(requests_of(files.files(), 1200.0), 600.0, 1200.0);
  CHECK_THAT(list[0], WithinAbs(600.0, 4.0 * std::sqrt(600.0)));
  CHECK_THAT(list[1], WithinAbs(1800.0, 4.0 * std::sqrt(1800.0)));
}

TEST_CASE("client stream: what cannot be drawn is a fault", "[sim][workload]") {
  const auto message = [](const workload::ClientStatisticsFiles& files, double until_s) -> std::string {
    try {
      requests_of(files, until_s);
    } catch (const InputError& fault) {
      return fault.what();
    }
    return "";
  };
  const ClientFiles files(rate_row(1, 2, 5.0), length_line(1, 0, 11, 1));
  workload::ClientStatisticsFiles late = files.files();
  CHECK(message(late, 1201.0).empty());
  CHECK(message(late, 1200.0).find("no client has a rate above 0 from start_s 0 to the end of the run, 1200 s later") !=
        std::string::npos);
  late.start_s = 1800.0;
  CHECK(message(late, 1e6).find("the last window ends at 1800 s") != std::string::npos);
  late.start_s = 1e300;
  CHECK(!message(late, 1e6).empty());
  late.loop = true;
  CHECK(message(late, 1e6).empty());

  const ClientFiles strangers(rate_row(1, 0, 5.0), length_line(2, 0, 11, 1));
  for (const char* const what : {"pooled", "left_out"}) {
    workload::ClientStatisticsFiles without = strangers.files();
    without.clients_without_lengths = what;
    CHECK(message(without, 600.0).find("holds lengths of no client that") != std::string::npos);
  }
  workload::ClientStatisticsFiles absent = files.files();
  absent.lengths += "x";
  CHECK(message(absent, 1e6).find("cannot be opened") != std::string::npos);
}

TEST_CASE("client stream: dates beyond the clock's range end the stream", "[sim][workload]") {
  const ClientFiles files(rate_row(1, 0, 1e-3) + rate_row(1, 14'398, 0.0), length_line(1, 0, 11, 1));
  workload::ClientStatisticsFiles looped = files.files();
  looped.loop = true;  // a pass takes 100 days, the clock ends after 106
  ClientStream stream(looped, 7, "chat", kNever);
  int count = 0;
  while (stream.next()) ++count;
  CHECK(count < 20);
}

TEST_CASE("client stream: an hour of the published m-large clients has the sum of their rates, and bursts",
          "[sim][workload][validation]") {
  const std::string stem = "traces/servegen_m-large";
  const std::optional<std::string> rates = shared_data(stem + "_rates.csv.gz"),
                                   lengths = shared_data(stem + "_lengths.jsonl.gz");
  if (!rates || !lengths) {
    WARN(skipped_without(stem + "_*"));
    return;
  }
  workload::ClientStatisticsFiles files;
  files.rates = *rates;
  files.lengths = *lengths;
  constexpr double kStart_s = 14 * 3600.0, kHour_s = 3600.0;
  files.start_s = kStart_s;

  // A renewal process of many gaps has a variance of cv^2 a request; that of a few is smaller.
  double expected = 0.0, variance = 0.0;
  for (const ClientRates& client : read_client_rates(*rates).clients) {
    for (const RateWindow& window : client.windows) {
      const double date_s = static_cast<double>(window.number * kRateWindow_s);
      if (date_s < kStart_s || date_s >= kStart_s + kHour_s) continue;
      const double requests = window.rate_per_s * 600.0;
      const double a = std::tgamma(1.0 + 2.0 / window.shape), b = std::tgamma(1.0 + 1.0 / window.shape);
      const bool gamma = window.family == workload::GapFamily::gamma;
      expected += requests;
      variance += requests * (gamma ? 1.0 / window.shape : a / (b * b) - 1.0);
    }
  }
  ClientStream stream(files, 7, "chat", to_picoseconds(kHour_s));
  CHECK(stream.notes().clients == 162);
  CHECK(stream.notes().clients_without_lengths == 68);
  CHECK_THAT(stream.notes().share_without_lengths, WithinAbs(0.425, 0.001));
  CHECK_THAT(stream.notes().stretched_share, WithinAbs(0.0674, 0.0001));
  std::vector<Request> requests;
  while (const std::optional<Request> request = stream.next()) requests.push_back(*request);
  CHECK_THAT(static_cast<double>(requests.size()), WithinAbs(expected, 4.0 * std::sqrt(variance)));
  const std::vector<double> by_10_s = counts(requests, 10.0, kHour_s);
  const double cv = deviation_of(by_10_s) / mean_of(by_10_s), cv_of_chance = 1.0 / std::sqrt(mean_of(by_10_s));
  CAPTURE(requests.size(), expected, std::sqrt(variance), cv, cv_of_chance);
  CHECK(cv > 2.0 * cv_of_chance);
  // What the variance of the counts should be, had the bursts been shorter than 10 s.
  CHECK(cv < std::sqrt(variance / expected) * cv_of_chance * 1.5);
}

}  // namespace tokenworks::jobs
