// `run --find-max-rate` on queues whose highest rate is known.
#include <cmath>
#include <set>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"
#include "tests/laws/queue_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

const json kGeometric = {{"kind", "geometric"}, {"mean_tokens", 200}};
const json kFixed = {{"kind", "fixed"}, {"tokens", 20}};

json answer_of(const ProgramRun& run) {
  REQUIRE(run.exit_code == 0);
  return json::parse(run.max_rate);
}

/// A small scenario: answers of 1 s by one sequence at a time, for ten minutes.
json small_scenario(double rate) { return queue_scenario(1, rate, kFixed, 600); }

json closed_loop_scenario(int users) {
  json scenario = small_scenario(1);
  scenario["services"][0]["engine"]["max_sequences"] = 64;
  scenario["workloads"][0]["arrivals"] = {{"kind", "closed_loop"}, {"concurrency", users}};
  return scenario;
}

}  // namespace

TEST_CASE("highest rate: a promise about the time to first token is kept up to the rate of M/M/1 theory",
          "[law][slow]") {
  const double step = queue_step_s();
  const double service = 200 * step, wait = 3 * service, share = 0.9;
  // P(wait > w) = rho exp(-(1 - rho) w / service)
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double load = (low + high) / 2;
    (load * std::exp(-(1 - load) * wait / service) < 1 - share ? low : high) = load;
  }
  json scenario = queue_scenario(1, 0.3 / service, kGeometric, 60'000 * service);
  scenario["services"][0]["slo"] = {{"ttft_s", wait + step}};
  const ProgramRun run = run_program(scenario, {"--find-max-rate", "--attainment", "0.9", "--tolerance", "0.01"});
  const json document = answer_of(run);
  const double load =
      document.at("answer").at("workloads").at(0).at("arrivals").at("rate_per_s").get<double>() * service;
  INFO("load " << load << ", theory " << low);
  CHECK(std::abs(load / low - 1) < 0.03);
  const json& failing = document.at("first_failing");
  CHECK(failing.at("factor").get<double>() / document.at("answer").at("factor").get<double>() <= 1.01 + 1e-9);
  CHECK(failing.at("shortfalls").at(0).at("what") == "ttft_s");
  CHECK(failing.at("shortfalls").at(0).at("promised_s").get<double>() == Approx(wait + step));
  CHECK(failing.at("shortfalls").at(0).at("share").get<double>() < 0.9);

  // The report is that of the run that answers, and can be run again.
  CHECK(run.report.at("scenario").at("workloads").at(0).at("arrivals") ==
        document.at("answer").at("workloads").at(0).at("arrivals"));
  for (const json& one : document.at("runs")) {
    if (one.at("factor") != document.at("answer").at("factor")) continue;
    CHECK(one.at("services").at(0).at("attainment") == run.report.at("services").at(0).at("slo").at("attainment"));
    CHECK(one.at("services").at(0).at("ttft_p99_s") == run.report.at("services").at(0).at("ttft_s").at("p99"));
    CHECK(one.at("output_tokens_per_s") == run.report.at("summary").at("output_tokens_per_s"));
  }
}

TEST_CASE("highest rate: without promises it is what the service completes", "[law][slow]") {
  const double step = queue_step_s();
  const double service = 20 * step;
  const json document =
      answer_of(run_program(queue_scenario(1, 0.2 / service, kFixed, 5000 * service), {"--find-max-rate"}));
  const double load = document.at("answer").at("requests_per_s").get<double>() * service;
  INFO("load " << load);
  CHECK(load > 0.96);
  CHECK(load < 1.03);
}

TEST_CASE("highest rate: unfinished requests of a run that does not drain have kept nothing", "[law]") {
  // A request takes 1 s, and so many more wait as arrive too much: with the last 100 s of a queue that never empties
  // unanswered, the promise about the others is of no use.
  json scenario = small_scenario(0.5);
  scenario["services"][0]["slo"] = {{"ttft_s", 1000}};
  scenario["clock"]["drain"] = false;
  const json document = answer_of(run_program(scenario, {"--find-max-rate"}));
  CHECK(document.at("answer").at("requests_per_s").get<double>() < 1.05);
}

