// Question   how much can half of the nodes send to the other half at once
// Equation   max flow = min cut from a source before the first half to a sink behind the second
// Source     L. Ford, D. Fulkerson, 1956; algorithm: Y. Boykov, V. Kolmogorov, IEEE PAMI 26 (2004), Boost.Graph 1.74
// Valid for  any graph; rates in whole bytes per second
// Checked by tests/models/topology/bandwidth_test.cpp against the closed formula of each generator
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <cmath>

#include "models/topology/analysis.hpp"

namespace tokenworks::topology {
namespace {

using Rate = std::int64_t;
using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using Edge = Traits::edge_descriptor;
using VertexOfFlow = Traits::vertex_descriptor;

struct EdgeOfFlow {
  Rate capacity = 0, residual = 0;
  Edge reverse;
};
struct StateOfVertex {
  boost::default_color_type colour = boost::white_color;
  long distance = 0;
  Edge predecessor;
};
using FlowGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, StateOfVertex, EdgeOfFlow>;

/// An undirected link is a pair of edges, each the other's reverse.
void add_link(FlowGraph& flow, std::size_t a, std::size_t b, Rate forward, Rate backward) {
  const Edge there = boost::add_edge(a, b, flow).first;
  const Edge back = boost::add_edge(b, a, flow).first;
  flow[there] = {forward, 0, back};
  flow[back] = {backward, 0, there};
}

}  // namespace

BytesPerSecond bisection_bandwidth(const Graph& graph) {
  std::vector<std::uint32_t> nodes;
  for (const std::uint32_t endpoint : graph.endpoints) {
    if (computes(graph.vertices[endpoint].kind)) nodes.push_back(endpoint);
  }
  if (nodes.size() < 2) return BytesPerSecond(0);

  const std::size_t source = graph.vertices.size(), sink = source + 1;
  FlowGraph flow(sink + 1);
  std::vector<Rate> at_vertex(graph.vertices.size(), 0);
  for (const Link& link : graph.links) {
    const auto capacity = static_cast<Rate>(std::llround(link.capacity().value));
    add_link(flow, link.a, link.b, capacity, capacity);
    at_vertex[link.a] += capacity;
    at_vertex[link.b] += capacity;
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Rate most = at_vertex[nodes[i]];
    if (i < nodes.size() / 2) {
      add_link(flow, source, nodes[i], most, 0);
    } else {
      add_link(flow, nodes[i], sink, most, 0);
    }
  }
  const Rate rate = boost::boykov_kolmogorov_max_flow(
      flow, boost::get(&EdgeOfFlow::capacity, flow), boost::get(&EdgeOfFlow::residual, flow),
      boost::get(&EdgeOfFlow::reverse, flow), boost::get(&StateOfVertex::predecessor, flow),
      boost::get(&StateOfVertex::colour, flow), boost::get(&StateOfVertex::distance, flow),
      boost::get(boost::vertex_index, flow), VertexOfFlow{source}, VertexOfFlow{sink});
  return BytesPerSecond(static_cast<double>(rate));
}

}  // namespace tokenworks::topology
