#include "sim/resources/fabric.hpp"

#include <algorithm>
#include <random>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/resources/small_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using resources::FabricMap;
using resources::Place;
using resources::Purpose;
using tokenworks::testing::in_child;

namespace {

using Ends = std::map<std::uint32_t, double>;
constexpr double kCard = 50e9;  // bytes/s of one network card

SmallFactory::Setup setup_of(const resources::FabricGroup& group, topology::Graph graph,
                             resources::FabricBehaviour behaviour = {}) {
  SmallFactory::Setup setup;
  setup.map.groups = {group};
  setup.map.graph = std::move(graph);
  setup.map.behaviour = behaviour;
  return setup;
}

/// Dates of ends of what `plan` starts, in a child.
Ends ends_of(const SmallFactory::Setup& setup, const std::function<void(SmallFactory&)>& plan) {
  return read(in_child([&] {
    SmallFactory factory(setup);
    plan(factory);
    factory.run();
    return written(factory.ends);
  }));
}

constexpr resources::FabricBehaviour kAdaptive{.reroute = kPicosecondsPerSecond / 10,
                                               .timeout = 5 * kPicosecondsPerSecond};
constexpr resources::FabricBehaviour kEcmp{
    .adaptive = false, .reroute = kPicosecondsPerSecond / 10, .timeout = 5 * kPicosecondsPerSecond};

/// Eight nodes of one card, four on each of two leaves, with so many uplinks.
struct TwoLeaves {
  explicit TwoLeaves(int uplinks) : graph(two_leaves(group, 4, uplinks)) {}
  resources::FabricGroup group = servers(8, 1);
  topology::Graph graph;
};

struct RandomMove {
  double at;
  Place from, to;
  double bytes;
  Purpose purpose;
};

/// A fabric and moves between random places of it, within the first second or so.
struct RandomCase {
  explicit RandomCase(std::uint64_t seed, bool failures = true) : random(seed) {
    const std::int64_t nodes = 4 + static_cast<std::int64_t>(random() % 9);
    const std::int64_t nics = std::int64_t{1} << (random() % 4);
    resources::FabricGroup group = servers(nodes, nics);
    topology::Graph graph;
    switch (random() % 3) {
      case 0:
        graph = graph_for(group, "rail_optimized", {{"switch", test_switch(16)}});
        break;
      case 1:
        graph = graph_for(
            group, "fat_tree",
            {{"switch", test_switch(6 * nics)}, {"oversubscription", 1.0 + static_cast<double>(random() % 2)}});
        break;
      default: {
        std::vector<CustomLink> links = {{"a", "b", 400, 1 + static_cast<int>(random() % 3)},
                                         {"b", "c", 400, 1 + static_cast<int>(random() % 3)},
                                         {"a", "c", 200, 1}};
        for (std::int64_t i = 0; i < nodes; ++i)
          links.push_back({fmt::format("row/{}", i), std::string(1, "abc"[random() % 3]), 400, static_cast<int>(nics)});
        graph = custom_graph(group, {"a", "b", "c"}, links);
      }
    }
    setup = setup_of(group, graph, random() % 2 == 0 ? kAdaptive : kEcmp);
    setup.map.storage = storage::StorageProfile{.read_bandwidth = BytesPerSecond(60e9),
                                                .write_bandwidth = BytesPerSecond(40e9),
                                                .request_latency = Seconds(0.001)};
    const auto count = 5 + random() % 30;
    for (std::size_t i = 0; i < count; ++i) {
      const auto node = [&] { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(nodes)); };
      Place from = gpus(node()), to = gpus(node());
      if (random() % 4 == 0) from = gpu(from.node, static_cast<std::int64_t>(random() % 8));
      if (random() % 5 == 0)
        from = {.kind = Place::Kind::storage};
      else if (random() % 5 == 0)
        to = {.kind = Place::Kind::storage};
      moves.push_back({static_cast<double>(random() % 1000) * 1e-3, from, to,
                       1e6 * static_cast<double>(random() % 40'000), static_cast<Purpose>(random() % 5)});
    }
    if (!failures) return;
    for (auto left = random() % 4; left > 0; --left) {
      const auto link = static_cast<std::uint32_t>(random() % graph.links.size());
      const double at = static_cast<double>(random() % 1500) * 1e-3, share = random() % 2 == 0 ? 0.0 : 0.5;
      changes.emplace_back(at, link, share);
      changes.emplace_back(at + 0.3 + static_cast<double>(random() % 1000) * 1e-3, link, 1.0);
    }
  }
  void plan(SmallFactory& factory) const {
    for (std::uint32_t i = 0; i < moves.size(); ++i)
      factory.move_at(moves[i].at, i, moves[i].from, moves[i].to, moves[i].bytes, moves[i].purpose);
    for (const auto& [at, link, share] : changes)
      factory.change_at(at, [link = link, share = share](FabricMap& map) { map.set_link_share(link, share); });
  }
  std::mt19937_64 random;
  SmallFactory::Setup setup;
  std::vector<RandomMove> moves;
  std::vector<std::tuple<double, std::uint32_t, double>> changes;
};

void check_equal(const Ends& a, const Ends& b, double margin_s) {
  REQUIRE(a.size() == b.size());
  for (const auto& [tag, end] : a) {
    CAPTURE(tag);
    CHECK_THAT(b.at(tag), WithinAbs(end, margin_s));
  }
}

}  // namespace

// ---- Books --------------------------------------------------------------------------------------------------------

TEST_CASE("fabric: every byte is booked once, and no link carries more than it can", "[resources][law]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    const std::string text = in_child([&] {
      SmallFactory factory(random.setup);
      random.plan(factory);
      factory.run();
      const metrics::RunResult result = factory.result();
      double asked = 0.0, by_purpose = 0.0, read = 0.0, written = 0.0;
      for (const RandomMove& move : random.moves) {
        asked += move.bytes;
        if (move.from.kind == Place::Kind::storage) read += move.bytes;
        if (move.to.kind == Place::Kind::storage) written += move.bytes;
      }
      for (const metrics::MoveTotals& totals : result.network.purposes) by_purpose += totals.bytes;
      double highest = 0.0;
      const auto& books = factory.fabric.books().links();
      for (engine::LinkId link = 0; link < books.size(); ++link) {
        const double capacity = factory.fabric.map().nominal_bytes_per_s(link);
        highest = std::max(highest, books[link].peak_bytes_per_s / capacity);
      }
      const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-9 * (a + b + 1); };
      const std::size_t arrived = static_cast<std::size_t>(
          std::count_if(factory.ends.begin(), factory.ends.end(), [](const auto& end) { return end.second >= 0; }));
      if (arrived != random.moves.size()) return fmt::format("{} of {} arrived", arrived, random.moves.size());
      if (!near(by_purpose, asked)) return fmt::format("{} of {} by purpose", by_purpose, asked);
      if (!near(result.network.bytes, asked)) return fmt::format("{} of {}", result.network.bytes, asked);
      if (!near(result.storage.read_bytes, read)) return fmt::format("{} read of {}", result.storage.read_bytes, read);
      if (!near(result.storage.written_bytes, written)) return fmt::format("{} written", result.storage.written_bytes);
      if (highest > 1 + 1e-9) return fmt::format("a link at {}", highest);
      return std::string("right");
    });
    CHECK(text == "right");
  }
}

