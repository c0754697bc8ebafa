// What a network is bought from: switches, transceivers and cables of the catalog, and their counts in a graph.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/topology/graph.hpp"

namespace tokenworks::topology {

struct SwitchSpec {
  std::string title;
  std::int64_t ports = 0;
  BytesPerSecond port_bandwidth{0};  ///< each direction
  Seconds latency{0};                ///< port to port, without load
  Watts idle_power{0};               ///< without transceivers, no link up
  Watts typical_power{0};            ///< all ports busy, passive cables
  Watts maximum_power{0};            ///< nameplate, with transceivers in all ports
  double price_usd = 0.0;
  std::vector<SourceNote> sources;

  void visit(FieldVisitor& v);
};

/// An optical module, or a copper cable with both its ends.
struct TransceiverSpec {
  std::string title;
  std::string medium = "optical";  ///< "copper" or "optical"
  BytesPerSecond bandwidth{0};     ///< of the module or cable, each direction
  Watts power{0};                  ///< of one module, or of one end of a copper cable
  Metres reach{0};
  double price_usd = 0.0;        ///< of one module, or of a whole copper cable
  double fibre_price_usd = 0.0;  ///< of the fibre between two optical modules; 0 for copper
  std::vector<SourceNote> sources;

  void visit(FieldVisitor& v);
};

/// Specs by catalog id. The specs belong to the catalog and outlive this.
struct Parts {
  std::map<std::string, const SwitchSpec*, std::less<>> switches;
  std::map<std::string, const TransceiverSpec*, std::less<>> transceivers;

  const SwitchSpec* find_switch(const std::string& id) const;            ///< null when unknown
  const TransceiverSpec* find_transceiver(const std::string& id) const;  ///< null when unknown
};

/// What an option needs resolved before it can be built.
struct PartIds {
  std::vector<std::string> switches, transceivers;
};

/// One line of a bill of materials.
struct PartCount {
  std::string part;      ///< catalog id, "fibre" or "nic"
  std::string category;  ///< "switch", "transceiver", "copper_cable", "fibre", "nic"
  std::int64_t count = 0;
  double watts_each_idle = 0.0;
  double watts_each_full = 0.0;     ///< all links up and busy
  double watts_each_maximum = 0.0;  ///< for sizing; of a switch without what its transceivers draw beside it
  double usd_each = 0.0;
};

/// Switches, transceivers, copper cables and fibres of a graph that was not contracted, in this order, and the network
/// cards (`nics`; their watts and price are those of their servers). A link takes of a module the share of its
/// bandwidth at a switch (a twin-port module serves two links) and a whole one at an endpoint; sums are rounded up.
std::vector<PartCount> bill_of_materials(const Graph& graph, const Parts& parts, std::int64_t nics);

}  // namespace tokenworks::topology
