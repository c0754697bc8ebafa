// The laws of the simulator over random scenarios, on the whole program. The seed is fixed and printed.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"
#include "tests/laws/random_scenario.hpp"

using namespace tokenworks;
using namespace tokenworks::testing;
using nlohmann::json;

namespace {

constexpr int kScenarios = 100;  // RapidCheck's own number
constexpr double kRounding = 1e-9;

double number(const json& value) { return value.get<double>(); }

constexpr const char* kReorderedLists[] = {"/services", "/workloads", "/traffic", "/incidents", "/factory/racks"};

/// Everything of the report that must not depend on the order of lists in the scenario. Assumptions name their place by
/// number: `reversed` turns it into that of the scenario before its lists were turned round.
json order_free(json report, const json& scenario, bool reversed) {
  report.erase("scenario");
  report.erase("provenance");
  for (json& assumption : report.at("assumptions")) {
    const std::string subject = assumption.at("subject");
    for (const std::string list : kReorderedLists) {
      if (!reversed || !subject.starts_with(list + "/")) continue;
      std::size_t digits = 0;
      const std::size_t index = std::stoul(subject.substr(list.size() + 1), &digits);
      const std::size_t last = scenario.at(json::json_pointer(list)).size() - 1;
      assumption["subject"] = list + "/" + std::to_string(last - index) + subject.substr(list.size() + 1 + digits);
    }
  }
  std::sort(report["assumptions"].begin(), report["assumptions"].end(),
            [](const json& a, const json& b) { return a.at("subject") < b.at("subject"); });
  return report;
}

/// Whether a replica stands on several nodes of 8 GPUs.
bool spans_nodes(const json& scenario) {
  for (const json& service : scenario["services"]) {
    const json& parallelism = service["parallelism"];
    if (parallelism.value("tensor", 1) * parallelism.value("pipeline", 1) > 8) return true;
  }
  return false;
}

/// Empty, or the first line in which two reports differ.
std::string difference(const std::string& one, const std::string& other) {
  std::stringstream a(one), b(other);
  std::string x, y;
  while (true) {
    const bool more_a = static_cast<bool>(std::getline(a, x));
    const bool more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) return {};
    if (more_a != more_b || x != y) return "<" + x + "> and <" + y + ">";
  }
}

void check_requests_and_tokens(const json& report, const json& scenario) {
  for (const json& service : report.at("services")) {
    const json& requests = service.at("requests");
    const auto count = [&](const char* key) { return requests.at(key).get<std::int64_t>(); };
    RC_ASSERT(count("arrived") == count("completed") + count("rejected") + count("failed") + count("cancelled") +
                                      count("timed_out") + count("sent_on") + count("unfinished"));
    const bool drained = scenario["clock"].value("drain", true);
    if (drained) RC_ASSERT(count("unfinished") == 0);
    RC_ASSERT(number(service.at("kv_cache").at("peak_share")) <= 1.0);
    const json& speculation = service.at("speculation");
    if (!speculation.is_null() && !speculation.at("mean_accepted").is_null()) {
      RC_ASSERT(number(speculation.at("mean_accepted")) >= 1.0);
      RC_ASSERT(number(speculation.at("mean_accepted")) <= 1.0 + number(speculation.at("draft_tokens")));
    }
    // With answers of one fixed length, the tokens of completed requests are known; nothing else adds to them when
    // nothing fails or is left over.
    std::int64_t fixed = -1;
    bool all_fixed = true;
    for (const json& workload : scenario["workloads"]) {
      if (workload["service"] != service["name"]) continue;
      const json& output = workload["lengths"]["output"];
      all_fixed = all_fixed && output["kind"] == "fixed" && (fixed < 0 || output["tokens"] == fixed);
      if (output["kind"] == "fixed") fixed = output["tokens"];
    }
    if (all_fixed && count("failed") == 0 && count("unfinished") == 0) {
      RC_ASSERT(service.at("tokens").at("output").get<std::int64_t>() == fixed * count("completed"));
    }
  }
}

void check_energy(const json& report) {
  const json& power = report.at("power");
  const double facility = number(power.at("facility_energy_j"));
  const double it = number(power.at("it_energy_j"));
  double sum = 0;
  for (const auto& [component, energy] : power.at("energy_by_j").items()) {
    RC_ASSERT(number(energy) >= 0);
    sum += number(energy);
  }
  RC_ASSERT(std::abs(sum - facility) <= 1e-9 * facility);
  RC_ASSERT(facility >= it);
  if (!power.at("pue").is_null()) RC_ASSERT(number(power.at("pue")) >= 1.0);
  double services = number(power.at("unassigned_energy_j"));
  for (const json& service : report.at("services")) services += number(service.at("energy_j"));
  RC_ASSERT(std::abs(services - facility) <= 1e-9 * facility);
}

