// What happens in the power tree over time: the utility fails, batteries carry, generators start (or do not), load
// comes back in blocks, batteries recharge, overloaded breakers open and move their load to others.
//
// Nothing runs by a step: between events all powers stand still, and an event is set only where something can happen.
// A breaker is followed only while the largest demands could overload it at the present topology.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/random.hpp"
#include "models/power/power_flow.hpp"
#include "models/power/storage_control.hpp"
#include "sim/engine/simulation.hpp"

namespace tokenworks::resources {

enum class PowerEvent : std::uint8_t {
  utility_lost,
  utility_restored,
  opened,  ///< on purpose
  closed,
  breaker_opened,  ///< by overload
  units_changed,
  on_battery,
  off_battery,  ///< power is back; the load walks in
  battery_empty,
  battery_full,
  generator_called,
  generator_on,
  generator_failed,
  generator_not_needed,  ///< power was back before it ran
  generator_off,
  out_of_fuel,
  retransferred,  ///< a switch goes back to the feed that it prefers
  at_reserve,     ///< a battery has no more charge for peaks and ramps
  off_reserve,    ///< it has some again
};
std::string_view power_event_name(PowerEvent event);

/// Hears what happens, once the network has settled. May call set_demand(), but not the changes of topology.
class PowerListener {
 public:
  virtual void on_sink_dark(power::NodeId sink, Picoseconds now) = 0;
  virtual void on_sink_lit(power::NodeId sink, Picoseconds now) = 0;
  virtual void on_power_event(PowerEvent, power::NodeId, Picoseconds) {}
  /// Something is about to happen: demands that have changed and were not told of yet must be told of now, with their
  /// dates.
  virtual void before_change() {}

 protected:
  ~PowerListener() = default;
};

struct PowerSystemSettings {
  std::uint64_t seed = 0;
  /// By node: no load ever draws more. Empty: unknown, and every breaker with a rating is watched.
  std::vector<Milliwatts> largest_demand{};
  /// By name of a generator: whether its first, second, ... start works. Later ones are drawn.
  std::map<std::string, std::vector<bool>> starts{};
};

/// Since the start; all exact. energy in (grid + generators - what the batteries gained) = sinks + losses.
struct PowerTotals {
  Femtojoules grid = 0, generators = 0;
  Femtojoules discharged = 0, charged = 0;  ///< at the terminals of stores
  Femtojoules storage_loss = 0;             ///< of conversion in them
  Femtojoules loss[power::kNodeKinds] = {};
  Femtojoules drawn[power::kNodeKinds] = {};  ///< by kind of sink
  double fuel_l = 0.0;
  Picoseconds on_battery = 0;  ///< summed over stores
  std::int64_t breakers_opened = 0, generator_starts = 0, generator_failures = 0;

  Femtojoules lost() const;
  Femtojoules drawn_by_all() const;
};

/// Of one store, since the start.
struct StoreTotals {
  power::NodeId node = 0;
  Femtojoules charged = 0, discharged = 0;  ///< at its terminals
  double lowest_state_of_charge = 1.0, state_of_charge = 1.0;
  Femtojoules capacity = 0;
  Picoseconds at_reserve = 0;  ///< unable to shave, for want of charge
};

class PowerSystem final : private engine::TimerClient {
 public:
  /// `network` and `listener` outlive it. All stores are full; all sinks draw their idle power.
  PowerSystem(engine::Simulation& simulation, const power::Network& network, PowerSystemSettings settings,
              PowerListener& listener);

  /// A load draws `demand` from `now` on, whenever it has power. `now` never falls.
  void set_demand(power::NodeId sink, Milliwatts demand, Picoseconds now) {
    if (flow_.demand(sink) == demand) return;
    advance(now);
    flow_.set_demand(sink, demand);
    if (!flow_.touched().empty()) follow_touched();
  }

  // Incidents --------------------------------------------------------------------------------------------------------
  void lose_utility(power::NodeId utility);
  void restore_utility(power::NodeId utility);
  /// Takes a node out (a failure, maintenance) and puts it back.
  void open(power::NodeId node);
  void close(power::NodeId node);
  /// So many of its units work. Fewer than it needs take it out; enough of them put it back.
  void set_units(power::NodeId node, std::int64_t units);

