#include "models/topology/parts.hpp"

#include "tests/catch.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;

namespace {

const PartCount& line(const std::vector<PartCount>& bill, const std::string& part) {
  const auto found = std::find_if(bill.begin(), bill.end(), [&](const PartCount& one) { return one.part == part; });
  REQUIRE(found != bill.end());
  return *found;
}

}  // namespace

TEST_CASE("catalog: every number of every switch and transceiver has exactly one source", "[models][catalog]") {
  for (const std::string section : {"switches", "transceivers"}) {
    for (const std::string& id : tests::catalog_ids(section)) {
      const nlohmann::json entry = tests::catalog_json(section, id);
      std::map<std::string, int> vouched;
      for (const auto& source : entry.at("sources")) {
        CHECK(source.at("source").get<std::string>().size() > 8);
        for (const auto& field : source.at("fields")) ++vouched[field.get<std::string>()];
      }
      INFO(section << "/" << id);
      CHECK(vouched.size() == entry.size() - 1);
      for (const auto& [key, unused] : entry.items()) {
        INFO(key);
        if (key != "sources") CHECK(vouched[key] == 1);
      }
    }
  }
}

TEST_CASE("catalog: switches and transceivers obey physics", "[models][catalog]") {
  for (const auto& [id, spec] : tests::shipped_parts().switches) {
    INFO(id);
    CHECK(spec->idle_power <= spec->typical_power);
    CHECK(spec->typical_power <= spec->maximum_power);
    CHECK(spec->latency.value < 2e-6);
  }
  for (const auto& [id, spec] : tests::shipped_parts().transceivers) {
    INFO(id);
    // Picojoules a bit: nothing for copper, 15 to 25 for pluggable optics.
    const double joules_per_bit = spec->power.value / (spec->bandwidth.value * 8);
    CHECK((spec->medium == "copper" ? joules_per_bit < 1e-12 : joules_per_bit > 10e-12 && joules_per_bit < 30e-12));
    CHECK((spec->medium == "copper") == (spec->fibre_price_usd == 0.0));
  }
}

TEST_CASE("bill of materials: a scalable unit of 32 servers, counted by hand", "[models][topology]") {
  // 8 leaves with 32 links down and 32 up, 4 spines: 256 links to servers, 256 between switches. Each server end takes
  // a whole 400G module, each of the 256 + 512 switch ends half a twin-port one.
  const Graph graph = tests::built("rail_optimized", {}, tests::nodes(32));
  const auto bill = bill_of_materials(graph, tests::shipped_parts(), 32 * 8);
  CHECK(line(bill, "quantum2_qm9700").count == 12);
  CHECK(line(bill, "400g_dr4").count == 256);
  CHECK(line(bill, "800g_2x400").count == 384);
  CHECK(line(bill, "nic").count == 256);
  std::int64_t fibres = 0;
  for (const PartCount& one : bill) fibres += one.category == "fibre" ? one.count : 0;
  CHECK(fibres == 512);
  CHECK(line(bill, "400g_dr4").watts_each_full == 9.0);
  CHECK(bill.front().category == "switch");
}

TEST_CASE("bill of materials: copper is one cable for both ends", "[models][topology]") {
  const Graph graph =
      tests::built("rail_optimized", {{"node_transceiver", "dac_400g"}, {"node_cable_m", 2.0}}, tests::nodes(32));
  const auto bill = bill_of_materials(graph, tests::shipped_parts(), 0);
  CHECK(line(bill, "dac_400g").count == 256);
  CHECK(line(bill, "dac_400g").category == "copper_cable");
  CHECK_THAT(line(bill, "dac_400g").watts_each_full, WithinRel(0.2, 1e-12));
  CHECK(line(bill, "800g_2x400").count == 256);
  CHECK_THROWS_AS(bill_of_materials(graph, Parts{}, 0), std::invalid_argument);
}
