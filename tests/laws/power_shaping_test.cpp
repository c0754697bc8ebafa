// What batteries, ramp limits and power floors change in a run of the whole program, and what not.
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

/// Servers that chat, and that read documents which come in bursts.
json site() {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/scenarios/examples/peak_shaving.json");
  json scenario = json::parse(file);
  scenario["clock"]["duration_s"] = 900;
  return scenario;
}

json power_of(const json& scenario) {
  const ProgramRun run = run_program(scenario);
  INFO(run.messages);
  REQUIRE(run.exit_code == 0);
  json power = run.report.at("power");
  const json& sources = power.at("sources");
  const double in = sources.at("grid_j").get<double>() - sources.at("stored_j").get<double>();
  CHECK_THAT(in, WithinRel(power.at("facility_energy_j").get<double>(), 1e-9));
  json requests = json::array();
  for (const json& service : run.report.at("services")) requests.push_back(service.at("requests"));
  power["requests"] = requests;
  return power;
}

double number(const json& power, const char* key) { return power.at(key).get<double>(); }

}  // namespace

TEST_CASE("power shaping: a battery keeps the grid's peak, and touches no token", "[laws][power]") {
  json without = site();
  without["factory"]["power"].erase("grid_storage");
  const json plain = power_of(without), shaved = power_of(site());
  CHECK(number(plain, "peak_grid_w") > 65e3);
  CHECK(number(shaved, "peak_grid_w") > 59e3);
  CHECK(number(shaved, "peak_grid_w") < 61e3);  // the limit, and the loss of the transformers above it
  CHECK(shaved.at("requests") == plain.at("requests"));
  CHECK(number(shaved, "it_energy_j") == number(plain, "it_energy_j"));
  // What cells lose counts as what the facility uses.
  CHECK(number(shaved, "facility_energy_j") > number(plain, "facility_energy_j"));
  const json& store = shaved.at("stores").at(0);
  CHECK(store.at("node") == "grid_storage");
  CHECK(store.at("discharged_j").get<double>() > 1e6);
  CHECK(store.at("lowest_state_of_charge").get<double>() < 0.9);
}

TEST_CASE("power shaping: a store that takes and gives flattens the grid's ramps", "[laws][power]") {
  json scenario = site();
  json& store = scenario["factory"]["power"]["grid_storage"];
  store["shaping"] = {{"ramp_w_per_min", 10e3}, {"target_share", 0.5}};
  const json flattened = power_of(scenario);
  scenario["factory"]["power"].erase("grid_storage");
  const json plain = power_of(scenario);
  CHECK(number(plain, "largest_grid_rise_w") > 25e3);
  CHECK(number(plain, "largest_grid_fall_w") > 25e3);
  // Each second may stray by a step beside the looks; and the transformers' loss moves along.
  CHECK(number(flattened, "largest_grid_rise_w") < 10.5e3);
  CHECK(number(flattened, "largest_grid_fall_w") < 10.5e3);
}

TEST_CASE("power shaping: caps keep a ramp upwards, and slow the work", "[laws][power]") {
  json scenario = site();
  scenario["factory"]["power"].erase("grid_storage");
  const json plain = power_of(scenario);
  scenario["factory"]["power_control"] = {{"limits", {{{"node", "meter"}, {"limit_w", 1e6}, {"ramp_w_per_min", 12e3}}}},
                                          {"policy", {{"kind", "proportional"}}}};
  const json capped = power_of(scenario);
  const json& limit = capped.at("limits").at(0);
  CHECK(limit.at("can_be_exceeded") == true);
  CHECK(limit.at("capped_s").get<double>() > 10.0);
  // A burst is seen at the next look; brakes act at once, and the look after that sees it.
  CHECK(limit.at("longest_over_limit_s").get<double>() <= 4.0);
  CHECK(number(capped, "it_energy_j") < number(plain, "it_energy_j"));
}

TEST_CASE("power shaping: floors burn what the report says, and smoothing changes no work", "[laws][power]") {
  json scenario = site();
  scenario["factory"]["power"].erase("grid_storage");
  const json plain = power_of(scenario);
  json& smoothing = scenario["factory"]["racks"][0]["power_smoothing"];
  smoothing = json::object();
  const json smoothed = power_of(scenario);
  CHECK(smoothed.at("requests") == plain.at("requests"));
  CHECK(number(smoothed, "it_energy_j") == number(plain, "it_energy_j"));
  CHECK(number(smoothed.at("sources"), "power_floors_j") == 0.0);
  CHECK(std::abs(number(smoothed.at("sources"), "stored_j")) < 65.0 * 64 / 2 + 1);

  smoothing["floor_share"] = 0.6;
  double last = 0.0;
  for (const double hold_s : {5.0, 20.0, 60.0}) {
    smoothing["floor_hold_s"] = hold_s;
    const json floored = power_of(scenario);
    CHECK(floored.at("requests") == plain.at("requests"));
    const double burnt = number(floored.at("sources"), "power_floors_j");
    const double more = number(floored.at("energy_by_j"), "gpu") - number(plain.at("energy_by_j"), "gpu");
    CHECK_THAT(burnt, WithinRel(more, 1e-6));
    CHECK(burnt > last);
    last = burnt;
  }
}
