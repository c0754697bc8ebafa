// What a graph can carry and where it breaks. Nodes of a fabric and GPUs of a scale-up domain are what traffic runs
// between ("computes" in graph.hpp); storage and front end carry none of it here.
#pragma once

#include <cstdint>
#include <vector>

#include "models/topology/graph.hpp"
#include "models/topology/routes.hpp"

namespace tokenworks::topology {

/// Max flow from the first half of the nodes, in their order, to the rest; each direction has it. Nothing limits a
/// node but its own links. Zero for less than two nodes.
BytesPerSecond bisection_bandwidth(const Graph& graph);

struct AllToAll {
  /// The largest rate that every node can send at once, in equal parts to all other nodes, when each part spreads over
  /// shortest paths as Routes does with many hashes (equal shares of the cables at every hop): the first link to fill.
  BytesPerSecond routed{0};
  /// No routing exceeds it: what the bisection and each node's own links allow.
  BytesPerSecond upper_bound{0};
  DirectedLink bottleneck = 0;  ///< the link that fills first
};

/// Throws std::invalid_argument when two nodes have no path. Takes seconds on 100,000 links, milliseconds on the same
/// fabric contracted.
AllToAll all_to_all(const Graph& graph);
/// Per node: `routed` of the above.
BytesPerSecond all_to_all_bandwidth(const Graph& graph);

/// An endpoint is single-homed when all its links go to one vertex.
struct SingleHomed {
  std::uint32_t vertex = 0;      ///< that all their links go to
  std::size_t endpoints = 0;     ///< that it alone joins with the rest
  std::size_t on_one_cable = 0;  ///< of these, how many by a single cable
};

/// Of the graph without its single-homed endpoints; those are counted by the vertex that they hang on. For a graph that
/// was not contracted.
struct WeakPoints {
  std::vector<std::uint32_t> articulation_points;  ///< vertices whose loss parts the rest, ascending
  std::vector<std::uint32_t> bridges;              ///< links whose loss does, ascending; a bundle of cables is none
  std::size_t biconnected_components = 0;
  std::vector<SingleHomed> single_homed;  ///< by vertex, ascending
};
WeakPoints weak_points(const Graph& graph);

}  // namespace tokenworks::topology
