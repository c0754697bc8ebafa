// The readers of both files of client statistics.
#include <functional>

#include "sim/jobs/workload/client_statistics/client_lengths.hpp"
#include "sim/jobs/workload/client_statistics/client_rates.hpp"
#include "sim/jobs/workload/input_error.hpp"
#include "tests/catch.hpp"
#include "tests/workload/client_files.hpp"

namespace tokenworks::jobs {
namespace {

struct Broken {
  std::string_view name;
  std::string text;
  std::int64_t line;
  std::string_view fault;  ///< part of the message
};

void check_broken(const std::vector<Broken>& cases, const std::function<void(const std::string&)>& read) {
  for (const Broken& broken : cases) {
    CAPTURE(std::string(broken.name), std::string(broken.fault));
    const WrittenFile file(broken.text);
    std::string message;
    std::int64_t line = -1;
    try {
      read(file.path());
    } catch (const InputError& fault) {
      message = fault.what();
      line = fault.line();
    }
    CHECK(line == broken.line);
    CAPTURE(message);
    CHECK(message.find(file.path() + (line > 0 ? ":" + std::to_string(line) : "") + ": ") == 0);
    CHECK(message.find(broken.fault) != std::string::npos);
    CHECK(message.size() < file.path().size() + 400);
  }
}

void read_rates(const std::string& path) { read_client_rates(path); }
void read_lengths(const std::string& path) { read_client_lengths(path); }

}  // namespace

TEST_CASE("client rates: rows in any order become clients with rising windows", "[sim][workload]") {
  const WrittenFile file(gzipped(std::string(kRatesHead) + "7,1200,0.5,2.0,Gamma,0.25,8\r\n"
                                                           "3,600,1.5,1,Weibull,1,0.6666\n\n"
                                                           "7,0,0.25,0.5,Gamma,4.0,1e0\n"
                                                           "7,600,0,0,Gamma,1,1\n"
                                                           "9,6000,0.0,0,Gamma,1,1\n"
                                                           "3,0,2.5,1,Gamma,1,0.1"));
  const RateStatistics statistics = read_client_rates(file.path());
  CHECK(statistics.windows == 11);  // up to the end of the last row, a silent one
  REQUIRE(statistics.clients.size() == 2);
  const ClientRates& three = statistics.clients[0];
  CHECK(three.client == 3);
  REQUIRE(three.windows.size() == 2);
  CHECK(three.windows[0].number == 0);
  CHECK(three.windows[0].rate_per_s == 2.5);
  CHECK(three.windows[1].number == 1);
  CHECK(three.windows[1].family == workload::GapFamily::weibull);
  CHECK(three.requests == 2400.0);
  CHECK(three.stretched_requests == 1500.0);  // a mean gap of 0.1 s would give four times 2.5 a second
  const ClientRates& seven = statistics.clients[1];
  CHECK(seven.client == 7);
  REQUIRE(seven.windows.size() == 2);
  CHECK(seven.windows[0].shape == 4.0);
  CHECK(seven.windows[1].number == 2);
  CHECK(seven.requests == 450.0);
  CHECK(seven.stretched_requests == 0.0);
}

TEST_CASE("client rates: a broken file is a fault with its line", "[sim][workload]") {
  const std::string head(kRatesHead), row = "1,0,1.0,1.0,Gamma,1.0,1.0\n";
  const std::vector<Broken> cases = {
      {"empty file", "", 0, "the file is empty; its first line must be client_id,"},
      {"no header", row, 1, "header: found \"1,0,1.0,1.0,Gamma,1.0,1.0\", allowed: client_id,"},
      {"a wrong header", "client,window,rate\n" + row, 1, "header: found \"client,window,rate\""},
      {"nothing but a header", head, 0, "holds no window with a rate above 0"},
      {"nothing but silence", head + "1,0,0,0,Gamma,1,1\n", 0, "holds no window with a rate above 0"},
      {"a column too few", head + row + "1,600,1.0,1.0,Gamma,1.0\n", 3, "columns: found"},
      {"a column too many", head + "1,0,1.0,1.0,Gamma,1.0,1.0,1.0\n", 2, "columns: found"},
      {"a cut last line", head + row + "1,600,1.0", 3, "the file may be cut"},
      {"a client that is no number", head + "one,0,1.0,1.0,Gamma,1.0,1.0\n", 2, "client_id: found \"one\""},
      {"a negative client", head + "-1,0,1.0,1.0,Gamma,1.0,1.0\n", 2, "client_id: found \"-1\""},
      {"half a client", head + "1.5,0,1.0,1.0,Gamma,1.0,1.0\n", 2, "client_id: found \"1.5\""},
      {"a window off the grid", head + "1,601,1.0,1.0,Gamma,1.0,1.0\n", 2,
       "window_start_s: found \"601\", allowed: multiples of 600 s within 100 days"},
      {"a negative window", head + "1,-600,1.0,1.0,Gamma,1.0,1.0\n", 2, "window_start_s: found \"-600\""},
      {"a window beyond the clock", head + "1,8640000,1.0,1.0,Gamma,1.0,1.0\n", 2, "window_start_s: found \"8640000\""},
      {"a window beyond 64 bits", head + "1,99999999999999999999,1.0,1.0,Gamma,1.0,1.0\n", 2, "window_start_s"},
      {"a negative rate", head + "1,0,-1.0,1.0,Gamma,1.0,1.0\n", 2,
       "rate_req_s: found \"-1.0\", allowed: requests a second"},
      {"a huge rate", head + "1,0,1e7,1.0,Gamma,1.0,1.0\n", 2, "rate_req_s: found \"1e7\""},
      {"a tiny rate", head + "1,0,1e-300,1.0,Gamma,1.0,1.0\n", 2, "rate_req_s: found \"1e-300\""},
      {"a rate that is none", head + "1,0,many,1.0,Gamma,1.0,1.0\n", 2, "rate_req_s: found \"many\""},
      {"no rate", head + "1,0,,1.0,Gamma,1.0,1.0\n", 2, "rate_req_s: found \"\""},
      {"NaN", head + "1,0,nan,1.0,Gamma,1.0,1.0\n", 2, "rate_req_s: found \"nan\""},
      {"infinity", head + "1,0,1.0,inf,Gamma,1.0,1.0\n", 2, "iat_cv: found \"inf\""},
      {"a negative variation", head + "1,0,1.0,-0.5,Gamma,1.0,1.0\n", 2, "iat_cv: found \"-0.5\""},
      {"an unknown distribution", head + "1,0,1.0,1.0,Pareto,1.0,1.0\n", 2,
       "iat_distribution: found \"Pareto\", allowed: Gamma, Weibull"},
      {"a shape of 0", head + "1,0,1.0,1.0,Gamma,0,1.0\n", 2, "param1: found \"0\", allowed: the shape of a Gamma"},
      {"a shape for one family only", head + "1,0,1.0,1.0,Weibull,0.01,1.0\n", 2,
       "param1: found \"0.01\", allowed: the shape of a Weibull distribution, 0.05 to 1000"},
      {"a scale of 0", head + "1,0,1.0,1.0,Gamma,1.0,0\n", 2, "param2: found \"0\""},
      {"a number with something behind it", head + "1,0,1.0,1.0,Gamma,1.0,1.0 s\n", 2, "param2: found \"1.0 s\""},
      {"a window twice", head + row + "2,0,1.0,1.0,Gamma,1.0,1.0\n" + row, 4,
       "window_start_s: 0 of client 1 stands in line 2 already"},
      {"control characters", head + "1,0,1.0,1.0,\x1b[31m,1.0,1.0\n", 2, "iat_distribution: found \"\\x1b[31m\""},
      {"lengths", length_line(1, 0, 5, 6), 1, "header: found"},
  };
  check_broken(cases, &read_rates);
}

TEST_CASE("client lengths: lines in any order become clients with tables; empty ones are left out", "[sim][workload]") {
  const WrittenFile file(gzipped(length_line(7, 2, 30, 40) + length_line(7, 0, 10, 20) + table_line(7, 1, "{}", "{}") +
                                 table_line(5, 0, "{\"0\": 1.0}", "{\"0\": 1.0}") + "\n" +
                                 "{\"client_id\": 3, \"window_start_s\": 86400, \"reason_ratio\": {\"0.5\": 1.0}, "
                                 "\"output_tokens\": {\"9\": 0.25, "
                                 "\"8\": 0.75}, \"input_tokens\": {\"0\": 1}}"));
  const LengthStatistics statistics = read_client_lengths(file.path());
  CHECK(statistics.windows == 8);  // whole days
  REQUIRE(statistics.clients.size() == 2);
  CHECK(statistics.clients[0].client == 3);
  REQUIRE(statistics.clients[0].windows.size() == 1);
  CHECK(statistics.clients[0].windows[0].number == 4);
  CHECK(statistics.clients[0].windows[0].output.mean() == 8.25);
  CHECK(statistics.clients[1].client == 7);
  REQUIRE(statistics.clients[1].windows.size() == 2);
  CHECK(statistics.clients[1].windows[0].input.mean() == 10.0);
  CHECK(statistics.clients[1].windows[1].number == 2);
}

TEST_CASE("client lengths: a prompt holds its text and every attachment; lengths of 0 become 1", "[sim][workload]") {
  const WrittenFile file(
      "{\"client_id\": 1, \"window_start_s\": 0, \"text_tokens\": {\"7\": 1.0}, \"image_count\": {\"0\": 0.25, \"3\": "
      "0.75}, \"image_tokens\": {\"100\": 0.5, \"1000\": 0.5}, \"audio_count\": {\"1\": 1}, \"audio_tokens\": {\"20\": "
      "1}, \"video_count\": {\"0\": 1}, \"video_tokens\": {\"0\": 1}, \"output_tokens\": {\"0\": 1.0}}\n");
  const LengthStatistics statistics = read_client_lengths(file.path());
  const LengthWindow& window = statistics.clients.front().windows.front();
  RandomEngine input = random_stream(7, "input"), output = random_stream(7, "output");
  std::map<std::int32_t, int> counts;
  constexpr int kDraws = 80'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto [input_tokens, output_tokens] = window.draw(input, output);
    REQUIRE(output_tokens == 1);
    ++counts[input_tokens];
  }
  // 27 without images; with three, 327, 1227, 2127 and 3027 by 1, 3, 3 and 1 of 8. 4 sigma of a share of 0.25: 0.006.
  const auto share = [&](std::int32_t tokens) { return counts[tokens] / static_cast<double>(kDraws); };
  CHECK(counts.size() == 5);
  CHECK_THAT(share(27), WithinAbs(0.25, 0.0065));
  CHECK_THAT(share(327), WithinAbs(0.75 / 8, 0.0065));
  CHECK_THAT(share(1227), WithinAbs(0.75 * 3 / 8, 0.0065));
  CHECK_THAT(share(2127), WithinAbs(0.75 * 3 / 8, 0.0065));
}

