// Where bytes pass: from places in the factory to the shared links of the engine. Links come to be when the first bytes
// need them, and those that can never be a bottleneck are left out: where what flows into a switch cannot exceed an
// uplink's capacity, leaving the uplink out changes no rate. The guards of such a link must hold without it, or two
// links of equal capacity at one switch would each be left out for the other's sake.
//
// Under adaptive routing equal switches are one (topology::contracted), an ideal spread; under ECMP each network card's
// part of a transfer keeps to one path, chosen by hash, and two may collide.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/compute/rack.hpp"
#include "models/storage/storage_option.hpp"
#include "models/topology/routes.hpp"
#include "models/topology/topology_option.hpp"
#include "sim/engine/simulation.hpp"

namespace tokenworks::resources {

/// Racks of one kind as the fabric sees them. Nodes are numbered through all groups in the order given.
struct FabricGroup {
  std::string name;
  compute::RackSpec kind;
  BytesPerSecond scale_up_bandwidth{0};  ///< of one GPU to its domain, one direction
  std::int64_t racks = 0;
};

struct FabricBehaviour {
  bool adaptive = true;            ///< otherwise ECMP by hash
  bool contention = true;          ///< otherwise each transfer moves as if it were alone
  bool step_flows = false;         ///< collectives between domains as flows, not in closed form
  bool storage_on_fabric = false;  ///< storage hangs on the fabric, not on a network of its own
  Picoseconds reroute = 0;         ///< from a failure until traffic goes another way
  Picoseconds timeout = 0;         ///< a transfer without a path fails after so long
  bool keep_all_links = false;     ///< also those that cannot be a bottleneck: same results, slower; for tests
};

/// Where bytes come from or go to.
struct Place {
  enum class Kind : std::uint8_t { gpus, host, drives, storage };
  Kind kind = Kind::storage;
  std::int64_t node = 0;
  std::int64_t first_gpu = 0;  ///< within the node
  std::int64_t gpus = 0;       ///< 0: all of the node
};

/// One part of a transfer, which keeps to its links.
struct Path {
  std::vector<engine::LinkId> links;
  double limit_bytes_per_s = 0.0;  ///< alone
  int streams = 1;
  Picoseconds latency = 0;
  double share = 1.0;                           ///< of the transfer's bytes
  std::vector<topology::DirectedLink> route{};  ///< through the fabric, links that cannot be a bottleneck included
};

class FabricMap {
 public:
  struct Setup {
    std::vector<FabricGroup> groups;
    std::optional<topology::Graph> graph;  ///< absent: nodes are joined to storage alone
    std::optional<storage::StorageProfile> storage;
    FabricBehaviour behaviour;
  };
  FabricMap(engine::Simulation& simulation, Setup setup);
  ~FabricMap();

  const Setup& setup() const { return setup_; }
  std::int64_t nodes() const { return nodes_; }
  std::int64_t gpus_of(std::int64_t node) const;
  std::int64_t nics_of(std::int64_t node) const;
  std::string node_name(std::int64_t node) const;
  bool same_domain(std::int64_t a, std::int64_t b) const;

  /// How bytes get from one place to another now; empty when there is no path. `hash` decides among equal ones.
  std::vector<Path> paths(const Place& from, const Place& to, std::uint64_t hash);
  /// How the traffic between all neighbours of a ring of nodes gets from one domain to the next.
  struct Ring {
    struct Crossed {
      engine::LinkId link;
      double share = 0.0;  ///< of what one node sends; more than 1 where several neighbours cross it
      int streams = 0;
    };
    struct Hop {
      std::size_t node;  ///< place in the ring of who sends
      std::size_t part;  ///< of its paths
      Path path;
    };
    std::vector<Crossed> links;
    std::vector<Hop> hops;
    bool connected = true;
  };
  Ring ring(const std::vector<std::int64_t>& nodes);
  /// Network cards of a node together, one direction.
  double nics_bytes_per_s(std::int64_t node) const;
  /// Both directions of all links of the fabric.
  double total_bytes_per_s() const;

