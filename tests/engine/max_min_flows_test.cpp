#include "sim/engine/max_min_flows.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "sim/engine/simulation.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"

using namespace tokenworks;
using engine::FlowSlot;
using engine::LinkId;
using engine::MaxMinFlows;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

/// Random flows over random links that come and go, with what the test knows of them.
struct RandomNetwork {
  explicit RandomNetwork(std::uint64_t seed) : random(seed) {
    const auto count = 2 + random() % 30;
    for (std::size_t i = 0; i < count; ++i) {
      capacity.push_back(1.0 + static_cast<double>(random() % 50));
      flows.add_link(capacity.back());
    }
  }
  void start(Picoseconds now) {
    std::set<LinkId> links;
    for (auto left = 1 + random() % 4; left > 0; --left) links.insert(static_cast<LinkId>(random() % capacity.size()));
    const double limit =
        random() % 4 == 0 ? 0.5 + static_cast<double>(random() % 20) : std::numeric_limits<double>::infinity();
    const int streams = random() % 3 == 0 ? 1 + static_cast<int>(random() % 8) : 1;
    const std::vector<LinkId> list(links.begin(), links.end());
    flows.start(next,
                {.links = list,
                 .bytes = 1.0 + static_cast<double>(random() % 1000),
                 .streams = streams,
                 .limit_bytes_per_s = limit},
                next, now);
    active[next++] = {list, streams, limit};
  }
  /// The condition of max-min fairness, which is necessary and sufficient.
  void check() {
    flows.next_end();
    std::vector<double> load(capacity.size(), 0.0), highest(capacity.size(), 0.0);
    for (const auto& [slot, flow] : active) {
      for (const LinkId link : flow.links) {
        load[link] += flows.rate_bytes_per_s(slot);
        highest[link] = std::max(highest[link], flows.rate_bytes_per_s(slot) / flow.streams);
      }
    }
    for (LinkId link = 0; link < capacity.size(); ++link) {
      REQUIRE(load[link] <= capacity[link] * (1 + 1e-9));
      REQUIRE(std::abs(flows.load_bytes_per_s(link) - load[link]) <= 1e-9 * (1 + load[link]));
    }
    for (const auto& [slot, flow] : active) {
      const double rate = flows.rate_bytes_per_s(slot);
      bool held = rate >= flow.limit * (1 - 1e-9);
      REQUIRE(rate <= flow.limit * (1 + 1e-9));
      for (const LinkId link : flow.links) {
        held = held || (load[link] >= capacity[link] * (1 - 1e-9) && rate / flow.streams >= highest[link] * (1 - 1e-9));
      }
      REQUIRE(held);
    }
  }

  struct Known {
    std::vector<LinkId> links;
    int streams;
    double limit;
  };
  std::mt19937_64 random;
  MaxMinFlows flows;
  std::vector<double> capacity;
  std::map<FlowSlot, Known> active;
  FlowSlot next = 0;
};

}  // namespace

TEST_CASE("max-min flows: hand-made shares", "[engine]") {
  // Two links of 10 and 4; one flow over both, one over each. The second link gives 2 to each of its two, the first's
  // other flow takes the remaining 8. With a capacity of 30 instead of 4, both flows of the first link get 5, and the
  // second link's own flow the remaining 25.
  MaxMinFlows flows;
  const LinkId a = flows.add_link(10), b = flows.add_link(4);
  const LinkId both[] = {a, b};
  flows.start(0, {.links = both, .bytes = 1e6}, 0, 0);
  flows.start(1, {.links = {&a, 1}, .bytes = 1e6}, 1, 0);
  flows.start(2, {.links = {&b, 1}, .bytes = 1e6}, 2, 0);
  flows.next_end();
  CHECK(flows.rate_bytes_per_s(0) == 2.0);
  CHECK(flows.rate_bytes_per_s(1) == 8.0);
  CHECK(flows.rate_bytes_per_s(2) == 2.0);
  flows.set_capacity(b, 30, 0);
  flows.next_end();
  CHECK(flows.rate_bytes_per_s(0) == 5.0);
  CHECK(flows.rate_bytes_per_s(1) == 5.0);
  CHECK(flows.rate_bytes_per_s(2) == 25.0);
  // Four streams count four times: 8 and 2 of the 10 where alone.
  flows.start(3, {.links = {&a, 1}, .bytes = 1e6, .streams = 3}, 3, 0);
  flows.next_end();
  CHECK(flows.rate_bytes_per_s(0) == 2.0);
  CHECK(flows.rate_bytes_per_s(3) == 6.0);
  CHECK(flows.rate_bytes_per_s(2) == 28.0);
}

TEST_CASE("max-min flows: dates of ends to the picosecond, work without links or bytes ends at once", "[engine]") {
  MaxMinFlows flows;
  const LinkId link = flows.add_link(3);
  flows.start(0, {.links = {&link, 1}, .bytes = 1}, 0, 0);
  CHECK(flows.next_end() == 333'333'333'334);  // 1/3 s, rounded up
  flows.start(1, {.links = {}, .bytes = 5}, 1, 7);
  CHECK(flows.next_end() == 7);
  CHECK(flows.take_ended(7) == FlowSlot{1});
  flows.start(2, {.links = {&link, 1}, .bytes = 0}, 2, 9);
  CHECK(flows.next_end() == 9);
  CHECK(flows.take_ended(9) == FlowSlot{2});
  CHECK_FALSE(flows.take_ended(9).has_value());
  flows.set_capacity(link, 0, kSecond / 6);
  CHECK(flows.next_end() == kNever);
  CHECK_THAT(flows.remaining_bytes(0, kSecond), WithinRel(0.5, 1e-9));
}

TEST_CASE("max-min flows: every flow has a bottleneck, whatever came and went", "[engine][law]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    RandomNetwork network(seed);
    Picoseconds now = 0;
    for (int step = 0; step < 120; ++step) {
      const auto what = network.random() % 10;
      if (what < 5 || network.active.empty()) {
        for (auto count = 1 + network.random() % 3; count > 0; --count) network.start(now);
      } else if (what < 7) {
        const Picoseconds end = network.flows.next_end();
        if (end == kNever) continue;
        REQUIRE(end >= now);
        now = end;
        while (const auto slot = network.flows.take_ended(now)) network.active.erase(*slot);
      } else if (what < 8) {
        const FlowSlot slot = network.active.begin()->first;
        network.flows.cancel(slot, now);
        network.active.erase(slot);
      } else {
        const auto link = static_cast<LinkId>(network.random() % network.capacity.size());
        network.capacity[link] = network.random() % 5 == 0 ? 0.0 : 1.0 + static_cast<double>(network.random() % 50);
        network.flows.set_capacity(link, network.capacity[link], now);
      }
      network.check();
    }
  }
}

