// Speculative decoding on the whole program: what is asked for comes out, and more of it never hurts.
#include <cmath>

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

/// A closed loop of equal requests for one replica that drafts 3 tokens a step at no cost.
json closed_loop(int concurrency, int requests, int output_tokens, double mean_accepted) {
  return {{"format", "tokenworks.scenario/1"},
          {"name", "speculation"},
          {"clock", {{"duration_s", 100'000}}},
          {"factory", {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 1}}}}}},
          {"services",
           {{{"name", "chat"},
             {"kind", "llm"},
             {"model", "llama_3_1_8b"},
             {"speculation", {{"kind", "n_gram"}, {"draft_tokens", 3}, {"mean_accepted", mean_accepted}}}}}},
          {"workloads",
           {{{"service", "chat"},
             {"arrivals", {{"kind", "closed_loop"}, {"concurrency", concurrency}, {"requests", requests}}},
             {"lengths",
              {{"input", {{"kind", "fixed"}, {"tokens", 500}}},
               {"output", {{"kind", "fixed"}, {"tokens", output_tokens}}}}}}}},
          {"report", {{"interval_s", 100}}}};
}

json served(int concurrency, int requests, int output_tokens, double mean_accepted) {
  const ProgramRun run = run_program(closed_loop(concurrency, requests, output_tokens, mean_accepted));
  INFO(run.messages);
  REQUIRE(run.exit_code == 0);
  return run.report;
}

}  // namespace

TEST_CASE("speculation: long answers yield the mean that was asked for", "[law]") {
  for (const double mean : {1.0, 1.87, 2.5, 3.33, 4.0}) {
    const json report = served(4, 4, 8000, mean);
    const json& service = report.at("services").at(0);
    CAPTURE(mean);
    CHECK(service.at("tokens").at("output") == 4 * 8000);
    CHECK(std::abs(service.at("speculation").at("mean_accepted").get<double>() - mean) < 0.01);
    // 7,999 tokens of each answer come out of steps, the first one out of its prompt.
    const double steps = service.at("speculation").at("verified_steps").get<double>() / 4;
    CHECK(std::abs(steps - 7999 / mean) <= 1.5);
  }
}

TEST_CASE("speculation: the gaps of a step are one step and zeros, and their mean is the time per token", "[law]") {
  const json report = served(1, 1, 4001, 2.5);
  const json& service = report.at("services").at(0);
  CHECK(service.at("itl_s").at("p50").get<double>() == 0.0);  // 60 % of tokens come with another
  const double tpot = service.at("tpot_s").at("mean").get<double>();
  CHECK(std::abs(service.at("itl_s").at("mean").get<double>() / tpot - 1) < 1e-6);
  const json plain = served(1, 1, 4001, 1.0);
  const double ratio = plain.at("services").at(0).at("tpot_s").at("mean").get<double>() / tpot;
  CHECK(std::abs(ratio - 2.5) < 0.01);  // the same steps, 2.5 tokens each
}

TEST_CASE("speculation: at equal cost, more acceptance never lowers throughput", "[law]") {
  double before = 0;
  for (int hundredths = 100; hundredths <= 400; hundredths += 25) {
    const json report = served(16, 64, 400, hundredths / 100.0);
    const double elapsed = report.at("outcome").at("simulated_s").get<double>();
    const double tokens_per_s = report.at("services").at(0).at("tokens").at("output").get<double>() / elapsed;
    CAPTURE(hundredths);
    CHECK(tokens_per_s >= before);
    before = tokens_per_s;
  }
}