  /// Capacity of a link as it is now, and as it was built.
  double capacity_bytes_per_s(engine::LinkId link) const { return ports_[link].capacity; }
  double nominal_bytes_per_s(engine::LinkId link) const { return ports_[link].nominal; }
  std::string link_name(engine::LinkId link) const;
  std::size_t links() const { return ports_.size(); }

  // Failures: names are those of the graph before equal switches were merged. ----------------------------------------
  /// Vertex or link ("leaf_3", "row_a/0--leaf_3") of the graph; nothing when there is none.
  std::optional<std::uint32_t> find_vertex(const std::string& name) const;
  std::optional<std::uint32_t> find_link(const std::string& name) const;
  /// The link of a node's network card; nothing when the node has no such card.
  std::optional<std::uint32_t> find_nic(std::int64_t node, std::int64_t nic) const;
  double cables_of(std::uint32_t link) const { return setup_.graph->links[link].cables; }
  /// Share of a link's bandwidth that works, 0..1; of a switch: 0 or 1. Where cables of a bundle fail one by one, the
  /// share is theirs. Capacities follow at once; routes hold until they are asked for anew.
  void set_link_share(std::uint32_t link, double share);
  void set_switch_up(std::uint32_t vertex, bool up);
  void set_storage_share(double share);
  /// What has changed since the last call.
  struct Changes {
    std::vector<engine::LinkId> links;  ///< capacity
    std::vector<bool> worse;            ///< by directed link / 2 of routes: carries less; empty: none does
    bool worsen(const std::vector<topology::DirectedLink>& route) const;
  };
  Changes take_changes();

 private:
  enum class PortKind : std::uint8_t { fabric, scale_up, storage_nic, drives, host, nic, storage };
  struct Port {
    PortKind kind;
    bool out;             // away from the node; of a fabric link: from a to b; of storage: read
    std::uint32_t index;  // directed link of the active graph; node; node * nics + card
    double nominal, capacity;
  };

  const FabricGroup& group_of(std::int64_t node, std::int64_t& within) const;
  engine::LinkId port(PortKind kind, bool out, std::uint32_t index, double bytes_per_s);
  engine::LinkId fabric_port(topology::DirectedLink link);
  const topology::Graph& active() const { return merged_ ? *merged_ : *setup_.graph; }
  double link_capacity(std::uint32_t link) const;
  void add_links(const std::vector<topology::DirectedLink>& route, Path& path);
  bool fabric_route(std::uint32_t from, std::uint32_t to, std::uint64_t hash, std::optional<std::uint32_t> rail,
                    Path& path);
  std::vector<Path> inside_domain(const Place& from, const Place& to);
  std::vector<Path> between_nodes(const Place& from, const Place& to, std::uint64_t hash);
  std::vector<Path> with_storage(const Place& node, bool read, std::uint64_t hash);
  std::vector<Path> inside_node(const Place& from, const Place& to);
  std::int64_t cards_of(const Place& place) const;
  void find_bottlenecks();
  void prepare_failures();
  void refresh_capacities();

  engine::Simulation& simulation_;
  Setup setup_;
  std::vector<std::int64_t> first_node_;  // by group
  std::int64_t nodes_ = 0;
  std::optional<topology::Graph> merged_;  // under adaptive routing the graph that flows move on
  std::unique_ptr<topology::Routes> routes_;
  std::vector<std::uint32_t> active_of_;  // link of the active graph by link of the full one
  std::vector<double> share_;             // by link of the full graph; empty: nothing has failed yet
  std::vector<bool> down_;                // by vertex of the full graph; likewise
  std::vector<double> capacity_;          // by link of the active graph, each direction
  std::vector<bool> can_bind_;            // by directed link of the active graph
  std::vector<engine::LinkId> port_of_;   // likewise
  std::unordered_map<std::uint64_t, engine::LinkId> other_ports_;
  std::vector<Port> ports_;  // by link of the engine
  Changes changes_;
  double storage_share_ = 1.0;
  std::vector<topology::DirectedLink> scratch_;
};

}  // namespace tokenworks::resources
