#include "sim/resources/power_supply.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace tokenworks::resources {

using power::NodeId;
using power::NodeKind;

PowerSupply::PowerSupply(Setup setup)
    : setup_(std::move(setup)), network_(std::make_unique<power::Network>(setup_.network)) {
  PowerSystemSettings settings{.seed = setup_.seed, .largest_demand = {}, .starts = {}};
  settings.largest_demand.resize(network_->size(), 0);
  for (std::size_t group = 0; group < setup_.groups.size(); ++group) {
    const std::optional<NodeId> sink = network_->find(setup_.groups[group]);
    if (!sink) throw std::invalid_argument("the power tree has no sink for racks " + setup_.groups[group]);
    racks_.push_back(*sink);
    settings.largest_demand[*sink] = setup_.largest[group];
  }
  for (const NodeId sink : network_->sinks()) {
    if (network_->kind(sink) == NodeKind::mechanical) mechanical_.push_back(sink);
    if (network_->kind(sink) == NodeKind::house) settings.largest_demand[sink] = setup_.house;
  }
  for (const NodeId sink : mechanical_) {
    settings.largest_demand[sink] = setup_.largest_mechanical / static_cast<Milliwatts>(mechanical_.size()) + 1;
  }
  const Picoseconds now = setup_.simulation != nullptr ? setup_.simulation->now() : 0;
  largest_demand_ = settings.largest_demand;
  largest_draw_.resize(network_->size(), 0);
  for (NodeId id = 0; id < network_->size(); ++id) {
    if (setup_.simulation == nullptr || !power::has_storage(network_->kind(id))) continue;
    const power::NodeSpec& node = network_->node(id);
    const power::StorageSpec storage = power::storage_of(node);
    if (!storage.shaping) continue;  // one that waits takes nothing until there was an outage
    const Watts rated = storage.rated(node.rating * static_cast<double>(node.units));
    largest_draw_[id] = power::EnergyStore(storage, rated).charge_limit();
  }
  PowerListener& self = *this;
  if (setup_.simulation != nullptr) {
    system_ = std::make_unique<PowerSystem>(*setup_.simulation, *network_, std::move(settings), self);
  } else {
    flow_ = std::make_unique<power::PowerFlow>(*network_);
  }
  for (const NodeId sink : network_->sinks()) {
    if (network_->kind(sink) == NodeKind::house) set(sink, setup_.house, now);
  }
}

void PowerSupply::set_mechanical(Milliwatts draw, Picoseconds now) {
  Milliwatts left = draw;
  for (std::size_t i = 0; i < mechanical_.size(); ++i) {
    const Milliwatts part = left / static_cast<Milliwatts>(mechanical_.size() - i);
    set(mechanical_[i], part, now);
    left -= part;
  }
}

bool PowerSupply::cooling_has_power() const {
  return std::all_of(mechanical_.begin(), mechanical_.end(), [this](NodeId sink) { return flow().is_alive(sink); });
}

Milliwatts PowerSupply::busway_loss() const { return flow().loss_of(NodeKind::busway) + flow().loss_of(NodeKind::pdu); }

Milliwatts PowerSupply::ups_loss() const { return flow().loss_of(NodeKind::ups) + flow().loss_of(NodeKind::battery); }

Milliwatts PowerSupply::transformer_loss() const {
  return flow().loss_of(NodeKind::transformer) + flow().loss_of(NodeKind::switchgear);
}

Milliwatts PowerSupply::carried(std::optional<NodeId> node) const {
  if (!node) return flow().input_of(NodeKind::utility);
  return power::is_sink(network_->kind(*node)) ? flow().input(*node) : flow().output(*node);
}

void PowerSupply::read(Meter& meter, Picoseconds now) const {
  meter.total += static_cast<Femtojoules>(meter.level) * (now - meter.since);
  meter.since = now;
  meter.level = carried(meter.node);
}

std::size_t PowerSupply::add_meter(std::optional<NodeId> node) {
  Meter& meter = meters_.emplace_back();
  meter.node = node;
  meter.since = setup_.simulation != nullptr ? setup_.simulation->now() : 0;
  read(meter, meter.since);
  return meters_.size() - 1;
}

bool PowerSupply::can_exceed(std::optional<NodeId> node, Watts limit) const {
  if (node && power::is_sink(network_->kind(*node))) return to_watts(largest_demand_[*node]) > limit.value;
  const std::vector<Milliwatts> most = flow().largest_after_any_loss(largest_demand_, largest_draw_);
  double watts = 0.0;
  for (NodeId id = 0; id < network_->size(); ++id) {
    if (node ? id == *node : network_->kind(id) == NodeKind::utility) watts += to_watts(most[id]);
  }
  return watts > limit.value;
}

void PowerSupply::tell(NodeId sink, bool has_power, Picoseconds) {
  const auto group = std::find(racks_.begin(), racks_.end(), sink);
  if (group != racks_.end()) {
    if (client_ != nullptr) client_->on_racks_power(static_cast<std::size_t>(group - racks_.begin()), has_power);
    return;
  }
  const bool has = cooling_has_power();
  if (has == cooling_had_power_) return;
  cooling_had_power_ = has;
  if (client_ != nullptr) client_->on_cooling_power(has);
}

std::vector<std::pair<std::string, double>> PowerSupply::ratings() const {
  constexpr NodeKind kStages[] = {NodeKind::busway,  NodeKind::pdu,         NodeKind::ups,
                                  NodeKind::battery, NodeKind::transformer, NodeKind::generator};
  std::vector<std::pair<std::string, double>> all;
  for (const NodeKind kind : kStages) {
    double rated = 0.0;
    bool is_there = false;
    for (NodeId id = 0; id < network_->size(); ++id) {
      if (network_->kind(id) != kind) continue;
      const power::NodeSpec& node = network_->node(id);
      Watts all = node.rating * static_cast<double>(node.units);
      if (kind == NodeKind::battery) all = power::storage_of(node).rated(all);
      rated += all.value;
      is_there = true;
    }
    if (is_there) all.emplace_back(std::string(power::node_kind_name(kind)) + "_rating_w", rated);
  }
  return all;
}

}  // namespace tokenworks::resources