/// The integral of the series equals the totals.
void check_series(const ProgramRun& run, double interval) {
  const double end = number(run.report.at("outcome").at("simulated_s"));
  std::stringstream lines(run.series);
  std::string line;
  std::getline(lines, line);
  double facility = 0, it = 0;
  for (double start = 0; std::getline(lines, line); start += interval) {
    std::stringstream cells(line);
    std::vector<double> values;
    for (std::string cell; std::getline(cells, cell, ',');) values.push_back(std::strtod(cell.c_str(), nullptr));
    const double length = std::min(interval, end - start);
    it += values.at(2) * length;
    facility += values.at(4) * length;
  }
  // A row is a mean in whole milliwatts.
  const double rounding = 1e-3 * end * 20;
  RC_ASSERT(std::abs(facility - number(run.report.at("power").at("facility_energy_j"))) <= 1e-9 * facility + rounding);
  RC_ASSERT(std::abs(it - number(run.report.at("power").at("it_energy_j"))) <= 1e-9 * it + rounding);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

/// What moves is accounted for by purpose, no link carries more than it can, and the books of power agree.
void check_network(const ProgramRun& run) {
  const json& network = run.report.at("network");
  double bytes = 0;
  for (const json& purpose : network.at("bytes_by_purpose")) {
    RC_ASSERT(number(purpose.at("bytes")) >= 0);
    bytes += number(purpose.at("bytes"));
    const json& congestion = purpose.at("congestion_share");
    if (!congestion.is_null()) RC_ASSERT(number(congestion) >= -kRounding && number(congestion) < 1.0);
  }
  RC_ASSERT(std::abs(bytes - number(network.at("bytes"))) <= kRounding * bytes);
  RC_ASSERT(network.at("energy_j") == run.report.at("power").at("energy_by_j").at("network"));
  RC_ASSERT(run.report.at("storage").at("energy_j") == run.report.at("power").at("energy_by_j").at("storage"));
  for (const json& link : network.at("busiest_links")) {
    RC_ASSERT(number(link.at("mean_utilisation")) <= number(link.at("peak_utilisation")) * (1 + kRounding));
    RC_ASSERT(number(link.at("peak_utilisation")) <= 1 + kRounding);
  }
  std::stringstream lines(run.series);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> columns = cells_of(line);
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!columns.at(i).starts_with("network.")) continue;
      const double utilisation = std::strtod(cells[i].c_str(), nullptr);
      RC_ASSERT(utilisation >= 0);
      RC_ASSERT(utilisation <= 1 + kRounding);
    }
  }
}

}  // namespace

TEST_CASE("laws: conservation, exact energy, same bytes in every mode and order", "[law][slow]") {
  FeatureCounts features;
  int preempted = 0, rejected = 0, failed = 0, queued = 0;
  const bool holds = rc::check("random scenarios", [&] {
    const auto seed = *rc::gen::noShrink(rc::gen::inRange<std::uint64_t>(0, 1'000'000'000));
    const json scenario = random_scenario(seed, features);
    const ProgramRun run = run_program(scenario);
    RC_LOG() << "seed " << seed << ", exit " << run.exit_code << ": " << run.messages;
    RC_ASSERT(run.exit_code == 0);
    check_requests_and_tokens(run.report, scenario);
    check_energy(run.report);
    check_series(run, scenario["report"]["interval_s"]);
    check_network(run);

    const auto differs_with = [&](const std::vector<std::string>& arguments) {
      return difference(run_program(scenario, arguments).report_text, run.report_text);
    };
    RC_ASSERT(differs_with({}) == "");
    RC_ASSERT(differs_with({"--exact-iterations"}) == "");
    RC_ASSERT(differs_with({"--always-sync"}) == "");

    json reordered = scenario;
    for (const char* list : kReorderedLists) {
      if (!reordered.contains(json::json_pointer(list))) continue;
      json& entries = reordered.at(json::json_pointer(list));
      std::reverse(entries.begin(), entries.end());
    }
    const ProgramRun other = run_program(reordered);
    RC_ASSERT(difference(order_free(other.report, scenario, true).dump(1),
                         order_free(run.report, scenario, false).dump(1)) == "");
    RC_ASSERT(difference(other.series, run.series) == "");

    for (const json& service : run.report.at("services")) {
      if (service.at("kv_cache").at("preemptions") > 0) ++preempted;
      if (service.at("requests").at("rejected") > 0) ++rejected;
      if (service.at("requests").at("failed") > 0) ++failed;
      const json& slowest = service.at("ttft_s").at("max");
      if (!slowest.is_null() && number(slowest) > 1.0) ++queued;
    }
  });
  REQUIRE(holds);
  INFO(features.rare());
  CHECK(features.rare().empty());
  // What the features are for did happen.
  CHECK(20 * preempted >= kScenarios);
  CHECK(20 * rejected >= kScenarios);
  CHECK(20 * failed >= kScenarios);
  CHECK(20 * queued >= kScenarios);
}

TEST_CASE("laws: the two solvers of sharing agree end to end", "[law][slow]") {
  FeatureCounts features;
  int compared = 0;
  for (std::uint64_t seed = 0; compared < 6 && seed < 200; ++seed) {
    const json scenario = random_scenario(seed, features);
    // Where steps depend on transfers, a picosecond decides who joins which step.
    if (!scenario.contains("traffic") || !scenario["factory"].contains("fabric") || spans_nodes(scenario)) continue;
    if (scenario.contains("incidents")) continue;
    ++compared;
    const ProgramRun one = run_program(scenario), other = run_program(scenario, {"--simgrid-flows"});
    CAPTURE(seed, one.messages, other.messages);
    REQUIRE(one.exit_code == 0);
    REQUIRE(other.exit_code == 0);
    const auto near = [&](const char* pointer) {
      const json a = one.report.at(json::json_pointer(pointer)), b = other.report.at(json::json_pointer(pointer));
      INFO(pointer << ": " << a << " and " << b);
      CHECK(a.is_null() == b.is_null());
      if (!a.is_null()) CHECK(std::abs(number(a) - number(b)) <= 1e-6 * std::abs(number(a)));
    };
    for (const char* pointer : {"/outcome/simulated_s", "/network/bytes", "/power/facility_energy_j",
                                "/services/0/ttft_s/mean", "/services/0/tpot_s/mean", "/services/0/e2e_s/mean"}) {
      near(pointer);
    }
    for (std::size_t i = 0; i < one.report["network"]["bytes_by_purpose"].size(); ++i) {
      near(("/network/bytes_by_purpose/" + std::to_string(i) + "/duration_s/mean").c_str());
    }
  }
  CHECK(compared == 6);
}