TEST_CASE("client lengths: a broken file is a fault with its line", "[sim][workload]") {
  const std::string good = length_line(1, 0, 5, 6);
  const std::string five = "{\"5\": 1.0}";
  const auto with = [](const std::string& more) {
    return "{\"client_id\": 1, \"window_start_s\": 0, \"output_tokens\": {\"5\": 1.0}, " + more + "}\n";
  };
  const std::vector<Broken> cases = {
      {"empty file", "", 0, "holds no lengths"},
      {"nothing but empty tables", table_line(1, 0, "{}", "{}"), 0, "holds no lengths but empty tables"},
      {"no JSON", std::string(kRatesHead), 1, "not valid JSON"},
      {"a cut line", good + "{\"client_id\": 1, \"win", 2, "not valid JSON"},
      {"two objects on a line", "{}{}\n", 1, "not valid JSON"},
      {"a list", "[1, 2]\n", 1, "line: found \"[\", allowed: a JSON object"},
      {"a number", "12\n", 1, "line: found \"12\", allowed: a JSON object"},
      {"null", "null\n", 1, "line: found \"null\""},
      {"an empty object", "{}\n", 1, "client_id is missing"},
      {"no window", "{\"client_id\": 1}\n", 1, "window_start_s is missing"},
      {"no input", "{\"client_id\": 1, \"window_start_s\": 0, \"output_tokens\": {\"5\": 1}}\n", 1,
       "input_tokens is missing"},
      {"no output", "{\"client_id\": 1, \"window_start_s\": 0, \"input_tokens\": {\"5\": 1}}\n", 1,
       "output_tokens is missing"},
      {"text beside input", with("\"input_tokens\": " + five + ", \"text_tokens\": " + five), 1,
       "input_tokens and text_tokens stand side by side"},
      {"images without their number", with("\"text_tokens\": " + five + ", \"image_tokens\": " + five), 1,
       "image_count is missing beside image_tokens"},
      {"a number without images", with("\"text_tokens\": " + five + ", \"image_count\": " + five), 1,
       "image_tokens is missing beside image_count"},
      {"an unknown key", with("\"inputs\": {}"), 1, "key: found \"inputs\", allowed: client_id, window_start_s"},
      {"a key twice", with("\"output_tokens\": {}"), 1, "output_tokens stands twice"},
      {"a length twice", table_line(1, 0, "{\"5\": 0.5, \"05\": 0.5}", five), 1,
       "input_tokens: the length 5 stands twice"},
      {"a client as text", "{\"client_id\": \"1\"}\n", 1, "client_id: found \"1\", allowed: a whole number, 0 or more"},
      {"a client as an object", "{\"client_id\": {}}\n", 1, "client_id: found \"{\""},
      {"a negative client", "{\"client_id\": -4}\n", 1, "client_id: found \"-4\""},
      {"a window off the grid", "{\"client_id\": 1, \"window_start_s\": 600}\n", 1,
       "window_start_s: found \"600\", allowed: multiples of 21600 s within 100 days"},
      {"half a window", "{\"client_id\": 1, \"window_start_s\": 0.0}\n", 1, "window_start_s: found \"0.0\""},
      {"a number for a table", with("\"input_tokens\": 5"), 1,
       "input_tokens: found \"5\", allowed: an object {\"length\": probability}"},
      {"a list for a table", with("\"input_tokens\": [5]"), 1, "input_tokens: found \"[\""},
      {"null for a table", with("\"input_tokens\": null"), 1, "input_tokens: found \"null\""},
      {"a text for a table", with("\"input_tokens\": \"x\""), 1, "input_tokens: found \"x\""},
      {"a length that is no number", table_line(1, 0, "{\"five\": 1}", five), 1,
       "input_tokens: found \"five\", allowed: whole numbers from 0 to 2147483647"},
      {"a negative length", table_line(1, 0, "{\"-5\": 1}", five), 1, "input_tokens: found \"-5\""},
      {"half a length", table_line(1, 0, "{\"5.5\": 1}", five), 1, "input_tokens: found \"5.5\""},
      {"a length beyond 31 bits", good + table_line(2, 0, five, "{\"2147483648\": 1}"), 2,
       "output_tokens: found \"2147483648\""},
      {"more images than anybody sends",
       with("\"text_tokens\": " + five + ", \"image_tokens\": " + five + ", \"image_count\": {\"10001\": 1}"), 1,
       "image_count: found \"10001\", allowed: whole numbers from 0 to 10000"},
      {"a prompt beyond 31 bits",
       with("\"text_tokens\": " + five + ", \"image_tokens\": {\"1073741824\": 1}, \"image_count\": {\"2\": 1}"), 1,
       "a prompt with all its attachments may have 2147483653 tokens"},
      {"a negative probability", table_line(1, 0, "{\"5\": -0.5, \"6\": 1.5}", five), 1,
       "input_tokens: found \"-0.5\", allowed: a probability, 0 to 1"},
      {"a probability above 1", table_line(1, 0, "{\"5\": 2}", five), 1, "input_tokens: found \"2\""},
      {"a probability as text", table_line(1, 0, "{\"5\": \"1\"}", five), 1, "input_tokens: found \"1\""},
      {"a table in a table", table_line(1, 0, "{\"5\": {\"6\": 1}}", five), 1, "input_tokens: found \"{\""},
      {"probabilities below 1", table_line(1, 0, five, "{\"5\": 0.5, \"6\": 0.4}"), 1,
       "output_tokens: probabilities sum to 0.9, allowed: 1 within 0.001"},
      {"probabilities above 1", table_line(1, 0, five, "{\"5\": 0.5, \"6\": 0.6}"), 1,
       "output_tokens: probabilities sum to 1.1"},
      {"one empty table", table_line(1, 0, five, "{}"), 1, "output_tokens: probabilities sum to 0,"},
      {"NaN", table_line(1, 0, "{\"5\": NaN}", five), 1, "not valid JSON"},
      {"a window twice", good + length_line(2, 0, 5, 6) + good, 3,
       "window_start_s: 0 of client 1 stands in a line before already"},
      {"deep nesting", std::string(1'000'000, '['), 1, "line: found \"[\""},
  };
  check_broken(cases, &read_lengths);
}