TEST_CASE("max-min flows: the smallest rate never falls when a capacity grows", "[engine][law]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    RandomNetwork network(seed);
    for (int i = 0; i < 25; ++i) network.start(0);
    const auto smallest = [&] {
      network.flows.next_end();
      double least = 1e300;
      for (const auto& [slot, flow] : network.active)
        least = std::min(least, network.flows.rate_bytes_per_s(slot) / flow.streams);
      return least;
    };
    const double before = smallest();
    const auto link = static_cast<LinkId>(network.random() % network.capacity.size());
    network.flows.set_capacity(link, network.capacity[link] * 1.7, 0);
    CHECK(smallest() >= before * (1 - 1e-9));
  }
}

TEST_CASE("max-min flows: bytes that enter are bytes that leave, and equals end together", "[engine][law]") {
  // All-to-all among equal nodes: every flow moves at the same rate and ends at the same date.
  MaxMinFlows flows;
  constexpr std::uint32_t kNodes = 12;
  std::vector<LinkId> up, down;
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    up.push_back(flows.add_link(100));
    down.push_back(flows.add_link(100));
  }
  FlowSlot slot = 0;
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    for (std::uint32_t k = 0; k < kNodes; ++k) {
      if (i == k) continue;
      const LinkId links[] = {up[i], down[k]};
      flows.start(slot, {.links = links, .bytes = 1000}, slot, 0);
      ++slot;
    }
  }
  const Picoseconds end = flows.next_end();
  CHECK(end == 110 * kSecond);  // 11 flows of 1,000 bytes share 100 bytes/s
  FlowSlot ended = 0;
  while (flows.take_ended(end)) ++ended;
  CHECK(ended == slot);
  CHECK(flows.next_end() == kNever);
}

namespace {

/// Transfers of a random plan; the log holds the date of each end.
struct RandomTransfers : engine::TimerClient, engine::TransferClient {
  RandomTransfers(engine::Simulation& s, std::uint64_t seed) : simulation(s), random(seed) {
    for (int i = 0; i < 12; ++i)
      links.push_back(s.add_link(BytesPerSecond(1e9 * static_cast<double>(1 + random() % 40))));
    for (std::uint32_t i = 0; i < 60; ++i) {
      s.set_timer(s.add_timer(*this, i, engine::rank(engine::RankClass::incident, i)),
                  static_cast<Picoseconds>(random() % 2000) * 1'000'000'000);
    }
  }
  void on_timer(std::uint32_t i) override {
    if (i % 12 == 5) {  // a link changes
      return simulation.set_link_capacity(links[random() % links.size()],
                                          BytesPerSecond(1e9 * static_cast<double>(1 + random() % 40)));
    }
    std::set<LinkId> crossed;
    for (auto left = 1 + random() % 4; left > 0; --left) crossed.insert(links[random() % links.size()]);
    const std::vector<LinkId> list(crossed.begin(), crossed.end());
    const double limit =
        random() % 3 == 0 ? 1e9 * static_cast<double>(1 + random() % 10) : std::numeric_limits<double>::infinity();
    const auto id = simulation.start_transfer(*this, i,
                                              {.links = list,
                                               .bytes = Bytes(1e6 * static_cast<double>(1 + random() % 20000)),
                                               .streams = 1 + static_cast<int>(random() % 3),
                                               .limit = BytesPerSecond(limit)},
                                              i);
    if (i % 12 == 7) last = id;
  }
  void on_transfer_done(std::uint32_t i) override { ends[i] = to_seconds(simulation.now()); }
  engine::Simulation& simulation;
  std::mt19937_64 random;
  std::vector<LinkId> links;
  engine::TransferId last = 0;
  std::map<std::uint32_t, double> ends;
};

}  // namespace

TEST_CASE("max-min flows: the same dates as SimGrid's own flows", "[engine][law]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const auto run = [seed](bool simgrid_flows) {
      const std::string text = tokenworks::testing::in_child([&] {
        engine::Simulation simulation({.simgrid_flows = simgrid_flows, .simgrid_links = 256});
        RandomTransfers transfers(simulation, seed);
        simulation.run();
        std::ostringstream out;
        out.precision(17);
        for (const auto& [number, end] : transfers.ends) out << number << ' ' << end << ' ';
        return out.str();
      });
      std::istringstream in(text);
      std::map<std::uint32_t, double> ends;
      std::uint32_t number = 0;
      double end = 0;
      while (in >> number >> end) ends[number] = end;
      return ends;
    };
    const auto ours = run(false), theirs = run(true);
    REQUIRE(ours.size() == theirs.size());
    CHECK(ours.size() == 55);
    for (const auto& [number, end] : ours) CHECK_THAT(theirs.at(number), WithinAbs(end, 1e-6));
  }
}
