// Question   which graph a list of switches and links means, and what is wrong with it
// Equation   switches by name, links by the names at their ends; latency of a link as given plus half of that of the
//            switch at each end. Two endpoints reach each other when they hang on one connected set of switches
// Source     the scenario itself
// Valid for  links with a switch at one end at least: nothing passes through an endpoint
// Checked by tests/models/topology/custom_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <boost/pending/disjoint_sets.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "models/topology/cabling.hpp"

namespace tokenworks::topology {
namespace {

using Faults = std::vector<TopologyFault>;

struct CustomSwitch {
  std::string name;
  std::optional<std::string> switch_id;

  void visit(FieldVisitor& v) {
    field(v, "name", name, "Name that links refer to", rule().required().is_name());
    field(v, "switch", switch_id, "Kind of the switch; absent: that of the fabric", rule().from_catalog("switches"));
  }
};

struct CustomLink {
  std::string from, to;
  BytesPerSecond bandwidth{0};
  std::int64_t cables = 1;
  Seconds latency{100e-9};
  std::string medium = "optical";

  void visit(FieldVisitor& v) {
    static constexpr std::string_view kMedia[] = {"copper", "optical"};
    field(v, "from", from,
          "A switch, or an endpoint: \"row_a/3\" (rack group and node), \"storage_0\" or \"front_end_0\"",
          rule().required());
    field(v, "to", to, "The other end", rule().required());
    scaled_field(v, "gbit_per_s", bandwidth, 1e9 / 8, "Rate of one cable, each direction", rule().required().above(0));
    field(v, "cables", cables, "Cables side by side", rule().at_least(1));
    field(v, "latency_s", latency, "Of the cable, without the switches",
          rule().at_least(0).default_from('C', "20 m of fibre at 4.5 ns/m, rounded up"));
    field(v, "medium", medium, "What the cable is", rule().one_of(kMedia));
  }
};

std::string place(const char* list, std::size_t index, const char* key) {
  return fmt::format("{}/{}{}{}", list, index, *key ? "/" : "", key);
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, names.size()); ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text;
}

/// The graph as far as it can be read, with a fault for everything that cannot.
class Reading {
 public:
  Reading(const Endpoints& endpoints, const Parts& parts, Faults& faults)
      : endpoints_(endpoints), parts_(parts), faults_(faults) {}

  void add_endpoints() {
    const auto add = [&](VertexKind kind, std::int64_t count, const std::vector<std::string>& names) {
      for (std::int64_t i = 0; i < count; ++i) {
        const auto vertex = static_cast<std::uint32_t>(graph.vertices.size());
        graph.vertices.push_back({kind, static_cast<std::uint32_t>(i), vertex});
        graph.endpoints.push_back(vertex);
        graph.names.push_back(names.empty() ? graph.name(vertex) : names[static_cast<std::size_t>(i)]);
        by_name_.emplace(graph.names.back(), vertex);
      }
    };
    add(VertexKind::node, endpoints_.nodes, endpoints_.node_names);
    add(VertexKind::storage, endpoints_.storage_ports, {});
    add(VertexKind::front_end, endpoints_.front_end ? 1 : 0, {});
  }

  void add_switches(const std::vector<CustomSwitch>& switches, const std::string& default_id) {
    if (switches.empty()) faults_.push_back({"switches", "a fabric needs at least one switch"});
    for (std::size_t i = 0; i < switches.size(); ++i) {
      const std::string& id = switches[i].switch_id ? *switches[i].switch_id : default_id;
      const auto vertex = static_cast<std::uint32_t>(graph.vertices.size());
      const bool is_new = by_name_.emplace(switches[i].name, vertex).second;
      if (!is_new) {
        faults_.push_back({place("switches", i, "name"), fmt::format("'{}' is taken already", switches[i].name)});
      }
      const SwitchSpec* spec = parts_.find_switch(id);
      if (!spec) {
        faults_.push_back({switches[i].switch_id ? place("switches", i, "switch") : "switch",
                           fmt::format("there is no switch '{}'", id)});
      }
      specs_.push_back(spec);
      graph.vertices.push_back({VertexKind::custom, static_cast<std::uint32_t>(i), vertex, part(id)});
      graph.names.push_back(switches[i].name);
    }
  }