  // Now --------------------------------------------------------------------------------------------------------------
  const power::PowerFlow& flow() const { return flow_; }
  bool is_dark(power::NodeId sink) const { return !flow_.is_alive(sink); }
  double state_of_charge(power::NodeId store) const;
  /// All of them together.
  Femtojoules stored() const;
  /// Breakers that could open at the present topology.
  std::size_t breakers_watched() const;
  /// Whether what is drawn decides when something happens next.
  bool is_watching() const { return watched_ > 0; }
  /// What conversion in batteries takes now.
  Milliwatts storage_loss() const;

  /// Integrates up to `now`.
  void advance(Picoseconds now) {
    if (now > now_) integrate(now);
  }
  /// Up to the date of the last change or advance().
  const PowerTotals& totals() const { return totals_; }
  std::vector<StoreTotals> store_totals() const;

 private:
  enum class StoreMode : std::uint8_t { idle, discharging, walking_in, recharging, shaping, dead };
  struct Store {
    power::NodeId node = 0;
    power::EnergyStore cells;
    StoreMode mode = StoreMode::idle;
    bool exhausted = false;
    Milliwatts terminal = 0;
    int step = 0;
    Picoseconds step_at = 0;
    Picoseconds step_length = 0;
    engine::TimerId timer = 0;
    bool can_carry = true;
    std::optional<power::StorageControl> shaping;
    StoreTotals totals;
    Femtojoules lowest = 0;
  };
  enum class GeneratorState : std::uint8_t { off, starting, failed, running };
  struct Generator {
    power::NodeId node = 0;
    power::GeneratorSpec spec;
    GeneratorState state = GeneratorState::off;
    std::size_t starts = 0;
    RandomEngine random;
    std::vector<std::vector<std::pair<power::NodeId, power::NodeId>>> blocks;  // that wait: feeds by block
    std::size_t next_block = 0;
    Picoseconds block_at = 0;
    Femtojoules tank = 0, energy = 0;
    engine::TimerId timer = 0;
  };
  struct Breaker {
    power::NodeId node = 0;
    power::TripCurve curve;
    power::TripCurve::Heat heat = 0;
    std::int64_t rate = 0;
    Picoseconds since = 0;
    bool can_open = false;
    engine::TimerId timer = 0;
  };
  /// A switch with a generator behind it.
  struct Switch {
    power::NodeId node = 0;
    bool waits = false;  // for the re-transfer
    engine::TimerId timer = 0;
  };

  void on_timer(std::uint32_t tag) override;
  void integrate(Picoseconds now);
  void begin_change();
  void end_change();
  void settle();
  void follow_touched();
  void tell(PowerEvent event, power::NodeId node);
  void tell_sinks();

  void update_store(Store& store);
  void start_recharge(Store& store);
  void refresh_store(Store& store);
  void on_store(Store& store);
  void start_shaping(Store& store);
  void on_shaping(Store& store);

  bool is_called(const Generator& generator) const;
  bool start_works(Generator& generator);
  void update_generator(Generator& generator);
  void refresh_generator(Generator& generator);
  void on_generator(Generator& generator);
  void run_generator(Generator& generator);
  void close_block(Generator& generator);
  void stop_generator(Generator& generator, GeneratorState state);
  void update_switch(Switch& transfer);
  void on_switch(Switch& transfer);

  void refresh_breakers();
  void refresh_breaker(Breaker& breaker);
  void on_breaker(Breaker& breaker);
  void refresh_watch(power::NodeId node);

  engine::Simulation& simulation_;
  const power::Network& network_;
  PowerSystemSettings settings_;
  PowerListener& listener_;
  power::PowerFlow flow_;
  std::vector<Store> stores_;
  std::vector<Generator> generators_;
  std::vector<Breaker> breakers_;
  std::vector<Switch> switches_;
  std::vector<std::int32_t> store_of_, generator_of_, breaker_of_;  // by node; -1: none
  std::vector<bool> opened_;                                        // by node: on purpose or by overload
  std::vector<bool> is_watched_;                                    // by node: by the flow
  std::vector<bool> lit_;                                           // by place among the sinks
  std::vector<power::NodeKind> kinds_;                              // that the network has
  std::size_t watched_ = 0;                                         // nodes that the flow watches
  PowerTotals totals_;
  Picoseconds now_ = 0;
  struct Told {
    PowerEvent event;
    power::NodeId node;
  };
  std::vector<Told> told_;
  int changing_ = 0;
};

}  // namespace tokenworks::resources