TEST_CASE("fabric: what enters a switch leaves it", "[resources][law]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    random.setup.map.behaviour.keep_all_links = true;
    const std::string text = in_child([&] {
      SmallFactory factory(random.setup);
      random.plan(factory);
      factory.run();
      std::map<std::string, double> balance, through;
      int switches = 0;
      const auto& books = factory.fabric.books().links();
      for (engine::LinkId link = 0; link < books.size(); ++link) {
        const std::string name = factory.fabric.map().link_name(link);
        const std::size_t arrow = name.find('>');
        if (arrow == std::string::npos) continue;
        balance[name.substr(0, arrow)] -= books[link].bytes;
        balance[name.substr(arrow + 1)] += books[link].bytes;
        through[name.substr(arrow + 1)] += books[link].bytes;
      }
      for (const auto& [vertex, bytes] : balance) {
        const bool is_generated = vertex.find("leaf") == 0 || vertex.find("spine") == 0 || vertex.find("core") == 0;
        if (!is_generated && vertex.size() != 1) continue;
        ++switches;
        if (std::abs(bytes) > 1e-9 * through[vertex] + 1) return fmt::format("{}: {} stay", vertex, bytes);
      }
      return std::string(switches > 0 ? "right" : "no switch seen");
    });
    CHECK(text == "right");
  }
}

// ---- Sharing ------------------------------------------------------------------------------------------------------

TEST_CASE("fabric: without contention every transfer takes its time alone", "[resources][law]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed, false);
    random.setup.map.behaviour.contention = false;
    const Ends together = ends_of(random.setup, [&](SmallFactory& factory) { random.plan(factory); });
    REQUIRE(together.size() == random.moves.size());
    for (std::uint32_t i = 0; i < 4; ++i) {
      SmallFactory::Setup alone = random.setup;
      alone.map.behaviour.contention = alone.map.behaviour.adaptive;  // adaptive: alone, sharing changes nothing
      const Ends one = ends_of(alone, [&](SmallFactory& factory) {
        factory.move_at(random.moves[i].at, i, random.moves[i].from, random.moves[i].to, random.moves[i].bytes);
      });
      CHECK_THAT(one.at(i), WithinAbs(together.at(i), 1e-9));
    }
  }
}

