// The laws of the simulator over random scenarios, on the whole program. The seed is fixed and printed.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
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

/// Output tokens of a service that were thrown away when its model was changed, and computed again.
std::int64_t discarded_tokens(const json& report, const json& service) {
  double tokens = 0;
  for (const json& incident : report.at("incidents")) {
    if (incident.at("kind") != "model_swap" || incident.at("target") != service.at("name")) continue;
    tokens += incident.at("effects").value("tokens_discarded", 0.0);  // absent: the run ended before
  }
  return std::llround(tokens);
}

constexpr const char* kOutcomes[] = {"completed", "rejected", "failed",    "cancelled",
                                     "timed_out", "sent_on",  "unfinished"};

void check_sum(const json& requests) {
  std::int64_t sum = 0;
  for (const char* outcome : kOutcomes) sum += requests.at(outcome).get<std::int64_t>();
  RC_ASSERT(requests.at("arrived").get<std::int64_t>() == sum);
}

/// Classes, and likewise tenants, divide the requests and the tokens of their service.
void check_groups(const json& service) {
  for (const char* groups : {"classes", "tenants"}) {
    if (service.at(groups).empty()) continue;
    std::map<std::string, std::int64_t> sums;
    for (const json& group : service.at(groups)) {
      check_sum(group.at("requests"));
      for (const auto& [outcome, count] : group.at("requests").items()) sums[outcome] += count.get<std::int64_t>();
      sums["output tokens"] += group.at("completed_tokens").at("output").get<std::int64_t>();
    }
    for (const auto& [outcome, count] : service.at("requests").items()) RC_ASSERT(sums[outcome] == count);
    RC_ASSERT(sums["output tokens"] == service.at("tokens").at("completed_output"));
  }
}

void check_requests_and_tokens(const json& report, const json& scenario) {
  for (const json& service : report.at("services")) {
    const json& requests = service.at("requests");
    const auto count = [&](const char* key) { return requests.at(key).get<std::int64_t>(); };
    check_sum(requests);
    check_groups(service);
    RC_ASSERT(service.at("tokens").at("cached_input") <= service.at("tokens").at("input"));
    for (const json& pool : service.at("pools")) RC_ASSERT(number(pool.at("kv_peak_share")) <= 1.0);
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
      if (!workload.contains("lengths")) {
        all_fixed = false;
        continue;
      }
      const json& output = workload["lengths"]["output"];
      all_fixed = all_fixed && output["kind"] == "fixed" && (fixed < 0 || output["tokens"] == fixed);
      if (output["kind"] == "fixed") fixed = output["tokens"];
    }
    const bool all_done = count("failed") + count("unfinished") + count("cancelled") + count("timed_out") == 0;
    if (all_fixed && all_done) {
      RC_ASSERT(service.at("tokens").at("output").get<std::int64_t>() ==
                fixed * count("completed") + discarded_tokens(report, service));
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
  // What comes from the grid and from generators is used, or in batteries.
  const json& sources = power.at("sources");
  const double given =
      number(sources.at("grid_j")) + number(sources.at("generators_j")) - number(sources.at("stored_j"));
  RC_ASSERT(std::abs(given - facility) <= 1e-9 * facility);
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

// ---- Lines of requests --------------------------------------------------------------------------------------------

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const std::string& table) {
  std::stringstream lines(table);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> columns = cells_of(line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    RC_ASSERT(cells.size() == columns.size());
    rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) rows.back()[columns[i]] = cells[i];
  }
  return rows;
}

/// What the lines of requests say of a service, a class or a tenant is what the report says.
void check_rows_of(const json& counts, const std::vector<const Row*>& rows) {
  std::map<std::string, std::int64_t> outcomes;
  for (const Row* row : rows) ++outcomes[row->at("outcome").substr(0, row->at("outcome").find(':'))];
  RC_ASSERT(static_cast<std::int64_t>(rows.size()) == counts.at("arrived"));
  for (const char* outcome : kOutcomes) RC_ASSERT(outcomes[outcome] == counts.at(outcome));
}

