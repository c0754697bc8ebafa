// What failures of power and cooling, and limits on power, do to the work: the shipped examples, shortened, on the
// whole program.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/small_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

json example(const std::string& name, const std::map<std::string, json>& changes) {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/scenarios/examples/" + name + ".json");
  json scenario = json::parse(file);
  for (const auto& [pointer, value] : changes) scenario[json::json_pointer(pointer)] = value;
  return scenario;
}

/// series.csv by columns.
using Series = std::map<std::string, std::vector<double>>;
Series series_of(const ProgramRun& run) {
  std::istringstream lines(run.series);
  std::string line, cell;
  std::vector<std::string> names;
  std::getline(lines, line);
  for (std::istringstream cells(line); std::getline(cells, cell, ',');) names.push_back(cell);
  Series series;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    for (const std::string& name : names) {
      std::getline(cells, cell, ',');
      series[name].push_back(std::stod(cell));
    }
  }
  return series;
}

/// Mean of a column over the intervals that lie within two dates.
double mean(const Series& series, const std::string& column, double from, double until) {
  const std::vector<double>& time = series.at("time_s");
  const double interval = time.at(1) - time.at(0);
  double sum = 0.0;
  int count = 0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    if (time[i] < from || time[i] + interval > until) continue;
    sum += series.at(column)[i];
    ++count;
  }
  REQUIRE(count > 0);
  return sum / count;
}

/// Longest time without a break in which a column is above its limit at the end of the interval.
template <class Limit>
double longest_time_over(const Series& series, const std::string& column, Limit limit) {
  const std::vector<double>&time = series.at("time_s"), &values = series.at(column);
  const double interval = time.at(1) - time.at(0);
  double longest = 0.0, now = 0.0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    now = values[i] > limit(time[i] + interval) ? now + interval : 0.0;
    longest = std::max(longest, now);
  }
  return longest;
}

const json& incident(const ProgramRun& run) { return run.report.at("incidents").at(0); }
double effect(const ProgramRun& run, const std::string& name) {
  const json& effects = incident(run).at("effects");
  INFO(effects.dump());
  REQUIRE(effects.contains(name));
  return number(effects.at(name));
}
bool has_effect(const ProgramRun& run, const std::string& name) { return incident(run).at("effects").contains(name); }

double requests(const ProgramRun& run, const std::string& service, const std::string& outcome) {
  return number(service_of(run, service).at("requests").at(outcome));
}
void check_that_nothing_is_lost(const ProgramRun& run) {
  for (const json& service : run.report.at("services")) {
    CAPTURE(service.at("name"), service.at("requests").dump());
    CHECK(service.at("requests").at("completed") == service.at("requests").at("arrived"));
  }
}

/// Dates of an event in the power tree, in their order.
std::vector<double> dates(const ProgramRun& run, const std::string& event) {
  std::vector<double> list;
  for (const json& one : run.report.at("power").at("events")) {
    if (one.at("event") == event) list.push_back(number(one.at("at_s")));
  }
  return list;
}

// The coolant ---------------------------------------------------------------------------------------------------------

constexpr double kStopped = 120, kRepaired = 420;

ProgramRun pump_stops(const json& left, double restart_after) {
  json scenario =
      example("pump_stops",
              {{"/clock/duration_s", 900}, {"/factory/restart_after_s", restart_after}, {"/report/interval_s", 10}});
  scenario["incidents"] = {{{"kind", "cooling_pump_failure"},
                            {"at_s", kStopped},
                            {"target", "row_a"},
                            {"repair_after_s", kRepaired - kStopped}}};
  scenario["incidents"][0].update(left);
  return completed(scenario);
}

// The grid ------------------------------------------------------------------------------------------------------------

ProgramRun grid_lost(const std::map<std::string, json>& changes) {
  std::map<std::string, json> all = {
      {"/clock/duration_s", 600}, {"/incidents/0/at_s", 100}, {"/incidents/0/repair_after_s", 200}};
  all.insert(changes.begin(), changes.end());
  return completed(example("utility_lost", all));
}

