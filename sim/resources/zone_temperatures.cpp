#include "sim/resources/zone_temperatures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "sim/resources/rank_after_steps.hpp"

namespace tokenworks::resources {
namespace {

/// A limit counts as met so near to it, so that dates in whole picoseconds are late enough.
constexpr KelvinDelta kNear{1e-6};
/// A loop counts as back when it is so far below its set point: one that has just left it is not back.
constexpr KelvinDelta kBelow{2e-6};
/// Dates beyond the range of a run are never.
constexpr Seconds kHorizon{8e6};

/// Nearer to a limit than this every change of heat moves the date.
constexpr Picoseconds kAtOnce = kPicosecondsPerSecond / 50;

Picoseconds date(Picoseconds now, std::optional<Seconds> after) {
  return after && after->value < kHorizon.value ? now + to_picoseconds(after->value) : kNever;
}

Seconds span(Picoseconds from, Picoseconds to) { return Seconds(to_seconds(to - from)); }

void earlier(std::optional<Seconds>& first, std::optional<Seconds> other) {
  if (other && (!first || *other < *first)) first = other;
}

void check(const CoolingZone& zone, std::size_t index, std::size_t loops) {
  const auto refuse = [&](const char* what, double value, const char* limit) {
    throw std::invalid_argument(fmt::format("cooling zone {}: {} {}, must be {}", index, what, value, limit));
  };
  if (zone.loop >= loops) refuse("loop", static_cast<double>(zone.loop), "one of the loops");
  if (!(zone.design_heat.value > 0)) refuse("design heat in W", zone.design_heat.value, "above 0");
  if (!(zone.path.zone_s > 0)) refuse("coolant heat capacity in s/K", zone.path.zone_s, "above 0");
  if (!(zone.path.zone_per_k > 0)) refuse("conductance to the loop in 1/K", zone.path.zone_per_k, "above 0");
  if (zone.gpus < 0) refuse("number of GPUs", static_cast<double>(zone.gpus), "0 or more");
  if (zone.gpus == 0) return;
  if (!(zone.path.chip_resistance.value > 0)) refuse("resistance in K/W", zone.path.chip_resistance.value, "above 0");
  if (!(zone.path.chip_capacity.value > 0)) refuse("heat capacity in J/K", zone.path.chip_capacity.value, "above 0");
  if (!(zone.path.flow_share_of_resistance >= 0 && zone.path.flow_share_of_resistance <= 1)) {
    refuse("share of the resistance that goes with flow", zone.path.flow_share_of_resistance, "0 to 1");
  }
}

/// Of one GPU to the coolant.
WattsPerKelvin chip_conductance(const cooling::ThermalPath& path, double flow) {
  const double share = path.flow_share_of_resistance;
  if (flow <= 0.0 && share > 0.0) return WattsPerKelvin(0);
  const double factor = share > 0.0 ? 1.0 - share + share / flow : 1.0;
  return 1.0 / (path.chip_resistance * factor);
}

}  // namespace

ZoneTemperatures::ZoneTemperatures(engine::Simulation& simulation, ZoneTemperatureClient& client,
                                   const std::vector<CoolingZone>& zones, const std::vector<CoolingLoop>& loops)
    : simulation_(simulation), client_(client) {
  for (const CoolingLoop& spec : loops) {
    if (!(spec.heat_capacity.value > 0)) {
      throw std::invalid_argument(fmt::format("cooling loop {}: heat capacity {} J/K, must be above 0", loops_.size(),
                                              spec.heat_capacity.value));
    }
    Loop loop;
    loop.spec = loop.next_spec = spec;
    const auto number = static_cast<std::uint32_t>(loops_.size());
    loop.timer = simulation.add_timer(*this, number, rank_after_steps(AfterSteps::zone_temperatures, number));
    simulation.set_idle(loop.timer);
    loops_.push_back(std::move(loop));
  }
  const Picoseconds now = simulation.now();
  for (const CoolingZone& spec : zones) {
    check(spec, zones_.size(), loops_.size());
    Zone zone{spec, thermal::Throttle(spec.limits, spec.throttle)};
    zone.heat = zone.spec.initial;
    zone.since = now;
    loops_[zone.spec.loop].zones.push_back(zones_.size());
    zones_.push_back(zone);
  }
  for (Loop& loop : loops_) {
    const auto rest = [&](bool held) {
      make_bodies(loop, held, now);
      for (Body& body : loop.bodies) {
        auto steady = course(loop, body, Heat::present, now).steady();
        if (!steady) return false;
        body.state = std::move(*steady);
      }
      return true;
    };
    if (!rest(true)) throw std::invalid_argument("a cooling zone has no steady state");
    if (arriving(loop, now) > loop.spec.capability.at_set_point && !rest(false)) rest(true);
    loop.balance.stored = stored(loop, now);
  }
}

void ZoneTemperatures::start() {
  for (Loop& loop : loops_) {
    if (!loop.held) notes_.push_back({static_cast<std::size_t>(&loop - loops_.data()), -1});
    settle(loop);
  }
}

// ---- Inputs ------------------------------------------------------------------------------------------------------

void ZoneTemperatures::heat_changes(Zone& zone, Picoseconds now) {
  Loop& loop = loops_[zone.spec.loop];
  Body& body = loop.bodies[zone.body];
  if (zone.watched || now >= zone.next_state) bring_to(loop, body, now);
  zone.changed = loop.heat_changed = true;
  if (!zone.follow) return;
  if (body.follow) body.due = true;
  if (loop.held && loop.follow) loop.due = true;
  simulation_.set_timer(loop.timer, now);
}

void ZoneTemperatures::loop_changes(Loop& loop) {
  loop.changed = true;
  simulation_.set_timer(loop.timer, simulation_.now());
}

void ZoneTemperatures::set_flow(std::size_t zone, double share) {
  if (!(share >= 0.0)) throw std::invalid_argument(fmt::format("coolant flow share {}, must be 0 or more", share));
  Zone& z = zones_[zone];
  if (z.next_flow == share) return;
  z.next_flow = share;
  loop_changes(loops_[z.spec.loop]);
}

void ZoneTemperatures::restore(std::size_t zone) {
  zones_[zone].restored = true;
  loop_changes(loops_[zones_[zone].spec.loop]);
}

void ZoneTemperatures::set_capability(std::size_t loop, const cooling::Capability& capability) {
  cooling::Capability& next = loops_[loop].next_spec.capability;
  if (next.at_set_point == capability.at_set_point && next.beyond == capability.beyond) return;
  next = capability;
  loop_changes(loops_[loop]);
}

void ZoneTemperatures::set_set_point(std::size_t loop, Celsius set_point) {
  if (loops_[loop].next_spec.set_point == set_point) return;
  loops_[loop].next_spec.set_point = set_point;
  loop_changes(loops_[loop]);
}

void ZoneTemperatures::set_own_heat(std::size_t loop, Watts heat) {
  if (loops_[loop].next_spec.own_heat == heat) return;
  loops_[loop].next_spec.own_heat = heat;
  loop_changes(loops_[loop]);
}

// ---- Networks ----------------------------------------------------------------------------------------------------

WattsPerKelvin ZoneTemperatures::to_loop(const Zone& zone) const {
  return WattsPerKelvin(zone.spec.path.zone_per_k * zone.spec.design_heat.value * zone.flow);
}

/// Splits a loop anew, with present flows; temperatures stay, but for that of a loop that is to be held.
void ZoneTemperatures::make_bodies(Loop& loop, bool held, Picoseconds now) {
  const Celsius before = loop.bodies.empty() ? loop.spec.set_point : loop_temperature(loop);
  std::vector<Body> bodies;
  if (held) {
    for (const std::size_t zone : loop.zones) bodies.push_back(make_body(loop, {zone}, held, before));
    loop.balance.rejected -= loop.spec.heat_capacity * (loop.spec.set_point - before);
  } else {
    bodies.push_back(make_body(loop, loop.zones, held, before));
  }
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    bodies[i].date = now;
    std::size_t node = 0;
    for (const std::size_t index : bodies[i].zones) {
      Zone& zone = zones_[index];
      zone.body = i;
      zone.rest = zone.spec.gpus > 1 ? node++ : kNone;
      zone.hot = zone.spec.gpus > 0 ? node++ : kNone;
      zone.coolant = node++;
    }
  }
  loop.bodies = std::move(bodies);
  loop.held = held;
  loop.next = kNever;
}