void check_rows(const json& report, const std::vector<Row>& rows) {
  for (const json& service : report.at("services")) {
    const auto of = [&](const char* column, const json& name) {
      std::vector<const Row*> list;
      for (const Row& row : rows) {
        if (row.at("service") == service.at("name") && row.at(column) == name) list.push_back(&row);
      }
      return list;
    };
    const std::vector<const Row*> all = of("service", service.at("name"));
    check_rows_of(service.at("requests"), all);
    for (const json& group : service.at("classes")) check_rows_of(group.at("requests"), of("class", group.at("name")));
    for (const json& group : service.at("tenants")) check_rows_of(group.at("requests"), of("tenant", group.at("name")));
    std::int64_t generated = 0, cached = 0, input = 0;
    for (const Row* row : all) {
      generated += std::stoll(row->at("generated_tokens"));
      RC_ASSERT(std::stoll(row->at("cached_tokens")) < std::stoll(row->at("input_tokens")));
      RC_ASSERT(std::stoll(row->at("generated_tokens")) <= std::stoll(row->at("output_tokens")));
      if (row->at("first_token_s").empty()) continue;
      cached += std::stoll(row->at("cached_tokens"));
      input += std::stoll(row->at("input_tokens"));
    }
    RC_ASSERT(generated + discarded_tokens(report, service) == service.at("tokens").at("output"));
    // A prompt may have been computed by a prefill replica and never have come to its first token.
    if (service.at("handover").is_null()) {
      RC_ASSERT(cached == service.at("tokens").at("cached_input"));
      RC_ASSERT(input == service.at("tokens").at("input"));
    } else {
      RC_ASSERT(cached <= service.at("tokens").at("cached_input"));
      RC_ASSERT(input <= service.at("tokens").at("input"));
    }
  }
}

// ---- Hand-over ----------------------------------------------------------------------------------------------------

/// Bytes of keys and values of a token, from the architectures; the GPUs of a replica hold them once.
double kv_bytes_per_token(const json& service) {
  const std::string model = service["model"];
  const double bytes = service["precision"] == "bf16" ? 2.0 : 1.0;
  double layers = 0, values = 0;  // of keys and values a layer and token: 2 * key heads * head dimension
  if (service.contains("speculation") && service["speculation"]["kind"] == "drafter") return 0;  // not looked at
  if (model == "llama_3_1_8b") layers = 32, values = 2 * 8 * 128;
  if (model == "llama_3_1_70b") layers = 80, values = 2 * 8 * 128;
  if (model == "qwen3_30b_a3b") layers = 48, values = 2 * 4 * 128;
  if (model == "gpt_oss_20b") layers = 24, values = 2 * 8 * 64;
  return layers * values * bytes;
}

/// What crosses for decode replicas is what was computed for them, less what they had; returns the transfers.
std::int64_t check_handover(const json& report, const json& scenario, const std::vector<Row>& rows) {
  double bytes = 0, moved = 0;
  std::int64_t transfers = 0;
  bool all_arrived = scenario["clock"].value("drain", true);
  for (const json& service : report.at("services")) {
    const json& handover = service.at("handover");
    if (handover.is_null()) continue;
    bytes += number(handover.at("bytes"));
    transfers += handover.at("transfers").get<std::int64_t>();
    const json& requests = service.at("requests");
    const auto count = [&](const char* key) { return requests.at(key).get<std::int64_t>(); };
    all_arrived = all_arrived && count("failed") + count("cancelled") + count("timed_out") + count("unfinished") == 0;
    const auto found = std::find_if(scenario["services"].begin(), scenario["services"].end(),
                                    [&](const json& one) { return one["name"] == service.at("name"); });
    const double per_token = kv_bytes_per_token(*found);
    const bool changes = std::any_of(
        report.at("incidents").begin(), report.at("incidents").end(),
        [&](const json& one) { return one.at("kind") == "model_swap" && one.at("target") == service.at("name"); });
    if (per_token > 0 && !changes) {
      RC_ASSERT(std::abs(number(handover.at("bytes")) - per_token * number(handover.at("tokens"))) <=
                kRounding * number(handover.at("bytes")));
    }
    const bool one_way = std::none_of((*found)["pools"].begin(), (*found)["pools"].end(),
                                      [](const json& pool) { return pool["role"] == "serve"; });
    if (!one_way || !all_arrived) continue;
    const std::int64_t local =
        found->contains("disaggregation") ? (*found)["disaggregation"].value("local_prompt_tokens", 0) : 0;
    double prompts = 0;
    std::int64_t handed_over = 0;
    for (const Row& row : rows) {
      if (row.at("service") != service.at("name") || row.at("outcome") != "completed") continue;
      if (std::stoll(row.at("input_tokens")) <= local || row.at("output_tokens") == "1") continue;
      ++handed_over;
      prompts += static_cast<double>(std::stoll(row.at("input_tokens")));
    }
    RC_ASSERT(handed_over == handover.at("transfers").get<std::int64_t>());
    const double tokens = number(handover.at("tokens")) + number(handover.at("reused_tokens"));
    RC_ASSERT(std::abs(tokens - prompts) <= kRounding * prompts);
  }
  for (const json& purpose : report.at("network").at("bytes_by_purpose")) {
    if (purpose.at("purpose") == "kv_transfer") moved += number(purpose.at("bytes"));
  }
  RC_ASSERT(moved <= bytes * (1 + kRounding));
  if (all_arrived) RC_ASSERT(std::abs(moved - bytes) <= kRounding * bytes);
  return transfers;
}

}  // namespace

