// Runs that are watched: the lines of --requests and the events of --timeline, on the whole program.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"
#include "tests/laws/random_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

using Track = std::pair<int, int>;  // process, thread
using Span = std::pair<std::int64_t, std::int64_t>;

const std::vector<std::string> kWatched = {"--requests", "requests.csv", "--timeline", "timeline.json",
                                           "--timeline-requests"};

ProgramRun watched(const json& scenario, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = kWatched;
  arguments.insert(arguments.end(), more.begin(), more.end());
  ProgramRun run = run_program(scenario, arguments);
  INFO(run.messages);
  REQUIRE(run.exit_code == 0);
  return run;
}

double number(const json& value) { return value.get<double>(); }

// ---- Requests -----------------------------------------------------------------------------------------------------

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const std::string& table) {
  const auto cells_of = [](const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char letter : line) {
      if (letter == ',') {
        cells.emplace_back();
      } else {
        cells.back() += letter;
      }
    }
    return cells;
  };
  std::stringstream lines(table);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> columns = cells_of(line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    REQUIRE(cells.size() == columns.size());
    for (std::size_t i = 0; i < cells.size(); ++i) (i == 0 ? rows.emplace_back() : rows.back())[columns[i]] = cells[i];
  }
  return rows;
}

double value(const Row& row, const char* column) { return std::strtod(row.at(column).c_str(), nullptr); }
bool has(const Row& row, const char* column) { return !row.at(column).empty(); }

/// All columns but the energy, whose last digit may differ.
std::string without_energy(const std::string& table) {
  std::stringstream lines(table);
  std::string text;
  for (std::string line; std::getline(lines, line);) text += line.substr(0, line.rfind(',')) + "\n";
  return text;
}

void check_same_energies(const std::vector<Row>& a, const std::vector<Row>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = value(a[i], "gpu_energy_j"), y = value(b[i], "gpu_energy_j");
    if (std::abs(x - y) > 1.01e-5 * std::abs(x)) FAIL_CHECK("line " << i << ": " << x << " and " << y << " J");
  }
}

/// What the lines say is what the report says.
void check_against_report(const std::vector<Row>& rows, const json& report) {
  for (const json& service : report.at("services")) {
    std::map<std::string, std::int64_t> outcomes;
    std::int64_t arrived = 0, generated = 0, preemptions = 0;
    for (const Row& row : rows) {
      if (row.at("service") != service.at("name")) continue;
      ++arrived;
      ++outcomes[row.at("outcome")];
      generated += std::stoll(row.at("generated_tokens"));
      preemptions += std::stoll(row.at("preemptions"));
    }
    const json& counts = service.at("requests");
    CHECK(arrived == counts.at("arrived"));
    for (const char* outcome : {"completed", "failed", "cancelled", "timed_out", "sent_on", "unfinished"}) {
      CHECK(outcomes[outcome] == counts.at(outcome));
    }
    std::int64_t rejected = 0;
    for (const auto& [outcome, count] : outcomes) {
      if (outcome.starts_with("rejected:")) rejected += count;
    }
    CHECK(rejected == counts.at("rejected"));
    CHECK(generated == service.at("tokens").at("output"));
    CHECK(preemptions == service.at("kv_cache").at("preemptions"));
  }
}

void check_rows(const std::vector<Row>& rows) {
  double last_end = 0, last_arrival = 0;
  bool over = false;
  for (const Row& row : rows) {
    CAPTURE(row);
    const std::string& outcome = row.at("outcome");
    if (outcome == "unfinished") {
      over = true;
      CHECK_FALSE(has(row, "end_s"));
      CHECK(value(row, "arrival_s") >= last_arrival);
      last_arrival = value(row, "arrival_s");
    } else {
      CHECK_FALSE(over);
      CHECK(value(row, "end_s") >= last_end);
      last_end = value(row, "end_s");
    }
    const bool completed = outcome == "completed";
    CHECK(has(row, "e2e_s") == completed);
    CHECK(has(row, "tpot_s") == (completed && value(row, "output_tokens") > 1));
    CHECK(has(row, "first_token_s") == (value(row, "generated_tokens") > 0));
    CHECK(has(row, "ttft_s") == has(row, "first_token_s"));
    if (completed) CHECK(row.at("generated_tokens") == row.at("output_tokens"));
    CHECK((has(row, "replica") || value(row, "gpu_energy_j") == 0.0));
    CHECK(has(row, "replica") >= has(row, "first_token_s"));
    CHECK(value(row, "gpu_energy_j") >= 0.0);
  }
}

// ---- Timeline -----------------------------------------------------------------------------------------------------

std::int64_t nanoseconds(const json& microseconds) { return std::llround(number(microseconds) * 1000); }

