// Temperatures of cooling zones over time: chips, the coolant of a zone, and the loop that takes its heat. Exact
// between events; dates at which a limit is met are timers.
//
// A loop is held at its set point while the heat that arrives there is within what its heat rejection can give off.
// Beyond that its temperature moves by itself, with all its zones, and the rejection gives off
// at_set_point + beyond (T - set point), until it has fallen back to the set point.
//
// What cannot happen is not watched. Heats have upper bounds (all GPUs at their limit), and coupled temperatures are
// monotone in them:
// - Where the bounds lead to no limit, ever, a change of heat costs the storing of a number. States follow at the first
//   change in each whole second with the mean power since. For GPUs with a time constant tau and heat capacity C that
//   moves a chip's temperature by at most (swing of its power) (1 s)^2 / (4 C tau): 0.02 K for 600 W, 550 J/K and 14 s;
//   energy is exact.
// - Else states follow at each change. The date at which the bounds would lead to a limit is a date before which none
//   is met, and until then nothing else is done. Nearer than 20 ms the date under the present heats is a timer that
//   moves with each change.
//
// Chips are two nodes: the hottest GPU and the rest. The hottest GPU sets the level of its zone's clocks, and shuts the
// zone down: steps wait for the slowest GPU, and where a zone loses its coolant its GPUs follow within seconds.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/cooling/capability.hpp"
#include "models/cooling/thermal_path.hpp"
#include "models/thermal/rc_network.hpp"
#include "models/thermal/throttle.hpp"
#include "sim/engine/simulation.hpp"

namespace tokenworks::resources {

/// Heat that a zone's racks give to its coolant.
struct ZoneHeat {
  Milliwatts chips = 0;    ///< of all GPUs
  Milliwatts hottest = 0;  ///< of the GPU that draws most; part of `chips`
  Milliwatts other = 0;    ///< that goes to the coolant past the GPUs
};

/// Racks that share a coolant.
struct CoolingZone {
  std::size_t loop = 0;
  cooling::ThermalPath path;
  Watts design_heat{0};   ///< that the path's figures a watt refer to
  std::int64_t gpus = 0;  ///< may be none: only the coolant has a temperature then
  ZoneHeat most;          ///< bounds that no heat ever exceeds
  ZoneHeat initial;
  thermal::GpuTemperatureLimits limits;
  thermal::ThrottleLaw throttle;
};

/// What zones give their heat to.
struct CoolingLoop {
  Celsius set_point;
  cooling::Capability capability;
  JoulesPerKelvin heat_capacity{0};  ///< of water, pipes and tanks; acts while the loop is not held
  Watts own_heat{0};                 ///< of fans and pumps; arrives at once
};

/// Temperatures at one date.
struct ZoneState {
  Celsius chips;  ///< mean over all GPUs; that of the coolant without GPUs
  Celsius hottest;
  Celsius coolant;
  Celsius loop;
  int level = 0;             ///< of its clocks
  double clock_share = 1.0;  ///< of the clock that power alone would allow
};
struct LoopState {
  Celsius temperature;
  bool held = true;
  Watts arriving{0};  ///< from the zones' coolant and its own fans and pumps
};

/// Since the start; given = rejected + stored. A loop that is held and takes another set point does so at once, with
/// what its water holds.
struct HeatBalance {
  Joules given{0}, rejected{0}, stored{0};
};

/// Told at the date of each change. May call back, also to change heats at that date.
class ZoneTemperatureClient {
 public:
  /// Of all levels but the last: shut down.
  virtual void clock_level_changed(std::size_t zone, int level, double clock_share) = 0;
  /// The hottest GPU has reached its shutdown temperature. Stays so until restore().
  virtual void zone_shut_down(std::size_t zone) = 0;
  /// The loop left its set point (`held` is false) or is back there.
  virtual void loop_held_changed(std::size_t loop, bool held) = 0;

 protected:
  ~ZoneTemperatureClient() = default;
};

class ZoneTemperatures final : private engine::TimerClient {
 public:
  /// Temperatures begin in the steady state of the initial heats, at full flow; where there is none, at that of loops
  /// at their set points. Throws std::invalid_argument for what cannot be.
  ZoneTemperatures(engine::Simulation& simulation, ZoneTemperatureClient& client, const std::vector<CoolingZone>& zones,
                   const std::vector<CoolingLoop>& loops);
  /// Begins to watch; tells the client of clocks that are low and loops that are warm from the start.
  void start();

  // What happens; all from now on. Results do not depend on the order of calls at one date. ---------------------------
  /// Adds to the heats of a zone.
  void add_heat(std::size_t zone, Milliwatts chips, Milliwatts other) {
    Zone& z = zones_[zone];
    advance(z);
    z.heat.chips += chips;
    z.heat.other += other;
  }
  void set_hottest(std::size_t zone, Milliwatts hottest) {
    Zone& z = zones_[zone];
    if (z.heat.hottest == hottest) return;
    advance(z);
    z.heat.hottest = hottest;
  }
  /// Share of the rated coolant flow that a zone's pumps move; 0 where they stand.
  void set_flow(std::size_t zone, double share);
  /// A zone that was shut down has been repaired. The client is told only if it is too warm for all of the clock.
  void restore(std::size_t zone);
  void set_capability(std::size_t loop, const cooling::Capability& capability);
  void set_set_point(std::size_t loop, Celsius set_point);
  void set_own_heat(std::size_t loop, Watts heat);