ProgramRun path_lost(double sized_for_w) {
  return completed(example("path_lost", {{"/clock/duration_s", 1000},
                                         {"/incidents/0/at_s", 100},
                                         {"/incidents/0/repair_after_s", 600},
                                         {"/factory/restart_after_s", 60},
                                         {"/factory/power/sized_for_w", sized_for_w}}));
}
/// Of the rating of both UPS, what the racks draw before a path is lost.
double share_of_rating(const ProgramRun& run) {
  return mean(series_of(run), "it_power_w", 50, 100) /
         number(run.report.at("power").at("ratings_w").at("ups_rating_w"));
}

// Limits on power -----------------------------------------------------------------------------------------------------

struct Controller {
  double interval = 2, delay = 2;
  json settings = {{"kind", "proportional"}, {"target_share", 0.95}, {"brake_share", 1.05}};
};

/// So many servers with 128 users each on a busway with a limit. Intervals of the series are the readings.
ProgramRun on_a_busway(int servers, double limit_w, const Controller& controller = {}) {
  json policy = controller.settings;
  policy.update(
      {{"interval_s", controller.interval}, {"window_s", controller.interval}, {"delay_s", controller.delay}});
  return completed(example("oversubscription", {{"/clock/duration_s", 240},
                                                {"/clock/warm_up_s", 60},
                                                {"/factory/racks/0/count", servers},
                                                {"/services/0/replicas", 2 * servers},
                                                {"/workloads/0/arrivals/concurrency", 128 * servers},
                                                {"/factory/power_control/limits/0/limit_w", limit_w},
                                                {"/factory/power_control/policy", policy},
                                                {"/report/interval_s", controller.interval}}));
}
const json& limit_of(const ProgramRun& run) { return run.report.at("power").at("limits").at(0); }
double tokens_per_s(const ProgramRun& run) { return number(service_of(run, "chat").at("output_tokens_per_s")); }

}  // namespace

TEST_CASE("pump failure: where the coolant stands, GPUs slow down, then shut down, and serve again after the restart",
          "[law]") {
  const double restart = 500;  // later than the repair
  const ProgramRun run = pump_stops({{"flow_share", 0}}, restart);
  const double slowed = effect(run, "time_to_throttle_s"), dark = effect(run, "time_to_shutdown_s");
  CHECK(slowed > 5);
  CHECK(dark > slowed + 1);
  CHECK(dark < 60);
  CHECK(effect(run, "replicas_down") == 9);
  CHECK(effect(run, "requests_failed") > 0);
  CHECK(effect(run, "requests_failed") == requests(run, "reasoning", "failed"));
  CHECK(requests(run, "reasoning", "rejected") > 0);
  CHECK(effect(run, "dark_s") == Approx(restart));
  const Series series = series_of(run);
  const double up = kStopped + dark + restart;
  const double usual = mean(series, "reasoning.output_tokens", 60, kStopped);
  CHECK(mean(series, "reasoning.output_tokens", kStopped + dark + 10, up) == 0.0);
  CHECK(mean(series, "reasoning.output_tokens", up + 60, 900) > 0.8 * usual);
}

TEST_CASE("pump failure: racks that may start sooner wait until their coolant flows again", "[law]") {
  const ProgramRun run = pump_stops({{"flow_share", 0}}, 60);
  const double up = kStopped + effect(run, "time_to_shutdown_s") + effect(run, "dark_s");
  CHECK(up >= kRepaired);
  CHECK(up < kRepaired + 120);
  const Series series = series_of(run);
  CHECK(mean(series, "reasoning.output_tokens", kRepaired - 100, kRepaired) == 0.0);
  CHECK(mean(series, "reasoning.output_tokens", up + 60, 900) > 0.0);
}

