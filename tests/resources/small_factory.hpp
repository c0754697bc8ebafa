// A factory of a few nodes with a fabric between them, for tests of whatever moves bytes. To be made in a child
// (fork_case.hpp): it runs the engine.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/weather/psychrometrics.hpp"
#include "sim/resources/fabric.hpp"
#include "tests/models/topology/fabric.hpp"

namespace tokenworks::tests {

/// `count` servers of 8 GPUs and `nics` network cards of 400 Gbit/s, each a scale-up domain of its own.
inline resources::FabricGroup servers(std::int64_t count, std::int64_t nics = 8) {
  resources::FabricGroup group;
  group.name = "row";
  group.kind.nodes = 1;
  group.kind.gpus_per_node = 8;
  group.kind.scale_up_domain_gpus = 8;
  group.kind.nics_per_node = nics;
  group.kind.nic_bandwidth = gbit(400);
  group.kind.storage_bandwidth = BytesPerSecond(25e9);
  group.kind.host_link_bandwidth = BytesPerSecond(50e9);
  group.kind.local_read_bandwidth = BytesPerSecond(40e9);
  group.kind.local_write_bandwidth = BytesPerSecond(20e9);
  group.kind.nameplate_power = Watts(10e3);
  group.kind.supply_rated_power = Watts(20e3);
  group.scale_up_bandwidth = BytesPerSecond(450e9);
  group.racks = count;
  return group;
}

inline std::vector<std::string> names_of(const resources::FabricGroup& group) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < group.racks * group.kind.nodes; ++i)
    names.push_back(fmt::format("{}/{}", group.name, i));
  return names;
}

inline topology::Graph graph_for(const resources::FabricGroup& group, std::string_view kind,
                                 const nlohmann::json& fields, std::int64_t storage_ports = 0) {
  topology::Endpoints ends = nodes(group.racks * group.kind.nodes, group.kind.nics_per_node, 400);
  ends.storage_ports = storage_ports;
  ends.storage_port_bandwidth = gbit(400);
  ends.node_names = names_of(group);
  return built(kind, fields, ends);
}

/// A custom graph of switches and links {from, to, gbit_per_s, cables}.
struct CustomLink {
  std::string from, to;
  double gbit_per_s = 400;
  int cables = 1;
};
inline topology::Graph custom_graph(const resources::FabricGroup& group, const std::vector<std::string>& switches,
                                    const std::vector<CustomLink>& links, std::int64_t storage_ports = 0) {
  nlohmann::json fields = {{"switch", test_switch(512)}, {"switches", nlohmann::json::array()}};
  for (const std::string& name : switches) fields["switches"].push_back({{"name", name}});
  for (const CustomLink& link : links) {
    fields["links"].push_back({{"from", link.from},
                               {"to", link.to},
                               {"gbit_per_s", link.gbit_per_s},
                               {"cables", link.cables},
                               {"latency_s", 0.0}});
  }
  topology::Graph graph = graph_for(group, "custom", fields, storage_ports);
  for (topology::Link& link : graph.links) link.latency = Seconds(0);  // dates that a reader can check
  return graph;
}

/// Two leaves with `nodes_a_leaf` nodes of one card each, joined by `uplinks` links of 400 Gbit/s to as many spines.
inline topology::Graph two_leaves(const resources::FabricGroup& group, std::int64_t nodes_a_leaf, int uplinks) {
  std::vector<std::string> switches = {"left", "right"};
  std::vector<CustomLink> links;
  for (std::int64_t i = 0; i < 2 * nodes_a_leaf; ++i)
    links.push_back({fmt::format("{}/{}", group.name, i), i < nodes_a_leaf ? "left" : "right"});
  for (int spine = 0; spine < uplinks; ++spine) {
    switches.push_back(fmt::format("spine_{}", spine));
    links.push_back({"left", switches.back()});
    links.push_back({"right", switches.back()});
  }
  topology::Graph graph = custom_graph(group, switches, links);
  // As a generator would: equal spines are one under adaptive routing.
  const auto first = static_cast<std::uint32_t>(graph.endpoints.size()) + 2;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(uplinks); ++i) graph.vertices[first + i].merge = first;
  return graph;
}