  // What is ----------------------------------------------------------------------------------------------------------
  std::size_t zones() const { return zones_.size(); }
  std::size_t loops() const { return loops_.size(); }
  /// Now.
  ZoneState zone(std::size_t zone) const;
  LoopState loop(std::size_t loop) const;
  /// The loop is at its set point: far cheaper than loop().
  bool is_held(std::size_t loop) const { return loops_[loop].held; }
  HeatBalance balance(std::size_t loop) const;
  /// From now until the hottest GPU lowers its clock (more), or shuts down, if heats, flows and the loop's state stay
  /// as they are; none where it never does. The answer to "how long have we got": clocks that fall make it longer.
  std::optional<Seconds> time_to_throttle(std::size_t zone) const;
  std::optional<Seconds> time_to_shutdown(std::size_t zone) const;
  /// Whether heats can lead the zone to a limit, or its loop away from its set point, so that each change is followed.
  bool watched(std::size_t zone) const { return zones_[zone].watched; }

 private:
  static constexpr Picoseconds kSpan = kPicosecondsPerSecond;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  struct Zone {
    CoolingZone spec;
    thermal::Throttle throttle;
    std::size_t body = 0;                                // of its loop
    std::size_t rest = kNone, hot = kNone, coolant = 0;  // nodes of the body
    ZoneHeat heat = {};
    Picoseconds since = 0;                          // up to here heat is in `energy`
    Femtojoules chips = 0, hottest = 0, other = 0;  // since the body's date
    Picoseconds next_state = kSpan;                 // a change of heat from here on brings the state up to date
    bool watched = true;                            // each change does so
    bool follow = true;                             // settle at each change of heat
    bool changed = false;                           // heat has changed since dates were set
    double flow = 1.0, next_flow = 1.0;
    int level = 0;
    bool restored = false;
  };
  /// Zones whose temperatures are coupled: one at a loop that is held, all and the loop itself otherwise.
  struct Body {
    thermal::RcNetwork network;
    std::vector<std::size_t> zones;
    std::vector<Celsius> state;  // at `date`
    Picoseconds date = 0;
    Picoseconds next = kNever;  // something happens here, or may from here on
    bool due = true;
    bool follow = true;  // settle at each change of heat
  };
  struct Loop {
    CoolingLoop spec, next_spec;
    std::vector<std::size_t> zones;
    std::vector<Body> bodies;
    bool held = true;
    bool changed = true;        // flows or the loop itself
    bool due = true;            // look whether it leaves
    bool follow = true;         // settle at each change of heat: it may leave
    bool heat_changed = false;  // since `next` was set
    Picoseconds next = kNever;  // it leaves, or may from here on
    engine::TimerId timer = 0;
    HeatBalance balance;  // up to the dates of its bodies; `stored` is what there was at the start
  };
  struct Note {
    std::size_t index;
    int level;  // -1: of a loop
  };
  enum class Heat { mean, present, most, none };

  void on_timer(std::uint32_t loop) override { settle(loops_[loop]); }

  void advance(Zone& zone) {
    const Picoseconds now = simulation_.now();
    count_energy(zone, now);
    if (!zone.changed || zone.watched || now >= zone.next_state) heat_changes(zone, now);
  }
  static void count_energy(Zone& zone, Picoseconds now) {
    const Picoseconds span = now - zone.since;
    if (span == 0) return;
    zone.chips += static_cast<Femtojoules>(zone.heat.chips) * span;
    zone.hottest += static_cast<Femtojoules>(zone.heat.hottest) * span;
    zone.other += static_cast<Femtojoules>(zone.heat.other) * span;
    zone.since = now;
  }
  void heat_changes(Zone& zone, Picoseconds now);
  void loop_changes(Loop& loop);

  void make_bodies(Loop& loop, bool held, Picoseconds now);
  Body make_body(const Loop& loop, const std::vector<std::size_t>& zones, bool held, Celsius loop_temperature);
  using Heats = boost::container::small_vector<Watts, 8>;
  Heats heats(const Loop& loop, const Body& body, Heat kind, Picoseconds now) const;
  /// From the body's date on.
  thermal::Trajectory course(const Loop& loop, const Body& body, Heat kind, Picoseconds now) const;
  void count_heat(const Loop& loop, const Body& body, const thermal::Trajectory& course, Picoseconds now,
                  HeatBalance& balance) const;
  std::vector<Celsius> state_at(const Loop& loop, const Body& body, Picoseconds now) const;
  void bring_to(Loop& loop, Body& body, Picoseconds now);
  WattsPerKelvin to_loop(const Zone& zone) const;
  Celsius loop_temperature(const Loop& loop) const;
  Watts arriving(const Loop& loop, Picoseconds now) const;
  Joules stored(const Loop& loop, Picoseconds now) const;
  std::optional<Seconds> time_to(const Zone& zone, std::optional<Celsius> limit) const;

  void settle(Loop& loop);
  void apply_changes(Loop& loop, Picoseconds now);
  bool look_at_loop(Loop& loop, Picoseconds now);
  void look_at_level(std::size_t zone, Celsius hottest);
  void set_dates(Loop& loop, Body& body, Picoseconds now);
  void set_leaving_date(Loop& loop, Picoseconds now);
  void set_timer(Loop& loop, Picoseconds now);

  engine::Simulation& simulation_;
  ZoneTemperatureClient& client_;
  std::vector<Zone> zones_;
  std::vector<Loop> loops_;
  std::vector<Note> notes_;
};

}  // namespace tokenworks::resources
