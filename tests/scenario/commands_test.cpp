// The commands check, schema and list as a person runs them.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/scenario/json_text.hpp"
#include "tests/catch.hpp"

using namespace tokenworks::scenario;

namespace {

struct Answer {
  int exit_code = -1;
  std::string output;
};

/// Standard output, or with `errors` standard error, of the program with these arguments.
Answer answer_to(const std::string& arguments, bool errors = false) {
  const std::string program = TOKENWORKS_BINARY_DIR "/bin/tokenworks ";
  std::FILE* pipe = popen((program + arguments + (errors ? " 2>&1 >/dev/null" : " 2>/dev/null")).c_str(), "r");
  REQUIRE(pipe != nullptr);
  Answer answer;
  std::array<char, 4096> piece;
  for (std::size_t count = 0; (count = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    answer.output.append(piece.data(), count);
  }
  answer.exit_code = WEXITSTATUS(pclose(pipe));
  return answer;
}

const std::string kQuickstart = TOKENWORKS_SOURCE_DIR "/scenarios/quickstart.json";
const std::string kBroken = TOKENWORKS_SOURCE_DIR "/tests/scenario/broken/";

}  // namespace

TEST_CASE("command check: says ok, or all faults on standard error with exit code 2", "[tools]") {
  const Answer good = answer_to("check " + kQuickstart);
  CHECK(good.exit_code == 0);
  CHECK(good.output.find(": ok: ") != std::string::npos);

  const Answer bad = answer_to("check " + kBroken + "seven_faults_at_once.json", true);
  CHECK(bad.exit_code == 2);
  CHECK(bad.output.find("/clock/duration_s: found \"long\"") != std::string::npos);
  CHECK(bad.output.find("7 faults\n") != std::string::npos);
  CHECK(answer_to("check " + kBroken + "seven_faults_at_once.json").output.empty());

  CHECK(answer_to("check /no/such/file.json").exit_code == 2);
  CHECK(answer_to("check " + kQuickstart + " --set /clock/duration_s=900").exit_code == 0);
  CHECK(answer_to("check " + kQuickstart + " --set /clock/duration_s=-60").exit_code == 2);
  CHECK(answer_to("check " + kQuickstart + " --set nonsense").exit_code == 2);
}

TEST_CASE("command schema: prints JSON", "[tools]") {
  for (const char* format : {"", " scenario", " report", " year", " comparison"}) {
    INFO(format);
    const Answer schema = answer_to(std::string("schema") + format);
    CHECK(schema.exit_code == 0);
    FaultList faults;
    const auto json = parse_json(schema.output, faults);
    REQUIRE(json.has_value());
    CHECK((*json)["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  }
  CHECK(answer_to("schema scenari", true).output.find("did you mean \"scenario\"?") != std::string::npos);
  CHECK(answer_to("schema yaer", true).exit_code == 2);
}

TEST_CASE("command list: every section that it names can be listed", "[tools]") {
  const Answer sections = answer_to("list");
  CHECK(sections.exit_code == 0);
  std::size_t count = 0;
  for (std::size_t start = 0; start < sections.output.size(); start = sections.output.find('\n', start) + 1) {
    const std::string name = sections.output.substr(start, sections.output.find(' ', start) - start);
    CAPTURE(name);
    const Answer section = answer_to("list " + name);
    CHECK(section.exit_code == 0);
    CHECK_FALSE(section.output.empty());
    ++count;
  }
  CHECK(count >= 14);
  CHECK(answer_to("list gpus h100_sxm5").output.find("\"sources\"") != std::string::npos);
  CHECK(answer_to("list cooling air_crah").output.find("`supply_air_c`") != std::string::npos);
  CHECK(answer_to("list gpu", true).output.find("did you mean \"gpus\"?") != std::string::npos);
  CHECK(answer_to("list gpus h100", true).exit_code == 2);
}

TEST_CASE("command line: mistakes end with exit code 2 and name what comes nearest", "[tools]") {
  const Answer typo = answer_to("chekc " + kQuickstart, true);
  CHECK(typo.exit_code == 2);
  CHECK(typo.output.find("did you mean \"check\"?") != std::string::npos);
  CHECK(answer_to("").exit_code == 2);
  CHECK(answer_to("check").exit_code == 2);
  CHECK(answer_to("check --nonsense " + kQuickstart).exit_code == 2);
  CHECK(answer_to("--version").exit_code == 0);
  CHECK(answer_to("--help").exit_code == 0);
}

TEST_CASE("command run: files of requests and of the timeline whose names or places do not do", "[tools]") {
  const std::string run = "run " + kQuickstart + " --quiet --out /tmp/tokenworks_no_such_run ";
  const auto refused = [&](const std::string& arguments, int exit_code, const std::string& message) {
    const Answer answer = answer_to(run + arguments, true);
    CAPTURE(arguments, answer.output);
    CHECK(answer.exit_code == exit_code);
    CHECK(answer.output.find(message) != std::string::npos);
  };
  refused("--requests a.json", 2, "the name must end in .csv, .jsonl, .csv.gz or .jsonl.gz, not a.json");
  refused("--requests a", 2, "the name must end in");
  refused("--timeline a.csv", 2, "the name must end in .json or .json.gz, not a.csv");
  refused("--timeline-from 3", 2, "--timeline-from requires --timeline");
  refused("--timeline-to 3", 2, "--timeline-to requires --timeline");
  refused("--timeline-requests", 2, "--timeline-requests requires --timeline");
  refused("--timeline a.json --timeline-from -1", 2, "a number of seconds >= 0 is wanted, not -1");
  refused("--timeline a.json --timeline-to nan", 2, "a number of seconds >= 0 is wanted, not nan");
  refused("--timeline a.json --timeline-from 5 --timeline-to 4", 2, "--timeline-from 5 lies after --timeline-to 4");
  refused("--timeline /tmp/tokenworks_no_such_run/report.json", 2, "there the run writes its report.json");
  refused("--requests /tmp/../tmp/tokenworks_no_such_run/series.csv", 2, "there the run writes its series.csv");
  CHECK_FALSE(std::filesystem::exists("/tmp/tokenworks_no_such_run"));
  // Found before the run: it would last for days.
  const std::string folder = "--out /tmp --set /clock/duration_s=8640000 --exact-iterations --requests ";
  CHECK(answer_to("run " + kQuickstart + " --quiet " + folder + "/no/such/folder/a.csv", true).exit_code == 1);
  CHECK(answer_to("run " + kQuickstart + " --quiet " + folder + "/no/such/folder/a.csv", true)
            .output.find("cannot write /no/such/folder/a.csv: No such file or directory") != std::string::npos);
}

TEST_CASE("commands: a line of a trace that is at fault is found when it is read, and the input is to blame",
          "[scenario]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tokenworks-trace-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ifstream file(kQuickstart);
  nlohmann::json scenario = nlohmann::json::parse(file);
  nlohmann::json& workload = scenario["workloads"][0];
  workload.erase("lengths");
  workload["arrivals"] = {{"kind", "trace"}, {"format", "tokenworks_jsonl"}, {"path", "trace.jsonl"}};
  std::ofstream(folder / "scenario.json") << scenario;
  std::ofstream trace(folder / "trace.jsonl");
  for (int i = 0; i < 3000; ++i) {  // more than `check` reads
    trace << "{\"arrival_s\": " << i << ", \"input_tokens\": 10, \"output_tokens\": 5}\n";
  }
  trace << "nonsense\n";
  trace.close();
  const std::string run = (folder / "scenario.json").string() + " --quiet --out " + (folder / "out").string();
  const Answer answer = answer_to("run " + run + " --set /clock/duration_s=10000", true);
  CAPTURE(answer.output);
  CHECK(answer.exit_code == 2);
  CHECK(answer.output.find("trace.jsonl:3001: not valid JSON") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "out" / "report.json"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("command year: files and a table, or faults; points of runs are kept", "[tools]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tokenworks_year_" + std::to_string(getpid()));
  const std::string example = TOKENWORKS_SOURCE_DIR "/scenarios/examples/year_direct_to_chip.json";
  const std::string out = " --out " + folder.string();
  const Answer year = answer_to("year " + example + out);
  CHECK(year.exit_code == 0);
  CHECK(year.output.find("Peak hour") != std::string::npos);
  for (const char* file : {"year.json", "hours.csv", "year_run.json"}) CHECK(std::filesystem::exists(folder / file));

  CHECK(answer_to("year /no/such/file.json").exit_code == 2);
  const Answer bad = answer_to("year " + example + out + " --set /year/demand/kind=storm", true);
  CHECK(bad.exit_code == 2);
  CHECK(bad.output.find("/year/demand") != std::string::npos);
  const Answer no_points = answer_to("year " + example + out + " --set /year/operating_points=[]", true);
  CHECK(no_points.exit_code == 2);
  CHECK(no_points.output.find("/year/operating_points: there is neither a point nor a workload") != std::string::npos);

  // A scenario that says nothing of a year: its usual day, and points by runs, which the next year reads again.
  const std::string points = (folder / "points.json").string();
  const std::string command =
      "year " + kQuickstart + out + " --quiet --points 1 --set /clock/duration_s=120 --points-file " + points;
  CHECK(answer_to(command).exit_code == 0);
  REQUIRE(std::filesystem::exists(points));
  const auto written = std::filesystem::last_write_time(points);
  CHECK(answer_to(command + " --set /site/weather/dry_bulb_c=30").exit_code == 0);
  CHECK(std::filesystem::last_write_time(points) == written);
  std::ofstream(points) << "{}";
  CHECK(answer_to(command).exit_code == 2);
  std::filesystem::remove_all(folder);
}
