// Replicas whose clocks are held down, by heat or by caps on their power: a small model with made-up kernels.
#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using tokenworks::testing::in_child;

namespace {

/// What holds clocks down from a date on.
struct Change {
  double at = 0.0;
  enum class Kind { limit, cap, service_cap } kind = Kind::cap;
  std::int64_t node = 0;
  double value = 0.0;  ///< level or watts; 0 lifts a cap
};

struct Sent {
  double at = 0.0;
  std::int32_t input = 0, output = 0;
};

struct Case {
  std::vector<Change> changes;
  std::vector<Sent> requests;
  std::vector<std::vector<placement::Slice>> replicas = {{{.node = 0, .gpus = 1}}};
  bool exact = false;
};

/// One line a request, then what the replicas did and drew.
struct Outcome {
  std::string text;
  double end_s = 0.0, energy_j = 0.0, mean_share = 0.0, throttled = 0.0, over_cap = 0.0;
  bool reports_clock = false;
};

Outcome run(const Case& setup) {
  const std::string text = in_child([&] {
    SmallFactory::Setup of_factory;
    const resources::FabricGroup group = servers(4);
    of_factory.map.groups = {group};
    of_factory.map.graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
    SmallFactory factory(std::move(of_factory));
    jobs::RunEnd run_end(factory.simulation, kNever, true);
    struct Sender final : jobs::RequestOwner {
      void on_ended(const jobs::EndedRequest& request) override {
        text << request.tag << ' ' << request.first_token << ' ' << request.end << ' ' << request.generated_tokens
             << ';';
      }
      std::ostringstream text;
    } sender;
    ServiceInFactory service(factory, run_end, setup.replicas, setup.exact);
    jobs::LlmService& llm = *service.service;
    const std::int32_t owner = llm.add_owner(&sender);
    for (const Change& change : setup.changes) {
      factory.at(change.at, [&llm, change] {
        const double watts = change.value > 0 ? change.value : jobs::LlmService::kNoCap;
        if (change.kind == Change::Kind::limit) llm.set_clock_limit(change.node, static_cast<int>(change.value));
        if (change.kind == Change::Kind::cap) llm.set_power_cap(change.node, watts);
        if (change.kind == Change::Kind::service_cap) llm.set_power_cap(watts);
      });
    }
    for (std::size_t i = 0; i < setup.requests.size(); ++i) {
      const Sent& sent = setup.requests[i];
      factory.at(sent.at, [&, sent, i] {
        llm.submit({.arrival = factory.simulation.now(),
                    .input_tokens = sent.input,
                    .output_tokens = sent.output,
                    .tag = static_cast<std::int32_t>(i) + 1},
                   owner);
      });
    }
    run_end.source_active();
    factory.run();
    llm.finish(factory.simulation.now());
    metrics::ServiceResult result;
    llm.report(result, factory.simulation.now());
    std::ostringstream out;
    out.precision(17);
    out << to_seconds(factory.simulation.now()) << ' ' << result.gpu_energy_j << ' '
        << (result.clock ? result.clock->mean_share.value_or(-1) : -1) << ' '
        << (result.clock ? result.clock->throttled_share_of_time : 0) << ' '
        << (result.clock ? result.clock->over_cap_share_of_time : 0) << ' ' << result.clock.has_value() << ' '
        << sender.text.str();
    return out.str();
  });
  Outcome outcome;
  std::istringstream in(text);
  in >> outcome.end_s >> outcome.energy_j >> outcome.mean_share >> outcome.throttled >> outcome.over_cap >>
      outcome.reports_clock;
  outcome.text = text;
  return outcome;
}

Case busy() {
  Case setup;
  for (int i = 0; i < 20; ++i) setup.requests.push_back({0.01 * i, 4000, 400});
  return setup;
}

}  // namespace

