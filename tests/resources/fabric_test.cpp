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
        highest = std::max(highest, books[link].peak_in_interval / capacity);
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
