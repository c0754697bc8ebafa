#include "sim/resources/fabric_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace tokenworks::resources {
namespace {

constexpr engine::LinkId kNoLink = std::numeric_limits<engine::LinkId>::max();
constexpr double kUnlimited = std::numeric_limits<double>::infinity();

topology::DirectedLink directed(std::uint32_t link, bool from_a) { return 2 * link + (from_a ? 0u : 1u); }

std::uint32_t source_of(const topology::Graph& graph, topology::DirectedLink link) {
  return link % 2 == 0 ? graph.links[link / 2].a : graph.links[link / 2].b;
}

std::uint32_t target_of(const topology::Graph& graph, topology::DirectedLink link) {
  return link % 2 == 0 ? graph.links[link / 2].b : graph.links[link / 2].a;
}

/// Vertex of topology::contracted that stands for each of the full graph: numbered as merge ids first appear.
std::vector<std::uint32_t> vertices_after_merging(const topology::Graph& full) {
  std::unordered_map<std::uint32_t, std::uint32_t> number_of;
  std::vector<std::uint32_t> result;
  result.reserve(full.vertices.size());
  for (const topology::Vertex& vertex : full.vertices) {
    result.push_back(number_of.try_emplace(vertex.merge, static_cast<std::uint32_t>(number_of.size())).first->second);
  }
  return result;
}

/// Link of the contracted graph that stands for each link of the full one; those inside a merged vertex have none.
std::vector<std::uint32_t> links_after_merging(const topology::Graph& full, const topology::Graph& merged) {
  const auto key = [](const topology::Link& link, std::uint32_t a, std::uint32_t b) {
    const bool turned = a > b;
    return std::make_tuple(std::min(a, b), std::max(a, b), link.bandwidth.value, link.latency.value, link.medium,
                           turned ? link.part_b : link.part_a, turned ? link.part_a : link.part_b);
  };
  std::map<decltype(key(full.links.front(), 0, 0)), std::uint32_t> merged_links;
  for (std::uint32_t i = 0; i < merged.links.size(); ++i) {
    const topology::Link& link = merged.links[i];
    merged_links.emplace(key(link, link.a, link.b), i);
  }
  const std::vector<std::uint32_t> number = vertices_after_merging(full);
  std::vector<std::uint32_t> result;
  result.reserve(full.links.size());
  for (const topology::Link& link : full.links) {
    const auto found = merged_links.find(key(link, number[link.a], number[link.b]));
    result.push_back(found == merged_links.end() ? kNoLink : found->second);
  }
  return result;
}

/// Directed links that can be full. Those at endpoints count as such. Another cannot where the other links into its
/// start, or out of its end, carry no more than it does, provided that their own limits are known to hold: proofs go on
/// from the endpoints, so that none rests on itself.
class Bottlenecks {
 public:
  Bottlenecks(const topology::Graph& graph, const std::vector<double>& capacity)
      : graph_(graph),
        capacity_(capacity),
        incidence_(graph),
        total_(graph.vertices.size(), 0.0),
        open_in_(graph.vertices.size(), 0),
        open_out_(graph.vertices.size(), 0),
        waits_(graph.vertices.size(), false),
        open_(2 * graph.links.size(), true) {
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
      for (const std::uint32_t end : {graph.links[i].a, graph.links[i].b}) {
        total_[end] += capacity[i];
        ++open_in_[end];
        ++open_out_[end];
      }
    }
  }

  std::vector<bool> find() {
    std::vector<bool> result(open_.size(), false);
    for (const std::uint32_t endpoint : graph_.endpoints) {
      for (const std::uint32_t* at = incidence_.begin(endpoint); at != incidence_.end(endpoint); ++at) {
        for (const topology::DirectedLink link : {2 * *at, 2 * *at + 1}) {
          result[link] = true;
          if (open_[link]) close(link);
        }
      }
    }
    while (!queue_.empty()) {
      const std::uint32_t vertex = queue_.back();
      queue_.pop_back();
      waits_[vertex] = false;
      for (const std::uint32_t* at = incidence_.begin(vertex); at != incidence_.end(vertex); ++at) look(vertex, *at);
    }
    for (topology::DirectedLink link = 0; link < open_.size(); ++link) result[link] = result[link] || open_[link];
    return result;
  }

