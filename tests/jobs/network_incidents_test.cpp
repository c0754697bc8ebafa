#include "sim/jobs/network_incidents.hpp"

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using jobs::NetworkIncident;
using tokenworks::testing::in_child;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

/// A transfer of 80 s alone from row/0 to row/1, each with eight cards on one switch, and incidents. When it ends, and
/// what is told of each incident.
std::string with_incidents(const std::function<std::vector<NetworkIncident>(resources::FabricMap&)>& make) {
  return in_child([&] {
    const resources::FabricGroup group = servers(2);
    SmallFactory::Setup setup;
    setup.map.groups = {group};
    setup.map.graph = custom_graph(group, {"s"}, {{"row/0", "s", 400, 8}, {"row/1", "s", 400, 8}});
    setup.map.behaviour = {.reroute = 0, .timeout = 1000 * kSecond};
    SmallFactory factory(std::move(setup));
    jobs::NetworkIncidents incidents(factory.simulation, factory.fabric, {}, make(factory.fabric.map()));
    factory.move_at(0.0, 0, gpus(0), gpus(1), 80 * 400e9);
    factory.run();
    std::string out = fmt::format("{:.6g}", factory.ends.at(0));
    for (const metrics::IncidentResult& result : incidents.report()) {
      out += fmt::format("; {:g}", result.repaired_at_s.value_or(-1.0));
      for (const auto& [name, value] : result.effects) {
        if (value != 0.0) out += fmt::format(" {} {:g}", name, value);
      }
    }
    return out;
  });
}

NetworkIncident incident(NetworkIncident::Part part, std::uint32_t index, double works, double at, double repair) {
  NetworkIncident result;
  result.kind = result.target = "test";
  result.part = part;
  result.index = index;
  result.works = works;
  result.at = to_picoseconds(at);
  result.repair_after = to_picoseconds(repair);
  return result;
}

}  // namespace

TEST_CASE("network incidents: on one link shares multiply and lost cards add up, until each is repaired", "[jobs]") {
  using Part = NetworkIncident::Part;
  CHECK(with_incidents([](resources::FabricMap& map) {
          const std::uint32_t link = map.find_link("row/0--s").value(), card = map.find_nic(0, 3).value();
          return std::vector{incident(Part::link, link, 0.5, 10, 30), incident(Part::network_card, card, 0.0, 20, 30),
                             incident(Part::network_card, card, 0.0, 30, 30)};
        }) ==
        // From 10 s: 1/2, 7/16, 6/16; from 40 s, the half repaired, 6/8; from 50 s 7/8, from 60 s all. Lost by then: 5,
        // 5.625, 6.25, 2.5 and 1.25 s.
        "100.625; 40 happened 1 transfers_stopped 1; 50 happened 1 transfers_stopped 1; "
        "60 happened 1 transfers_stopped 1");
}

TEST_CASE("network incidents: a link that flaps fails so often; a switch is up when nothing keeps it down", "[jobs]") {
  using Part = NetworkIncident::Part;
  CHECK(with_incidents([](resources::FabricMap& map) {
          NetworkIncident flap = incident(Part::link, map.find_link("row/1--s").value(), 0.0, 10, 2);
          flap.times = 3;
          flap.period = 5 * kSecond;
          return std::vector{flap};
        }) == "86; 22 happened 3 transfers_stopped 3");
  CHECK(with_incidents([](resources::FabricMap& map) {
          const std::uint32_t s = map.find_vertex("s").value();
          return std::vector{incident(Part::switch_, s, 0.0, 10, 10), incident(Part::switch_, s, 0.0, 15, 15)};
        }) == "100; 20 happened 1 transfers_stopped 1; 30 happened 1");
}
