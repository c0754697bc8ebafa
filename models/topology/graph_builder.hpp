// Puts a fabric's graph together: endpoints in their order, switches with their merge ids, cabled links.
#pragma once

#include <optional>
#include <vector>

#include "models/topology/cabling.hpp"
#include "models/topology/graph.hpp"
#include "models/topology/topology_option.hpp"

namespace tokenworks::topology {

class GraphBuilder {
 public:
  explicit GraphBuilder(const Cabling& cabling) : cabling_(cabling) {}

  /// Adds a vertex for each node, storage port and the front end. Call first.
  void add_endpoints(const Endpoints& endpoints);
  /// A switch; it shares the merge id of `merge_with` where that is given.
  std::uint32_t add_switch(VertexKind kind, std::uint32_t number, std::optional<std::uint32_t> merge_with = {});
  /// Cables between an endpoint and a switch.
  void attach(std::uint32_t endpoint, std::uint32_t to_switch, BytesPerSecond bandwidth, std::int64_t cables);
  /// Cables between two switches, at the rate of their ports.
  void join(std::uint32_t a, std::uint32_t b, std::int64_t cables);

  const std::vector<std::uint32_t>& endpoints() const { return graph_.endpoints; }
  Graph take() { return std::move(graph_); }

 private:
  std::uint16_t part(const std::string& id);

  const Cabling& cabling_;
  Graph graph_;
};

}  // namespace tokenworks::topology
