#include "models/topology/parts.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::topology {
namespace {

constexpr double kGigabit = 1e9 / 8;  // bytes

struct Counts {
  std::vector<std::int64_t> switches;
  std::vector<double> modules, cables, fibres;  // by part
};

bool is_copper(const TransceiverSpec& spec) { return spec.medium == "copper"; }

/// Share of a module that one cable of the link takes at this end.
double module_share(const Link& link, const TransceiverSpec& spec, bool at_endpoint) {
  return at_endpoint ? 1.0 : std::min(1.0, link.bandwidth / spec.bandwidth);
}

const TransceiverSpec& transceiver(const Graph& graph, const Parts& parts, std::uint16_t part) {
  const TransceiverSpec* spec = parts.find_transceiver(graph.parts.at(part));
  if (!spec) throw std::invalid_argument("no transceiver " + graph.parts.at(part) + " among the parts");
  return *spec;
}

void count_link(const Graph& graph, const Parts& parts, const std::vector<bool>& is_endpoint, const Link& link,
                Counts& counts) {
  const double cables = static_cast<double>(link.cables);
  if (link.part_a == kNoPart || link.part_b == kNoPart) return;
  const TransceiverSpec& at_a = transceiver(graph, parts, link.part_a);
  const TransceiverSpec& at_b = transceiver(graph, parts, link.part_b);
  const bool ends = is_endpoint[link.a] || is_endpoint[link.b];
  if (is_copper(at_a)) {
    counts.cables[link.part_a] += cables * module_share(link, at_a, ends);
    return;
  }
  counts.modules[link.part_a] += cables * module_share(link, at_a, is_endpoint[link.a]);
  counts.modules[link.part_b] += cables * module_share(link, at_b, is_endpoint[link.b]);
  counts.fibres[link.part_a] += cables;
}

Counts count(const Graph& graph, const Parts& parts) {
  const std::size_t kinds = graph.parts.size();
  Counts counts{std::vector<std::int64_t>(kinds, 0), std::vector<double>(kinds, 0.0), std::vector<double>(kinds, 0.0),
                std::vector<double>(kinds, 0.0)};
  std::vector<bool> is_endpoint(graph.vertices.size(), false);
  for (const std::uint32_t endpoint : graph.endpoints) is_endpoint[endpoint] = true;
  for (const Vertex& vertex : graph.vertices) {
    if (vertex.part != kNoPart) ++counts.switches[vertex.part];
  }
  for (const Link& link : graph.links) count_link(graph, parts, is_endpoint, link, counts);
  return counts;
}

std::int64_t rounded_up(double count) { return static_cast<std::int64_t>(std::ceil(count - 1e-6)); }

}  // namespace

void SwitchSpec::visit(FieldVisitor& v) {
  const Rule power = rule().required().at_least(0);
  field(v, "title", title, "Name for people", rule().required());
  field(v, "ports", ports, "Ports at full rate", rule().required().at_least(2));
  scaled_field(v, "port_gbit_per_s", port_bandwidth, kGigabit, "Rate of a port, each direction",
               rule().required().above(0));
  field(v, "latency_s", latency, "Port to port, without load", rule().required().at_least(0));
  field(v, "idle_power_w", idle_power, "Without transceivers, no link up", power);
  field(v, "typical_power_w", typical_power, "All ports busy, on passive cables", power);
  field(v, "maximum_power_w", maximum_power, "Nameplate, with transceivers in all ports", power);
  field(v, "price_usd", price_usd, "Price without transceivers", rule().required().at_least(0));
  field(v, "sources", sources, "Who vouches for which field", rule().required());
}

void TransceiverSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kMedia[] = {"copper", "optical"};
  field(v, "title", title, "Name for people", rule().required());
  field(v, "medium", medium, "An optical module, or a copper cable with both its ends",
        rule().required().one_of(kMedia));
  scaled_field(v, "gbit_per_s", bandwidth, kGigabit, "Rate of the module or cable, each direction",
               rule().required().above(0));
  field(v, "power_w", power, "Of one module, or of one end of a copper cable", rule().required().at_least(0));
  field(v, "reach_m", reach, "Greatest length of the cable", rule().required().above(0));
  field(v, "price_usd", price_usd, "Of one module, or of a whole copper cable", rule().required().at_least(0));
  field(v, "fibre_price_usd", fibre_price_usd, "Of the fibre between two modules; 0 for copper",
        rule().required().at_least(0));
  field(v, "sources", sources, "Who vouches for which field", rule().required());
}

const SwitchSpec* Parts::find_switch(const std::string& id) const {
  const auto found = switches.find(id);
  return found == switches.end() ? nullptr : found->second;
}

const TransceiverSpec* Parts::find_transceiver(const std::string& id) const {
  const auto found = transceivers.find(id);
  return found == transceivers.end() ? nullptr : found->second;
}

std::vector<PartCount> bill_of_materials(const Graph& graph, const Parts& parts, std::int64_t nics) {
  const Counts counts = count(graph, parts);
  std::vector<PartCount> switches, modules, cables, fibres;
  for (std::size_t i = 0; i < graph.parts.size(); ++i) {
    const std::string& id = graph.parts[i];
    if (counts.switches[i] > 0) {
      const SwitchSpec* spec = parts.find_switch(id);
      if (!spec) throw std::invalid_argument("no switch " + id + " among the parts");
      switches.push_back({id, "switch", counts.switches[i], spec->idle_power.value, spec->typical_power.value,
                          spec->maximum_power.value, spec->price_usd});
    }
    const TransceiverSpec* spec = parts.find_transceiver(id);
    if (!spec) continue;
    const double watts = spec->power.value;
    if (counts.modules[i] > 0) {
      // A laser and its signal processor draw the same whether bits are data or idle symbols.
      modules.push_back({id, "transceiver", rounded_up(counts.modules[i]), watts, watts, watts, spec->price_usd});
    }
    if (counts.cables[i] > 0) {
      cables.push_back(
          {id, "copper_cable", rounded_up(counts.cables[i]), 2 * watts, 2 * watts, 2 * watts, spec->price_usd});
    }
    if (counts.fibres[i] > 0) {
      fibres.push_back({"fibre", "fibre", rounded_up(counts.fibres[i]), 0, 0, 0, spec->fibre_price_usd});
    }
  }
  std::vector<PartCount> bill = std::move(switches);
  for (const auto* list : {&modules, &cables, &fibres}) bill.insert(bill.end(), list->begin(), list->end());
  if (nics > 0) bill.push_back({"nic", "nic", nics, 0, 0, 0, 0});
  return bill;
}

}  // namespace tokenworks::topology