TEST_CASE("fabric: leaving out links that cannot be a bottleneck changes no date", "[resources][law]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    const auto plan = [&](SmallFactory& factory) { random.plan(factory); };
    const Ends few = ends_of(random.setup, plan);
    random.setup.map.behaviour.keep_all_links = true;
    check_equal(few, ends_of(random.setup, plan), 1e-9);
  }
}

TEST_CASE("fabric: the same dates when SimGrid's clock follows, and with SimGrid's flows", "[resources][law]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    RandomCase random(seed);
    const auto plan = [&](SmallFactory& factory) { random.plan(factory); };
    const Ends ours = ends_of(random.setup, plan);
    random.setup.engine.always_sync = true;
    CHECK(ends_of(random.setup, plan) == ours);
    random.setup.engine.always_sync = false;
    random.setup.engine.simgrid_flows = true;
    random.setup.engine.simgrid_links = 2048;
    check_equal(ours, ends_of(random.setup, plan), 1e-6);
  }
}

TEST_CASE("fabric: equal nodes finish together", "[resources][law]") {
  // All-to-all of eight nodes; two uplinks of 50 GB/s for what four nodes of a leaf send out. Each node sends 7 GB, 4
  // of them to the other leaf: 16 GB at 100 GB/s take 0.16 s.
  const TwoLeaves at(2);
  const Ends ends = ends_of(setup_of(at.group, at.graph, kAdaptive), [](SmallFactory& factory) {
    std::uint32_t tag = 0;
    for (std::int64_t a = 0; a < 8; ++a) {
      for (std::int64_t b = 0; b < 8; ++b) {
        if (a != b) factory.move_at(0.0, tag++, gpus(a), gpus(b), 1e9);
      }
    }
  });
  std::vector<double> far, near;
  std::uint32_t tag = 0;
  for (std::int64_t a = 0; a < 8; ++a) {
    for (std::int64_t b = 0; b < 8; ++b) {
      if (a != b) (a / 4 == b / 4 ? near : far).push_back(ends.at(tag++));
    }
  }
  for (const double end : far) CHECK_THAT(end, WithinAbs(0.16, 1e-11));
  for (const double end : near) CHECK_THAT(end, WithinAbs(near.front(), 1e-11));
  CHECK(near.front() < far.front());
}

TEST_CASE("fabric: adaptive routing is never slower than ECMP for permutations", "[resources][law]") {
  std::mt19937_64 random(20261124);
  int slower = 0;
  for (int round = 0; round < 25; ++round) {
    const TwoLeaves at(1 + round % 4);
    std::vector<std::int64_t> to = {0, 1, 2, 3, 4, 5, 6, 7};
    std::shuffle(to.begin(), to.end(), random);
    const auto last = [&](const resources::FabricBehaviour& behaviour) {
      const Ends ends = ends_of(setup_of(at.group, at.graph, behaviour), [&](SmallFactory& factory) {
        for (std::uint32_t i = 0; i < 8; ++i) {
          if (to[i] != i) factory.move_at(0.0, i, gpus(i), gpus(to[i]), 1e9);
        }
      });
      double latest = 0.0;
      for (const auto& [tag, end] : ends) latest = std::max(latest, end);
      return latest;
    };
    const double adaptive = last(kAdaptive), ecmp = last(kEcmp);
    CHECK(adaptive <= ecmp + 1e-9);
    if (ecmp > adaptive * 1.01) ++slower;
  }
  CHECK(slower > 3);
}

TEST_CASE("fabric: two messages that meet on one uplink get half of it", "[resources]") {
  // Two senders, two uplinks, one message each at a time: alone 1 s; by hash they share an uplink in half of all cases.
  const TwoLeaves at(2);
  int met = 0, passed = 0;
  for (std::uint32_t first = 0; first < 12; ++first) {
    const Ends ends = ends_of(setup_of(at.group, at.graph, kEcmp), [first](SmallFactory& factory) {
      for (std::uint32_t i = 0; i < first; ++i) factory.move_at(0.0, 100 + i, gpus(2), gpus(3), 0.0);  // takes numbers
      factory.move_at(1.0, 0, gpus(0), gpus(4), kCard);
      factory.move_at(1.0, 1, gpus(1), gpus(5), kCard);
    });
    CHECK_THAT(ends.at(0), WithinAbs(ends.at(1), 1e-9));
    if (std::abs(ends.at(0) - 2.0) < 1e-9) ++passed;
    if (std::abs(ends.at(0) - 3.0) < 1e-9) ++met;
  }
  CHECK(met + passed == 12);
  CHECK(met >= 2);
  CHECK(passed >= 2);
}

