// Fabrics for tests: options set from JSON as a scenario sets them, on parts of the shipped catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/topology/topology_option.hpp"
#include "tests/models/catalog_entry.hpp"

namespace tokenworks::tests {

/// Owns the specs that its parts point to.
struct ShippedParts {
  ShippedParts() {
    for (const std::string& id : catalog_ids("switches")) {
      switches[id] = catalog_entry<topology::SwitchSpec>("switches", id);
    }
    for (const std::string& id : catalog_ids("transceivers")) {
      transceivers[id] = catalog_entry<topology::TransceiverSpec>("transceivers", id);
    }
    for (const auto& [id, spec] : switches) parts.switches[id] = &spec;
    for (const auto& [id, spec] : transceivers) parts.transceivers[id] = &spec;
  }
  std::map<std::string, topology::SwitchSpec> switches;
  std::map<std::string, topology::TransceiverSpec> transceivers;
  topology::Parts parts;
};

inline topology::Parts& shipped_parts() {
  static ShippedParts shipped;
  return shipped.parts;
}

inline BytesPerSecond gbit(double gbit_per_s) { return BytesPerSecond(gbit_per_s * 1e9 / 8); }

inline topology::Endpoints nodes(std::int64_t count, std::int64_t nics = 8, double gbit_per_s = 400) {
  return {.nodes = count, .nics_per_node = nics, .nic_bandwidth = gbit(gbit_per_s)};
}

template <class Base>
Choice<Base> option_from(Options<Base> options, std::string_view kind, const nlohmann::json& fields) {
  Choice<Base> choice(options, kind);
  if (!choice.has_value()) throw std::logic_error("no option " + std::string(kind));
  JsonFields reader(fields);
  choice->visit(reader);
  reader.require_all_known();
  return choice;
}

inline Choice<topology::TopologyOption> fabric(std::string_view kind, const nlohmann::json& fields = {}) {
  return option_from(topology::topology_options(), kind, fields.is_null() ? nlohmann::json::object() : fields);
}

inline topology::Graph built(std::string_view kind, const nlohmann::json& fields,
                             const topology::Endpoints& endpoints) {
  return fabric(kind, fields)->build(endpoints, shipped_parts());
}

inline std::vector<topology::TopologyFault> faults_of(std::string_view kind, const nlohmann::json& fields,
                                                      const topology::Endpoints& endpoints) {
  return fabric(kind, fields)->faults(endpoints, shipped_parts());
}

inline std::int64_t count(const topology::Graph& graph, topology::VertexKind kind) {
  return std::count_if(graph.vertices.begin(), graph.vertices.end(),
                       [&](const topology::Vertex& vertex) { return vertex.kind == kind; });
}

/// Fields that make a fabric of 800 Gbit/s network cards on Quantum-X800 switches.
inline nlohmann::json xdr() {
  return {{"switch", "quantum_x800_q3400"}, {"node_transceiver", "800g_dr4"}, {"switch_transceiver", "1600g"}};
}

/// A switch kind of any size among the shipped ones: "test_<ports>" of 400 Gbit/s.
inline std::string test_switch(std::int64_t ports) {
  static std::map<std::int64_t, topology::SwitchSpec> made;
  topology::SwitchSpec& spec = made[ports];
  spec = *shipped_parts().find_switch("quantum2_qm9700");
  spec.ports = ports;
  const std::string id = "test_" + std::to_string(ports);
  shipped_parts().switches[id] = &spec;
  return id;
}

}  // namespace tokenworks::tests