 private:
  /// Both directions of a link as seen from one of its ends.
  void look(std::uint32_t vertex, std::uint32_t link) {
    constexpr double kRounding = 1.0 + 1e-9;
    if (total_[vertex] - capacity_[link] > capacity_[link] * kRounding) return;
    const topology::DirectedLink out = directed(link, graph_.links[link].a == vertex), in = out ^ 1u;
    if (open_[out] && open_in_[vertex] == (open_[in] ? 1u : 0u)) close(out);
    if (open_[in] && open_out_[vertex] == (open_[out] ? 1u : 0u)) close(in);
  }

  void close(topology::DirectedLink link) {
    open_[link] = false;
    --open_out_[source_of(graph_, link)];
    --open_in_[target_of(graph_, link)];
    for (const std::uint32_t end : {source_of(graph_, link), target_of(graph_, link)}) {
      if (waits_[end]) continue;
      waits_[end] = true;
      queue_.push_back(end);
    }
  }

  const topology::Graph& graph_;
  const std::vector<double>& capacity_;
  topology::Incidence incidence_;
  std::vector<double> total_;                      // capacity of a vertex's links
  std::vector<std::uint32_t> open_in_, open_out_;  // its links not known to hold their limit
  std::vector<bool> waits_;
  std::vector<std::uint32_t> queue_;
  std::vector<bool> open_;  // by directed link
};

}  // namespace

FabricMap::FabricMap(engine::Simulation& simulation, Setup setup) : simulation_(simulation), setup_(std::move(setup)) {
  for (const FabricGroup& group : setup_.groups) {
    first_node_.push_back(nodes_);
    nodes_ += group.racks * group.kind.nodes;
  }
  if (!setup_.graph) return;
  if (setup_.behaviour.adaptive) merged_ = topology::contracted(*setup_.graph);
  routes_ = std::make_unique<topology::Routes>(active());
  port_of_.assign(2 * active().links.size(), kNoLink);
  for (const topology::Link& link : active().links) capacity_.push_back(link.capacity().value);
  find_bottlenecks();
}

FabricMap::~FabricMap() = default;

// ---- Nodes --------------------------------------------------------------------------------------------------------

const FabricGroup& FabricMap::group_of(std::int64_t node, std::int64_t& within) const {
  const auto next = std::upper_bound(first_node_.begin(), first_node_.end(), node);
  const auto index = static_cast<std::size_t>(next - first_node_.begin()) - 1;
  within = node - first_node_[index];
  return setup_.groups[index];
}

std::int64_t FabricMap::gpus_of(std::int64_t node) const {
  std::int64_t within = 0;
  return group_of(node, within).kind.gpus_per_node;
}

std::int64_t FabricMap::nics_of(std::int64_t node) const {
  std::int64_t within = 0;
  return group_of(node, within).kind.nics_per_node;
}

std::string FabricMap::node_name(std::int64_t node) const {
  std::int64_t within = 0;
  const FabricGroup& group = group_of(node, within);
  return group.name + "/" + std::to_string(within);
}

bool FabricMap::same_domain(std::int64_t a, std::int64_t b) const {
  std::int64_t within_a = 0, within_b = 0;
  const FabricGroup& group = group_of(a, within_a);
  if (&group != &group_of(b, within_b)) return false;
  const std::int64_t domain_nodes =
      std::max<std::int64_t>(1, group.kind.scale_up_domain_gpus / group.kind.gpus_per_node);
  return within_a / domain_nodes == within_b / domain_nodes;
}

// ---- Links of the engine ------------------------------------------------------------------------------------------

engine::LinkId FabricMap::port(PortKind kind, bool out, std::uint32_t index, double bytes_per_s) {
  const std::uint64_t key = (static_cast<std::uint64_t>(kind) << 40) | (std::uint64_t{out} << 32) | index;
  const auto [place, is_new] = other_ports_.try_emplace(key, kNoLink);
  if (is_new) {
    const double now = bytes_per_s * (kind == PortKind::storage ? storage_share_ : 1.0);
    place->second = simulation_.add_link(BytesPerSecond(now));
    ports_.push_back({kind, out, index, bytes_per_s, now});
  }
  return place->second;
}