TEST_CASE("fabric: transfers of one card share it, those of two do not", "[resources]") {
  const resources::FabricGroup group = servers(4);
  const topology::Graph graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
  for (const auto& behaviour : {kAdaptive, kEcmp}) {
    CAPTURE(behaviour.adaptive);
    const auto last = [&](std::int64_t other) {
      const Ends ends = ends_of(setup_of(group, graph, behaviour), [other](SmallFactory& factory) {
        factory.move_at(0.0, 0, gpu(0, 3), gpu(1, 3), kCard);
        factory.move_at(0.0, 1, gpu(0, other), gpu(2, other), kCard);
      });
      return ends.at(0);
    };
    CHECK_THAT(last(3), WithinAbs(2.0, 1e-4));  // but for the latency of the hops
    CHECK_THAT(last(4), WithinAbs(1.0, 1e-4));
  }
}

// ---- Failures -----------------------------------------------------------------------------------------------------

namespace {

std::function<void(FabricMap&)> share(const std::string& link, double works) {
  return [=](FabricMap& map) { map.set_link_share(map.find_link(link).value(), works); };
}

}  // namespace

TEST_CASE("fabric: a lost uplink under adaptive routing takes its share of the capacity", "[resources]") {
  // Four nodes send 50 GB each over four uplinks: 1 s alone. At 0.5 s one uplink fails: nothing moves until 0.6 s, then
  // the remaining 100 GB go at 150 GB/s: 1.2667 s. The uplink was never a link of the routes before.
  const TwoLeaves at(4);
  const auto plan = [](SmallFactory& factory) {
    for (std::uint32_t i = 0; i < 4; ++i) factory.move_at(0.0, i, gpus(i), gpus(i + 4), kCard);
    factory.change_at(0.5, share("left--spine_2", 0.0));
  };
  const Ends ends = ends_of(setup_of(at.group, at.graph, kAdaptive), plan);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK_THAT(ends.at(i), WithinAbs(0.6 + 2.0 / 3.0, 1e-9));
  // Repaired at 0.9 s: 45 GB of 100 are through, the rest goes at 200 GB/s.
  const Ends repaired = ends_of(setup_of(at.group, at.graph, kAdaptive), [&](SmallFactory& factory) {
    plan(factory);
    factory.change_at(0.9, share("left--spine_2", 1.0));
  });
  CHECK_THAT(repaired.at(0), WithinAbs(0.9 + 55.0 / 200.0, 1e-9));
}

TEST_CASE("fabric: a lost uplink under ECMP is avoided", "[resources]") {
  const TwoLeaves at(2);
  const Ends ends = ends_of(setup_of(at.group, at.graph, kEcmp), [](SmallFactory& factory) {
    factory.move_at(0.0, 0, gpus(0), gpus(4), kCard);
    factory.move_at(0.0, 9, gpus(6), gpus(7), kCard);  // does not come near
    // One of the two is its way; each is lost in turn.
    factory.change_at(0.25, share("left--spine_0", 0.0));
    factory.change_at(0.65, share("left--spine_0", 1.0));
    factory.change_at(0.75, share("left--spine_1", 0.0));
  });
  // It stands still 0.1 s after the loss of its way; after the first repair it may have gone back.
  const double stops = (ends.at(0) - 1.0) / 0.1;
  CHECK_THAT(stops, WithinAbs(std::round(stops), 1e-6));
  CHECK(stops > 0.5);
  CHECK(stops < 2.5);
  CHECK_THAT(ends.at(9), WithinAbs(1.0, 1e-9));
}

TEST_CASE("fabric: without a path transfers stand still, go on after the repair, or fail in time", "[resources]") {
  const TwoLeaves at(1);
  for (const auto& behaviour : {kAdaptive, kEcmp}) {
    CAPTURE(behaviour.adaptive);
    const Ends ends = ends_of(setup_of(at.group, at.graph, behaviour), [](SmallFactory& factory) {
      factory.move_at(0.0, 0, gpus(0), gpus(4), kCard);
      factory.change_at(0.5, share("left--spine_0", 0.0));
      factory.move_at(0.7, 1, gpus(1), gpus(5), kCard);  // finds none from the start
      factory.change_at(3.5, share("left--spine_0", 1.0));
    });
    // Both go on 0.1 s after the repair: half of 50 GB and 50 GB share 50 GB/s.
    CHECK_THAT(ends.at(0), WithinAbs(3.6 + 1.0, 1e-9));
    CHECK_THAT(ends.at(1), WithinAbs(3.6 + 1.5, 1e-9));
    const Ends lost = ends_of(setup_of(at.group, at.graph, behaviour), [](SmallFactory& factory) {
      factory.move_at(0.0, 0, gpus(0), gpus(4), kCard);
      factory.change_at(0.5, share("left--spine_0", 0.0));
      factory.move_at(0.7, 1, gpus(1), gpus(5), kCard);
    });
    CHECK_THAT(lost.at(0), WithinAbs(-5.5, 1e-9));
    CHECK_THAT(lost.at(1), WithinAbs(-5.7, 1e-9));
  }
}