struct Timeline {
  std::map<Track, std::vector<Span>> decoding;                       // neighbours joined
  std::map<Track, std::int64_t> busy, down;                          // nanoseconds
  std::map<Track, std::int64_t> sequence_steps;                      // of runs of decode steps
  std::map<int, std::string> services;                               // by process
  std::vector<std::string> others;                                   // prompts, states, instants
  std::map<std::string, std::int64_t> outcomes, preempted_requests;  // of requests, by service and outcome
  std::int64_t preempted = 0;
};

/// Reads it as a viewer would, and checks what holds for every timeline.
Timeline read_timeline(const std::string& text) {
  const json file = json::parse(text);
  CHECK(file.at("displayTimeUnit") == "ms");
  Timeline timeline;
  std::map<Track, std::int64_t> last_end, last_instant;
  std::map<std::string, std::int64_t> last_counter;
  std::map<std::string, std::pair<std::string, std::int64_t>> open;  // request: phase, begin
  for (const json& event : file.at("traceEvents")) {
    const std::string phase = event.at("ph"), name = event.at("name");
    const int process = event.at("pid");
    if (phase == "M") {
      if (name == "process_name") timeline.services[process] = event.at("args").at("name");
      continue;
    }
    const std::int64_t at = nanoseconds(event.at("ts"));
    const Track track{process, event.value("tid", 0)};
    CAPTURE(event.dump());
    CHECK(timeline.services.count(process) == 1);
    if (phase == "X") {
      const std::int64_t duration = nanoseconds(event.at("dur"));
      CHECK(duration >= 0);
      CHECK(at >= last_end[track]);  // sorted, and none over another
      last_end[track] = at + duration;
      if (name == "decode") {
        std::vector<Span>& spans = timeline.decoding[track];
        if (!spans.empty() && spans.back().second == at) {
          spans.back().second = at + duration;
        } else {
          spans.emplace_back(at, at + duration);
        }
        const json& args = event.at("args");
        const std::int64_t steps = args.at("steps"), sequences = args.at("sequences");
        CHECK((steps > 0) != args.value("cut", false));
        timeline.sequence_steps[track] += steps * sequences;
        timeline.busy[track] += duration;
      } else {
        timeline.others.push_back(event.dump());
        (name == "down" || name == "loading weights" ? timeline.down : timeline.busy)[track] += duration;
      }
    } else if (phase == "i") {
      CHECK(at >= last_instant[track]);
      last_instant[track] = at;
      timeline.others.push_back(event.dump());
      if (name == "preempted") ++timeline.preempted;
    } else if (phase == "C") {
      std::int64_t& last = last_counter[std::to_string(process) + name];
      CHECK(at >= last);
      last = at;
      for (const auto& [what, level] : event.at("args").items()) {
        CHECK(number(level) >= 0);
        if (what == "share") CHECK(number(level) <= 1);
      }
    } else if (phase == "b") {
      CHECK(open.emplace(event.at("id"), std::pair(name, at)).second);
    } else {
      REQUIRE(phase == "e");
      const auto begun = open.find(event.at("id"));
      REQUIRE(begun != open.end());
      CHECK(begun->second.first == name);
      CHECK(begun->second.second <= at);
      open.erase(begun);
      if (event.contains("args")) {
        const std::string& service = timeline.services[process];
        ++timeline.outcomes[service + " " + event.at("args").at("outcome").get<std::string>()];
      }
    }
  }
  CHECK(open.empty());
  return timeline;
}

// ---- Energy -------------------------------------------------------------------------------------------------------

/// Of the boards of a service's replicas.
double gpu_energy(const json& report, const json& service) {
  const json& power = report.at("power");
  return number(service.at("energy_j")) / number(power.at("facility_energy_j")) *
         number(power.at("energy_by_j").at("gpu"));
}

/// What the replicas of each service draw together while nobody asks for anything.
std::map<std::string, double> idle_power_w(json scenario) {
  for (json& workload : scenario["workloads"]) {
    workload["arrivals"] = {{"kind", "poisson"}, {"rate_per_s", 1e-9}};
    workload["lengths"] = {{"input", {{"kind", "fixed"}, {"tokens", 1}}},
                           {"output", {{"kind", "fixed"}, {"tokens", 1}}}};
  }
  scenario["clock"]["drain"] = false;
  scenario.erase("incidents");
  scenario.erase("traffic");
  const ProgramRun run = run_program(scenario);
  INFO(run.messages);
  REQUIRE(run.exit_code == 0);
  std::map<std::string, double> power;
  for (const json& service : run.report.at("services")) {
    CHECK(service.at("requests").at("arrived") == 0);
    power[service.at("name")] = gpu_energy(run.report, service) / number(run.report.at("outcome").at("simulated_s"));
  }
  return power;
}