TEST_CASE("laws: conservation, exact energy, same bytes in every mode and order", "[law][slow]") {
  FeatureCounts features;
  int preempted = 0, rejected = 0, failed = 0, queued = 0, cached = 0, fetched = 0, handed_over = 0, left = 0, late = 0;
  const bool holds = rc::check("random scenarios", [&] {
    const auto seed = *rc::gen::noShrink(rc::gen::inRange<std::uint64_t>(0, 1'000'000'000));
    const json scenario = random_scenario(seed, features);
    const ProgramRun run = run_program(scenario, {"--requests", "requests.csv"});
    RC_LOG() << "seed " << seed << ", exit " << run.exit_code << ": " << run.messages;
    RC_ASSERT(run.exit_code == 0);
    check_requests_and_tokens(run.report, scenario);
    check_energy(run.report);
    check_series(run, scenario["report"]["interval_s"]);
    check_network(run);
    const std::vector<Row> rows = rows_of(run.requests);
    check_rows(run.report, rows);
    if (check_handover(run.report, scenario, rows) > 0) ++handed_over;

    const auto differs_with = [&](const std::vector<std::string>& arguments) {
      return difference(run_program(scenario, arguments).report_text, run.report_text);
    };
    RC_ASSERT(differs_with({}) == "");
    const ProgramRun exact = run_program(scenario, {"--exact-iterations", "--requests", "requests.csv"});
    RC_ASSERT(difference(exact.report_text, run.report_text) == "");
    RC_ASSERT(difference(exact.requests, run.requests) == "");
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
      if (service.at("requests").at("cancelled") > 0) ++left;
      if (service.at("requests").at("timed_out") > 0) ++late;
      if (service.at("tokens").at("cached_input") > 0) ++cached;
      if (!service.at("kv_tiers").is_null() && service.at("kv_tiers").at("read_tokens") > 0) ++fetched;
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
  CHECK(20 * cached >= kScenarios);
  CHECK(20 * fetched >= kScenarios);
  CHECK(20 * handed_over >= kScenarios);
  CHECK(20 * left >= kScenarios);
  CHECK(20 * late >= kScenarios);
}

TEST_CASE("laws: with less memory a prefix cache finds less", "[law]") {
  int falls = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    // Requests come one by one, so that nothing but the cache's room tells the runs apart.
    json scenario = {
        {"format", "tokenworks.scenario/1"},
        {"name", "one_replica"},
        {"clock", {{"duration_s", 4000}}},
        {"factory", {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 1}}}}}},
        {"services", {{{"name", "chat"}, {"kind", "llm"}, {"model", "llama_3_1_8b"}, {"engine", {{"kind", "vllm"}}}}}},
        {"workloads",
         {{{"service", "chat"},
           {"arrivals",
            {{"kind", "trace"},
             {"format", "tokenworks_jsonl"},
             {"path", "prompts_that_begin_alike_" + std::to_string(seed) + "_150_3900000.jsonl"}}}}}}};
    double more = 1.0;
    for (const double tokens : {200e3, 60e3, 25e3, 12e3, 8e3, 5e3}) {
      constexpr double kFreeGb = 69.839, kGbPerToken = 131072e-9;
      scenario["services"][0]["engine"]["memory_share"] = 1.0;
      scenario["services"][0]["engine"]["runtime_reserve_gb"] = kFreeGb - tokens * kGbPerToken;
      const ProgramRun run = run_program(scenario);
      CAPTURE(seed, tokens, run.messages);
      REQUIRE(run.exit_code == 0);
      const json& service = run.report.at("services").at(0);
      REQUIRE(service.at("requests").at("completed") == 150);
      const double share = number(service.at("kv_cache").at("prefix_hit_share"));
      CHECK(share <= more);
      if (share < more) ++falls;
      more = share;
    }
  }
  CHECK(falls >= 12);
}

TEST_CASE("laws: the two solvers of sharing agree end to end", "[law][slow]") {
  FeatureCounts features;
  int compared = 0;
  for (std::uint64_t seed = 0; compared < 6 && seed < 2000; ++seed) {
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
