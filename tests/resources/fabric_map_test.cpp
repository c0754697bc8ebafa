#include "sim/resources/fabric_map.hpp"

#include <algorithm>
#include <set>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/resources/small_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using resources::FabricMap;
using resources::Path;
using resources::Place;
using tokenworks::testing::in_child;

namespace {

/// What `look` says of a map, made in a child.
std::string with_map(FabricMap::Setup setup, const std::function<std::string(FabricMap&)>& look) {
  return in_child([&] {
    engine::Simulation simulation({});
    FabricMap map(simulation, std::move(setup));
    return look(map);
  });
}

FabricMap::Setup setup_of(const resources::FabricGroup& group, topology::Graph graph, bool adaptive = true) {
  return {.groups = {group}, .graph = std::move(graph), .storage = {}, .behaviour = {.adaptive = adaptive}};
}

/// "row/0>left left>spine_0 | ...", one entry a path.
std::string named(const FabricMap& map, const std::vector<Path>& paths) {
  std::string text;
  for (const Path& path : paths) {
    if (!text.empty()) text += " | ";
    for (std::size_t i = 0; i < path.links.size(); ++i) text += (i == 0 ? "" : " ") + map.link_name(path.links[i]);
  }
  return text;
}

}  // namespace

TEST_CASE("fabric map: nodes of all groups, their names and domains", "[resources]") {
  resources::FabricGroup trays = servers(2, 4);
  trays.name = "trays";
  trays.kind.nodes = 4;  // racks of 4 trays with 4 GPUs each; 8 GPUs a domain
  trays.kind.gpus_per_node = 4;
  FabricMap::Setup setup{.groups = {servers(3), trays}, .graph = {}, .storage = {}, .behaviour = {}};
  const std::string text = with_map(std::move(setup), [](FabricMap& map) {
    std::string out = fmt::format("{} {} {} {} ", map.nodes(), map.node_name(2), map.node_name(3), map.node_name(10));
    for (const auto& [a, b] : {std::pair{3, 4}, {4, 5}, {0, 1}, {2, 3}}) out += map.same_domain(a, b) ? '1' : '0';
    return out + fmt::format(" {} {} {} {}", map.gpus_of(2), map.gpus_of(3), map.nics_of(2), map.nics_of(3));
  });
  CHECK(text == "11 row/2 trays/0 trays/7 1000 8 4 8 4");
}

TEST_CASE("fabric map: places in a node meet at its host link and drives", "[resources]") {
  FabricMap::Setup setup{.groups = {servers(1)}, .graph = {}, .storage = {}, .behaviour = {}};
  const std::string text = with_map(std::move(setup), [](FabricMap& map) {
    std::string out;
    const auto say = [&](const Place& from, const Place& to) {
      const std::vector<Path> paths = map.paths(from, to, 0);
      out += fmt::format("{}:{:g} ", named(map, paths), paths[0].limit_bytes_per_s / 1e9);
    };
    const Place host{.kind = Place::Kind::host}, drives{.kind = Place::Kind::drives};
    say(gpus(0), host);    // 8 GPUs of 50 GB/s
    say(host, gpu(0, 3));  // one of them
    say(drives, gpus(0));  // read at 40 GB/s
    say(gpus(0), drives);  // written at 20 GB/s
    say(host, drives);
    return out;
  });
  CHECK(text == "row/0>host:400 row/0<host:50 row/0<drives row/0<host:40 row/0>drives row/0>host:20 row/0>drives:20 ");
}

TEST_CASE("fabric map: links that cannot be a bottleneck are left out, and no two for each other's sake",
          "[resources]") {
  const resources::FabricGroup group = servers(8, 1);
  const auto route = [&](int uplinks, bool adaptive) {
    return with_map(setup_of(group, two_leaves(group, 4, uplinks), adaptive),
                    [](FabricMap& map) { return named(map, map.paths(gpus(0), gpus(4), 0)); });
  };
  // Four uplinks carry what four nodes send.
  CHECK(route(4, true) == "row/0>left right>row/4");
  // Two do not: both the way up and the way down must be held, though the spine has no more out than in.
  CHECK(route(2, true) == "row/0>left left>spine_0 spine_0>right right>row/4");
  // By hash, four nodes may meet on one of four uplinks. What comes down to a leaf of four nodes can be too much too.
  const std::string by_hash = route(4, false);
  CHECK(std::count(by_hash.begin(), by_hash.end(), '>') == 4);
}

TEST_CASE("fabric map: a chain of equal links keeps one that holds", "[resources]") {
  // Six nodes left, six right, between them three links of 800 Gbit/s in a row: each would be left out for its
  // neighbour's sake, but none is guarded by the nodes.
  const resources::FabricGroup group = servers(12, 1);
  std::vector<CustomLink> links = {{"s0", "s1", 400, 2}, {"s1", "s2", 400, 2}, {"s2", "s3", 400, 2}};
  for (int i = 0; i < 12; ++i) links.push_back({fmt::format("row/{}", i), i < 6 ? "s0" : "s3"});
  const std::string text = with_map(setup_of(group, custom_graph(group, {"s0", "s1", "s2", "s3"}, links)),
                                    [](FabricMap& map) { return named(map, map.paths(gpus(0), gpus(6), 0)); });
  CHECK(std::count(text.begin(), text.end(), '>') >= 3);
}

