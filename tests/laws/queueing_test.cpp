// Scenarios that are a textbook queue meet its theory. A step takes 50 ms of host time and next to nothing else, so
// that a request of N tokens is served for N steps, whatever else is in the batch; sequences running at once are the
// servers.
#include <cmath>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"
#include "tests/laws/queue_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

double mean(const json& service, const char* key) { return service.at(key).at("mean").get<double>(); }

/// Probability of waiting in an M/M/c queue (Erlang C).
double erlang_c(int servers, double load) {
  double term = 1, sum = 1;
  for (int k = 1; k < servers; ++k) sum += term *= load / k;
  term *= load / servers;
  const double last = term / (1 - load / servers);
  return last / (sum + last);
}

struct Waiting {
  double mean_s;
  std::int64_t requests;
};

/// Mean time from arrival to the start of service: TTFT less the first step.
Waiting waiting(const ProgramRun& run, double step) {
  REQUIRE(run.exit_code == 0);
  const json& service = run.report.at("services").at(0);
  return {mean(service, "ttft_s") - step, service.at("requests").at("completed").get<std::int64_t>()};
}

}  // namespace

TEST_CASE("queueing: one sequence at a time and geometric answers are an M/M/1 queue", "[law][slow]") {
  const double step = queue_step_s();
  const double mean_tokens = 200, service = mean_tokens * step, load = 0.6;
  const ProgramRun run = run_program(queue_scenario(
      1, load / service, {{"kind", "geometric"}, {"mean_tokens", mean_tokens}}, 200'000 * service / load));
  const Waiting measured = waiting(run, step);
  const double expected = load / (1 - load) * service;
  // Asymptotic variance of the mean wait of an M/M/1 queue (Daley 1968), four standard errors wide.
  const double variance = load * (2 + 5 * load - 4 * load * load + std::pow(load, 3)) / std::pow(1 - load, 4);
  const double error = service * std::sqrt(variance / static_cast<double>(measured.requests));
  INFO("wait " << measured.mean_s << " s, theory " << expected << " +- " << error);
  CHECK(std::abs(measured.mean_s - expected) < 4 * error);
}

TEST_CASE("queueing: one sequence at a time and fixed answers are an M/D/1 queue", "[law][slow]") {
  const double step = queue_step_s();
  const double service = 200 * step, load = 0.7;
  const ProgramRun run =
      run_program(queue_scenario(1, load / service, {{"kind", "fixed"}, {"tokens", 200}}, 200'000 * service / load));
  const Waiting measured = waiting(run, step);
  const double expected = load / (2 * (1 - load)) * service;  // Pollaczek-Khinchine with no variance of service
  INFO("wait " << measured.mean_s << " s, theory " << expected);
  CHECK(std::abs(measured.mean_s - expected) < 0.03 * expected);
}

TEST_CASE("queueing: c sequences at once and geometric answers are an M/M/c queue", "[law][slow]") {
  const double step = queue_step_s();
  const int servers = 8;
  const double mean_tokens = 400, service = mean_tokens * step, load = 0.8 * servers;
  const ProgramRun run = run_program(queue_scenario(
      servers, load / service, {{"kind", "geometric"}, {"mean_tokens", mean_tokens}}, 200'000 * service / load));
  // A request that arrives while others run starts with the next step, half a step later on the mean.
  const Waiting measured = waiting(run, 1.5 * step);
  const double expected = erlang_c(servers, load) * service / (servers - load);
  INFO("wait " << measured.mean_s << " s, theory " << expected);
  CHECK(std::abs(measured.mean_s - expected) < 0.06 * expected);
}

TEST_CASE("queueing: Little's law holds in a steady window", "[law][slow]") {
  const double step = queue_step_s();
  const double service = 200 * step, load = 0.9 * 4;
  const ProgramRun run = run_program(
      queue_scenario(4, load / service, {{"kind", "geometric"}, {"mean_tokens", 200}}, 100'000 * service / load));
  REQUIRE(run.exit_code == 0);
  const json& result = run.report.at("services").at(0);
  const double in_system = result.at("mean_requests_in_system").get<double>();
  const double rate = result.at("requests_per_s").get<double>();
  INFO("in system " << in_system << ", rate times time " << rate * mean(result, "e2e_s"));
  CHECK(std::abs(in_system - rate * mean(result, "e2e_s")) < 0.01 * in_system);
}
