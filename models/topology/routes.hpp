// Question   which way does a message take, and which other ways are as short
// Equation   fewest links between the endpoints over usable links; among equal next hops the message's hash decides,
//            each cable of a bundle being one choice. The first and last link (network cards) are chosen likewise
//            among the pairs that give a shortest path
// Source     equal-cost multi-path: RFC 2992 (2000); distances: breadth-first search from the destination's switch
// Valid for  messages that keep to their path; nothing passes through an endpoint
// Checked by tests/models/topology/routes_test.cpp
#pragma once

#include <cstdint>
#include <vector>

#include "models/topology/graph.hpp"

namespace tokenworks::topology {

/// 2*link for a->b, 2*link+1 for b->a.
using DirectedLink = std::uint32_t;

/// Distances to a switch are computed when they are first asked for and kept until something fails or comes back.
/// Not for concurrent use. The graph must outlive this.
class Routes {
 public:
  explicit Routes(const Graph& graph);

  /// False when there is no path (`out` is empty then, as it is from an endpoint to itself).
  bool path(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::uint64_t hash,
            std::vector<DirectedLink>& out) const;

  /// The same from link number `rail` of one endpoint to that of the other (modulo how many each has): traffic of a
  /// network card keeps to its rail.
  bool path_on_rail(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::uint32_t rail, std::uint64_t hash,
                    std::vector<DirectedLink>& out) const;

  /// Up to `most` shortest paths; bundles of cables count as one way.
  void equal_cost_paths(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::size_t most,
                        std::vector<std::vector<DirectedLink>>& out) const;

  void set_usable(std::uint32_t link, bool usable);
  void set_vertex_usable(std::uint32_t vertex, bool usable);
  /// The link and both its ends are usable.
  bool usable(std::uint32_t link) const { return link_usable_[link] && ends_usable(link); }

  static constexpr std::uint16_t kUnreachable = 0xffff;
  /// Links between two switches, kUnreachable when there is no path.
  std::uint16_t distance(std::uint32_t from_switch, std::uint32_t to_switch) const;

 private:
  struct Hop {
    std::uint32_t vertex;  ///< at the far end
    std::uint32_t cables;
    DirectedLink link;
  };
  struct Ends {  ///< a first and a last link that lie on a shortest path
    const Hop* first;
    const Hop* last;
  };

  bool ends_usable(std::uint32_t link) const {
    return vertex_usable_[graph_->links[link].a] && vertex_usable_[graph_->links[link].b];
  }
  const Hop* begin(std::uint32_t vertex) const { return hops_.data() + first_hop_[vertex]; }
  const Hop* end(std::uint32_t vertex) const { return hops_.data() + first_hop_[vertex + 1]; }
  const std::uint16_t* distances_to(std::uint32_t target) const;
  void forget() const;
  bool choose_ends(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Ends& chosen) const;
  void follow(const Ends& ends, std::uint64_t hash, std::vector<DirectedLink>& out) const;
  void collect(std::uint32_t at, const Hop& last, std::size_t most, std::vector<DirectedLink>& path,
               std::vector<std::vector<DirectedLink>>& out) const;

  const Graph* graph_;
  std::vector<std::uint32_t> first_hop_;
  std::vector<Hop> hops_;  ///< of switches to switches, of endpoints to switches
  std::vector<bool> link_usable_, vertex_usable_;
  std::vector<std::uint32_t> switch_index_;  ///< by vertex
  std::uint32_t switches_ = 0;
  mutable std::vector<std::vector<std::uint16_t>> distances_;  ///< by destination switch; empty: not asked for yet
  mutable std::vector<std::uint32_t> queue_;
};

/// Sum of the latencies along the path of hash 0, switches included; throws std::invalid_argument when there is none.
Seconds hop_latency(const Graph& graph, const Routes& routes, std::uint32_t from_endpoint, std::uint32_t to_endpoint);

}  // namespace tokenworks::topology
