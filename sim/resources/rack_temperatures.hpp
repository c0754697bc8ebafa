// Temperatures of the racks' chips and coolant as they follow load, weather and what of the plant is in service: makes
// zones of rack groups (zone_temperatures.hpp) and loops of the plant's, and keeps their course for the series.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/resources/it_load.hpp"
#include "sim/resources/zone_temperatures.hpp"

namespace tokenworks::resources {

/// Told of what heat does to GPUs, at its date.
class RackTemperatureClient {
 public:
  /// The GPUs of a group run at most at this share of the clock that power alone would allow.
  virtual void on_clock_limit(std::size_t group, double share) = 0;
  /// A GPU of the group has reached its shutdown temperature: the group shuts down.
  virtual void on_overheated(std::size_t group) = 0;

 protected:
  ~RackTemperatureClient() = default;
};

/// A group at a date, or its mean over an interval.
struct GroupTemperatures {
  double chips_c = 0.0;    ///< mean of its GPUs
  double hottest_c = 0.0;  ///< of its hottest GPU
  double coolant_c = 0.0;
  double clock_share = 1.0;
};

class RackTemperatures final : private ZoneTemperatureClient, private engine::TimerClient {
 public:
  struct Setup {
    engine::Simulation& simulation;
    const cooling::CoolingPlant& plant;
    const std::vector<RackGroup>& groups;
    const ItLoad& racks;
    /// Called now and then while a loop is not at its set point, and when it is back there.
    std::function<void()> loops_moved;
    Picoseconds series_interval = 0;  ///< 0: no series
  };
  /// `at`: the plant at the start; `own_heat`: of the loops' fans and pumps.
  RackTemperatures(Setup setup, const cooling::CoolingEffort& at, const cooling::ByLoop<Watts>& own_heat);
  void set_client(RackTemperatureClient* client) { client_ = client; }
  void start();

  // What happens, from now on ----------------------------------------------------------------------------------------
  /// Before what load_changed() tells of. A zone that is not followed is looked at by its hottest GPU up to now: states
  /// that begin with a change are seen by their number instead of how long they last.
  void load_changes(std::size_t number) {
    Group& group = groups_[number];
    if (group.chips && look_has_come(group)) group.hottest_before = setup_.racks.hottest_gpu(number);
  }
  void load_changed(std::size_t group, const GroupLoad& before, const GroupLoad& after);
  /// After load_changed(): nodes of the group were switched, so that its hottest GPU may be another one.
  void nodes_switched(std::size_t group);
  /// Of the rated flow of the group's coolant.
  void set_flow(std::size_t group, double share);
  /// A group that overheated may work again at what its temperature allows.
  void restore(std::size_t group);
  void set_plant(const cooling::CoolingEffort& at, const cooling::ByLoop<Watts>& own_heat);

  // What is ----------------------------------------------------------------------------------------------------------
  bool follows(std::size_t group) const { return groups_[group].chips.has_value(); }
  GroupTemperatures group(std::size_t group) const;
  /// Of each coolant unit that the group's chips hang on.
  cooling::UnitPumps pumps(std::size_t group) const {
    return setup_.plant.thermal_path(groups_[group].on_liquid).pumps;
  }
  /// Whether its chips stay below all limits at full power on the coolant that there is now.
  bool may_restart(std::size_t group) const;
  /// How much warmer a loop is than its set point, now.
  KelvinDelta warmer(cooling::Loop loop) const;
  /// By interval of the series, at its end; by group.
  const std::vector<std::vector<GroupTemperatures>>& series() const { return series_; }
  std::vector<GroupTemperatures> all_groups() const;

 private:
  struct Group {
    std::optional<std::size_t> chips;  // zone that its GPUs are in
    std::optional<std::size_t> air;    // zone of what they do not give to liquid
    bool on_liquid = false;
    bool look_is_due = false;
    Picoseconds next_look = 0;  // for its hottest GPU, while the zone is not followed
    Milliwatts hottest_before = 0;
    Celsius restart_below{0};  // of its coolant and its chips
  };

  void clock_level_changed(std::size_t zone, int level, double clock_share) override;
  void zone_shut_down(std::size_t zone) override;
  void loop_held_changed(std::size_t loop, bool held) override;
  void on_timer(std::uint32_t tag) override;
  void wait(engine::TimerId timer, Picoseconds span);
  ZoneHeat heat_to_chips_zone(const Group& group, const GroupLoad& load, Milliwatts hottest) const;
  static Milliwatts heat_to_air_zone(const GroupLoad& load) { return load.wall() - load.liquid_heat; }
  bool all_loops_held() const;
  void look_for_hottest(std::size_t group);
  bool look_has_come(const Group& group) const { return setup_.simulation.now() >= group.next_look; }
  void set_next_look(Group& group);

  Setup setup_;
  RackTemperatureClient* client_ = nullptr;
  std::vector<Group> groups_;
  std::vector<std::size_t> group_of_zone_;
  cooling::ByLoop<std::optional<std::size_t>> loops_;  // number at zones_
  cooling::ByLoop<Celsius> set_points_;
  std::unique_ptr<ZoneTemperatures> zones_;
  engine::TimerId meter_ = 0, drift_ = 0;
  std::vector<std::vector<GroupTemperatures>> series_;
};

}  // namespace tokenworks::resources
