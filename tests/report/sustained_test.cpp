#include "sim/report/sustained.hpp"

#include "tests/catch.hpp"

namespace tokenworks::report {
namespace {

constexpr SustainedCriterion kCriterion{.attainment = 0.99, .window_from_s = 100, .window_to_s = 1000};

/// 900 requests in the window of 900 s; rows of 10 s with one arrival a second and five requests in the system.
metrics::RunResult steady_run() {
  metrics::RunResult run;
  run.simulated_s = 1005;
  metrics::ServiceResult& chat = run.services.emplace_back();
  chat.name = "chat";
  chat.requests = {.arrived = 1000, .completed = 1000};
  chat.window_s = 900;
  chat.window_completed = 899;
  chat.arrivals = {{600, 999}, {300, 998}};
  chat.ttft_s = metrics::LatencySummary{1, 1, 1, 1, 1.8, 2.5};
  chat.tpot_s = metrics::LatencySummary{0.02, 0.02, 0.03, 0.03, 0.04, 0.05};
  chat.promises =
      metrics::PromiseResult{.ttft_s = 2, .tpot_s = 0.05, .completed = 900, .kept = 895, .late_first_token = 5};
  run.columns = {
      {"time_s", "s", "", "start"}, {"chat.arrivals", "1", "", "sum"}, {"chat.requests_in_engine", "1", "", "mean"}};
  for (int row = 0; row <= 100; ++row) run.rows.push_back({row * 10.0, 10, 5});
  return run;
}

}  // namespace

TEST_CASE("sustained: promises kept for enough requests and a steady backlog", "[report]") {
  const Sustained judged = judge_sustained(steady_run(), kCriterion);
  CHECK(judged.kept);
  CHECK(judged.stable);
  CHECK(judged);
  CHECK(judged.shortfalls.empty());
  CHECK(attainment(steady_run().services[0]) == Approx(895.0 / 900));
}

TEST_CASE("sustained: the broken promise is named with its share, limit and 99th percentile", "[report]") {
  metrics::RunResult run = steady_run();
  run.services[0].promises->kept = 880;
  run.services[0].promises->late_first_token = 18;
  run.services[0].promises->slow_tokens = 4;
  const Sustained judged = judge_sustained(run, kCriterion);
  CHECK(!judged.kept);
  CHECK(judged.stable);
  REQUIRE(judged.shortfalls.size() == 1);
  const Shortfall& ttft = judged.shortfalls[0];
  CHECK(ttft.service == "chat");
  CHECK(ttft.what == "ttft_s");
  CHECK(ttft.share == Approx(0.98));
  CHECK(ttft.wanted_share == 0.99);
  CHECK(ttft.promised_s == 2.0);
  CHECK(ttft.p99_s == 1.8);
  CHECK(shortfall_words(ttft) == "chat: 98 % of requests keep ttft_s 2.00 s (p99 1.80 s), 99 % are wanted");
}

TEST_CASE("sustained: promises that are kept often enough one by one may not be together", "[report]") {
  metrics::RunResult run = steady_run();
  run.services[0].promises->kept = 888;  // 6 late, 6 slow
  run.services[0].promises->late_first_token = 6;
  run.services[0].promises->slow_tokens = 6;
  const Sustained judged = judge_sustained(run, kCriterion);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "promises");
  CHECK(judged.shortfalls[0].share == Approx(888.0 / 900));
}

TEST_CASE("sustained: what was rejected or never ended has kept nothing", "[report]") {
  metrics::RunResult run = steady_run();
  run.services[0].promises->completed = run.services[0].promises->kept = 880;
  run.services[0].promises->late_first_token = 0;
  const Sustained judged = judge_sustained(run, kCriterion);
  CHECK(!judged.kept);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "answered");
  CHECK(judged.shortfalls[0].share == Approx(880.0 / 900));
}

TEST_CASE("sustained: exactly the wanted share is enough", "[report]") {
  metrics::RunResult run = steady_run();
  run.services[0].promises->kept = 891;
  CHECK(judge_sustained(run, kCriterion).kept);
  run.services[0].promises->kept = 890;
  CHECK(!judge_sustained(run, kCriterion).kept);
}