ZoneTemperatures::Body ZoneTemperatures::make_body(const Loop& loop, const std::vector<std::size_t>& zones, bool held,
                                                   Celsius loop_temperature) {
  std::vector<JoulesPerKelvin> capacities;
  std::vector<std::pair<std::size_t, WattsPerKelvin>> outward;  // from a zone's coolant
  std::vector<thermal::ThermalLink> links;
  std::vector<Celsius> state;
  for (const std::size_t index : zones) {
    const Zone& zone = zones_[index];
    const Body* before = loop.bodies.empty() ? nullptr : &loop.bodies[zone.body];
    const auto add = [&](JoulesPerKelvin capacity, std::size_t place) {
      capacities.push_back(capacity);
      state.push_back(before == nullptr ? loop_temperature : before->state[place]);
      return capacities.size() - 1;
    };
    const double others = static_cast<double>(zone.spec.gpus - 1);
    const WattsPerKelvin chip = zone.spec.gpus > 0 ? chip_conductance(zone.spec.path, zone.flow) : WattsPerKelvin(0);
    std::size_t rest = kNone, hot = kNone;
    if (zone.spec.gpus > 1) rest = add(others * zone.spec.path.chip_capacity, zone.rest);
    if (zone.spec.gpus > 0) hot = add(zone.spec.path.chip_capacity, zone.hot);
    const std::size_t coolant = add(JoulesPerKelvin(zone.spec.path.zone_s * zone.spec.design_heat.value), zone.coolant);
    if (rest != kNone) links.push_back({rest, coolant, others * chip});
    if (hot != kNone) links.push_back({hot, coolant, chip});
    outward.emplace_back(coolant, to_loop(zone));
  }
  if (!held) {
    capacities.push_back(loop.spec.heat_capacity);
    state.push_back(loop_temperature);
  }
  // The loop is the last node, or the fixed temperature after the last node.
  const std::size_t place_of_loop = held ? capacities.size() : capacities.size() - 1;
  for (const auto& [coolant, conductance] : outward) links.push_back({coolant, place_of_loop, conductance});
  if (!held) links.push_back({place_of_loop, capacities.size(), loop.spec.capability.beyond});
  return {thermal::RcNetwork(capacities, 1, links), zones, std::move(state)};
}