TEST_CASE("clock of a replica: without a hold, and with one that does not bind, nothing moves by a bit", "[jobs]") {
  const Outcome free = run(busy());
  CHECK_FALSE(free.reports_clock);
  Case at_limit = busy();
  at_limit.changes = {{0.0, Change::Kind::service_cap, 0, 700.0}, {0.1, Change::Kind::limit, 0, 128.0}};
  const Outcome capped = run(at_limit);
  CHECK(capped.reports_clock);
  CHECK(capped.mean_share == 1.0);
  CHECK(capped.throttled == 0.0);
  CHECK(capped.end_s == free.end_s);
  CHECK(capped.energy_j == free.energy_j);
}

TEST_CASE("clock of a replica: a lower cap takes longer and less power, and is kept", "[jobs]") {
  double end_s = 0.0, power = 1e9;
  for (const double cap : {700.0, 500.0, 400.0, 300.0, 250.0}) {
    Case setup = busy();
    setup.changes = {{0.0, Change::Kind::service_cap, 0, cap}};
    const Outcome outcome = run(setup);
    INFO("cap " << cap << ": " << outcome.end_s << " s, " << outcome.energy_j / outcome.end_s << " W, clock "
                << outcome.mean_share << ", over the cap " << outcome.over_cap);
    CHECK(outcome.end_s >= end_s);
    CHECK(outcome.energy_j / outcome.end_s <= power * (1 + 1e-9));
    if (outcome.over_cap == 0.0) CHECK(outcome.energy_j / outcome.end_s <= cap);
    end_s = outcome.end_s;
    power = outcome.energy_j / outcome.end_s;
  }
}

TEST_CASE("clock of a replica: over several nodes it runs as the slowest, and others do not care", "[jobs]") {
  Case setup = busy();
  setup.replicas = {{{.node = 0, .gpus = 1}}, {{.node = 2, .gpus = 1}}};
  setup.changes = {{0.0, Change::Kind::limit, 1, 64.0}};
  CHECK_FALSE(run(setup).reports_clock);
  setup.replicas = {{{.node = 0, .gpus = 1}, {.node = 1, .gpus = 1}}, {{.node = 2, .gpus = 1}}};
  const Outcome spread = run(setup);
  CHECK(spread.reports_clock);
  CHECK(spread.mean_share < 1.0);
  CHECK(spread.mean_share > 0.5);
  setup.changes.push_back({0.0, Change::Kind::limit, 1, 128.0});
  CHECK_FALSE(run(setup).mean_share < 1.0);
}

TEST_CASE("clock of a replica: holds at random dates, step by step and coalesced give the same bytes", "[jobs][law]") {
  std::mt19937_64 random(20261128);
  const auto real = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() % 100000) / 1e5;
  };
  for (int round = 0; round < 25; ++round) {
    Case setup;
    setup.replicas = {{{.node = 0, .gpus = 1}}, {{.node = 0, .gpus = 1}, {.node = 1, .gpus = 1}}};
    const double span = real(0.5, 6.0);
    const auto count = static_cast<int>(random() % 40) + 2;
    for (int i = 0; i < count; ++i) {
      setup.requests.push_back({real(0, span), static_cast<std::int32_t>(random() % 6000) + 1,
                                static_cast<std::int32_t>(random() % 800) + 1});
    }
    const auto changes = static_cast<int>(random() % 20) + 1;
    for (int i = 0; i < changes; ++i) {
      Change change{.at = real(0, 1.5 * span), .node = static_cast<std::int64_t>(random() % 2)};
      change.kind = static_cast<Change::Kind>(random() % 3);
      change.value = change.kind == Change::Kind::limit ? static_cast<double>(22 + random() % 107) : real(150, 800);
      if (change.kind != Change::Kind::limit && random() % 4 == 0) change.value = 0.0;
      setup.changes.push_back(change);
    }
    const Outcome coalesced = run(setup);
    setup.exact = true;
    INFO("round " << round);
    CHECK(run(setup).text == coalesced.text);
  }
}