TEST_CASE("fabric map: a GPU's traffic uses its card, and keeps to its rail", "[resources]") {
  const resources::FabricGroup group = servers(4);
  const topology::Graph graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
  for (const bool adaptive : {true, false}) {
    CAPTURE(adaptive);
    const std::string text = with_map(setup_of(group, graph, adaptive), [adaptive](FabricMap& map) {
      std::set<std::string> ways;
      for (std::int64_t r = 0; r < 8; ++r) {
        const std::vector<Path> paths = map.paths(gpu(0, r), gpu(1, r), 77);
        if (paths.size() != 1 || paths[0].streams != 1) return std::string("not one card");
        if (paths[0].limit_bytes_per_s != 50e9) return fmt::format("limit {}", paths[0].limit_bytes_per_s);
        const std::string way = named(map, paths);
        if (adaptive && way.find(fmt::format("row/0>nic_{}", r)) == std::string::npos) return way;
        if (paths[0].route.size() != 2) return fmt::format("{} hops", paths[0].route.size());  // up to its rail's leaf
        if (way != named(map, map.paths(gpu(0, r), gpu(1, r), 12345))) return "not the same for every hash: " + way;
        ways.insert(way);
      }
      return fmt::format("{} ways", ways.size());
    });
    CHECK(text == "8 ways");
  }
}

TEST_CASE("fabric map: a whole node uses all cards, shares of its parts add up to one", "[resources][law]") {
  const resources::FabricGroup group = servers(6);
  for (const bool adaptive : {true, false}) {
    for (const char* kind : {"rail_optimized", "fat_tree"}) {
      CAPTURE(adaptive, kind);
      const topology::Graph graph = graph_for(group, kind, {{"switch", test_switch(32)}});
      const std::string text = with_map(setup_of(group, graph, adaptive), [](FabricMap& map) {
        double share = 0.0, limit = 0.0;
        int streams = 0;
        for (const Path& path : map.paths(gpus(0), gpus(5), 3)) {
          share += path.share;
          limit += path.limit_bytes_per_s;
          streams += path.streams;
        }
        return fmt::format("{} {} {}", share, limit / 1e9, streams);
      });
      CHECK(text == "1 400 8");
    }
  }
}

TEST_CASE("fabric map: failures act on the link that they name, also where equal switches are one", "[resources]") {
  // Spines stand before leaves in this graph and are merged: numbers of vertices differ from their merge ids.
  const resources::FabricGroup group = servers(32);
  const topology::Graph graph = graph_for(group, "fat_tree", {{"switch", test_switch(64)}, {"oversubscription", 2.0}});
  const std::string text = with_map(setup_of(group, graph), [&](FabricMap& map) {
    const auto capacities = [&] {
      std::string out;
      for (const std::int64_t to : {1, 31}) {
        for (const Path& path : map.paths(gpus(0), gpus(to), 0)) {
          for (const engine::LinkId link : path.links)
            out += fmt::format("{}={:g} ", map.link_name(link), map.capacity_bytes_per_s(link) / 50e9);
        }
      }
      return out;
    };
    const std::string before = capacities();
    std::uint32_t uplink = 0;
    double trunk = 0.0;  // cables of leaf_0 upwards
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
      const topology::Link& link = graph.links[i];
      if (graph.name(link.a) != "leaf_0" && graph.name(link.b) != "leaf_0") continue;
      if (graph.name(link.other(graph.name(link.a) == "leaf_0" ? link.a : link.b)).find("spine") != 0) continue;
      uplink = i;
      trunk += link.cables;
    }
    map.set_link_share(uplink, 0.0);
    const std::string broken = capacities();
    map.set_link_share(uplink, 1.0);
    if (capacities() != before) return "not repaired: " + before + capacities();
    if (broken == before) return std::string("nothing broke");
    const std::string is_left = fmt::format("leaf_0>spine_0={:g} ", trunk - graph.links[uplink].cables);
    if (broken.find(is_left) == std::string::npos) return broken + " instead of " + is_left;
    // All else is as it was.
    std::string expected = before;
    const std::string was = fmt::format("leaf_0>spine_0={:g} ", trunk);
    expected.replace(expected.find(was), was.size(), is_left);
    return expected == broken ? std::string("right") : expected + " but " + broken;
  });
  CHECK(text == "right");
}