ZoneTemperatures::Heats ZoneTemperatures::heats(const Loop& loop, const Body& body, Heat kind, Picoseconds now) const {
  Heats heats(body.network.nodes());
  for (const std::size_t index : body.zones) {
    const Zone& zone = zones_[index];
    double chips = 0.0, hottest = 0.0, other = 0.0;  // mW
    if (kind == Heat::mean) {
      const auto mean = [&](Femtojoules energy, Milliwatts power) {
        return static_cast<double>(energy + static_cast<Femtojoules>(power) * (now - zone.since)) /
               static_cast<double>(now - body.date);
      };
      chips = mean(zone.chips, zone.heat.chips);
      hottest = mean(zone.hottest, zone.heat.hottest);
      other = mean(zone.other, zone.heat.other);
    } else if (kind != Heat::none) {
      const ZoneHeat& heat = kind == Heat::most ? zone.spec.most : zone.heat;
      chips = static_cast<double>(heat.chips);
      hottest = static_cast<double>(heat.hottest);
      other = static_cast<double>(heat.other);
    }
    if (zone.spec.gpus == 0) {
      other += chips;
    } else if (zone.spec.gpus == 1) {
      hottest = chips;
    } else {
      heats[zone.rest] = Watts((chips - hottest) * 1e-3);
    }
    if (zone.hot != kNone) heats[zone.hot] = Watts(hottest * 1e-3);
    heats[zone.coolant] = Watts(other * 1e-3);
  }
  if (!loop.held) heats.back() = loop.spec.own_heat - loop.spec.capability.at_set_point;
  return heats;
}

thermal::Trajectory ZoneTemperatures::course(const Loop& loop, const Body& body, Heat kind, Picoseconds now) const {
  const Heats given = heats(loop, body, kind, now);
  return body.network.from(body.state, {given.data(), given.size()}, {&loop.spec.set_point, 1});
}

