// Runs that cannot go on end with a message, on the whole program.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/laws/small_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

/// A weather file in which every hour differs from the last, gone again at the end.
class HourlyWeather {
 public:
  HourlyWeather()
      : path_(std::filesystem::temp_directory_path() / ("tokenworks-" + std::to_string(getpid()) + ".epw")) {
    std::ofstream file(path_);
    file << "LOCATION,Testville,TT,TST,made,000000,45.0,5.0,1.0,100.0\nDESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\n"
            "GROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,x\nCOMMENTS 2,y\n"
            "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n";
    const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= days[month - 1]; ++day) {
        for (int hour = 1; hour <= 24; ++hour) {
          file << "2004," << month << "," << day << "," << hour << ",0,?9?9," << 15 + hour % 5
               << ".0,10.0,53,100000,0,0\n";
        }
      }
    }
  }
  ~HourlyWeather() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  json spec() const { return {{"kind", "epw"}, {"path", path_.string()}}; }

 private:
  std::filesystem::path path_;
};

/// Prompts are computed in "row", answers in "far" by a replica that an autoscaler keeps; its node fails for ten
/// seconds, and all requests wait until it is back.
json split_scenario() {
  const json fixed = {{"kind", "fixed"}, {"tokens", 500}};
  Part chat = part("chat", "llama_3_1_8b", 0.9, {{"kind", "poisson"}, {"rate_per_s", 2}}, fixed, fixed);
  chat.service.erase("replicas");
  chat.service["pools"] = {
      {{"name", "prompts"}, {"role", "prefill"}, {"replicas", 1}, {"placement", {{"racks", {"row"}}}}},
      {{"name", "answers"},
       {"role", "decode"},
       {"replicas", 1},
       {"placement", {{"racks", {"far"}}}},
       {"autoscaler", {{"kind", "queue"}, {"min_replicas", 1}, {"max_replicas", 1}}}}};
  json scenario = scenario_of({chat}, 60);
  scenario["factory"]["racks"].push_back({{"name", "far"}, {"kind", "dgx_h100"}, {"count", 1}});
  scenario["factory"]["fabric"] = {{"kind", "fat_tree"}, {"nodes_per_leaf", 1}, {"storage_attachment", "fabric"}};
  scenario["factory"]["storage"] = {{"kind", "parallel_file_system"}, {"read_gb_per_s", 10}};
  scenario["incidents"] = {{{"kind", "node_failure"}, {"target", "far/0"}, {"at_s", 20}, {"repair_after_s", 10}}};
  return scenario;
}

}  // namespace

TEST_CASE("stuck runs: weights that never come are given up at the clock's end, and who waits is turned away",
          "[law]") {
  const HourlyWeather weather;
  json scenario = split_scenario();
  scenario["site"]["weather"] = weather.spec();
  scenario["incidents"].push_back({{"kind", "switch_failure"}, {"target", "leaf_0"}, {"at_s", 25}});
  scenario["incidents"].push_back({{"kind", "switch_failure"}, {"target", "leaf_1"}, {"at_s", 25}});
  const ProgramRun run = run_program(scenario);
  CAPTURE(run.messages);
  REQUIRE(run.exit_code == 0);
  const json& requests = run.report.at("services").at(0).at("requests");
  CHECK(requests.at("unfinished") == 0);
  CHECK(requests.at("rejected") == run.report.at("services").at(0).at("rejections").at("no_replica"));
  CHECK(requests.at("completed").get<int>() + requests.at("rejected").get<int>() + requests.at("failed").get<int>() ==
        requests.at("arrived"));
  CHECK(run.report.at("outcome").at("simulated_s") < 70.0);
}

TEST_CASE("stuck runs: where nothing will ever serve, requests are turned away, and the run ends", "[law]") {
  const HourlyWeather weather;
  json scenario = split_scenario();
  scenario["site"]["weather"] = weather.spec();
  scenario["incidents"][0].erase("repair_after_s");
  const ProgramRun run = run_program(scenario);
  CAPTURE(run.messages);
  REQUIRE(run.exit_code == 0);
  CHECK(run.report.at("services").at(0).at("rejections").at("no_replica") > 0);
}