TEST_CASE("fabric: what failed is booked as far as it moved", "[resources]") {
  const TwoLeaves at(1);
  const std::string text = in_child([&] {
    SmallFactory factory(setup_of(at.group, at.graph, kAdaptive));
    factory.move_at(0.0, 0, gpus(0), gpus(4), kCard);
    factory.change_at(0.25, share("left--spine_0", 0.0));
    factory.run();
    const metrics::RunResult result = factory.result();
    return fmt::format("{} {:.6g} {} {}", result.network.purposes.at(0).failed, result.network.bytes,
                       factory.fabric.transfers_stopped(), factory.fabric.describe_work_left());
  });
  CHECK(text == "1 1.25e+10 1 ");
}

TEST_CASE("fabric: a lost network card of eight leaves seven eighths, with or without contention", "[resources]") {
  const resources::FabricGroup group = servers(4);
  const topology::Graph graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
  for (const bool contention : {true, false}) {
    CAPTURE(contention);
    resources::FabricBehaviour behaviour = kAdaptive;
    behaviour.contention = contention;
    const Ends ends = ends_of(setup_of(group, graph, behaviour), [](SmallFactory& factory) {
      factory.move_at(0.0, 0, gpus(0), gpus(1), 8 * kCard);
      factory.change_at(0.5, [](FabricMap& map) { map.set_link_share(map.find_nic(1, 2).value(), 0.0); });
    });
    CHECK_THAT(ends.at(0), WithinAbs(0.6 + 0.5 * 8 / 7, 1e-4));
  }
}

TEST_CASE("fabric: switches go down, links lose part, links flap", "[resources]") {
  const TwoLeaves at(2);
  const auto four = [](SmallFactory& factory) {
    for (std::uint32_t i = 0; i < 4; ++i) factory.move_at(0.0, i, gpus(i), gpus(i + 4), kCard / 2);  // 1 s alone
  };
  const auto last = [&](const std::function<void(SmallFactory&)>& changes) {
    const Ends ends = ends_of(setup_of(at.group, at.graph, kAdaptive), [&](SmallFactory& factory) {
      four(factory);
      changes(factory);
    });
    return ends.at(0);
  };
  // A spine down from 0.5 s: half of the bytes are left, at half of the rate, after 0.1 s.
  CHECK_THAT(last([](SmallFactory& factory) {
               factory.change_at(0.5,
                                 [](FabricMap& map) { map.set_switch_up(map.find_vertex("spine_1").value(), false); });
             }),
             WithinAbs(1.6, 1e-9));
  // One uplink at half: three quarters of the rate.
  CHECK_THAT(last([](SmallFactory& factory) { factory.change_at(0.5, share("left--spine_0", 0.5)); }),
             WithinAbs(0.6 + 0.5 / 0.75, 1e-9));
  // Down for 20 ms three times, 200 ms apart: 0.1 s at a stand each time, the repairs come within it.
  CHECK_THAT(last([](SmallFactory& factory) {
               for (const double start : {0.2, 0.4, 0.6}) {
                 factory.change_at(start, share("left--spine_0", 0.0));
                 factory.change_at(start + 0.02, share("left--spine_0", 1.0));
               }
             }),
             WithinAbs(1.0 + 3 * 0.12, 1e-9));  // rerouted 0.1 s after the last change
}

TEST_CASE("fabric: storage slows down and recovers; with no bandwidth left the run says what waits", "[resources]") {
  for (const bool contention : {true, false}) {
    CAPTURE(contention);
    SmallFactory::Setup setup = setup_of(servers(2), graph_for(servers(2), "fat_tree", {{"switch", test_switch(64)}}));
    setup.map.behaviour.contention = contention;
    setup.map.storage = storage::StorageProfile{.read_bandwidth = BytesPerSecond(20e9)};
    const Ends ends = ends_of(setup, [](SmallFactory& factory) {
      factory.move_at(0.0, 0, {.kind = Place::Kind::storage}, gpus(0), 20e9);
      factory.change_at(0.5, [](FabricMap& map) { map.set_storage_share(0.25); });
      factory.change_at(1.5, [](FabricMap& map) { map.set_storage_share(1.0); });
    });
    CHECK_THAT(ends.at(0), WithinAbs(1.75, 1e-9));  // 10 GB, 5 GB, 5 GB
    const std::string left = in_child([&] {
      SmallFactory factory(setup);
      factory.simulation.set_work_left([&] { return factory.fabric.describe_work_left(); });
      factory.move_at(0.0, 0, {.kind = Place::Kind::storage}, gpus(0), 20e9);
      factory.change_at(0.5, [](FabricMap& map) { map.set_storage_share(0.0); });
      try {
        factory.run();
      } catch (const engine::StuckError&) {
        return factory.fabric.describe_work_left();
      }
      return std::string("ended");
    });
    CHECK(left.find("1 transfers in motion") == 0);
  }
}

// ---- Rings --------------------------------------------------------------------------------------------------------