TEST_CASE("client statistics: cut and damaged files, and nonsense, are faults", "[sim][workload]") {
  std::string rows(kRatesHead), lines;
  for (int i = 0; i < 2000; ++i) {
    rows += rate_row(i, 0, 1.0 + i * 1e-3);
    lines += length_line(i, 0, 5 + i, 6);
  }
  for (const bool lengths : {false, true}) {
    CAPTURE(lengths);
    const auto read = [&](const std::string& bytes) {
      const WrittenFile file(bytes);
      lengths ? read_lengths(file.path()) : read_rates(file.path());
    };
    const std::string whole = gzipped(lengths ? lines : rows);
    CHECK_NOTHROW(read(whole));
    CHECK_THROWS_AS(read(whole.substr(0, whole.size() / 2)), InputError);
    std::string nonsense(std::size_t{1} << 20, '\0');
    std::uint32_t state = 1;
    for (char& c : nonsense) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    CHECK_THROWS_AS(read(nonsense), InputError);
    // One byte changed anywhere: read, or refused with an InputError; nothing else.
    const std::string good = lengths ? length_line(1, 0, 5, 6) + length_line(1, 1, 7, 8) : rows.substr(0, 200);
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const char c : {'\0', '"', '-', '9', '{', ',', '\n', '\xff'}) {
        std::string changed = good;
        changed[i] = c;
        try {
          read(changed);
        } catch (const InputError& fault) {
          CHECK(fault.what()[0] != '\0');
        }
      }
    }
  }
}