TEST_CASE("fabric map: names find vertices, links and cards; others do not", "[resources]") {
  const resources::FabricGroup group = servers(4, 2);
  const topology::Graph graph = custom_graph(
      group, {"a", "b"},
      {{"row/0", "a", 400, 2}, {"row/1", "a"}, {"row/1", "b"}, {"row/2", "b"}, {"a", "b", 400, 4}, {"row/3", "b"}});
  const std::string text = with_map(setup_of(group, graph), [](FabricMap& map) {
    std::string out;
    out += map.find_vertex("b") ? "b " : "";
    out += map.find_vertex("c") ? "c " : "";
    out += map.find_link("b--a") ? fmt::format("b--a:{} ", map.cables_of(*map.find_link("b--a"))) : "";
    out += map.find_link("row/2--a") ? "row/2--a " : "";
    out += *map.find_nic(0, 0) == *map.find_nic(0, 1) ? "one bundle " : "";
    out += *map.find_nic(1, 0) != *map.find_nic(1, 1) ? "two links " : "";
    out += map.find_nic(2, 1) ? "" : "no second card";
    return out;
  });
  CHECK(text == "b b--a:4 one bundle two links no second card");
}

TEST_CASE("fabric map: a ring over nodes counts what crosses each link", "[resources]") {
  const resources::FabricGroup group = servers(8, 1);
  const auto crossed = [&](std::vector<std::int64_t> nodes, bool adaptive) {
    return with_map(setup_of(group, two_leaves(group, 4, 2), adaptive), [nodes](FabricMap& map) {
      std::string out;
      const FabricMap::Ring ring = map.ring(nodes);
      std::map<std::string, std::string> sorted;
      for (const FabricMap::Ring::Crossed& link : ring.links)
        sorted[map.link_name(link.link)] = fmt::format("{:g}/{}", link.share, link.streams);
      for (const auto& [name, what] : sorted) out += name + "=" + what + " ";
      return out + fmt::format("{}", ring.hops.size());
    });
  };
  // 0 to 1 within the left leaf, 1 to 4 up and down, 4 to 5, and back from 5 to 0.
  CHECK(crossed({0, 1, 4, 5}, true) ==
        "left>row/0=1/1 left>row/1=1/1 left>spine_0=1/1 right>row/4=1/1 right>row/5=1/1 right>spine_0=1/1 "
        "row/0>left=1/1 row/1>left=1/1 row/4>right=1/1 row/5>right=1/1 spine_0>left=1/1 spine_0>right=1/1 4");
  // Zigzag: every hop crosses the spines, two in each direction.
  const std::string zigzag = crossed({0, 4, 1, 5}, true);
  CHECK(zigzag.find("left>spine_0=2/2 ") != std::string::npos);
  CHECK(zigzag.find("row/0>left=1/1 ") != std::string::npos);
}

TEST_CASE("fabric map: under ECMP each card of a ring's nodes carries its own part alone", "[resources]") {
  const resources::FabricGroup group = servers(4);
  const topology::Graph graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
  const std::string text = with_map(setup_of(group, graph, false), [](FabricMap& map) {
    const FabricMap::Ring ring = map.ring({0, 1, 2, 3});
    for (const FabricMap::Ring::Crossed& link : ring.links) {
      if (link.share != 0.125 || link.streams != 1) return fmt::format("{} {}", link.share, link.streams);
    }
    return fmt::format("{} hops over {} links", ring.hops.size(), ring.links.size());
  });
  CHECK(text == "32 hops over 64 links");
}

TEST_CASE("fabric map: storage beside the fabric or on it", "[resources]") {
  const resources::FabricGroup group = servers(4, 1);
  std::vector<CustomLink> links = {{"storage_0", "s"}, {"storage_1", "s"}};
  for (int i = 0; i < 4; ++i) links.push_back({fmt::format("row/{}", i), "s"});
  const topology::Graph graph = custom_graph(group, {"s"}, links, 2);
  for (const bool on_fabric : {false, true}) {
    CAPTURE(on_fabric);
    FabricMap::Setup setup = setup_of(group, graph);
    setup.storage = storage::StorageProfile{.read_bandwidth = BytesPerSecond(100e9),
                                            .write_bandwidth = BytesPerSecond(60e9),
                                            .reader_limit = BytesPerSecond(20e9)};
    setup.behaviour.storage_on_fabric = on_fabric;
    const std::string text = with_map(std::move(setup), [](FabricMap& map) {
      const Place storage{.kind = Place::Kind::storage};
      const std::vector<Path> read = map.paths(storage, gpus(1), 0), write = map.paths(gpus(1), storage, 1);
      return fmt::format("{}:{:g} {}:{:g}", named(map, read), read[0].limit_bytes_per_s / 1e9, named(map, write),
                         write[0].limit_bytes_per_s / 1e9);
    });
    CHECK(text == (on_fabric ? "storage_read storage_0>s s>row/1:20 storage_write row/1>s s>storage_1:50"
                             : "storage_read row/1<storage:20 storage_write row/1>storage:25"));
  }
}