  void add_links(const std::vector<CustomLink>& links, const std::string& optical, const std::string& copper) {
    if (links.empty()) faults_.push_back({"links", "a fabric needs at least one link"});
    for (std::size_t i = 0; i < links.size(); ++i) {
      check_values(links[i], i);
      const auto a = find(links[i].from, place("links", i, "from"));
      const auto b = find(links[i].to, place("links", i, "to"));
      if (!a || !b || !check_ends(*a, *b, i)) continue;
      const std::string& module = links[i].medium == "copper" ? copper : optical;
      Link link;
      link.a = *a;
      link.b = *b;
      link.bandwidth = links[i].bandwidth;
      link.cables = static_cast<std::uint32_t>(std::max<std::int64_t>(1, links[i].cables));
      link.latency = links[i].latency + half_latency(*a) + half_latency(*b);
      link.medium = links[i].medium == "copper" ? Medium::copper : Medium::optical;
      link.part_a = link.part_b = part(module);
      const TransceiverSpec* spec = parts_.find_transceiver(module);
      if (!spec) {
        faults_.push_back({place("links", i, "medium"), fmt::format("there is no transceiver '{}'", module)});
      } else if (spec->bandwidth < link.bandwidth) {
        faults_.push_back(
            {place("links", i, "gbit_per_s"),
             fmt::format("{} is more than '{}' carries ({})", gbit(link.bandwidth), module, gbit(spec->bandwidth))});
      }
      graph.links.push_back(link);
      spec_of_link_.push_back(i);
    }
  }

  void check_ports() {
    std::vector<std::int64_t> cables(graph.vertices.size(), 0);
    for (std::size_t i = 0; i < graph.links.size(); ++i) {
      const Link& link = graph.links[i];
      for (const std::uint32_t end : {link.a, link.b}) {
        cables[end] += link.cables;
        const SwitchSpec* spec = spec_of(end);
        if (!spec || link.bandwidth <= spec->port_bandwidth) continue;
        faults_.push_back({place("links", spec_of_link_[i], "gbit_per_s"),
                           fmt::format("{} is more than a port of '{}' carries ({})", gbit(link.bandwidth),
                                       graph.names[end], gbit(spec->port_bandwidth))});
      }
    }
    const std::size_t first = graph.endpoints.size();
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      if (!specs_[i] || cables[first + i] <= specs_[i]->ports) continue;
      faults_.push_back(
          {place("switches", i, ""), fmt::format("'{}' has {} ports and {} cables", graph.names[first + i],
                                                 specs_[i]->ports, cables[first + i])});
    }
    for (std::int64_t node = 0; node < endpoints_.nodes; ++node) {
      const auto vertex = static_cast<std::size_t>(node);
      if (cables[vertex] <= endpoints_.nics_per_node) continue;
      faults_.push_back({"links", fmt::format("'{}' has {} network cards and {} cables", graph.names[vertex],
                                              endpoints_.nics_per_node, cables[vertex])});
    }
  }

  /// Every pair of endpoints must share a connected set of switches.
  void check_connected() {
    Sets sets(graph.vertices.size());
    for (const Link& link : graph.links) {
      if (is_switch(link.a) && is_switch(link.b)) sets.unite(link.a, link.b);
    }
    std::vector<std::set<std::uint32_t>> reach(graph.endpoints.size());
    for (const Link& link : graph.links) {
      if (!is_switch(link.a)) reach[link.a].insert(sets.find(link.b));
      if (!is_switch(link.b)) reach[link.b].insert(sets.find(link.a));
    }
    std::map<std::set<std::uint32_t>, std::vector<std::string>> groups;
    for (std::size_t i = 0; i < reach.size(); ++i) groups[reach[i]].push_back(graph.names[i]);
    const auto lonely = groups.find({});
    if (lonely != groups.end()) {
      faults_.push_back({"links", fmt::format("no link at: {}", joined(lonely->second))});
      groups.erase(lonely);
    }
    for (auto a = groups.begin(); a != groups.end(); ++a) {
      for (auto b = std::next(a); b != groups.end(); ++b) {
        if (std::any_of(a->first.begin(), a->first.end(), [&](std::uint32_t set) { return b->first.count(set) > 0; })) {
          continue;
        }
        faults_.push_back(
            {"links", fmt::format("no path joins these {} endpoints ({}) with these {} ({})", a->second.size(),
                                  joined(a->second), b->second.size(), joined(b->second))});
      }
    }
  }

  /// Links between switches that close a loop.
  void check_loop_free() {
    Sets sets(graph.vertices.size());
    for (std::size_t i = 0; i < graph.links.size(); ++i) {
      const Link& link = graph.links[i];
      if (!is_switch(link.a) || !is_switch(link.b)) continue;
      if (sets.unite(link.a, link.b)) continue;
      faults_.push_back({place("links", spec_of_link_[i], ""),
                         fmt::format("'{}' and '{}' are joined already: this link closes a loop in a tree",
                                     graph.names[link.a], graph.names[link.b])});
    }
  }

  Graph graph;

 private:
  class Sets {
   public:
    explicit Sets(std::size_t size) : rank_(size, 0), parent_(size, 0), sets_(rank_.data(), parent_.data()) {
      for (std::uint32_t i = 0; i < size; ++i) sets_.make_set(i);
    }
    std::uint32_t find(std::uint32_t element) { return sets_.find_set(element); }
    bool unite(std::uint32_t a, std::uint32_t b) {
      if (find(a) == find(b)) return false;
      sets_.union_set(a, b);
      return true;
    }

   private:
    std::vector<std::uint32_t> rank_, parent_;
    boost::disjoint_sets<std::uint32_t*, std::uint32_t*> sets_;
  };

