#include <set>

#include "models/workload/trace_formats.hpp"
#include "sim/jobs/workload/input_error.hpp"
#include "sim/jobs/workload/trace_reader.hpp"
#include "tests/catch.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {

bool operator==(const TraceRecord& a, const TraceRecord& b) {
  return a.date == b.date && a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens;
}
std::ostream& operator<<(std::ostream& out, const TraceRecord& r) {
  return out << '{' << r.date << " ps, " << r.input_tokens << ", " << r.output_tokens << '}';
}

namespace {

using Records = std::vector<TraceRecord>;

Records records_of(std::string_view format, std::string_view text) {
  return read_all(*open_trace(format, WrittenFile(text).path()));
}

constexpr std::string_view kAzureHead = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n";
constexpr std::string_view kCsvHead = "arrival_s,input_tokens,output_tokens\n";

struct Totals {
  std::size_t requests = 0;
  std::int64_t input_tokens = 0, output_tokens = 0;
  double last_s = 0.0;
};

Totals totals_of(const Records& records) {
  Totals totals{records.size(), 0, 0, to_seconds(records.back().date)};
  for (const TraceRecord& record : records) {
    totals.input_tokens += record.input_tokens;
    totals.output_tokens += record.output_tokens;
  }
  return totals;
}

}  // namespace

TEST_CASE("trace formats: every name has a reader, and no other name has one", "[sim][workload]") {
  const WrittenFile nothing("");
  for (const std::string_view name : workload::trace_format_names()) {
    CAPTURE(std::string(name));
    CHECK_THROWS_AS(check_trace({.format = std::string(name), .path = nothing.path(), .duration_s = {}}), InputError);
  }
  CHECK_THROWS_AS(open_trace("azure_llm_2032", nothing.path()), std::invalid_argument);
}

TEST_CASE("azure_llm_2023: wall times become dates from the first request", "[sim][workload]") {
  const Records expected = {
      {0, 374, 44}, {4'314'579'000'000, 396, 109}, {kPicosecondsPerSecond * (5 * 3600 + 44 * 60 + 14), 7, 1}};
  // 18:15:46.68059 to 18:15:50.995169 is 4.314579 s; to 00:00:00.68059 of the next day 5 h 44 min 14 s.
  CHECK(records_of("azure_llm_2023", std::string(kAzureHead) + "2023-11-16 18:15:46.6805900,374,44\r\n"
                                                               "2023-11-16 18:15:50.9951690,396,109\r\n"
                                                               "2023-11-17 00:00:00.68059,7,1") == expected);
}