std::vector<Celsius> ZoneTemperatures::state_at(const Loop& loop, const Body& body, Picoseconds now) const {
  std::vector<Celsius> state = body.state;
  if (now > body.date) course(loop, body, Heat::mean, now).at(span(body.date, now), state);
  return state;
}

/// Adds what a body has been given and has given off since its date.
void ZoneTemperatures::count_heat(const Loop& loop, const Body& body, const thermal::Trajectory& course,
                                  Picoseconds now, HeatBalance& balance) const {
  const Seconds passed = span(body.date, now);
  for (const std::size_t index : body.zones) {
    const Zone& zone = zones_[index];
    const Femtojoules later = static_cast<Femtojoules>(zone.heat.chips + zone.heat.other) * (now - zone.since);
    balance.given += Joules(to_joules(zone.chips + zone.other + later));
    if (!loop.held) continue;
    balance.rejected += to_loop(zone) * (course.mean(zone.coolant, passed) - loop.spec.set_point) * passed;
  }
  if (loop.held) return;
  const KelvinDelta warmer = course.mean(body.network.nodes() - 1, passed) - loop.spec.set_point;
  balance.given += loop.spec.own_heat * passed;
  balance.rejected += (loop.spec.capability.at_set_point + loop.spec.capability.beyond * warmer) * passed;
}

/// Brings a body's state up to date, with the mean heats since its last date.
void ZoneTemperatures::bring_to(Loop& loop, Body& body, Picoseconds now) {
  if (now == body.date) return;
  const thermal::Trajectory course = this->course(loop, body, Heat::mean, now);
  count_heat(loop, body, course, now, loop.balance);
  course.at(span(body.date, now), body.state);
  body.date = now;
  for (const std::size_t index : body.zones) {
    Zone& zone = zones_[index];
    zone.chips = zone.hottest = zone.other = 0;
    zone.since = now;
    zone.next_state = (now / kSpan + 1) * kSpan;
  }
}

// ---- What is -----------------------------------------------------------------------------------------------------

/// At the date of its body.
Celsius ZoneTemperatures::loop_temperature(const Loop& loop) const {
  return loop.held ? loop.spec.set_point : loop.bodies.front().state.back();
}

Watts ZoneTemperatures::arriving(const Loop& loop, Picoseconds now) const {
  Watts heat = loop.spec.own_heat;
  for (const Body& body : loop.bodies) {
    const std::vector<Celsius> state = state_at(loop, body, now);
    const Celsius temperature = loop.held ? loop.spec.set_point : state.back();
    for (const std::size_t index : body.zones) {
      heat += to_loop(zones_[index]) * (state[zones_[index].coolant] - temperature);
    }
  }
  return heat;
}

Joules ZoneTemperatures::stored(const Loop& loop, Picoseconds now) const {
  // Above 0 degC.
  Joules heat{0};
  if (loop.held) heat += loop.spec.heat_capacity * (loop.spec.set_point - Celsius(0));
  for (const Body& body : loop.bodies) {
    const std::vector<Celsius> state = state_at(loop, body, now);
    for (std::size_t i = 0; i < state.size(); ++i) heat += body.network.capacity(i) * (state[i] - Celsius(0));
  }
  return heat;
}

ZoneState ZoneTemperatures::zone(std::size_t index) const {
  const Zone& zone = zones_[index];
  const Loop& loop = loops_[zone.spec.loop];
  const std::vector<Celsius> state = state_at(loop, loop.bodies[zone.body], simulation_.now());
  ZoneState result;
  result.coolant = state[zone.coolant];
  result.hottest = zone.hot == kNone ? result.coolant : state[zone.hot];
  result.chips = result.hottest;
  if (zone.rest != kNone) {
    const double others = static_cast<double>(zone.spec.gpus - 1) / static_cast<double>(zone.spec.gpus);
    result.chips = result.hottest + others * (state[zone.rest] - result.hottest);
  }
  result.loop = loop.held ? loop.spec.set_point : state.back();
  result.level = zone.level;
  result.clock_share = zone.throttle.clock_share(zone.level);
  return result;
}

LoopState ZoneTemperatures::loop(std::size_t index) const {
  const Loop& loop = loops_[index];
  const Picoseconds now = simulation_.now();
  const Celsius temperature = loop.held ? loop.spec.set_point : state_at(loop, loop.bodies.front(), now).back();
  return {temperature, loop.held, arriving(loop, now)};
}