  bool is_switch(std::uint32_t vertex) const { return vertex >= graph.endpoints.size(); }
  const SwitchSpec* spec_of(std::uint32_t vertex) const {
    return is_switch(vertex) ? specs_[vertex - graph.endpoints.size()] : nullptr;
  }
  Seconds half_latency(std::uint32_t vertex) const {
    const SwitchSpec* spec = spec_of(vertex);
    return spec ? spec->latency / 2.0 : Seconds(0);
  }

  std::uint16_t part(const std::string& id) {
    const auto found = std::find(graph.parts.begin(), graph.parts.end(), id);
    const std::size_t index = static_cast<std::size_t>(found - graph.parts.begin());
    if (found == graph.parts.end()) graph.parts.push_back(id);
    return static_cast<std::uint16_t>(index);
  }

  std::optional<std::uint32_t> find(const std::string& name, const std::string& at) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    faults_.push_back(
        {at, fmt::format("there is no switch or endpoint '{}'; endpoints are {}", name,
                         joined({graph.names.begin(),
                                 graph.names.begin() + static_cast<std::ptrdiff_t>(graph.endpoints.size())}))});
    return std::nullopt;
  }

  void check_values(const CustomLink& link, std::size_t i) {
    if (!(link.bandwidth.value > 0.0) || !std::isfinite(link.bandwidth.value)) {
      faults_.push_back(
          {place("links", i, "gbit_per_s"), fmt::format("{:g} Gbit/s is not above 0", link.bandwidth.value * 8e-9)});
    }
    if (link.cables < 1 || link.cables > 1'000'000) {
      faults_.push_back({place("links", i, "cables"), fmt::format("{} is not from 1 to 1,000,000", link.cables)});
    }
    if (!(link.latency.value >= 0.0) || !std::isfinite(link.latency.value)) {
      faults_.push_back({place("links", i, "latency_s"), fmt::format("{:g} is less than 0", link.latency.value)});
    }
  }

  bool check_ends(std::uint32_t a, std::uint32_t b, std::size_t i) {
    if (a == b) {
      faults_.push_back({place("links", i, "to"), fmt::format("the link joins '{}' with itself", graph.names[a])});
    } else if (!is_switch(a) && !is_switch(b)) {
      faults_.push_back(
          {place("links", i, "to"),
           fmt::format("'{}' and '{}' are both endpoints: one end must be a switch", graph.names[a], graph.names[b])});
    } else {
      return true;
    }
    return false;
  }

  const Endpoints& endpoints_;
  const Parts& parts_;
  Faults& faults_;
  std::map<std::string, std::uint32_t> by_name_;
  std::vector<const SwitchSpec*> specs_;
  std::vector<std::size_t> spec_of_link_;  ///< index into the option's links
};

class Custom final : public TopologyOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "switch", switch_id_, "Kind of the switches that name none", rule().from_catalog("switches"));
    field(v, "optical_transceiver", optical_, "Module at both ends of an optical link",
          rule().from_catalog("transceivers"));
    field(v, "copper_cable", copper_, "Cable of a copper link", rule().from_catalog("transceivers"));
    field(v, "switches", switches_, "The switches", rule().required());
    field(v, "links", links_, "The links between switches and to endpoints", rule().required());
    field(v, "loop_free", loop_free_, "The links between switches must form a tree, as without routing");
  }

  PartIds part_ids() const override {
    std::set<std::string> ids = {switch_id_};
    for (const CustomSwitch& one : switches_) {
      if (one.switch_id) ids.insert(*one.switch_id);
    }
    return {{ids.begin(), ids.end()}, {optical_, copper_}};
  }

  std::vector<TopologyFault> faults(const Endpoints& endpoints, const Parts& parts) const override {
    Faults faults;
    read(endpoints, parts, faults);
    return faults;
  }

  Graph build(const Endpoints& endpoints, const Parts& parts) const override {
    Faults faults;
    Graph graph = read(endpoints, parts, faults);
    require_none(faults);
    return graph;
  }

 private:
  Graph read(const Endpoints& endpoints, const Parts& parts, Faults& faults) const {
    check_endpoints(endpoints, faults);
    if (!faults.empty()) return {};
    Reading reading(endpoints, parts, faults);
    reading.add_endpoints();
    reading.add_switches(switches_, switch_id_);
    reading.add_links(links_, optical_, copper_);
    reading.check_ports();
    if (loop_free_) reading.check_loop_free();
    reading.check_connected();
    return std::move(reading.graph);
  }

  std::string switch_id_ = "quantum2_qm9700";
  std::string optical_ = "400g_dr4";
  std::string copper_ = "dac_400g";
  std::vector<CustomSwitch> switches_;
  std::vector<CustomLink> links_;
  bool loop_free_ = false;
};

}  // namespace

std::unique_ptr<TopologyOption> make_custom() { return std::make_unique<Custom>(); }

}  // namespace tokenworks::topology