TEST_CASE("pump failure: a tenth of the flow slows GPUs down until the repair, and nothing is lost", "[law]") {
  const ProgramRun run = pump_stops({{"flow_share", 0.1}}, 500);
  check_that_nothing_is_lost(run);
  CHECK(has_effect(run, "time_to_throttle_s"));
  CHECK_FALSE(has_effect(run, "time_to_shutdown_s"));
  CHECK(effect(run, "dark_s") == 0.0);
  CHECK(effect(run, "least_clock_share") < 0.9);
  CHECK(effect(run, "slowed_s") > 100);
  const Series series = series_of(run);
  CHECK(mean(series, "row_a.clock_share", 60, kStopped) == 1.0);
  CHECK(mean(series, "row_a.clock_share", kStopped + effect(run, "time_to_throttle_s"), kRepaired) < 1.0);
  CHECK(mean(series, "row_a.clock_share", kRepaired + 30, 900) == 1.0);
}

TEST_CASE("pump failure: spare pumps are lost first, the others' flow goes by their curve, and failures add up",
          "[law]") {
  const std::string hottest = "row_a.hottest_chip_c", coolant = "row_a.coolant_c";
  const ProgramRun whole = pump_stops({{"flow_share", 1}}, 500);
  CHECK(pump_stops({{"pumps", 1}}, 500).series == whole.series);  // one of three, two of which carry the flow
  CHECK(pump_stops({{"pumps", 3}}, 500).series == pump_stops({{"flow_share", 0}}, 500).series);

  // Alone a pump runs out on its curve: 1 - 6.16 (2 y - 1) = y^2.
  const ProgramRun two = pump_stops({{"pumps", 2}}, 500);
  const double flow = -6.16 + std::sqrt(6.16 * 6.16 + 7.16);
  const Series by_pumps = series_of(two), by_flow = series_of(pump_stops({{"flow_share", flow}}, 500));
  double largest = 0.0;
  for (std::size_t i = 0; i < by_pumps.at(hottest).size(); ++i) {
    largest = std::max(largest, std::abs(by_pumps.at(hottest)[i] - by_flow.at(hottest)[i]));
  }
  CHECK(largest < 1e-6);
  CHECK(mean(by_pumps, hottest, 300, kRepaired) > mean(series_of(whole), hottest, 300, kRepaired) + 2);
  CHECK(std::abs(mean(by_pumps, hottest, 600, 900) - mean(series_of(whole), hottest, 600, 900)) < 1);
  check_that_nothing_is_lost(two);

  // Two that fail one at a time are two that fail at once.
  json scenario = example("pump_stops", {{"/clock/duration_s", 900}, {"/report/interval_s", 10}});
  const json one = {{"kind", "cooling_pump_failure"},
                    {"at_s", kStopped},
                    {"target", "row_a"},
                    {"pumps", 1},
                    {"repair_after_s", kRepaired - kStopped}};
  scenario["factory"]["restart_after_s"] = 500;
  scenario["incidents"] = {one, one};
  CHECK(completed(scenario).series == two.series);
}

TEST_CASE("temperatures: the hottest GPU is as warm looked at once a second as followed at each change", "[law]") {
  for (const int seed : {1, 2, 3}) {
    CAPTURE(seed);
    // On a warm day all GPUs at full power would be too much for the dry coolers, and each change is followed.
    const auto above_coolant = [&](double dry_bulb_c) {
      const Series series = series_of(completed(example("pump_stops", {{"/clock/duration_s", 900},
                                                                       {"/report/interval_s", 10},
                                                                       {"/seed", seed},
                                                                       {"/incidents", json::array()},
                                                                       {"/site/weather/dry_bulb_c", dry_bulb_c}})));
      return mean(series, "row_a.hottest_chip_c", 300, 900) - mean(series, "row_a.coolant_c", 300, 900);
    };
    CHECK(std::abs(above_coolant(0) - above_coolant(25)) < 0.6);
  }
}