struct EnergyOfService {
  double requests_j = 0, idle_j = 0, service_j = 0;
  double rounding_j = 0;  // of the lines' digits
};

std::map<std::string, EnergyOfService> energies(const json& scenario, const ProgramRun& run) {
  const std::map<std::string, double> idle_w = idle_power_w(scenario);
  const Timeline timeline = read_timeline(run.timeline);
  const double end = number(run.report.at("outcome").at("simulated_s"));
  std::map<std::string, EnergyOfService> all;
  for (std::size_t s = 0; s < run.report.at("services").size(); ++s) {
    const json& service = run.report.at("services").at(s);
    const std::string name = service.at("name");
    double replicas = 0;
    for (const json& spec : scenario.at("services")) {
      if (spec.at("name") == name) replicas = spec.value("replicas", 1);
    }
    EnergyOfService& energy = all[name];
    double busy_s = 0;
    for (const auto* times : {&timeline.busy, &timeline.down}) {
      for (const auto& [track, time] : *times) {
        if (timeline.services.at(track.first) == name) busy_s += 1e-9 * static_cast<double>(time);
      }
    }
    energy.idle_j = idle_w.at(name) / replicas * (replicas * end - busy_s);
    energy.service_j = gpu_energy(run.report, service);
    for (const Row& row : rows_of(run.requests)) {
      if (row.at("service") != name) continue;
      energy.requests_j += value(row, "gpu_energy_j");
      energy.rounding_j += 5e-6 * value(row, "gpu_energy_j");
    }
  }
  return all;
}

/// A closed loop on one replica with so much memory.
json closed_loop(double memory_gib) {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/models/catalog/gpus/h100_sxm5.json");
  json gpu = json::parse(file);
  gpu["memory_gib"] = memory_gib;
  std::ifstream rack_file(TOKENWORKS_SOURCE_DIR "/models/catalog/racks/dgx_h100.json");
  json rack = json::parse(rack_file);
  rack["gpu"] = "test_gpu";
  return {{"format", "tokenworks.scenario/1"},
          {"name", "loop"},
          {"clock", {{"duration_s", 3000}}},
          {"catalog", {{"gpus", {{"test_gpu", gpu}}}, {"racks", {{"test_rack", rack}}}}},
          {"factory", {{"racks", {{{"name", "row"}, {"kind", "test_rack"}, {"count", 1}}}}}},
          {"services",
           {{{"name", "chat"},
             {"kind", "llm"},
             {"model", "llama_3_1_8b"},
             {"precision", "bf16"},
             {"engine", {{"kind", "vllm"}, {"memory_share", 0.92}}}}}},
          {"workloads",
           {{{"service", "chat"},
             {"arrivals", {{"kind", "closed_loop"}, {"concurrency", 24}, {"requests", 600}, {"think_time_s", 1.5}}},
             {"lengths",
              {{"input", {{"kind", "uniform_share"}, {"nominal_tokens", 600}, {"low", 0.2}, {"high", 1.0}}},
               {"output", {{"kind", "uniform_share"}, {"nominal_tokens", 300}, {"low", 0.1}, {"high", 1.0}}}}}}}}};
}

}  // namespace

