#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

json cable(const char* from, const char* to, double gbit_per_s = 400, int cables = 1) {
  return {{"from", from}, {"to", to}, {"gbit_per_s", gbit_per_s}, {"cables", cables}};
}

/// Two switches side by side, a node on each, one joined by copper.
json pair_of_switches() {
  json copper = cable("west", "node_0", 400, 2);
  copper["medium"] = "copper";
  copper["latency_s"] = 10e-9;
  return {{"switches", {{{"name", "west"}}, {{"name", "east"}, {"switch", "sn5400"}}}},
          {"links", {copper, cable("node_1", "east", 400, 2), cable("west", "east", 400, 3)}}};
}

bool has(const std::vector<TopologyFault>& faults, const std::string& place, const std::string& part) {
  return std::any_of(faults.begin(), faults.end(), [&](const TopologyFault& fault) {
    return fault.place == place && fault.message.find(part) != std::string::npos;
  });
}

std::vector<TopologyFault> faults(const json& fields, std::int64_t nodes = 2) {
  std::vector<TopologyFault> list = tests::faults_of("custom", fields, tests::nodes(nodes, 2));
  for (const TopologyFault& fault : list) UNSCOPED_INFO(fault.place << ": " << fault.message);
  return list;
}

}  // namespace

TEST_CASE("custom: switches and links become the graph that they say", "[models][topology]") {
  const auto option = tests::fabric("custom", pair_of_switches());
  const Graph graph = option->build(tests::nodes(2, 2), tests::shipped_parts());
  REQUIRE(graph.links.size() == 3);
  CHECK(graph.name(0) == "node_0");
  CHECK(graph.name(2) == "west");
  CHECK(graph.links[0].medium == Medium::copper);
  // 10 ns of cable and half of 150 ns; west to east 100 ns and half of 150 and of 550 ns.
  CHECK_THAT(graph.links[0].latency.value, WithinRel(85e-9, 1e-9));
  CHECK_THAT(graph.links[2].latency.value, WithinRel(450e-9, 1e-9));
  CHECK_THAT(bisection_bandwidth(graph).value, WithinRel(2 * 50e9, 1e-12));
  const PartIds ids = option->part_ids();
  CHECK(ids.switches == std::vector<std::string>{"quantum2_qm9700", "sn5400"});
  const WeakPoints weak = weak_points(graph);
  CHECK(weak.bridges.empty());  // three cables
  REQUIRE(weak.single_homed.size() == 2);
  CHECK(weak.single_homed[0].endpoints == 1);
}

TEST_CASE("custom: endpoints go by the names that they are given", "[models][topology]") {
  Endpoints endpoints = tests::nodes(2, 2);
  endpoints.node_names = {"row_a/0", "row_b/0"};
  endpoints.storage_ports = 1;
  endpoints.storage_port_bandwidth = tests::gbit(400);
  endpoints.front_end = true;
  endpoints.front_end_bandwidth = tests::gbit(100);
  const json fields = {{"switches", {{{"name", "only"}}}},
                       {"links",
                        {cable("row_a/0", "only"), cable("row_b/0", "only"), cable("storage_0", "only"),
                         cable("front_end_0", "only", 100)}}};
  const Graph graph = tests::built("custom", fields, endpoints);
  REQUIRE(graph.endpoints.size() == 4);
  CHECK(graph.name(graph.endpoints[1]) == "row_b/0");
  CHECK(graph.vertices[graph.endpoints[3]].kind == VertexKind::front_end);
}

TEST_CASE("custom: unknown ends and kinds have their places", "[models][topology][faults]") {
  json fields = pair_of_switches();
  fields["links"].push_back(cable("wset", "node_7"));
  fields["switches"].push_back({{"name", "odd"}, {"switch", "no_such"}});
  fields["switches"].push_back({{"name", "west"}});
  const auto list = faults(fields);
  CHECK(has(list, "links/3/from", "'wset'"));
  CHECK(has(list, "links/3/to", "'node_7'"));
  CHECK(has(list, "switches/2/switch", "'no_such'"));
  CHECK(has(list, "switches/3/name", "'west' is taken"));
  CHECK(list.size() == 4);
  CHECK_THROWS_AS(tests::built("custom", fields, tests::nodes(2, 2)), std::invalid_argument);
}