TEST_CASE("grid lost: batteries carry the racks, generators take over, and nothing is lost", "[law]") {
  const ProgramRun run = grid_lost({{"/factory/power/generator", {{"start_time_s", 9}, {"retransfer_delay_s", 100}}}});
  check_that_nothing_is_lost(run);
  const std::vector<double> on_battery = dates(run, "on_battery"), generators = dates(run, "generator_on");
  REQUIRE(on_battery.size() == 2);
  REQUIRE(generators.size() == 2);
  CHECK(on_battery[0] == 100.0);
  const json& sources = run.report.at("power").at("sources");
  CHECK(number(sources.at("time_on_battery_s")) == Approx(2 * (generators[0] - 100)));  // of two batteries
  CHECK(generators[0] >= 109);
  CHECK(generators[0] < 130);
  CHECK(effect(run, "racks_dark_s") == 0.0);
  CHECK(effect(run, "cooling_dark_s") >= generators[0] - 100);
  CHECK(effect(run, "cooling_dark_s") < 60);
  // The load returns to the grid 100 s after it is back; until then it feeds transformers without load.
  const Series series = series_of(run);
  CHECK(mean(series, "grid_power_w", 50, 100) > 50e3);
  CHECK(mean(series, "grid_power_w", 100, 300) == 0.0);
  CHECK(mean(series, "grid_power_w", 300, 400) < 1e3);
  CHECK(mean(series, "grid_power_w", 420, 600) > 50e3);
  CHECK(mean(series, "it_power_w", 100, 110) > 50e3);
  CHECK(number(sources.at("generators_j")) > 0.9 * 290 * mean(series, "it_power_w", 110, 400));
}

TEST_CASE("grid lost: without generators racks go dark when their batteries are empty", "[law]") {
  double last = 0.0;
  for (const double ride_through : {5.0, 10.0, 20.0}) {
    CAPTURE(ride_through);
    const ProgramRun run = grid_lost({{"/factory/power/generators", false},
                                      {"/factory/power/battery", {{"ride_through_s", ride_through}}},
                                      {"/factory/restart_after_s", 50}});
    const std::vector<double> empty = dates(run, "battery_empty");
    REQUIRE(empty.size() == 2);
    CHECK(empty[0] >= 100 + ride_through);  // at full load
    CHECK(empty[0] > last);
    last = empty[1];
    CHECK(effect(run, "racks_dark_s") == Approx(300 - empty[1]));
    CHECK(requests(run, "reasoning", "failed") > 0);
    CHECK(requests(run, "reasoning", "failed") == effect(run, "requests_failed"));
    const Series series = series_of(run);
    CHECK(mean(series, "it_power_w", empty[1] + 5, 300) == 0.0);
    CHECK(mean(series, "reasoning.output_tokens", empty[1] + 5, 350) == 0.0);
    CHECK(mean(series, "reasoning.output_tokens", 380, 600) > 0.0);
  }
}

TEST_CASE("grid lost: while the same feed is down for another reason, power is back when both are over", "[law]") {
  const auto loss = [](double at, double until) {
    return json{{"kind", "utility_loss"}, {"at_s", at}, {"repair_after_s", until - at}};
  };
  const auto down = [](double at, double until) {
    return json{{"kind", "power_path_down"}, {"target", "utility"}, {"at_s", at}, {"repair_after_s", until - at}};
  };
  for (const json& incidents : {json{loss(100, 300), down(150, 400)}, json{down(100, 300), loss(150, 400)},
                                json{loss(100, 400), down(150, 200)}, json{down(100, 400), loss(150, 200)},
                                json{loss(100, 250), loss(150, 400)}, json{down(100, 300), down(300, 400)}}) {
    CAPTURE(incidents.dump());
    json scenario = example("utility_lost", {{"/clock/duration_s", 600},
                                             {"/factory/restart_after_s", 30},
                                             {"/factory/power/redundancy", "n"},
                                             {"/factory/power/ups", "none"},
                                             {"/factory/power/generators", false}});
    scenario["incidents"] = incidents;
    const Series series = series_of(completed(scenario));
    CHECK(mean(series, "grid_power_w", 50, 100) > 50e3);
    CHECK(mean(series, "grid_power_w", 100, 400) == 0.0);
    CHECK(mean(series, "facility_power_w", 100, 400) == 0.0);
    CHECK(mean(series, "grid_power_w", 400, 405) > 1e3);
    CHECK(mean(series, "reasoning.output_tokens", 100, 430) == 0.0);
    CHECK(mean(series, "reasoning.output_tokens", 450, 600) > 0.0);
  }
}