engine::LinkId FabricMap::fabric_port(topology::DirectedLink link) {
  if (port_of_[link] == kNoLink) {
    const double capacity = capacity_[link / 2];
    port_of_[link] = simulation_.add_link(BytesPerSecond(capacity));
    ports_.push_back({PortKind::fabric, link % 2 == 0, link, active().links[link / 2].capacity().value, capacity});
  }
  return port_of_[link];
}

std::string FabricMap::link_name(engine::LinkId link) const {
  const Port& port = ports_[link];
  switch (port.kind) {
    case PortKind::fabric:
      return active().name(source_of(active(), port.index)) + ">" + active().name(target_of(active(), port.index));
    case PortKind::scale_up:
      return node_name(port.index) + (port.out ? ">scale_up" : "<scale_up");
    case PortKind::storage_nic:
      return node_name(port.index) + (port.out ? ">storage" : "<storage");
    case PortKind::drives:
      return node_name(port.index) + (port.out ? ">drives" : "<drives");
    case PortKind::host:
      return node_name(port.index) + (port.out ? ">host" : "<host");
    case PortKind::nic: {
      // Numbered through all nodes by the most cards that a node can have.
      const std::uint32_t node = port.index / 256, card = port.index % 256;
      return node_name(node) + (port.out ? ">nic_" : "<nic_") + std::to_string(card);
    }
    case PortKind::storage:
      return port.out ? "storage_read" : "storage_write";
  }
  return {};
}

void FabricMap::find_bottlenecks() {
  if (setup_.behaviour.keep_all_links) {
    can_bind_.assign(port_of_.size(), true);
  } else {
    can_bind_ = Bottlenecks(active(), capacity_).find();
  }
}

void FabricMap::add_links(const std::vector<topology::DirectedLink>& route, Path& path) {
  double latency = 0.0;
  for (const topology::DirectedLink link : route) {
    path.route.push_back(link);
    latency += active().links[link / 2].latency.value;
    path.limit_bytes_per_s = std::min(path.limit_bytes_per_s, capacity_[link / 2]);
    if (setup_.behaviour.contention && can_bind_[link]) path.links.push_back(fabric_port(link));
  }
  path.latency += to_picoseconds(latency);
}

bool FabricMap::fabric_route(std::uint32_t from, std::uint32_t to, std::uint64_t hash,
                             std::optional<std::uint32_t> rail, Path& path) {
  if (!rail || !routes_->path_on_rail(from, to, *rail, hash, scratch_)) {
    if (!routes_->path(from, to, hash, scratch_)) return false;
  }
  add_links(scratch_, path);
  return true;
}

// ---- Paths --------------------------------------------------------------------------------------------------------

/// Network cards that the GPUs of a place use.
std::int64_t FabricMap::cards_of(const Place& place) const {
  const std::int64_t nics = nics_of(place.node), gpus = gpus_of(place.node);
  if (place.gpus == 0 || place.gpus >= gpus) return nics;
  return std::max<std::int64_t>(1, place.gpus * nics / gpus);
}

std::vector<Path> FabricMap::paths(const Place& from, const Place& to, std::uint64_t hash) {
  std::vector<Path> result;
  if (from.kind == Place::Kind::storage || to.kind == Place::Kind::storage) {
    const bool read = from.kind == Place::Kind::storage;
    result = with_storage(read ? to : from, read, hash);
  } else if (from.node == to.node && from.kind == Place::Kind::gpus && to.kind == Place::Kind::gpus) {
    result = inside_domain(from, to);
  } else if (from.node == to.node) {
    result = inside_node(from, to);
  } else {
    result = between_nodes(from, to, hash);
  }
  if (!setup_.behaviour.contention) {
    for (Path& path : result) path.links.clear();
  }
  return result;
}