HeatBalance ZoneTemperatures::balance(std::size_t index) const {
  const Loop& loop = loops_[index];
  const Picoseconds now = simulation_.now();
  HeatBalance balance = loop.balance;
  for (const Body& body : loop.bodies) {
    if (now > body.date) count_heat(loop, body, course(loop, body, Heat::mean, now), now, balance);
  }
  balance.stored = stored(loop, now) - loop.balance.stored;
  return balance;
}

std::optional<Seconds> ZoneTemperatures::time_to(const Zone& zone, std::optional<Celsius> limit) const {
  if (!limit || zone.hot == kNone) return std::nullopt;
  const Loop& loop = loops_[zone.spec.loop];
  const Body& body = loop.bodies[zone.body];
  const Picoseconds now = simulation_.now();
  const Heats given = heats(loop, body, Heat::present, now);
  return body.network.from(state_at(loop, body, now), {given.data(), given.size()}, {&loop.spec.set_point, 1})
      .first_crossing(zone.hot, *limit, thermal::Direction::rising);
}

std::optional<Seconds> ZoneTemperatures::time_to_throttle(std::size_t index) const {
  return time_to(zones_[index], zones_[index].throttle.rises_at(zones_[index].level));
}

std::optional<Seconds> ZoneTemperatures::time_to_shutdown(std::size_t index) const {
  const Zone& zone = zones_[index];
  if (zone.level == zone.throttle.shutdown_level()) return std::nullopt;
  return time_to(zone, zone.throttle.rises_at(zone.throttle.slowdown_level()));
}

// ---- What happens next -------------------------------------------------------------------------------------------

void ZoneTemperatures::settle(Loop& loop) {
  const Picoseconds now = simulation_.now();
  const bool was_held = loop.held;
  const bool changed = loop.changed;
  if (changed) apply_changes(loop, now);
  const bool loop_looked_at = look_at_loop(loop, now);
  if (loop.held != was_held) notes_.push_back({static_cast<std::size_t>(&loop - loops_.data()), -1});
  for (Body& body : loop.bodies) {
    if (!body.due && body.next > now) continue;
    bring_to(loop, body, now);
    for (const std::size_t index : body.zones) {
      if (zones_[index].hot != kNone) look_at_level(index, body.state[zones_[index].hot]);
    }
    set_dates(loop, body, now);
  }
  if (loop.held && loop_looked_at) set_leaving_date(loop, now);
  for (const std::size_t index : loop.zones) {
    const Body& body = loop.bodies[zones_[index].body];
    zones_[index].follow = body.follow || (loop.held && loop.follow);
    zones_[index].watched = zones_[index].follow || body.next != kNever || (loop.held && loop.next != kNever);
  }
  set_timer(loop, now);
  const std::vector<Note> notes = std::exchange(notes_, {});
  for (const Note& note : notes) {
    if (note.level < 0) {
      client_.loop_held_changed(note.index, loops_[note.index].held);
    } else if (note.level == zones_[note.index].throttle.shutdown_level()) {
      client_.zone_shut_down(note.index);
    } else {
      client_.clock_level_changed(note.index, note.level, zones_[note.index].throttle.clock_share(note.level));
    }
  }
}

void ZoneTemperatures::apply_changes(Loop& loop, Picoseconds now) {
  for (Body& body : loop.bodies) bring_to(loop, body, now);
  for (const std::size_t index : loop.zones) {
    zones_[index].flow = zones_[index].next_flow;
    if (zones_[index].restored) zones_[index].level = 0;
    zones_[index].restored = false;
  }
  if (loop.held) {
    loop.balance.rejected -= loop.spec.heat_capacity * (loop.next_spec.set_point - loop.spec.set_point);
  }
  loop.spec = loop.next_spec;
  make_bodies(loop, loop.held, now);
  loop.changed = false;
  loop.due = true;
}