namespace {

/// Steps of computing and sending over a ring, in closed form or as flows, as a replica makes them.
struct Steps final : engine::TimerClient, resources::RingClient {
  Steps(SmallFactory& f, std::vector<std::int64_t> nodes, double compute, double bytes, double alone, int count)
      : factory(f),
        compute_s(compute),
        bytes_a_step(bytes),
        alone_s(alone),
        left(count),
        timer(f.simulation.add_timer(*this, 0, engine::rank(engine::RankClass::step, 0))) {
    ring = factory.fabric.open_ring(*this, std::move(nodes));
    factory.at(0.0, [this] { next(); });
  }
  bool as_flows() const { return factory.fabric.behaviour().step_flows; }
  void next() {
    if (left == 0) {
      ended = to_seconds(factory.simulation.now());
      if (!as_flows()) factory.fabric.set_ring_rate(ring, 0.0);
      return;
    }
    if (std::isinf(factor) && !as_flows()) {
      waits = true;
      return;
    }
    --left;
    const double length = compute_s + (as_flows() ? 0.0 : alone_s * factor);
    if (!as_flows()) factory.fabric.set_ring_rate(ring, bytes_a_step / length);
    factory.simulation.set_timer(timer, factory.simulation.now() + to_picoseconds(length));
  }
  void on_timer(std::uint32_t) override {
    if (as_flows()) return factory.fabric.ring_step(ring, bytes_a_step, alone_s);
    next();
  }
  void on_ring_step_done() override { next(); }
  void on_ring_factor(double now) override {
    log += fmt::format("{:.4g}@{:.6g} ", now, to_seconds(factory.simulation.now()));
    factor = now;
    if (std::isfinite(now) && std::exchange(waits, false)) next();
  }
  void on_ring_lost() override { log += fmt::format("lost@{:.6g} ", to_seconds(factory.simulation.now())); }

  SmallFactory& factory;
  double compute_s, bytes_a_step, alone_s;
  int left;
  engine::TimerId timer;
  resources::Fabric::RingId ring = 0;
  double factor = 1.0, ended = 0.0;
  bool waits = false;
  std::string log;
};

/// Ends of the ring's last step (0) and of the transfer (1).
Ends ring_beside(const SmallFactory::Setup& setup, double compute_s, const std::function<void(SmallFactory&)>& plan) {
  return read(in_child([&] {
    SmallFactory factory(setup);
    // Between 0 and 4, 10 ms of sending alone a step, for 100 steps.
    Steps steps(factory, {0, 4}, compute_s, 0.01 * kCard, 0.01, 100);
    plan(factory);
    factory.run();
    factory.ends[0] = steps.ended;
    return written(factory.ends);
  }));
}

}  // namespace

TEST_CASE("fabric: a ring alone takes its time alone, in closed form and as flows", "[resources]") {
  const resources::FabricGroup eight = servers(8), one = servers(8, 1);
  for (const bool step_flows : {false, true}) {
    for (const auto& routing : {kAdaptive, kEcmp}) {
      for (const bool many_cards : {false, true}) {
        CAPTURE(step_flows, routing.adaptive, many_cards);
        resources::FabricBehaviour behaviour = routing;
        behaviour.step_flows = step_flows;
        topology::Graph graph =
            many_cards ? graph_for(eight, "rail_optimized", {{"switch", test_switch(64)}}) : two_leaves(one, 4, 4);
        for (topology::Link& link : graph.links) link.latency = Seconds(0);
        const std::string text = in_child([&] {
          SmallFactory factory(setup_of(many_cards ? eight : one, graph, behaviour));
          Steps steps(factory, {0, 1, 2, 3}, 0.02, 0.01 * kCard * (many_cards ? 8 : 1), 0.01, 50);
          factory.run();
          const double bytes = factory.fabric.books().of(Purpose::step_traffic).bytes / kCard;
          return fmt::format("{:.9g} {:.9g} {}", steps.ended, bytes, steps.log);
        });
        CHECK(text == (many_cards ? "1.5 16 " : "1.5 2 "));  // 4 nodes, 50 steps of 0.01 s
      }
    }
  }
}

TEST_CASE("fabric: a ring and a transfer that share a link, in closed form and as flows", "[resources]") {
  const TwoLeaves at(4);
  SmallFactory::Setup setup = setup_of(at.group, at.graph, kAdaptive);
  for (const double compute_s : {0.0, 0.002, 0.01, 0.05}) {
    CAPTURE(compute_s);
    const auto plan = [](SmallFactory& factory) { factory.move_at(0.1, 1, gpus(0), gpus(5), 0.7 * kCard); };
    setup.map.behaviour.step_flows = false;
    const Ends closed = ring_beside(setup, compute_s, plan);
    setup.map.behaviour.step_flows = true;
    const Ends flows = ring_beside(setup, compute_s, plan);
    const double alone = 100 * (compute_s + 0.01), step = compute_s + 0.02;
    CHECK(flows.at(0) > alone);
    CHECK(flows.at(1) > 0.8);
    CHECK_THAT(closed.at(0), WithinAbs(flows.at(0), step));
    CHECK_THAT(closed.at(1), WithinAbs(flows.at(1), step));
  }
}

