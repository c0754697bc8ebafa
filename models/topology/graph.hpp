// A network as plain data: what every generator makes and every question is asked of.
//
// Links are undirected and carry their bandwidth in each direction. The latency of a link is its propagation plus half
// of the port-to-port latency of the switch at each end, so that latencies add up along a path; what network cards and
// software add is not in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/units.hpp"

namespace tokenworks::topology {

enum class VertexKind : std::uint8_t {
  node,
  gpu,
  nvswitch,
  pcie_switch,
  root_complex,
  nic,
  leaf,
  spine,
  core,
  router,
  storage,
  front_end,
  custom
};
enum class Medium : std::uint8_t { nvlink, pcie, copper, optical, internal };

constexpr std::uint16_t kNoPart = std::numeric_limits<std::uint16_t>::max();

/// Vertices with one `merge` id become one vertex of the contracted graph.
struct Vertex {
  VertexKind kind = VertexKind::custom;
  std::uint32_t number = 0;
  std::uint32_t merge = 0;
  std::uint16_t part = kNoPart;  ///< of a switch: index into Graph::parts
};

struct Link {
  std::uint32_t a = 0, b = 0;
  BytesPerSecond bandwidth{0};  ///< of one cable, each direction
  std::uint32_t cables = 1;
  Seconds latency{0};
  Medium medium = Medium::optical;
  std::uint16_t part_a = kNoPart, part_b = kNoPart;  ///< transceiver or cable at each end: index into Graph::parts

  BytesPerSecond capacity() const { return bandwidth * static_cast<double>(cables); }
  std::uint32_t other(std::uint32_t vertex) const { return vertex == a ? b : a; }
};

struct Graph {
  std::vector<Vertex> vertices;
  std::vector<Link> links;
  /// Vertex of endpoint i. In a fabric: the nodes in their order, then the storage ports, then the front end (if any).
  /// In a scale-up domain: the GPUs, then the network cards. Nothing passes through an endpoint.
  std::vector<std::uint32_t> endpoints;
  std::vector<std::string> names;  ///< by vertex, where it has one of its own; empty or shorter: none
  std::vector<std::string> parts;  ///< catalog ids of switches and transceivers

  /// "leaf_12", "node_3", or the custom name.
  std::string name(std::uint32_t vertex) const;
};

std::string_view kind_name(VertexKind kind);
std::string_view medium_name(Medium medium);

/// Whether traffic between `kind`s counts in bisection and all-to-all: nodes of a fabric, GPUs of a scale-up domain.
bool computes(VertexKind kind);

/// Merges vertices of equal `merge` and adds the cables of links that then run side by side (of equal bandwidth,
/// latency and medium); links inside a merged vertex disappear. What is left is the network under an ideal spread of
/// traffic over equal switches, as adaptive routing strives for. Parts of switches can no longer be counted in it.
Graph contracted(const Graph& graph);

/// For each vertex the links at it, without a copy of the links.
class Incidence {
 public:
  explicit Incidence(const Graph& graph);
  const std::uint32_t* begin(std::uint32_t vertex) const { return links_.data() + first_[vertex]; }
  const std::uint32_t* end(std::uint32_t vertex) const { return links_.data() + first_[vertex + 1]; }
  std::size_t size(std::uint32_t vertex) const { return first_[vertex + 1] - first_[vertex]; }

 private:
  std::vector<std::uint32_t> first_, links_;
};

}  // namespace tokenworks::topology