/// Whether the loop leaves its set point or is back there. Returns whether it was looked at.
bool ZoneTemperatures::look_at_loop(Loop& loop, Picoseconds now) {
  const cooling::Capability& capability = loop.spec.capability;
  const bool limited = std::isfinite(capability.at_set_point.value);
  bool look = loop.due || loop.next <= now;
  if (!loop.held) {
    Body& body = loop.bodies.front();
    if (!body.due && body.next > now && !look) return false;
    bring_to(loop, body, now);
    if (limited && loop_temperature(loop) > loop.spec.set_point - kBelow + kNear) return true;
    make_bodies(loop, true, now);
    look = true;
  }
  loop.due = false;
  if (!look) return false;
  if (!limited) return true;
  for (Body& body : loop.bodies) bring_to(loop, body, now);
  const Watts enough = capability.at_set_point - Watts(1e-9 * (capability.at_set_point.value + 1.0));
  if (arriving(loop, now) >= enough) make_bodies(loop, false, now);
  return true;
}

void ZoneTemperatures::look_at_level(std::size_t index, Celsius hottest) {
  Zone& zone = zones_[index];
  int level = zone.throttle.level(hottest + kNear, zone.level);
  if (level <= zone.level) level = zone.throttle.level(hottest - kNear, zone.level);
  if (level == zone.level) return;
  zone.level = level;
  notes_.push_back({index, level});
}

void ZoneTemperatures::set_dates(Loop& loop, Body& body, Picoseconds now) {
  using thermal::Direction;
  const auto first = [&](const thermal::Trajectory& rises, const thermal::Trajectory& falls) {
    std::optional<Seconds> date;
    for (const std::size_t index : body.zones) {
      const Zone& zone = zones_[index];
      if (zone.hot == kNone) continue;
      if (const auto limit = zone.throttle.rises_at(zone.level)) {
        earlier(date, rises.first_crossing(zone.hot, *limit, Direction::rising, kHorizon));
      }
      if (const auto limit = zone.throttle.falls_at(zone.level)) {
        earlier(date, falls.first_crossing(zone.hot, *limit, Direction::falling, kHorizon));
      }
    }
    if (!loop.held) {
      earlier(date, falls.first_crossing(body.network.nodes() - 1, loop.spec.set_point - kBelow, Direction::falling,
                                         kHorizon));
    }
    return date;
  };
  // Not before this date, whatever the heats.
  const Picoseconds safe = date(now, first(course(loop, body, Heat::most, now), course(loop, body, Heat::none, now)));
  bool changed = false;
  for (const std::size_t index : body.zones) changed |= std::exchange(zones_[index].changed, false);
  body.due = false;
  body.follow = safe != kNever && (!changed || safe - now <= kAtOnce);
  body.next = safe;
  if (!body.follow) return;
  const thermal::Trajectory present = course(loop, body, Heat::present, now);
  body.next = std::max(date(now, first(present, present)), now + 1);
}

void ZoneTemperatures::set_leaving_date(Loop& loop, Picoseconds now) {
  const bool changed = std::exchange(loop.heat_changed, false);
  const cooling::Capability& capability = loop.spec.capability;
  loop.follow = false;
  loop.next = kNever;
  if (!std::isfinite(capability.at_set_point.value)) return;
  const auto leaves = [&](Heat kind) {
    thermal::ExponentialSum heat(loop.spec.own_heat.value);
    for (const Body& body : loop.bodies) {
      const thermal::Trajectory course = this->course(loop, body, kind, now);
      for (const std::size_t index : body.zones) {
        const double conductance = to_loop(zones_[index]).value;
        heat.add(course.course(zones_[index].coolant), conductance);
        heat.add(thermal::ExponentialSum(loop.spec.set_point.value), -conductance);
      }
    }
    const auto after = heat.first_crossing(capability.at_set_point.value, thermal::Direction::rising, kHorizon.value);
    return after ? date(now, Seconds(*after)) : kNever;
  };
  const Picoseconds safe = leaves(Heat::most);
  loop.follow = safe != kNever && (!changed || safe - now <= kAtOnce);
  loop.next = loop.follow ? std::max(leaves(Heat::present), now + 1) : safe;
}

void ZoneTemperatures::set_timer(Loop& loop, Picoseconds now) {
  Picoseconds next = loop.held ? loop.next : kNever;
  for (const Body& body : loop.bodies) next = std::min(next, body.next);
  if (next == kNever) {
    simulation_.cancel_timer(loop.timer);
  } else {
    simulation_.set_timer(loop.timer, std::max(next, now));
  }
}

}  // namespace tokenworks::resources
