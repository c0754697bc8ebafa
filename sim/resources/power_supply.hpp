// The power tree as the facility sees it: what racks, cooling and house draw goes in, losses and what the grid gives
// come out; groups and the cooling that lose their power are told of. With a clock, things happen in the tree
// (power_system.hpp); without, it only loses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/power/power_flow.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/resources/power_system.hpp"

namespace tokenworks::resources {

/// Told of loads that lose their power, and get it back, at the date.
class PowerSupplyClient {
 public:
  virtual void on_racks_power(std::size_t group, bool has_power) = 0;
  virtual void on_cooling_power(bool has_power) = 0;

 protected:
  ~PowerSupplyClient() = default;
};

/// Something that happened in the tree.
struct PowerEventNote {
  Picoseconds at = 0;
  PowerEvent event = PowerEvent::opened;
  power::NodeId node = 0;
};

class PowerSupply final : private PowerListener {
 public:
  struct Setup {
    power::NetworkSpec network;
    std::vector<std::string> groups;  ///< names of the rack groups: of rack sinks
    std::vector<Milliwatts> largest;  ///< that each can ever draw
    Milliwatts largest_mechanical = 0;
    Milliwatts house = 0;
    engine::Simulation* simulation = nullptr;  ///< null: nothing happens in the tree
    std::uint64_t seed = 0;
    /// Called before anything happens in the tree: what is drawn up to now must have been said.
    std::function<void()> before_events;
  };
  explicit PowerSupply(Setup setup);
  void set_client(PowerSupplyClient* client) { client_ = client; }

  // Loads, from `now` on ----------------------------------------------------------------------------------------------
  void set_racks(std::size_t group, Milliwatts draw, Picoseconds now) { set(racks_[group], draw, now); }
  void set_mechanical(Milliwatts draw, Picoseconds now);
  void advance(Picoseconds now) {
    if (system_) system_->advance(now);
  }

  // Now ---------------------------------------------------------------------------------------------------------------
  const power::Network& network() const { return *network_; }
  const power::PowerFlow& flow() const { return system_ ? system_->flow() : *flow_; }
  /// Of several sinks of the cooling, whether all have power.
  bool cooling_has_power() const;
  Milliwatts house() const { return flow().input_of(power::NodeKind::house); }
  Milliwatts busway_loss() const;
  Milliwatts ups_loss() const;
  Milliwatts transformer_loss() const;
  Milliwatts battery_loss() const { return system_ ? system_->storage_loss() : 0; }
  /// Whether something may happen in the tree at a date that depends on what is drawn.
  bool is_watched() const { return system_ && system_->is_watching(); }
  std::vector<std::pair<std::string, double>> ratings() const;

  std::size_t add_meter(std::optional<power::NodeId> node);
  /// Takes the present flows as those from `now` on.
  void read_meters(Picoseconds now) {
    for (Meter& meter : meters_) read(meter, now);
  }
  Femtojoules metered(std::size_t meter, Picoseconds now) const {
    const Meter& of = meters_[meter];
    return of.total + static_cast<Femtojoules>(of.level) * (now - of.since);
  }
  bool can_exceed(std::optional<power::NodeId> node, Watts limit) const;

  /// Null without a clock.
  PowerSystem* system() { return system_.get(); }
  const PowerSystem* system() const { return system_.get(); }
  const std::vector<PowerEventNote>& events() const { return events_; }

 private:
  void set(power::NodeId sink, Milliwatts draw, Picoseconds now) {
    if (system_) {
      system_->set_demand(sink, draw, now);
    } else {
      flow_->set_demand(sink, draw);
    }
  }
  void before_change() override {
    if (setup_.before_events) setup_.before_events();
  }
  void on_sink_dark(power::NodeId sink, Picoseconds now) override { tell(sink, false, now); }
  void on_sink_lit(power::NodeId sink, Picoseconds now) override { tell(sink, true, now); }
  void on_power_event(PowerEvent event, power::NodeId node, Picoseconds now) override {
    events_.push_back({now, event, node});
  }
  void tell(power::NodeId sink, bool has_power, Picoseconds now);
  struct Meter {
    std::optional<power::NodeId> node;  // absent: all feeds of the grid
    Milliwatts level = 0;
    Picoseconds since = 0;
    Femtojoules total = 0;
  };
  Milliwatts carried(std::optional<power::NodeId> node) const;
  void read(Meter& meter, Picoseconds now) const;

  Setup setup_;
  PowerSupplyClient* client_ = nullptr;
  std::unique_ptr<power::Network> network_;
  std::unique_ptr<power::PowerFlow> flow_;  // without a clock
  std::unique_ptr<PowerSystem> system_;
  std::vector<power::NodeId> racks_;       // by group
  std::vector<power::NodeId> mechanical_;  // sinks of the cooling, which share it evenly
  std::vector<PowerEventNote> events_;
  std::vector<Meter> meters_;
  std::vector<Milliwatts> largest_demand_;  // by node
  std::vector<Milliwatts> largest_draw_;    // by node: of stores, while they charge
  bool cooling_had_power_ = true;
};

}  // namespace tokenworks::resources