/// The simulation with its facility and fabric; moves and changes come at dates.
class SmallFactory final : private engine::TimerClient, private resources::MoveClient {
 public:
  struct Setup {
    resources::FabricMap::Setup map;
    engine::Simulation::Options engine;
    resources::SharedPower network_power{100.0, 300.0}, storage_power;
    Picoseconds interval = kPicosecondsPerSecond;
  };
  explicit SmallFactory(Setup setup)
      : simulation(setup.engine),
        power_(power::power_options(), "standard_chain"),
        cooling_(cooling::cooling_options(), "air_crah"),
        facility(facility_setup(setup), notes_),
        fabric(simulation, facility,
               {.map = std::move(setup.map),
                .network_power = setup.network_power,
                .storage_power = setup.storage_power,
                .series_interval = setup.interval}) {}

  void at(double seconds, std::function<void()> action) {
    const auto number = static_cast<std::uint32_t>(actions_.size());
    actions_.push_back(std::move(action));
    simulation.set_timer(simulation.add_timer(*this, number, engine::rank(engine::RankClass::incident, number)),
                         to_picoseconds(seconds));
  }
  void move_at(double seconds, std::uint32_t tag, const resources::Place& from, const resources::Place& to,
               double bytes, resources::Purpose purpose = resources::Purpose::point_to_point) {
    at(seconds, [=, this] { fabric.move(*this, tag, purpose, from, to, Bytes(bytes)); });
  }
  void change_at(double seconds, std::function<void(resources::FabricMap&)> change) {
    at(seconds, [this, change = std::move(change)] { fabric.change(change); });
  }
  /// Dates of all ends, in seconds; those that failed are negative.
  void run() {
    simulation.run();
    facility.finish(simulation.now());
    fabric.finish(simulation.now());
  }
  metrics::RunResult result() const {
    metrics::RunResult result;
    fabric.report(result, simulation.now());
    return result;
  }

 private:
  void on_timer(std::uint32_t tag) override { actions_[tag](); }
  void on_moved(std::uint32_t tag, bool arrived) override {
    ends[tag] = to_seconds(simulation.now()) * (arrived ? 1.0 : -1.0);
  }
  resources::Facility::Setup facility_setup(const Setup& setup) const {
    resources::Facility::Setup result;
    for (const resources::FabricGroup& group : setup.map.groups) {
      resources::RackGroup& racks = result.groups.emplace_back();
      racks.kind = group.kind;
      racks.gpu_idle_power_w = 80.0;
      racks.gpu_max_power_w = 700.0;
      racks.racks = group.racks;
    }
    result.storage = setup.storage_power;
    result.network = setup.network_power;
    result.power = &*power_;
    result.cooling = &*cooling_;
    result.weather = result.design_weather = weather::air_at_relative_humidity(Celsius(25.0), 0.5, Pascals(101325));
    result.series_interval = setup.interval;
    return result;
  }

 public:
  engine::Simulation simulation;

 private:
  ValidityNotes notes_;
  Choice<power::PowerOption> power_;
  Choice<cooling::CoolingOption> cooling_;
  std::vector<std::function<void()>> actions_;

 public:
  resources::Facility facility;
  resources::Fabric fabric;
  std::map<std::uint32_t, double> ends;
};

inline resources::Place gpus(std::int64_t node) { return {.kind = resources::Place::Kind::gpus, .node = node}; }
inline resources::Place gpu(std::int64_t node, std::int64_t index) {
  return {.kind = resources::Place::Kind::gpus, .node = node, .first_gpu = index, .gpus = 1};
}

/// Numbers out of a child, one after the other.
inline std::string written(const std::map<std::uint32_t, double>& values) {
  std::string text;
  for (const auto& [key, value] : values) text += fmt::format("{} {:.17g} ", key, value);
  return text;
}
inline std::map<std::uint32_t, double> read(const std::string& text) {
  std::map<std::uint32_t, double> values;
  std::istringstream in(text);
  std::uint32_t key = 0;
  for (double value = 0.0; in >> key >> value;) values[key] = value;
  return values;
}

}  // namespace tokenworks::tests