TEST_CASE("sustained: a backlog that grows by a twentieth of what arrives is seen", "[report]") {
  metrics::RunResult run = steady_run();
  for (auto& row : run.rows) row[2] = 5 + 0.05 * row[0];  // 0.05 a second of 1 a second
  const Sustained judged = judge_sustained(run, kCriterion);
  CHECK(judged.kept);
  CHECK(!judged.stable);
  CHECK(!judged);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "backlog");
  CHECK(judged.shortfalls[0].share == Approx(0.95).margin(1e-3));
  CHECK(judged.shortfalls[0].wanted_share == 0.98);
}

TEST_CASE("sustained: what happens outside the window is no growth", "[report]") {
  metrics::RunResult run = steady_run();
  for (auto& row : run.rows) {
    if (row[0] < 100) row[2] = 0;
    if (row[0] >= 1000) row[2] = 500;
  }
  CHECK(judge_sustained(run, kCriterion).stable);
}

TEST_CASE("sustained: chance is no growth", "[report]") {
  metrics::RunResult run = steady_run();
  for (auto& row : run.rows) {
    row[1] = 0.1;
    row[2] = row[0] < 700 ? 0.0 : 1.5;  // 2.5 % of the few that arrived
  }
  CHECK(judge_sustained(run, kCriterion).stable);
}

TEST_CASE("sustained: more in the system because more arrive is no backlog", "[report]") {
  metrics::RunResult run = steady_run();
  for (auto& row : run.rows) {
    row[1] = 10 + row[0] / 25;  // to five times as many
    row[2] = 5 * row[1];        // five requests in the system for each of a second
  }
  CHECK(judge_sustained(run, kCriterion).stable);
}

TEST_CASE("sustained: a window of few rows is not judged for its backlog", "[report]") {
  metrics::RunResult run = steady_run();
  run.rows = {{0, 300, 0}, {300, 300, 100}, {600, 300, 200}, {900, 105, 300}};
  CHECK(judge_sustained(run, kCriterion).stable);
  run.columns.resize(1);
  CHECK(judge_sustained(run, kCriterion).stable);
}

TEST_CASE("sustained: without promises, what arrives must be completed and nothing refused", "[report]") {
  metrics::RunResult run = steady_run();
  metrics::ServiceResult& chat = run.services[0];
  chat.promises.reset();
  CHECK(judge_sustained(run, kCriterion));
  CHECK(!attainment(chat));

  chat.window_completed = 880;
  Sustained judged = judge_sustained(run, kCriterion);
  CHECK(!judged.kept);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "throughput");
  CHECK(judged.shortfalls[0].share == Approx(880.0 / 900));

  chat.window_completed = 900;
  chat.requests = {.arrived = 1000, .completed = 998, .rejected = 2};
  chat.rejections = {{"queue_full", 2}};
  judged = judge_sustained(run, kCriterion);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "answered");
  CHECK(judged.shortfalls[0].wanted_share == 1.0);
}

TEST_CASE("sustained: requests that no rate could serve do not count against a service without promises", "[report]") {
  metrics::RunResult run = steady_run();
  metrics::ServiceResult& chat = run.services[0];
  chat.promises.reset();
  chat.requests = {.arrived = 1000, .completed = 900, .rejected = 100};
  chat.rejections = {{"longer_than_context", 100}};
  chat.window_completed = 810;
  CHECK(judge_sustained(run, kCriterion));
}

TEST_CASE("sustained: every service is judged, and one without requests says nothing", "[report]") {
  metrics::RunResult run = steady_run();
  run.services.push_back(run.services[0]);
  run.services[1].name = "code";
  run.services[1].promises->kept = 0;
  run.services[1].promises->slow_tokens = 900;
  Sustained judged = judge_sustained(run, kCriterion);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].service == "code");
  CHECK(judged.shortfalls[0].what == "tpot_s");
  run.services[1].arrivals.clear();
  CHECK(judge_sustained(run, kCriterion));
  run.services[0].arrivals.clear();
  judged = judge_sustained(run, kCriterion);
  CHECK(!judged.kept);
  REQUIRE(judged.shortfalls.size() == 1);
  CHECK(judged.shortfalls[0].what == "arrivals");
}

}  // namespace tokenworks::report