std::vector<Path> FabricMap::inside_node(const Place& from, const Place& to) {
  std::int64_t within = 0;
  const compute::RackSpec& kind = group_of(from.node, within).kind;
  const auto node = static_cast<std::uint32_t>(from.node);
  Path path;
  path.limit_bytes_per_s = kUnlimited;
  const auto through = [&](PortKind port_kind, bool out, double bytes_per_s) {
    path.links.push_back(port(port_kind, out, node, bytes_per_s));
    path.limit_bytes_per_s = std::min(path.limit_bytes_per_s, bytes_per_s);
  };
  const double host = kind.host_link_bandwidth.value * static_cast<double>(kind.gpus_per_node);
  const auto limit_by_gpus = [&](const Place& place) {
    if (place.kind != Place::Kind::gpus || place.gpus == 0 || from.kind == to.kind) return;
    const double gpus = static_cast<double>(std::min(place.gpus, kind.gpus_per_node));
    path.limit_bytes_per_s = std::min(path.limit_bytes_per_s, kind.host_link_bandwidth.value * gpus);
  };
  if (from.kind == Place::Kind::drives) through(PortKind::drives, false, kind.local_read_bandwidth.value);
  if (to.kind == Place::Kind::drives) through(PortKind::drives, true, kind.local_write_bandwidth.value);
  if (from.kind == Place::Kind::gpus && to.kind != Place::Kind::gpus) through(PortKind::host, true, host);
  if (to.kind == Place::Kind::gpus && from.kind != Place::Kind::gpus) through(PortKind::host, false, host);
  limit_by_gpus(from);
  limit_by_gpus(to);
  return {path};
}

/// Between GPUs that their scale-up links join.
std::vector<Path> FabricMap::inside_domain(const Place& from, const Place& to) {
  std::int64_t within = 0;
  const FabricGroup& group = group_of(from.node, within);
  const double bandwidth = group.scale_up_bandwidth.value * static_cast<double>(group.kind.gpus_per_node);
  Path path;
  path.links = {port(PortKind::scale_up, true, static_cast<std::uint32_t>(from.node), bandwidth),
                port(PortKind::scale_up, false, static_cast<std::uint32_t>(to.node), bandwidth)};
  std::int64_t gpus = group.kind.gpus_per_node;
  for (const std::int64_t wanted : {from.gpus, to.gpus}) {
    if (wanted > 0) gpus = std::min(gpus, wanted);
  }
  path.limit_bytes_per_s = group.scale_up_bandwidth.value * static_cast<double>(gpus);
  path.streams = static_cast<int>(gpus);
  return {path};
}

std::vector<Path> FabricMap::between_nodes(const Place& from, const Place& to, std::uint64_t hash) {
  std::int64_t within = 0;
  const FabricGroup& group = group_of(from.node, within);
  if (same_domain(from.node, to.node)) return inside_domain(from, to);
  if (!setup_.graph) return {};
  const std::int64_t cards = std::min(cards_of(from), cards_of(to));
  const double card = std::min(group.kind.nic_bandwidth.value, group_of(to.node, within).kind.nic_bandwidth.value);
  const auto first_card = [&](const Place& place) {
    return static_cast<std::uint32_t>(place.first_gpu * nics_of(place.node) / gpus_of(place.node));
  };
  const bool one_card = cards == 1 && nics_of(from.node) > 1;
  std::vector<Path> result;
  const std::int64_t parts = setup_.behaviour.adaptive ? 1 : cards;
  for (std::int64_t part = 0; part < parts; ++part) {
    Path path;
    path.streams = static_cast<int>(cards / parts);
    path.limit_bytes_per_s = card * static_cast<double>(path.streams);
    path.share = 1.0 / static_cast<double>(parts);
    const double alone = path.limit_bytes_per_s;
    if (setup_.behaviour.adaptive && one_card) {
      path.links.push_back(
          port(PortKind::nic, true, static_cast<std::uint32_t>(from.node) * 256 + first_card(from), card));
      path.links.push_back(
          port(PortKind::nic, false, static_cast<std::uint32_t>(to.node) * 256 + first_card(to), card));
    }
    std::optional<std::uint32_t> rail;
    if (!setup_.behaviour.adaptive) rail = first_card(from) + static_cast<std::uint32_t>(part);
    if (!fabric_route(static_cast<std::uint32_t>(from.node), static_cast<std::uint32_t>(to.node),
                      hash + static_cast<std::uint64_t>(part) * 0x9e3779b97f4a7c15ull, rail, path)) {
      return {};
    }
    path.limit_bytes_per_s = std::min(path.limit_bytes_per_s, alone);
    result.push_back(std::move(path));
  }
  return result;
}