TEST_CASE("highest rate: the same runs and bytes each time, and few others with more jobs", "[law]") {
  json scenario = small_scenario(0.9);
  scenario["services"][0]["slo"] = {{"ttft_s", 2}};
  const ProgramRun first = run_program(scenario, {"--find-max-rate", "--attainment", "0.9"});
  const ProgramRun again = run_program(scenario, {"--find-max-rate", "--attainment", "0.9"});
  const json document = answer_of(first);
  CHECK(first.max_rate == again.max_rate);
  CHECK(first.report_text == again.report_text);
  CHECK(first.output.empty());
  CHECK(first.messages.empty());
  CHECK(document.at("runs").at(0).at("factor") == 1.0);

  const ProgramRun three = run_program(scenario, {"--find-max-rate", "--attainment", "0.9", "--jobs", "3"}, false);
  const json other = answer_of(three);
  CHECK(other.at("answer").at("factor").get<double>() ==
        Approx(document.at("answer").at("factor").get<double>()).epsilon(0.02));
  CHECK(three.output.find("Highest sustained rate") != std::string::npos);
  CHECK(three.output.find("ttft_s") != std::string::npos);
}

TEST_CASE("highest rate: a promise that no rate keeps is an answer too", "[law]") {
  json scenario = small_scenario(0.9);
  scenario["services"][0]["slo"] = {{"tpot_s", 0.001}};
  const ProgramRun run = run_program(scenario, {"--find-max-rate", "--tolerance", "0.5"}, false);
  const json document = answer_of(run);
  CHECK(document.at("answer").is_null());
  CHECK(document.at("outcome").at("status") == "completed");
  CHECK(document.at("first_failing").at("shortfalls").at(0).at("what") == "tpot_s");
  CHECK(run.report_text.empty());
  CHECK(run.output.find("No rate keeps the promises") != std::string::npos);
}

TEST_CASE("highest rate: of closed loops users are scaled, in whole numbers, and no number is run twice", "[law]") {
  json scenario = closed_loop_scenario(4);
  scenario["services"][0]["engine"]["max_sequences"] = 11;
  scenario["services"][0]["slo"] = {{"ttft_s", 0.12}};
  const json document = answer_of(run_program(scenario, {"--find-max-rate"}));
  std::set<int> users;
  for (const json& run : document.at("runs")) {
    const int count = run.at("workloads").at(0).at("arrivals").at("concurrency").get<int>();
    CHECK(users.insert(count).second);
  }
  CHECK(document.at("answer").at("workloads").at(0).at("arrivals").at("concurrency") == 11);
  CHECK(document.at("answer").at("factor") == Approx(11.0 / 4).epsilon(0.05));
  CHECK(document.at("notes").dump().find("whole numbers") != std::string::npos);
}

TEST_CASE("highest rate: bad flags and scenarios are faults", "[law]") {
  const json scenario = small_scenario(1);
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--attainment", "0.9"},
                                                    {"--find-max-rate", "--attainment", "0"},
                                                    {"--find-max-rate", "--attainment", "1.1"},
                                                    {"--find-max-rate", "--attainment", "most"},
                                                    {"--find-max-rate", "--tolerance", "0"},
                                                    {"--find-max-rate", "--tolerance", "2"},
                                                    {"--find-max-rate", "--jobs", "0"},
                                                    {"--jobs", "2"}}) {
    INFO(json(arguments).dump());
    const ProgramRun run = run_program(scenario, arguments);
    CHECK(run.exit_code == 2);
    CHECK(!run.messages.empty());
    CHECK(run.max_rate.empty());
  }
  json without = scenario;
  without["workloads"] = json::array();
  const ProgramRun run = run_program(without, {"--find-max-rate"});
  CHECK(run.exit_code == 2);
  CHECK(run.messages.find("/workloads") != std::string::npos);
  json wrong = scenario;
  wrong["services"][0]["model"] = "no_such_model";
  CHECK(run_program(wrong, {"--find-max-rate"}).exit_code == 2);
}
