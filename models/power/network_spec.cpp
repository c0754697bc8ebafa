#include "models/power/network_spec.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace tokenworks::power {
namespace {

constexpr std::string_view kKindNames[kNodeKinds] = {"utility", "generator",  "transformer", "switchgear",
                                                     "ups",     "battery",    "pdu",         "busway",
                                                     "rack",    "mechanical", "house"};
constexpr std::string_view kCustomUps[] = {"double_conversion", "silicon_carbide", "eco"};

}  // namespace

std::span<const std::string_view> node_kind_names() { return kKindNames; }
std::string_view node_kind_name(NodeKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

NodeKind node_kind(std::string_view name) {
  for (std::size_t i = 0; i < kNodeKinds; ++i) {
    if (kKindNames[i] == name) return static_cast<NodeKind>(i);
  }
  throw std::invalid_argument(fmt::format("kind of power node \"{}\" is unknown", name));
}

void LossSpec::visit(FieldVisitor& v) {
  field(v, "idle_share", idle_share, "Loss without load, of the rating", rule().share());
  field(v, "linear_share", linear_share, "Loss that grows with the load, of the output", rule().share());
  field(v, "square_share", square_share, "Loss that grows with the square of the load, of the rating at full load",
        rule().share());
}

void ReliabilitySpec::visit(FieldVisitor& v) {
  field(v, "failures_per_year", failures_per_year, "Failures of one unit", rule().at_least(0));
  field(v, "repair_h", repair_h, "Mean time to repair", rule().at_least(0));
  field(v, "fail_on_demand", fail_on_demand, "Chance that a standby unit is not there when it is called",
        rule().share());
}

void NodeSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name that feeds refer to", rule().required().is_name());
  field(v, "kind", kind, "What it is; racks, mechanical and house are sinks", rule().required().one_of(kKindNames));
  field(v, "rating_w", rating, "Output that one unit bears for ever; of a sink its largest draw; 0: without limit",
        rule().at_least(0).at_most(kMostRating.value));
  field(v, "units", units, "Units of that rating, side by side; they share the load",
        rule().at_least(1).at_most(static_cast<double>(kMostUnits)));
  field(v, "units_needed", units_needed, "Without this many units the node is out; absent: all", rule().at_least(1));
  field(v, "continuous_share", continuous_share, "Of the rating, the most that is planned for (NEC practice: 0.8)",
        rule().above(0).at_most(1));
  field(
      v, "ups", ups, "How a UPS converts",
      rule().one_of(kCustomUps).default_from('R', "Loss of the default fitted to vendor curves of modern IGBT units"));
  field(v, "idle_w", idle, "Of a sink: the least that it draws", rule().at_least(0).at_most(kMostRating.value));
  field(v, "loss", loss, "Loss coefficients of its own; absent: those of its kind");
  field(v, "storage", storage, "Battery of a UPS or of a storage system; absent: defaults");
  field(v, "generator", generator, "Start and fuel of a generator; absent: defaults");
  field(v, "trip", trip, "Inverse-time curve of its breaker; absent: the default curve");
  field(v, "reliability", reliability, "Failures and repairs; absent: those of its kind");
}

void FeedSpec::visit(FieldVisitor& v) {
  field(v, "from", from, "Node that gives", rule().required());
  field(v, "to", to, "Node that draws", rule().required());
  field(v, "share", share, "Weight among the live feeds of one priority", rule().above(0));
  field(v, "priority", priority, "The lowest that is alive carries the load; higher ones wait",
        rule().at_least(0).at_most(100));
}

void RedundantSpec::visit(FieldVisitor& v) {
  field(v, "nodes", nodes, "Nodes that feed the same loads and share nothing above them", rule().required());
}

void NetworkSpec::visit(FieldVisitor& v) {
  field(v, "nodes", nodes, "Sources, equipment and loads", rule().required());
  field(v, "feeds", feeds, "What draws from what", rule().required());
  field(v, "redundant", redundant, "Paths said to share no part");
}

LossLaw loss_law_of(const NodeSpec& node) {
  if (node.loss) return {node.loss->idle_share, node.loss->linear_share, node.loss->square_share};
  switch (node_kind(node.kind)) {
    case NodeKind::transformer:
      return kTransformerLoss;
    case NodeKind::ups:
      return ups_loss_law(node.ups);
    case NodeKind::pdu:
      return kDryTransformerLoss;
    case NodeKind::busway:
      return {0.0, 0.0, kBuswayLossShare};
    default:
      return {};
  }
}

StorageSpec storage_of(const NodeSpec& node) {
  if (node.storage) return *node.storage;
  return node_kind(node.kind) == NodeKind::battery ? StorageSpec::energy_storage() : StorageSpec{};
}

}  // namespace tokenworks::power
