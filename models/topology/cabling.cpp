#include "models/topology/cabling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tokenworks::topology {
namespace {

void check_transceiver(const std::string& key, const std::string& id, Metres length, const std::string& length_key,
                       BytesPerSecond link, const Parts& parts, std::vector<TopologyFault>& faults) {
  const TransceiverSpec* spec = parts.find_transceiver(id);
  if (!spec) {
    faults.push_back({key, fmt::format("there is no transceiver '{}'", id)});
    return;
  }
  if (spec->bandwidth < link) {
    faults.push_back(
        {key, fmt::format("a link of {} is more than '{}' carries ({})", gbit(link), id, gbit(spec->bandwidth))});
  }
  if (!(length.value > 0.0) || length > spec->reach) {
    faults.push_back({length_key, fmt::format("{:g} m is not above 0 and within the reach of '{}' ({:g} m)",
                                              length.value, id, spec->reach.value)});
  }
}

}  // namespace

std::string gbit(BytesPerSecond bandwidth) { return fmt::format("{:g} Gbit/s", bandwidth.value * 8e-9); }

Seconds propagation(Metres length) { return Seconds(length.value * 4.5e-9); }

std::int64_t cables_for(BytesPerSecond bandwidth, BytesPerSecond port_bandwidth) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(bandwidth / port_bandwidth - 1e-9)));
}

void CablingSpec::visit(FieldVisitor& v) {
  field(v, "switch", switch_id, "Switch of all tiers", rule().from_catalog("switches"));
  field(v, "breakout", breakout, "Ports that each port of the switch is split into, at an equal share of its rate",
        rule().at_least(1).at_most(8));
  field(v, "node_transceiver", node_transceiver, "Module at a network card; a copper cable makes the whole link copper",
        rule().from_catalog("transceivers"));
  field(v, "switch_transceiver", switch_transceiver, "Module or copper cable at the ports of switches",
        rule().from_catalog("transceivers"));
  field(v, "node_cable_m", node_cable, "Length of a cable between a server and its leaf",
        rule().above(0).default_from('E', "A leaf in the same row"));
  field(v, "switch_cable_m", switch_cable, "Length of a cable between switches",
        rule().above(0).default_from('E', "Spines in the middle of a hall"));
}

PartIds CablingSpec::part_ids() const { return {{switch_id}, {node_transceiver, switch_transceiver}}; }

std::optional<Cabling> CablingSpec::resolve(const Endpoints& endpoints, std::int64_t planes, const Parts& parts,
                                            std::vector<TopologyFault>& faults) const {
  const std::size_t before = faults.size();
  check_endpoints(endpoints, faults);
  if (breakout < 1) faults.push_back({"breakout", fmt::format("{} is less than 1", breakout)});
  if (planes < 1) faults.push_back({"planes", fmt::format("{} is less than 1", planes)});
  const SwitchSpec* spec = parts.find_switch(switch_id);
  if (!spec) faults.push_back({"switch", fmt::format("there is no switch '{}'", switch_id)});
  if (faults.size() > before) return std::nullopt;

  Cabling cabling;
  cabling.switch_id = switch_id;
  cabling.ports = spec->ports * breakout;
  cabling.port_bandwidth = spec->port_bandwidth / static_cast<double>(breakout);
  cabling.nic_link_bandwidth = endpoints.nic_bandwidth / static_cast<double>(planes);
  if (cabling.nic_link_bandwidth > cabling.port_bandwidth * (1 + 1e-9)) {
    faults.push_back({"switch", fmt::format("a network card brings {} to a port{}, and a port of '{}'{} carries {}",
                                            gbit(cabling.nic_link_bandwidth),
                                            planes > 1 ? fmt::format(" in each of {} planes", planes) : "", switch_id,
                                            breakout > 1 ? fmt::format(" split in {}", breakout) : "",
                                            gbit(cabling.port_bandwidth))});
  }
  check_transceiver("node_transceiver", node_transceiver, node_cable, "node_cable_m", cabling.nic_link_bandwidth, parts,
                    faults);
  check_transceiver("switch_transceiver", switch_transceiver, switch_cable, "switch_cable_m", cabling.port_bandwidth,
                    parts, faults);
  if (faults.size() > before) return std::nullopt;

  const TransceiverSpec& at_node = *parts.find_transceiver(node_transceiver);
  const bool node_copper = at_node.medium == "copper";
  const bool switch_copper = parts.find_transceiver(switch_transceiver)->medium == "copper";
  cabling.service_port_bandwidth = std::min(cabling.port_bandwidth, at_node.bandwidth);
  cabling.endpoint_part = node_transceiver;
  // Optics at a network card meet optics at the leaf, whatever joins the switches.
  cabling.endpoint_switch_part = node_copper || switch_copper ? node_transceiver : switch_transceiver;
  cabling.switch_part = switch_transceiver;
  cabling.endpoint_medium = node_copper ? Medium::copper : Medium::optical;
  cabling.switch_medium = switch_copper ? Medium::copper : Medium::optical;
  cabling.endpoint_latency = propagation(node_cable) + spec->latency / 2.0;
  cabling.switch_latency = propagation(switch_cable) + spec->latency;
  return cabling;
}

}  // namespace tokenworks::topology