std::vector<Path> FabricMap::with_storage(const Place& place, bool read, std::uint64_t hash) {
  if (!setup_.storage || setup_.storage->is_local) return {};
  const storage::StorageProfile& profile = *setup_.storage;
  std::int64_t within = 0;
  const compute::RackSpec& kind = group_of(place.node, within).kind;
  Path path;
  path.limit_bytes_per_s = (read ? profile.reader_limit : profile.writer_limit).value;
  path.latency = to_picoseconds(profile.request_latency.value);
  const auto through = [&](engine::LinkId link, double bytes_per_s) {
    path.links.push_back(link);
    path.limit_bytes_per_s = std::min(path.limit_bytes_per_s, bytes_per_s);
  };
  const double whole = (read ? profile.read_bandwidth : profile.write_bandwidth).value;
  through(port(PortKind::storage, read, 0, whole), whole * storage_share_);
  if (!setup_.behaviour.storage_on_fabric || !setup_.graph) {
    const double nics = kind.storage_bandwidth.value;
    through(port(PortKind::storage_nic, !read, static_cast<std::uint32_t>(place.node), nics), nics);
    return {path};
  }
  // Storage ports are endpoints behind the nodes; a transfer uses one, the next by its hash.
  const std::size_t first = static_cast<std::size_t>(nodes_);
  std::size_t ports = 0;
  while (first + ports < active().endpoints.size() &&
         active().vertices[active().endpoints[first + ports]].kind == topology::VertexKind::storage) {
    ++ports;
  }
  const auto storage_endpoint = static_cast<std::uint32_t>(first + hash % std::max<std::size_t>(ports, 1));
  const auto node = static_cast<std::uint32_t>(place.node);
  // By hash it keeps to one card; spread it uses all.
  path.streams = setup_.behaviour.adaptive ? static_cast<int>(nics_of(place.node)) : 1;
  if (!fabric_route(read ? storage_endpoint : node, read ? node : storage_endpoint, hash, std::nullopt, path))
    return {};
  return {path};
}

FabricMap::Ring FabricMap::ring(const std::vector<std::int64_t>& nodes) {
  Ring ring;
  std::map<engine::LinkId, Ring::Crossed> crossed;
  for (std::size_t i = 0; i < nodes.size() && nodes.size() > 1; ++i) {
    const Place from{.kind = Place::Kind::gpus, .node = nodes[i]};
    const Place to{.kind = Place::Kind::gpus, .node = nodes[(i + 1) % nodes.size()]};
    if (same_domain(from.node, to.node)) continue;
    std::vector<Path> paths = between_nodes(from, to, i);
    if (paths.empty()) ring.connected = false;
    for (std::size_t part = 0; part < paths.size(); ++part) {
      for (const engine::LinkId link : paths[part].links) {
        Ring::Crossed& here = crossed.try_emplace(link, Ring::Crossed{.link = link}).first->second;
        here.share += paths[part].share;
        here.streams += paths[part].streams;
      }
      ring.hops.push_back({i, part, std::move(paths[part])});
    }
  }
  for (const auto& [link, here] : crossed) ring.links.push_back(here);
  return ring;
}

double FabricMap::nics_bytes_per_s(std::int64_t node) const {
  std::int64_t within = 0;
  const compute::RackSpec& kind = group_of(node, within).kind;
  return kind.nic_bandwidth.value * static_cast<double>(kind.nics_per_node);
}

double FabricMap::total_bytes_per_s() const {
  if (!setup_.graph) return 0.0;
  double sum = 0.0;
  for (const topology::Link& link : active().links) sum += 2.0 * link.capacity().value;
  return sum;
}

// ---- Failures -----------------------------------------------------------------------------------------------------