TEST_CASE("client statistics: the published files have their published counts", "[sim][workload][validation]") {
  struct Published {
    std::string name;
    std::size_t clients;
    double mean_rate_per_s;
    std::size_t length_clients;  ///< with a table that is not empty
  };
  // Mean rates as ../shared/data/SOURCES.md lists them; clients with a rate, and with a table, by an independent reader
  // (Python).
  const Published published = GENERATE(Published{"m-large", 162, 195.8, 94}, Published{"m-mid", 108, 1790, 54},
                                       Published{"m-small", 43, 1174, 25}, Published{"deepseek-r1", 73, 16.0, 73},
                                       Published{"mm-image", 35, 9.5, 35});
  const std::string stem = "traces/servegen_" + published.name;
  const std::optional<std::string> rates = shared_data(stem + "_rates.csv.gz"),
                                   lengths = shared_data(stem + "_lengths.jsonl.gz");
  if (!rates || !lengths) {
    WARN(skipped_without(stem + "_*"));
    return;
  }
  const RateStatistics statistics = read_client_rates(*rates);
  CHECK(statistics.clients.size() == published.clients);
  CHECK(statistics.windows % 144 == 0);
  double requests = 0.0;
  for (const ClientRates& client : statistics.clients) requests += client.requests;
  CHECK_THAT(requests / static_cast<double>(statistics.windows * kRateWindow_s),
             WithinRel(published.mean_rate_per_s, 0.005));
  CHECK(read_client_lengths(*lengths).clients.size() == published.length_clients);
}

}  // namespace tokenworks::jobs