TEST_CASE("path lost: with 60 % on each path the other one's breaker opens after minutes, with 45 % nothing is lost",
          "[law]") {
  const ProgramRun lost = path_lost(63e3);
  CHECK(share_of_rating(lost) > 0.57);
  CHECK(share_of_rating(lost) < 0.63);
  const std::vector<double> opened = dates(lost, "breaker_opened");
  REQUIRE_FALSE(opened.empty());
  CHECK(opened[0] > 100 + 60);
  CHECK(opened[0] < 100 + 600);
  CHECK(effect(lost, "rack_groups_dark") == 1);
  CHECK(effect(lost, "racks_dark_s") == Approx(700 - opened[0]));
  CHECK(effect(lost, "requests_failed") > 0);
  CHECK(requests(lost, "reasoning", "rejected") > 0);
  const Series series = series_of(lost);
  CHECK(mean(series, "it_power_w", opened[0] + 5, 700) == 0.0);
  CHECK(mean(series, "reasoning.output_tokens", 780, 820) > 0.0);  // the first path is back at 700 s

  const ProgramRun carried = path_lost(84e3);
  CHECK(share_of_rating(carried) > 0.42);
  CHECK(share_of_rating(carried) < 0.48);
  CHECK(dates(carried, "breaker_opened").empty());
  check_that_nothing_is_lost(carried);
}

TEST_CASE("path lost: the more a path is overloaded, the sooner its breaker opens", "[law]") {
  double last = 0.0;
  for (const double sized_for_w : {55e3, 60e3, 65e3}) {
    CAPTURE(sized_for_w);
    const std::vector<double> opened = dates(path_lost(sized_for_w), "breaker_opened");
    REQUIRE_FALSE(opened.empty());
    CHECK(opened[0] > last);
    last = opened[0];
  }
}

TEST_CASE("demand response: the reduction is kept from the ramp's end on, and batch work alone pays for it", "[law]") {
  constexpr double kAt = 300, kRamp = 100, kEnd = 800, kInterval = 2, kDelay = 2;
  for (const double reduction : {0.15, 0.25, 0.35}) {
    CAPTURE(reduction);
    json scenario = example("demand_response", {{"/clock/duration_s", 1000}, {"/report/interval_s", kInterval}});
    scenario["incidents"][0].update({{"at_s", kAt},
                                     {"baseline_s", 200},
                                     {"ramp_s", kRamp},
                                     {"duration_s", kEnd - kAt},
                                     {"reduction_share", reduction}});
    scenario["factory"]["power_control"]["policy"].update(
        {{"interval_s", kInterval}, {"window_s", kInterval}, {"delay_s", kDelay}});
    const ProgramRun run = completed(scenario);
    const Series series = series_of(run);
    const double baseline = mean(series, "grid_power_w", kAt - 200, kAt);
    const double target = baseline * (1 - reduction);
    CHECK(effect(run, "baseline_w") == Approx(baseline));
    CHECK(effect(run, "target_w") == Approx(target));
    CHECK(effect(run, "met") == 1.0);
    CHECK(effect(run, "mean_w_after_ramp") == Approx(mean(series, "grid_power_w", kAt + kRamp, kEnd)));
    CHECK(effect(run, "mean_w_after_ramp") <= target);
    CHECK(effect(run, "mean_w_after_ramp") > 0.9 * target);  // no more is given than asked for
    const auto limit = [&](double now) {
      if (now <= kAt || now > kEnd) return std::numeric_limits<double>::infinity();
      return baseline * (1 - reduction * std::min(1.0, (now - kAt) / kRamp));
    };
    CHECK(longest_time_over(series, "grid_power_w", limit) <= kInterval + kDelay);
    check_that_nothing_is_lost(run);
    CHECK(number(service_of(run, "chat").at("slo").at("attainment")) >= 0.99);
    const std::string documents = "documents.output_tokens", chat = "chat.output_tokens";
    CHECK(mean(series, documents, kAt + kRamp, kEnd) < 0.95 * mean(series, documents, kAt - 200, kAt));
    CHECK(mean(series, chat, kAt + kRamp, kEnd) > 0.97 * mean(series, chat, kAt - 200, kAt));
    CHECK(mean(series, "grid_power_w", kEnd + kRamp + 50, 1000) > 0.97 * baseline);
  }
}