TEST_CASE("watched runs: random scenarios tell the same in every mode, and what the report tells", "[law][slow]") {
  FeatureCounts features;
  int preempted = 0, rejected = 0, failed = 0, unfinished = 0, down = 0, incidents = 0, alike = 0;
  for (std::uint64_t seed = 5000; seed < 5024; ++seed) {
    CAPTURE(seed);
    const json scenario = random_scenario(seed, features);
    const ProgramRun run = watched(scenario);
    CHECK(run_program(scenario).report_text == run.report_text);  // watching changes nothing
    const std::vector<Row> rows = rows_of(run.requests);
    check_rows(rows);
    check_against_report(rows, run.report);

    const ProgramRun exact = watched(scenario, {"--exact-iterations"}), synced = watched(scenario, {"--always-sync"});
    CHECK(without_energy(exact.requests) == without_energy(run.requests));
    CHECK(synced.requests == run.requests);
    check_same_energies(rows, rows_of(exact.requests));

    const Timeline timeline = read_timeline(run.timeline), steps = read_timeline(exact.timeline);
    CHECK(synced.timeline == run.timeline);
    CHECK(timeline.services == steps.services);
    CHECK(timeline.others == steps.others);
    CHECK(timeline.decoding == steps.decoding);
    CHECK(timeline.sequence_steps == steps.sequence_steps);
    std::map<std::string, std::int64_t> outcomes;
    for (const Row& row : rows) ++outcomes[row.at("service") + " " + row.at("outcome")];
    CHECK(timeline.outcomes == outcomes);
    std::int64_t preemptions = 0;
    for (const json& service : run.report.at("services")) {
      preemptions += service.at("kv_cache").at("preemptions").get<std::int64_t>();
      if (service.at("requests").at("rejected") > 0) ++rejected;
      if (service.at("requests").at("failed") > 0) ++failed;
      if (service.at("requests").at("unfinished") > 0) ++unfinished;
    }
    CHECK(timeline.preempted == preemptions);
    if (preemptions > 0) ++preempted;
    if (!timeline.down.empty()) ++down;
    if (run.timeline.find("\"s\":\"g\"") != std::string::npos) ++incidents;

    // What boards draw between steps is known here where all replicas of a service are alike, serve all the time, and
    // serve one model.
    const bool others = std::any_of(scenario["services"].begin(), scenario["services"].end(), [](const json& service) {
      return service.contains("pools") || service.contains("autoscaler");
    });
    const json incidents_of = scenario.value("incidents", json::array());
    const bool changes = std::any_of(incidents_of.begin(), incidents_of.end(),
                                     [](const json& incident) { return incident["kind"] == "model_swap"; });
    if (others || changes) continue;
    ++alike;
    for (const auto& [service, energy] : energies(scenario, run)) {
      CAPTURE(service, energy.requests_j, energy.idle_j, energy.service_j);
      CHECK(std::abs(energy.requests_j + energy.idle_j - energy.service_j) <=
            1e-6 * energy.service_j + energy.rounding_j);
    }
  }
  CHECK(preempted >= 2);
  CHECK(rejected >= 2);
  CHECK(failed >= 2);
  CHECK(unfinished >= 2);
  CHECK(down >= 2);
  CHECK(incidents >= 2);
  CHECK(alike >= 5);
}

TEST_CASE("watched runs: energies of requests and of waiting sum to the service's", "[law]") {
  for (const bool tight : {false, true}) {
    const json scenario = closed_loop(tight ? 17.6 : 80.0);
    const ProgramRun run = watched(scenario);
    const json& service = run.report.at("services").at(0);
    CAPTURE(tight);
    CHECK(service.at("requests").at("completed") == 600);
    CHECK((service.at("kv_cache").at("preemptions") > 0) == tight);
    const EnergyOfService energy = energies(scenario, run).at("chat");
    CAPTURE(energy.requests_j, energy.idle_j, energy.service_j);
    CHECK(energy.idle_j > 0);
    CHECK(energy.requests_j > 0.5 * energy.service_j);
    CHECK(std::abs(energy.requests_j + energy.idle_j - energy.service_j) <= 1e-6 * energy.service_j);
  }
}

TEST_CASE("watched runs: JSON lines and tables say the same, compressed or not", "[law]") {
  const json scenario = closed_loop(80.0);
  const std::vector<Row> rows = rows_of(watched(scenario).requests);
  const ProgramRun run = run_program(scenario, {"--requests", "requests.jsonl", "--timeline", "timeline.json.gz"});
  REQUIRE(run.exit_code == 0);
  std::stringstream lines(run.request_lines);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const json object = json::parse(line);
    REQUIRE(count < rows.size());
    REQUIRE(object.size() == rows[count].size());
    for (const auto& [column, cell] : object.items()) {
      const std::string& text = rows[count].at(column);
      if (cell.is_null()) {
        CHECK(text.empty());
      } else if (cell.is_string()) {
        CHECK(text == cell);
      } else {
        CHECK(number(cell) == std::strtod(text.c_str(), nullptr));
      }
    }
  }
  CHECK(count == rows.size());
}

TEST_CASE("watched runs: a window of the timeline holds what touches it, and nothing else", "[law]") {
  const json scenario = closed_loop(80.0);
  const json all = json::parse(watched(scenario).timeline).at("traceEvents");
  const json part =
      json::parse(watched(scenario, {"--timeline-from", "5", "--timeline-to", "6.5"}).timeline).at("traceEvents");
  const auto count = [](const json& events, const std::string& phase, double from_us, double to_us) {
    return std::count_if(events.begin(), events.end(), [&](const json& event) {
      if (event.at("ph") != phase) return false;
      const double start = number(event.at("ts"));
      return start <= to_us && start + event.value("dur", 0.0) >= from_us;
    });
  };
  CHECK(count(part, "X", 5e6, 6.5e6) == count(all, "X", 5e6, 6.5e6));
  CHECK(count(part, "X", 0, 1e12) == count(part, "X", 5e6, 6.5e6));
  CHECK(count(part, "X", 0, 1e12) > 10);
  CHECK(count(part, "C", 0, 1e12) == count(part, "C", 5e6, 6.5e6));
  CHECK(count(part, "b", 0, 1e12) < count(all, "b", 0, 1e12));
  CHECK(count(part, "b", 0, 1e12) == count(part, "e", 0, 1e12));
}