TEST_CASE("custom: capacities of zero or less are faults", "[models][topology][faults]") {
  // The reader of scenarios refuses them first; programs that set the fields themselves meet these.
  for (const double gbit_per_s : {0.0, -400.0}) {
    const auto option = tests::fabric("custom", pair_of_switches());
    struct Spoil final : FieldVisitor {
      explicit Spoil(double rate) : rate_(rate) {}
      void number(const Field& f, double& value) override {
        if (f.key == "gbit_per_s") value = rate_;
      }
      void integer(const Field&, std::int64_t&) override {}
      void boolean(const Field&, bool&) override {}
      void text(const Field&, std::string&) override {}
      void structure(const Field&, StructureAccess& access) override { access.visit(*this); }
      void sequence(const Field& f, SequenceAccess& access) override {
        for (std::size_t i = 0; f.key == "links" && i < access.size(); ++i) access.visit_element(i, Field{}, *this);
      }
      void alternative(const Field&, AlternativeAccess&) override {}
      void optional(const Field&, OptionalAccess&) override {}
      void map(const Field&, MapAccess&) override {}
      double rate_;
    } spoil(gbit_per_s);
    option->visit(spoil);
    const auto list = option->faults(tests::nodes(2, 2), tests::shipped_parts());
    CHECK(has(list, "links/0/gbit_per_s", "not above 0"));
    CHECK(has(list, "links/2/gbit_per_s", "not above 0"));
  }
}

TEST_CASE("custom: parts that no path joins are named", "[models][topology][faults]") {
  json fields = pair_of_switches();
  fields["links"].erase(2);
  CHECK(has(faults(fields), "links", "no path joins these 1 endpoints (node_0) with these 1 (node_1)"));
  CHECK(has(faults(pair_of_switches(), 4), "links", "no link at: node_2, node_3"));
  CHECK(has(faults({{"switches", json::array()}, {"links", json::array()}}), "switches", "at least one switch"));
  // Two planes: every node has a card in each, and so reaches every other.
  const json planes = {
      {"switches", {{{"name", "a"}}, {{"name", "b"}}}},
      {"links", {cable("node_0", "a"), cable("node_0", "b"), cable("node_1", "a"), cable("node_1", "b")}}};
  CHECK(faults(planes).empty());
}

TEST_CASE("custom: ports and network cards are counted", "[models][topology][faults]") {
  json fields = pair_of_switches();
  fields["links"][1]["cables"] = 3;
  fields["links"].push_back(cable("west", "east", 400, 62));
  fields["links"].push_back(cable("west", "east", 800));
  const auto list = faults(fields);
  CHECK(has(list, "links", "'node_1' has 2 network cards and 3 cables"));
  CHECK(has(list, "switches/0", "'west' has 64 ports and 68 cables"));
  CHECK(has(list, "switches/1", "'east' has 64 ports and 69 cables"));
  CHECK(has(list, "links/4/gbit_per_s", "800 Gbit/s is more than"));
}

TEST_CASE("custom: loops in a tree, and links that join nothing", "[models][topology][faults]") {
  json fields = pair_of_switches();
  fields["switches"].push_back({{"name", "north"}});
  fields["links"].push_back(cable("east", "north"));
  fields["links"].push_back(cable("north", "west"));
  CHECK(faults(fields).empty());
  fields["loop_free"] = true;
  const auto loops = faults(fields);
  REQUIRE(loops.size() == 1);
  CHECK(has(loops, "links/4", "'north' and 'west' are joined already"));
  fields["links"].push_back(cable("east", "east"));
  fields["links"].push_back(cable("node_0", "node_1"));
  CHECK(has(faults(fields), "links/5/to", "with itself"));
  CHECK(has(faults(fields), "links/6/to", "both endpoints"));
}