std::optional<std::uint32_t> FabricMap::find_vertex(const std::string& name) const {
  if (!setup_.graph) return std::nullopt;
  for (std::uint32_t i = 0; i < setup_.graph->vertices.size(); ++i) {
    if (setup_.graph->name(i) == name) return i;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FabricMap::find_link(const std::string& name) const {
  const std::size_t dashes = name.find("--");
  if (!setup_.graph || dashes == name.npos) return std::nullopt;
  const auto a = find_vertex(name.substr(0, dashes)), b = find_vertex(name.substr(dashes + 2));
  if (!a || !b) return std::nullopt;
  for (std::uint32_t i = 0; i < setup_.graph->links.size(); ++i) {
    const topology::Link& link = setup_.graph->links[i];
    if ((link.a == *a && link.b == *b) || (link.a == *b && link.b == *a)) return i;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FabricMap::find_nic(std::int64_t node, std::int64_t nic) const {
  if (!setup_.graph) return std::nullopt;
  const std::uint32_t vertex = setup_.graph->endpoints[static_cast<std::size_t>(node)];
  std::int64_t left = nic;
  for (std::uint32_t i = 0; i < setup_.graph->links.size(); ++i) {
    const topology::Link& link = setup_.graph->links[i];
    if (link.a != vertex && link.b != vertex) continue;
    if (left < static_cast<std::int64_t>(link.cables)) return i;
    left -= link.cables;
  }
  return std::nullopt;
}

double FabricMap::link_capacity(std::uint32_t link) const {
  const topology::Link& full = setup_.graph->links[link];
  return down_[full.a] || down_[full.b] ? 0.0 : full.capacity().value * share_[link];
}

void FabricMap::set_link_share(std::uint32_t link, double share) {
  prepare_failures();
  share_[link] = share;
  refresh_capacities();
}

void FabricMap::set_switch_up(std::uint32_t vertex, bool up) {
  prepare_failures();
  down_[vertex] = !up;
  refresh_capacities();
}

void FabricMap::set_storage_share(double share) {
  storage_share_ = share;
  for (engine::LinkId link = 0; link < ports_.size(); ++link) {
    Port& port = ports_[link];
    if (port.kind != PortKind::storage) continue;
    changes_.links.push_back(link);
    port.capacity = port.nominal * share;
  }
}

void FabricMap::prepare_failures() {
  if (!share_.empty()) return;
  const topology::Graph& full = *setup_.graph;
  share_.assign(full.links.size(), 1.0);
  down_.assign(full.vertices.size(), false);
  if (setup_.behaviour.adaptive) {
    active_of_ = links_after_merging(full, active());
  } else {
    for (std::uint32_t i = 0; i < full.links.size(); ++i) active_of_.push_back(i);
  }
}

/// What works of the full graph, summed over the links that were merged.
void FabricMap::refresh_capacities() {
  const topology::Graph& full = *setup_.graph;
  std::vector<double> now(active().links.size(), 0.0);
  for (std::uint32_t i = 0; i < full.links.size(); ++i) {
    if (active_of_[i] != kNoLink) now[active_of_[i]] += link_capacity(i);
  }
  for (std::uint32_t i = 0; i < now.size(); ++i) {
    if (std::abs(now[i] - capacity_[i]) <= 1e-9 * active().links[i].capacity().value) continue;
    if (now[i] < capacity_[i]) {
      changes_.worse.resize(now.size(), false);
      changes_.worse[i] = true;
    }
    capacity_[i] = now[i];
    routes_->set_usable(i, now[i] > 0.0);
    for (const bool from_a : {true, false}) {
      const engine::LinkId link = port_of_[directed(i, from_a)];
      if (link == kNoLink) continue;
      changes_.links.push_back(link);
      ports_[link].capacity = now[i];
    }
  }
  find_bottlenecks();
}

bool FabricMap::Changes::worsen(const std::vector<topology::DirectedLink>& route) const {
  if (worse.empty()) return false;
  return std::any_of(route.begin(), route.end(), [this](topology::DirectedLink link) { return worse[link / 2]; });
}

FabricMap::Changes FabricMap::take_changes() { return std::exchange(changes_, {}); }

}  // namespace tokenworks::resources