TEST_CASE("azure_llm_2023: the calendar has leap years, and a second up to twelve digits", "[sim][workload]") {
  const Records expected = {{0, 1, 1}, {2 * 86'400 * kPicosecondsPerSecond + 1, 1, 1}};
  CHECK(records_of("azure_llm_2023",
                   std::string(kAzureHead) + "2024-02-28 12:00:00,1,1\n2024-03-01 12:00:00.000000000001,1,1\n") ==
        expected);
}

TEST_CASE("tokenworks_csv: seconds are exact to the picosecond, from any origin", "[sim][workload]") {
  const Records expected = {
      {0, 10, 20}, {250'000'000'000, 1, 2}, {250'000'000'001, 1, 2}, {1'000'000'000'000, 2147483647, 1}};
  CHECK(records_of("tokenworks_csv", std::string(kCsvHead) +
                                         "1700000000.5,10,20\n1700000000.75,1,2\n\n"
                                         "1700000000.750000000001,1,2\n1.7000000015e9,2147483647,1\n") == expected);
  CHECK(records_of("tokenworks_csv", std::string(kCsvHead) + "0,1,1\n1e-05,1,1\n.5,1,1\n7.,1,1\n8E+1,1,1\n") ==
        Records{{0, 1, 1},
                {10'000'000, 1, 1},
                {500'000'000'000, 1, 1},
                {7'000'000'000'000, 1, 1},
                {80'000'000'000'000, 1, 1}});
  // Digits beyond a picosecond are rounded.
  CHECK(records_of("tokenworks_csv",
                   std::string(kCsvHead) + "0,1,1\n0.0000000000014,1,1\n0.00000000000150000000000000000001,1,1\n") ==
        Records{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}});
}

TEST_CASE("tokenworks_jsonl: keys in any order, integers or decimals", "[sim][workload]") {
  const Records expected = {{0, 100, 20}, {250'000'000'000, 1, 2}, {2'000'000'000'000, 3, 4}};
  CHECK(records_of("tokenworks_jsonl",
                   "{\"arrival_s\": 1, \"input_tokens\": 100, \"output_tokens\": 20}\n"
                   "{\"output_tokens\":2,\"input_tokens\":1,\"arrival_s\":1.25}\r\n\n"
                   "  {\"arrival_s\": 3.0, \"input_tokens\": 3, \"output_tokens\": 4}") == expected);
}

TEST_CASE("mooncake: milliseconds; block ids are kept when asked for; other keys are skipped", "[sim][workload]") {
  const WrittenFile file(
      "{\"timestamp\": 500, \"input_length\": 900, \"output_length\": 5, \"hash_ids\": [0, 14]}\n"
      "{\"timestamp\": 3500, \"hash_ids\": [0, 15, 9223372036854775807], \"input_length\": 1100, \"output_length\": 6, "
      "\"session\": {\"hash_ids\": [1, \"a\", [null]], \"timestamp\": true}}\n"
      "{\"timestamp\": 3500, \"input_length\": 3, \"output_length\": 1}\n");
  const Records expected = {{0, 900, 5}, {3 * kPicosecondsPerSecond, 1100, 6}, {3 * kPicosecondsPerSecond, 3, 1}};
  CHECK(read_all(*open_trace("mooncake", file.path())) == expected);

  const std::unique_ptr<TraceReader> reader = open_trace("mooncake", file.path(), PromptBlocks::keep);
  const auto next_blocks = [&] {
    CHECK(reader->next().has_value());
    return std::vector<std::int64_t>(reader->prompt_blocks().begin(), reader->prompt_blocks().end());
  };
  CHECK(next_blocks() == std::vector<std::int64_t>{0, 14});
  CHECK(next_blocks() == std::vector<std::int64_t>{0, 15, 9223372036854775807});
  CHECK(next_blocks().empty());
}

TEST_CASE("tokenworks_jsonl: blocks of a prompt with their length, and its session", "[sim][workload]") {
  const WrittenFile file(
      "{\"arrival_s\": 1, \"input_tokens\": 40, \"output_tokens\": 2, \"block_tokens\": 16, \"block_ids\": [3, 4, 9], "
      "\"session\": 7}\n"
      "{\"arrival_s\": 2, \"input_tokens\": 40, \"output_tokens\": 2}\n");
  const std::unique_ptr<TraceReader> reader = open_trace("tokenworks_jsonl", file.path(), PromptBlocks::keep);
  CHECK(reader->next()->session == 7);
  CHECK(std::vector<std::int64_t>(reader->prompt_blocks().begin(), reader->prompt_blocks().end()) ==
        std::vector<std::int64_t>{3, 4, 9});
  CHECK(reader->prompt_block_tokens() == 16);
  CHECK(reader->next()->session == 0);
  CHECK(reader->prompt_blocks().empty());
}

TEST_CASE("trace readers: a broken file is a fault that names file, line, field, what was found and what is allowed",
          "[sim][workload]") {
  struct Broken {
    std::string_view name, format;
    std::string text;
    std::int64_t line;
    std::string_view fault;  ///< part of the message
  };
  const std::string azure(kAzureHead), csv(kCsvHead);
  const std::string azure_row = "2023-11-16 18:15:46.6805900,374,44\r\n";
  const std::string json_row = "{\"arrival_s\": 1, \"input_tokens\": 1, \"output_tokens\": 1}\n";
  const auto jsonl = [](const char* date, const char* input, const char* output) {
    return std::string("{\"arrival_s\": ") + date + ", \"input_tokens\": " + input + ", \"output_tokens\": " + output +
           "}";
  };
  const std::vector<Broken> cases = {
      {"empty file", "azure_llm_2023", "", 0, "the file is empty; its first line must be TIMESTAMP,"},
      {"no header", "azure_llm_2023", azure_row, 1,
       "header: found \"2023-11-16 18:15:46.6805900,374,44\", allowed: TIMESTAMP,ContextTokens"},
      {"a header of another format", "tokenworks_csv", azure, 1, "allowed: arrival_s,input_tokens,output_tokens"},
      {"a missing column", "azure_llm_2023", azure + azure_row + "2023-11-16 18:15:47,374\r\n", 3,
       "columns: found \"2023-11-16 18:15:47,374\""},
      {"a column too many", "tokenworks_csv", csv + "1,2,3,4\n", 2, "columns: found \"1,2,3,4\""},
      {"a cut last line", "azure_llm_2023", azure + azure_row + "2023-11-16 18:1", 3, "the file may be cut"},
      {"a last line cut after a comma", "azure_llm_2023", azure + "2023-11-16 18:15:46.68,374,", 2,
       "GeneratedTokens: found \"\""},
      {"no number", "azure_llm_2023", azure + "2023-11-16 18:15:46.68,many,44\n", 2,
       "ContextTokens: found \"many\", allowed: a whole number from 1 to 2147483647"},
      {"a negative number", "azure_llm_2023", azure + "2023-11-16 18:15:46.68,-5,44\n", 2,
       "ContextTokens: found \"-5\""},
      {"zero tokens", "azure_llm_2023", azure + "2023-11-16 18:15:46.68,374,0\n", 2, "GeneratedTokens: found \"0\""},
      {"tokens beyond 31 bits", "tokenworks_csv", csv + "1,2147483648,1\n", 2, "input_tokens: found \"2147483648\""},
      {"tokens beyond 64 bits", "tokenworks_csv", csv + "1,1,99999999999999999999999\n", 2, "output_tokens: found"},
      {"NaN tokens", "tokenworks_csv", csv + "1,nan,1\n", 2, "input_tokens: found \"nan\""},
      {"a fraction of a token", "tokenworks_csv", csv + "1,1.5,1\n", 2, "input_tokens: found \"1.5\""},
      {"a space in a number", "tokenworks_csv", csv + "1, 5,1\n", 2, "input_tokens: found \" 5\""},
      {"a NaN date", "tokenworks_csv", csv + "NaN,1,1\n", 2, "arrival_s: found \"NaN\", allowed: seconds"},
      {"an infinite date", "tokenworks_csv", csv + "inf,1,1\n", 2, "arrival_s: found \"inf\""},
      {"a negative date", "tokenworks_csv", csv + "-1,1,1\n", 2, "arrival_s: found \"-1\""},
      {"a huge date", "tokenworks_csv", csv + "1e300,1,1\n", 2, "arrival_s: found \"1e300\""},
      {"half an exponent", "tokenworks_csv", csv + "1e,1,1\n", 2, "arrival_s: found \"1e\""},
      {"two signs of an exponent", "tokenworks_csv", csv + "1e+-5,1,1\n", 2, "arrival_s: found \"1e+-5\""},
      {"a date of years later", "tokenworks_csv", csv + "0,1,1\n1e9,1,1\n", 3,
       "arrival_s: found a date 11574.1 days after the first, allowed: up to 100 days"},
      {"a date that goes back", "tokenworks_csv", csv + "5,1,1\n7,1,1\n6.5,1,1\n", 4,
       "arrival_s: found a date 0.5 s before that of the last request"},
      {"a wall time that goes back", "azure_llm_2023", azure + azure_row + "2023-11-16 18:15:46.6805899,1,1\n", 3,
       "TIMESTAMP: found a date 1e-07 s before"},
      {"another shape of date", "azure_llm_2023", azure + "16.11.2023 18:15:46,1,1\n", 2,
       "TIMESTAMP: found \"16.11.2023 18:15:46\", allowed: a date like 2023-11-16 18:15:46.6805900"},
      {"a day that does not exist", "azure_llm_2023", azure + "2023-02-29 18:15:46,1,1\n", 2,
       "TIMESTAMP: found \"2023-02-29"},
      {"an hour that does not exist", "azure_llm_2023", azure + "2023-11-16 24:00:00,1,1\n", 2, "TIMESTAMP"},
      {"an empty fraction of a second", "azure_llm_2023", azure + "2023-11-16 18:15:46.,1,1\n", 2, "TIMESTAMP"},
      {"letters in a fraction", "azure_llm_2023", azure + "2023-11-16 18:15:46.68x,1,1\n", 2, "TIMESTAMP"},
      {"control characters", "azure_llm_2023", azure + std::string("\x00\x1b[31m,1,1\n", 10), 2,
       "TIMESTAMP: found \"\\x00\\x1b[31m\""},
      {"a cut JSON line", "tokenworks_jsonl", json_row + "{\"arrival_s\": 2, \"input_to", 2, "not valid JSON"},
      {"no JSON", "tokenworks_jsonl", "arrival_s,input_tokens,output_tokens\n", 1, "not valid JSON"},
      {"two objects on a line", "tokenworks_jsonl", jsonl("1", "1", "1") + jsonl("2", "1", "1") + "\n", 1,
       "not valid JSON"},
      {"a list instead of an object", "tokenworks_jsonl", "[1, 2, 3]\n", 1,
       "line: found \"[\", allowed: a JSON object"},
      {"a number instead of an object", "mooncake", "12\n", 1, "line: found \"12\", allowed: a JSON object"},
      {"a text instead of an object", "mooncake", "\"timestamp\"\n", 1,
       "line: found \"timestamp\", allowed: a JSON object"},
      {"a missing key", "tokenworks_jsonl", json_row + "{\"arrival_s\": 2, \"input_tokens\": 1}\n", 2,
       "output_tokens is missing"},
      {"an empty object", "mooncake", "{}\n", 1, "timestamp is missing"},
      {"blocks without a length", "tokenworks_jsonl",
       "{\"arrival_s\": 2, \"input_tokens\": 1, \"output_tokens\": 1, \"block_ids\": [1]}\n", 1,
       "block_tokens is missing"},
      {"blocks of no length", "tokenworks_jsonl",
       "{\"arrival_s\": 2, \"input_tokens\": 1, \"output_tokens\": 1, \"block_tokens\": 0, \"block_ids\": [1]}\n", 1,
       "block_tokens: found \"0\""},
      {"a session by name", "tokenworks_jsonl",
       "{\"arrival_s\": 2, \"input_tokens\": 1, \"output_tokens\": 1, \"session\": \"a\"}\n", 1, "session: found"},
      {"an unknown key", "tokenworks_jsonl", "{\"arival_s\": 2}\n", 1,
       "key: found \"arival_s\", allowed: arrival_s, input_tokens, output_tokens"},
      {"a key twice", "tokenworks_jsonl", "{\"arrival_s\": 2, \"arrival_s\": 3}\n", 1, "arrival_s stands twice"},
      {"block ids twice", "mooncake", "{\"hash_ids\": [1], \"hash_ids\": [2]}\n", 1, "hash_ids stands twice"},
      {"a number as text", "tokenworks_jsonl", jsonl("\"1\"", "1", "1"), 1,
       "arrival_s: found \"1\", allowed: a number, 0 or more"},
      {"null", "tokenworks_jsonl", jsonl("1", "null", "1"), 1, "input_tokens: found \"null\""},
      {"a truth value", "tokenworks_jsonl", jsonl("1", "1", "true"), 1, "output_tokens: found \"true\""},
      {"an object for a number", "tokenworks_jsonl", jsonl("{}", "1", "1"), 1, "arrival_s: found \"{\""},
      {"a list for a number", "tokenworks_jsonl", jsonl("1", "[1]", "1"), 1, "input_tokens: found \"[\""},
      {"a negative number in JSON", "tokenworks_jsonl", jsonl("1", "-1", "1"), 1,
       "input_tokens: found \"-1\", allowed: a whole number"},
      {"a negative date in JSON", "tokenworks_jsonl", jsonl("-0.5", "1", "1"), 1, "arrival_s: found \"-0.5\""},
      {"a fraction in JSON", "tokenworks_jsonl", jsonl("1", "1.0", "1"), 1, "input_tokens: found \"1.0\""},
      {"NaN in JSON", "tokenworks_jsonl", jsonl("NaN", "1", "1"), 1, "not valid JSON"},
      {"zero in JSON", "mooncake", "{\"timestamp\": 0, \"input_length\": 0, \"output_length\": 1}\n", 1,
       "input_length: found \"0\""},
      {"beyond 31 bits in JSON", "mooncake", "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 4294967296}\n",
       1, "output_length: found \"4294967296\""},
      {"a huge date in JSON", "tokenworks_jsonl", jsonl("18446744073709551615e300", "1", "1"), 1, "not valid JSON"},
      {"an integer date beyond the clock", "mooncake",
       "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n{\"timestamp\": 18446744073709551615, "
       "\"input_length\": 1, \"output_length\": 1}\n",
       2, "timestamp: found a date"},
      {"block ids that are no list", "mooncake",
       "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": 5}\n", 1,
       "hash_ids: found \"5\", allowed: a list"},
      {"a negative block id", "mooncake",
       "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [1, -5]}\n", 1,
       "hash_ids: found \"-5\""},
      {"a nested block id", "mooncake",
       "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [[1]]}\n", 1,
       "hash_ids: found \"[\""},
      {"a block id beyond 63 bits", "mooncake", "{\"hash_ids\": [9223372036854775808]}\n", 1,
       "hash_ids: found \"9223372036854775808\""},
      {"a line of deep nesting", "mooncake", std::string(1'000'000, '['), 1, "line: found \"[\""},
      {"deep nesting under a skipped key", "mooncake", "{\"x\": " + std::string(1'000'000, '[') + "\n", 1,
       "not valid JSON"},
  };
  for (const Broken& broken : cases) {
    CAPTURE(std::string(broken.name), std::string(broken.fault));
    const WrittenFile file(broken.text);
    std::string message;
    std::int64_t line = -1;
    try {
      read_all(*open_trace(broken.format, file.path()));
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

TEST_CASE("trace readers: a hundred MiB of nonsense is a fault at its first line", "[sim][workload]") {
  const std::string_view format =
      GENERATE(from_range(workload::trace_format_names().begin(), workload::trace_format_names().end()));
  std::string nonsense(std::size_t{100} << 20, '\0');
  std::uint32_t state = 1;
  for (char& c : nonsense) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  CHECK_THROWS_AS(records_of(format, nonsense), InputError);
}

TEST_CASE("check_trace: finds a wrong path, format or first line, and reads no further", "[sim][workload]") {
  const auto trace = [](std::string format, std::string path) {
    workload::TraceFile file;
    file.format = std::move(format);
    file.path = std::move(path);
    return file;
  };
  const WrittenFile good(std::string(kCsvHead) + "0,1,1\n1,1,1\n2,broken,1\n");
  CHECK_NOTHROW(check_trace(trace("tokenworks_csv", good.path()), 2));
  CHECK_THROWS_AS(check_trace(trace("tokenworks_csv", good.path()), 3), InputError);
  CHECK_THROWS_AS(check_trace(trace("azure_llm_2023", good.path())), InputError);
  CHECK_THROWS_AS(check_trace(trace("tokenworks_csv", good.path() + "x")), InputError);
  CHECK_THROWS_AS(check_trace(trace("tokenworks_csv", WrittenFile(kCsvHead).path())), InputError);
  CHECK_THROWS_AS(check_trace(trace("tokenworks_jsonl", WrittenFile("\n\n").path())), InputError);
}

TEST_CASE("trace readers: the published traces give their published totals", "[sim][workload][validation]") {
  struct Published {
    std::string name, format;
    Totals totals;
  };
  // Counts and spans as the publishers state them; sums of tokens by an independent reader (Python's csv and json).
  const Published published = GENERATE(
      Published{"traces/azure_llm_2023_conv.csv", "azure_llm_2023", {19'366, 22'361'870, 4'088'665, 3501.721937}},
      Published{"traces/azure_llm_2023_code.csv", "azure_llm_2023", {8'819, 18'059'974, 245'896, 3435.948056}},
      Published{"traces/mooncake_fast25_conversation.jsonl.gz", "mooncake", {12'031, 144'793'823, 4'122'048, 3536.999}},
      Published{"traces/mooncake_fast25_synthetic.jsonl.gz", "mooncake", {3'993, 61'194'628, 595'432, 1022.025}});
  const std::optional<std::string> path = shared_data(published.name);
  if (!path) {
    WARN(skipped_without(published.name));
    return;
  }
  const Totals totals = totals_of(read_all(*open_trace(published.format, *path)));
  CHECK(totals.requests == published.totals.requests);
  CHECK(totals.input_tokens == published.totals.input_tokens);
  CHECK(totals.output_tokens == published.totals.output_tokens);
  CHECK_THAT(totals.last_s, WithinAbs(published.totals.last_s, 1e-6));
}

TEST_CASE("mooncake: the published conversation trace has its distinct blocks", "[sim][workload][validation]") {
  const std::string name = "traces/mooncake_fast25_conversation.jsonl.gz";
  const std::optional<std::string> path = shared_data(name);
  if (!path) {
    WARN(skipped_without(name));
    return;
  }
  const std::unique_ptr<TraceReader> reader = open_trace("mooncake", *path, PromptBlocks::keep);
  std::set<std::int64_t> distinct;
  while (const auto record = reader->next()) {
    CHECK(static_cast<std::int64_t>(reader->prompt_blocks().size()) == (record->input_tokens + 511) / 512);
    distinct.insert(reader->prompt_blocks().begin(), reader->prompt_blocks().end());
  }
  CHECK(distinct.size() == 182'790);
}

}  // namespace tokenworks::jobs