TEST_CASE("power limit: it is exceeded no longer than the controller takes, and lower limits never give more tokens",
          "[law]") {
  const json usual = Controller().settings;
  for (const Controller& controller :
       {Controller(), Controller{1, 4, usual}, Controller{4, 0, usual}, Controller{2, 2, {{"kind", "proportional"}}},
        Controller{2, 2, {{"kind", "proportional"}, {"target_share", 0.95}, {"brake_share", 2}}}}) {
    CAPTURE(controller.interval, controller.delay, controller.settings.dump());
    double last = std::numeric_limits<double>::infinity();
    for (const double limit_w : {60e3, 50e3, 45e3, 40e3}) {  // eight servers draw 52 kW
      CAPTURE(limit_w);
      const ProgramRun run = on_a_busway(8, limit_w, controller);
      const Series series = series_of(run);
      CHECK(longest_time_over(series, "it_power_w", [&](double) { return limit_w; }) <=
            2 * controller.interval + controller.delay);  // the window is an interval long
      CHECK(mean(series, "it_power_w", 60, 240) <= limit_w);
      CHECK((number(limit_of(run).at("capped_s")) > 0.0) == (limit_w < 52e3));
      CHECK(tokens_per_s(run) <= last);
      last = tokens_per_s(run);
      check_that_nothing_is_lost(run);
    }
  }
}

TEST_CASE("oversubscription: tokens rise with the servers until caps bite, then less, and level", "[law]") {
  constexpr double kLimit = 60e3;
  std::vector<double> tokens;
  std::vector<bool> capped;
  const std::vector<int> servers = {6, 7, 8, 10, 12, 14};
  for (const int count : servers) {
    const ProgramRun run = on_a_busway(count, kLimit);
    tokens.push_back(tokens_per_s(run));
    capped.push_back(number(limit_of(run).at("capped_s")) > 60);
    CHECK(mean(series_of(run), "it_power_w", 60, 240) <= kLimit);
  }
  CHECK(capped == std::vector<bool>{false, false, false, true, true, true});
  const double of_one = tokens[0] / servers[0];
  const double most = *std::max_element(tokens.begin(), tokens.end());
  for (std::size_t i = 1; i < servers.size(); ++i) {
    CAPTURE(servers[i], tokens[i]);
    const double gain = (tokens[i] - tokens[i - 1]) / (servers[i] - servers[i - 1]);
    if (!capped[i]) {
      CHECK(gain == Approx(of_one).epsilon(0.05));
    } else {
      CHECK(gain < 0.85 * of_one);
      CHECK(tokens[i] < 0.97 * of_one * servers[i]);
    }
  }
  CHECK(most > 1.1 * tokens[2]);  // more servers under the same limit are worth it at first
  CHECK(tokens.back() <= 1.01 * tokens[tokens.size() - 2]);
  CHECK(tokens.back() > 0.8 * most);
}