TEST_CASE("fabric: rings that share a link, in closed form and as flows", "[resources]") {
  // Two rings over one uplink: each sends for 10 ms alone after so much computing, for 100 steps.
  const TwoLeaves at(1);
  const auto stretch = [&](bool step_flows, double compute_s, double second_starts) {
    resources::FabricBehaviour behaviour = kAdaptive;
    behaviour.step_flows = step_flows;
    const Ends both = read(in_child([&] {
      SmallFactory factory(setup_of(at.group, at.graph, behaviour));
      Steps a(factory, {0, 4}, compute_s, 0.01 * kCard, 0.01, 100);
      Steps b(factory, {1, 5}, compute_s, 0.01 * kCard, 0.01, 0);
      factory.at(second_starts, [&] {
        b.left = 100;
        b.next();
      });
      factory.run();
      return written({{0, a.ended}, {1, b.ended - second_starts}});
    }));
    return 1.0 + (both.at(1) - 100 * (compute_s + 0.01)) / 1.0;  // factor of the second's sending
  };
  // Without computing between they share all the time: twice as long both ways, but for the start and the end.
  CHECK_THAT(stretch(false, 0.0, 0.005), WithinAbs(stretch(true, 0.0, 0.005), 0.03));
  // As flows they always meet, or never.
  CHECK_THAT(stretch(true, 0.05, 0.0), WithinAbs(2.0, 1e-6));
  CHECK_THAT(stretch(true, 0.05, 0.03), WithinAbs(1.0, 1e-6));
  // In closed form each finds what the other leaves on average. f is the factor and c the computing in units of the
  // time alone: f = 1 / (1 - 1 / (c + f)), for c = 5 and c = 1: 1.1926 and 1.6180.
  CHECK_THAT(stretch(false, 0.05, 0.0), WithinAbs(1.1926, 0.02));
  CHECK_THAT(stretch(false, 0.01, 0.0), WithinAbs(1.6180, 0.02));
}

TEST_CASE("fabric: transfers shorter than a step reach a ring in closed form by chance", "[resources]") {
  // Transfers that are there for half of the time, 2 to 200 ms each. As flows the ring's sending takes 1.4 to 1.5 times
  // as long. The closed form asks once a step who is there: near for long transfers, anything from 1 to 2 for short.
  const TwoLeaves at(1);
  for (const double on : {0.002, 0.02, 0.2}) {
    CAPTURE(on);
    const auto plan = [on](SmallFactory& factory) {
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(8.0 / on); ++i)
        factory.move_at(0.0012 + 2 * i * on, 10 + i, gpus(1), gpus(5), 0.7 * on * kCard);
    };
    SmallFactory::Setup setup = setup_of(at.group, at.graph, kAdaptive);
    const double closed = 1.0 + ring_beside(setup, 0.05, plan).at(0) - 6.0;
    setup.map.behaviour.step_flows = true;
    const double flows = 1.0 + ring_beside(setup, 0.05, plan).at(0) - 6.0;
    CHECK(closed >= 1.0 - 1e-9);
    CHECK(closed <= 2.0 + 1e-9);
    CHECK_THAT(flows, WithinAbs(1.42, 0.06));
    if (on == 0.2) CHECK_THAT(closed, WithinAbs(flows, 0.05));
  }
}

TEST_CASE("fabric: a ring's factor falls back after a transfer, also with two cards of eight in use", "[resources]") {
  const resources::FabricGroup group = servers(4);
  topology::Graph graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
  for (topology::Link& link : graph.links) link.latency = Seconds(0);
  const std::string text = in_child([&] {
    SmallFactory factory(setup_of(group, graph, kAdaptive));
    Steps steps(factory, {0, 1}, 0.03, 0.08 * kCard, 0.01, 40);
    factory.move_at(0.2, 1, gpus(0), gpus(2), 4 * kCard);
    factory.run();
    return steps.log + fmt::format("{:.4g}", factory.ends[1]);
  });
  // 200 GB at 400 GB/s less the ring's mean: 100 GB/s, and 80 GB/s once its steps take 50 ms.
  CHECK(text.substr(0, 6) == "2@0.2 ");
  CHECK(text.substr(6, 4) == "1@0.");
  CHECK(std::count(text.begin(), text.end(), '@') == 2);
}

TEST_CASE("fabric: a ring that is cut off, lost after the timeout once, and found again", "[resources]") {
  const TwoLeaves at(1);
  for (const bool step_flows : {false, true}) {
    CAPTURE(step_flows);
    resources::FabricBehaviour behaviour = kAdaptive;
    behaviour.step_flows = step_flows;
    const auto log = [&](std::vector<std::tuple<double, std::string, double>> changes) {
      return in_child([&] {
        SmallFactory factory(setup_of(at.group, at.graph, behaviour));
        Steps steps(factory, {0, 4}, 0.02, 0.01 * kCard, 0.01, 30);
        for (const auto& [date, link, works] : changes) factory.change_at(date, share(link, works));
        factory.run();
        return steps.log;
      });
    };
    // Back within the timeout: found 0.1 s after the repair.
    CHECK(log({{0.5, "left--spine_0", 0.0}, {2.0, "left--spine_0", 1.0}}) == "inf@0.5 1@2.1 ");
    // Lost once, whatever else changes meanwhile, and found when it is repaired at last.
    CHECK(log({{0.5, "left--spine_0", 0.0},
               {6.0, "row/2--left", 0.0},
               {7.0, "row/2--left", 1.0},
               {9.0, "left--spine_0", 1.0}}) == "inf@0.5 lost@5.5 1@9.1 ");
    // Changes elsewhere do not put off the loss.
    CHECK(log({{0.5, "left--spine_0", 0.0}, {5.45, "row/2--left", 0.0}, {9.0, "left--spine_0", 1.0}}) ==
          "inf@0.5 lost@5.5 1@9.1 ");
    // At half of its bandwidth.
    CHECK(log({{0.5, "left--spine_0", 0.5}}) == (step_flows ? "inf@0.5 1@0.6 " : "inf@0.5 2@0.6 "));
  }
}

TEST_CASE("fabric: step flows send each byte once, though their way changes", "[resources]") {
  for (const auto& routing : {kAdaptive, kEcmp}) {
    CAPTURE(routing.adaptive);
    resources::FabricBehaviour behaviour = routing;
    behaviour.step_flows = true;
    const TwoLeaves at(4);
    const std::string text = in_child([&] {
      SmallFactory factory(setup_of(at.group, at.graph, behaviour));
      Steps steps(factory, {0, 1, 4, 5}, 0.02, 0.05 * kCard, 0.05, 40);
      factory.move_at(0.0, 1, gpus(0), gpus(1), 0.5 * kCard);  // the first hop falls behind the others
      for (int i = 0; i < 8; ++i) {
        factory.change_at(0.13 + 0.31 * i, share(fmt::format("left--spine_{}", i % 4), 0.0));
        factory.change_at(0.24 + 0.31 * i, share(fmt::format("left--spine_{}", i % 4), 1.0));
      }
      factory.run();
      return fmt::format("{:.9g}", factory.fabric.books().of(Purpose::step_traffic).bytes / kCard);
    });
    CHECK(text == "8");  // 4 nodes, 40 steps of 0.05 s
  }
}

// ---- Power --------------------------------------------------------------------------------------------------------

TEST_CASE("fabric: the network draws by what crosses it, second by second", "[resources]") {
  // 100 W at rest and 200 W more at full load of all links. Two hops of 50 GB/s for 3 s, of 24 directed links.
  const TwoLeaves at(2);
  const std::string text = in_child([&] {
    SmallFactory factory(setup_of(at.group, at.graph));
    factory.move_at(0.0, 0, gpus(0), gpus(1), 3 * kCard);
    factory.at(10.0, [] {});
    factory.run();
    std::string out;
    for (std::size_t row = 0; row < factory.facility.samples(); ++row)
      out += fmt::format("{:.2f} ", to_watts(factory.facility.sample(row).mean(resources::Consumer::network)));
    return out + fmt::format("{:.4f}", to_joules(factory.facility.energy(resources::Consumer::network)));
  });
  // Each second's power follows the second before. 8 node links and 4 uplinks: 2 * 12 * 50 GB/s in all.
  const double busy = 100 + 200 * 2.0 / 24;
  std::string expected;
  for (int i = 0; i < 10; ++i) expected += fmt::format("{:.2f} ", i >= 1 && i <= 3 ? busy : 100.0);
  CHECK(text.substr(0, expected.size()) == expected);
  CHECK_THAT(std::stod(text.substr(expected.size())), WithinAbs(1000 + 3 * (busy - 100), 0.01));
}

TEST_CASE("fabric: without a network between nodes, bytes move within them and to storage", "[resources]") {
  SmallFactory::Setup setup;
  setup.map.groups = {servers(2)};
  setup.map.storage = storage::StorageProfile{.read_bandwidth = BytesPerSecond(20e9)};
  const Ends ends = ends_of(setup, [](SmallFactory& factory) {
    factory.move_at(0.0, 0, {.kind = Place::Kind::drives, .node = 1}, gpus(1), 40e9);
    factory.move_at(0.0, 1, {.kind = Place::Kind::storage}, gpus(0), 40e9);
    factory.move_at(0.0, 2, gpus(0), gpus(1), 1.0);  // no way at all
  });
  CHECK(ends == Ends{{0, 1.0}, {1, 2.0}, {2, -0.0}});
}
