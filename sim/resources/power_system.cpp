#include "sim/resources/power_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace tokenworks::resources {
namespace {

using power::NodeId;
using power::NodeKind;
using power::TripCurve;

enum : std::uint32_t { kStore, kGenerator, kBreaker, kSwitch, kTags };
constexpr std::uint64_t kAfterWeather = std::uint64_t{1} << 40;
constexpr int kWalkInSteps = 10;
constexpr std::uint32_t kWhole = 1u << 16;
/// A battery that ran down is used again once it lasts this long at rated output.
constexpr Picoseconds kUsable = kPicosecondsPerSecond / 1000;

constexpr std::string_view kEventNames[] = {
    "utility_lost",     "utility_restored",     "opened",        "closed",       "breaker_opened",   "units_changed",
    "on_battery",       "off_battery",          "battery_empty", "battery_full", "generator_called", "generator_on",
    "generator_failed", "generator_not_needed", "generator_off", "out_of_fuel",  "retransferred",    "at_reserve",
    "off_reserve"};

Femtojoules over(Milliwatts power, Picoseconds span) { return static_cast<Femtojoules>(power) * span; }
constexpr std::size_t index(NodeKind kind) { return static_cast<std::size_t>(kind); }
Picoseconds later(Picoseconds now, Picoseconds span) { return span >= kNever - now ? kNever : now + span; }

}  // namespace

std::string_view power_event_name(PowerEvent event) { return kEventNames[static_cast<std::size_t>(event)]; }

Femtojoules PowerTotals::lost() const {
  Femtojoules sum = storage_loss;
  for (const Femtojoules part : loss) sum += part;
  return sum;
}

Femtojoules PowerTotals::drawn_by_all() const {
  Femtojoules sum = 0;
  for (const Femtojoules part : drawn) sum += part;
  return sum;
}

PowerSystem::PowerSystem(engine::Simulation& simulation, const power::Network& network, PowerSystemSettings settings,
                         PowerListener& listener)
    : simulation_(simulation),
      network_(network),
      settings_(std::move(settings)),
      listener_(listener),
      flow_(network),
      store_of_(network.size(), -1),
      generator_of_(network.size(), -1),
      breaker_of_(network.size(), -1),
      opened_(network.size(), false),
      is_watched_(network.size(), false),
      lit_(network.sinks().size(), true),
      now_(simulation.now()) {
  if (!settings_.largest_demand.empty() && settings_.largest_demand.size() != network.size()) {
    throw std::invalid_argument(
        fmt::format("power system: {} largest demands for {} nodes", settings_.largest_demand.size(), network.size()));
  }
  std::uint64_t number = kAfterWeather;
  const auto timer = [&](std::uint32_t what, std::size_t place) {
    return simulation.add_timer(*this, static_cast<std::uint32_t>(place) * kTags + what,
                                engine::rank(engine::RankClass::weather, number++));
  };
  flow_.hold_topology();
  std::vector<bool> is_switch(network.size(), false);
  for (NodeId id = 0; id < network.size(); ++id) {
    const NodeKind kind = network.kind(id);
    const power::NodeSpec& spec = network.node(id);
    if (std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) kinds_.push_back(kind);
    const Watts rated = spec.rating * static_cast<double>(spec.units);
    if (power::has_storage(kind) && power::storage_of(spec).ride_through.value > 0.0) {
      const power::StorageSpec storage = power::storage_of(spec);
      Store& store = stores_.emplace_back();
      store.node = id;
      store.cells = power::EnergyStore(storage, storage.rated(rated));
      store.can_carry = storage.can_carry(rated);
      store.totals.node = id;
      store.totals.capacity = store.cells.capacity();
      store.step_length = to_picoseconds(storage.walk_in.value / kWalkInSteps);
      store.timer = timer(kStore, stores_.size() - 1);
      store_of_[id] = static_cast<std::int32_t>(stores_.size() - 1);
      if (storage.shaping) {
        store.shaping.emplace(*storage.shaping, store.cells, storage.rated(rated));
        store.cells.set_content(store.shaping->target());
      }
      store.lowest = store.cells.stored();
      flow_.set_carries(id, store.can_carry);
    }
    if (kind == NodeKind::generator) {
      Generator& generator = generators_.emplace_back();
      generator.node = id;
      generator.spec = spec.generator.value_or(power::GeneratorSpec{});
      generator.random = random_stream(settings_.seed, "power/generator/" + spec.name);
      generator.tank = rated.value > 0.0 ? to_femtojoules(generator.spec.tank(rated)) : -1;
      generator.timer = timer(kGenerator, generators_.size() - 1);
      generator_of_[id] = static_cast<std::int32_t>(generators_.size() - 1);
      for (const power::Network::Feed& feed : network.feeds_out_of(id)) is_switch[feed.node] = true;
    }
    if (!power::is_sink(kind) && spec.rating.value > 0.0) {
      breakers_.push_back(
          {id, TripCurve(spec.trip.value_or(power::TripSpec{})), 0, 0, now_, false, timer(kBreaker, breakers_.size())});
      breaker_of_[id] = static_cast<std::int32_t>(breakers_.size() - 1);
    }
  }
  for (NodeId id = 0; id < network.size(); ++id) {
    if (is_switch[id]) switches_.push_back({id, false, timer(kSwitch, switches_.size())});
  }
  flow_.release_topology();
  for (Store& store : stores_) {
    if (!store.shaping) continue;
    start_shaping(store);
    refresh_store(store);
  }
  refresh_breakers();
  flow_.clear_touched();
}

// ---- Time -----------------------------------------------------------------------------------------------------------

void PowerSystem::integrate(Picoseconds now) {
  const Picoseconds span = now - now_;
  now_ = now;
  for (const NodeKind kind : kinds_) {
    if (power::is_sink(kind)) {
      totals_.drawn[index(kind)] += over(flow_.input_of(kind), span);
    } else {
      totals_.loss[index(kind)] += over(flow_.loss_of(kind), span);
    }
  }
  totals_.grid += over(flow_.input_of(NodeKind::utility), span);
  totals_.generators += over(flow_.input_of(NodeKind::generator), span);
  for (Store& store : stores_) {
    if (store.mode == StoreMode::discharging) totals_.on_battery += span;
    if (store.mode == StoreMode::shaping && !store.shaping->can_give()) store.totals.at_reserve += span;
    if (store.terminal == 0) continue;
    store.cells.hold(store.terminal, span);
    store.lowest = std::min(store.lowest, store.cells.stored());
    const Femtojoules moved = over(std::abs(store.terminal), span);
    (store.terminal > 0 ? totals_.charged : totals_.discharged) += moved;
    (store.terminal > 0 ? store.totals.charged : store.totals.discharged) += moved;
    totals_.storage_loss += over(store.terminal - store.cells.cell_power(store.terminal), span);
  }
  for (Generator& generator : generators_) {
    if (generator.state != GeneratorState::running) continue;
    const Femtojoules energy = over(flow_.input(generator.node), span);
    generator.energy += energy;
    if (generator.tank >= 0) generator.tank -= std::min(energy, generator.tank);
    totals_.fuel_l += generator.spec.fuel_litres(Joules(to_joules(energy)));
  }
}

void PowerSystem::on_timer(std::uint32_t tag) {
  const std::uint32_t place = tag / kTags;
  listener_.before_change();
  advance(simulation_.now());
  switch (tag % kTags) {
    case kStore:
      on_store(stores_[place]);
      break;
    case kGenerator:
      on_generator(generators_[place]);
      break;
    case kBreaker:
      on_breaker(breakers_[place]);
      break;
    default:
      on_switch(switches_[place]);
      break;
  }
}

/// Changes of topology stand between begin_change() and end_change(); they nest.
void PowerSystem::begin_change() {
  if (changing_ == 0) listener_.before_change();
  advance(simulation_.now());
  if (changing_++ > 0) return;
  flow_.hold_topology();
  for (Store& store : stores_) {
    if (!store.exhausted || (store.mode != StoreMode::recharging && store.mode != StoreMode::shaping)) continue;
    const Milliwatts rating = std::max<Milliwatts>(flow_.rating(store.node), 1);
    if (store.cells.time_to_limit(-rating, kNever) < kUsable) continue;
    store.exhausted = false;
    flow_.set_carries(store.node, store.can_carry);
  }
}

void PowerSystem::end_change() {
  if (--changing_ > 0) return;
  flow_.release_topology();
  settle();
}

/// After a change of topology: batteries and generators see where they stand, then breakers, then who listens.
void PowerSystem::settle() {
  ++changing_;  // what follows is no change of its own
  for (Store& store : stores_) update_store(store);
  flow_.hold_topology();
  for (Generator& generator : generators_) update_generator(generator);
  for (Switch& transfer : switches_) update_switch(transfer);
  flow_.release_topology();
  refresh_breakers();
  follow_touched();
  --changing_;
  tell_sinks();
}

void PowerSystem::follow_touched() {
  for (const NodeId node : flow_.touched()) {
    if (breaker_of_[node] >= 0) refresh_breaker(breakers_[static_cast<std::size_t>(breaker_of_[node])]);
    if (store_of_[node] >= 0) {
      Store& store = stores_[static_cast<std::size_t>(store_of_[node])];
      if (store.mode == StoreMode::shaping) store.shaping->wake(now_);
      refresh_store(store);
    }
    if (generator_of_[node] >= 0) refresh_generator(generators_[static_cast<std::size_t>(generator_of_[node])]);
  }
  flow_.clear_touched();
}

void PowerSystem::tell(PowerEvent event, NodeId node) { told_.push_back({event, node}); }

/// Who listens may change demands, so the lists are complete before the first call.
void PowerSystem::tell_sinks() {
  const std::vector<Told> told = std::move(told_);
  told_.clear();
  std::vector<NodeId> dark, lit;
  for (std::size_t i = 0; i < lit_.size(); ++i) {
    const NodeId sink = network_.sinks()[i];
    if (flow_.is_alive(sink) == lit_[i]) continue;
    lit_[i] = !lit_[i];
    (lit_[i] ? lit : dark).push_back(sink);
  }
  for (const Told& what : told) listener_.on_power_event(what.event, what.node, now_);
  for (const NodeId sink : dark) listener_.on_sink_dark(sink, now_);
  for (const NodeId sink : lit) listener_.on_sink_lit(sink, now_);
}

// ---- Incidents ------------------------------------------------------------------------------------------------------

void PowerSystem::lose_utility(NodeId utility) {
  begin_change();
  flow_.set_source(utility, false);
  tell(PowerEvent::utility_lost, utility);
  end_change();
}

void PowerSystem::restore_utility(NodeId utility) {
  begin_change();
  flow_.set_source(utility, true);
  tell(PowerEvent::utility_restored, utility);
  end_change();
}

void PowerSystem::open(NodeId node) {
  begin_change();
  opened_[node] = true;
  flow_.set_in_service(node, false);
  tell(PowerEvent::opened, node);
  end_change();
}

void PowerSystem::close(NodeId node) {
  begin_change();
  opened_[node] = false;
  if (breaker_of_[node] >= 0) {
    Breaker& breaker = breakers_[static_cast<std::size_t>(breaker_of_[node])];
    breaker.heat = 0;
    breaker.since = now_;
  }
  flow_.set_in_service(node, power::is_sink(network_.kind(node)) || flow_.units(node) >= network_.units_needed(node));
  tell(PowerEvent::closed, node);
  end_change();
}

void PowerSystem::set_units(NodeId node, std::int64_t units) {
  begin_change();
  flow_.set_units(node, units);
  flow_.set_in_service(node, !opened_[node] && units >= network_.units_needed(node));
  tell(PowerEvent::units_changed, node);
  end_change();
}

// ---- Stores ---------------------------------------------------------------------------------------------------------

void PowerSystem::update_store(Store& store) {
  const NodeId node = store.node;
  if (flow_.is_on_storage(node)) {
    if (store.mode != StoreMode::discharging) {
      store.mode = StoreMode::discharging;
      flow_.clear_band(node);
      flow_.set_walk_in(node, kWhole);
      flow_.set_storage_draw(node, 0);
      tell(PowerEvent::on_battery, node);
    }
  } else if (!flow_.is_alive(node)) {
    if (store.mode != StoreMode::dead) {
      store.mode = StoreMode::dead;
      flow_.clear_band(node);
      flow_.set_walk_in(node, kWhole);
      flow_.set_storage_draw(node, 0);
    }
  } else if (store.mode == StoreMode::discharging) {
    tell(PowerEvent::off_battery, node);
    if (store.step_length > 0) {
      store.mode = StoreMode::walking_in;
      store.step = 0;
      store.step_at = later(now_, store.step_length);
      flow_.set_walk_in(node, 0);
    } else {
      start_recharge(store);
    }
  } else if (store.mode == StoreMode::dead) {
    start_recharge(store);
  }
  refresh_store(store);
}

void PowerSystem::start_recharge(Store& store) {
  flow_.set_walk_in(store.node, kWhole);
  if (store.shaping) return start_shaping(store);
  const Milliwatts draw = store.cells.charge_limit();
  if (store.cells.time_to_limit(draw, kNever) == 0) {
    store.mode = StoreMode::idle;
    return;
  }
  store.mode = StoreMode::recharging;
  flow_.set_storage_draw(store.node, draw);
}

/// What flows at its terminals, and when that ends.
void PowerSystem::refresh_store(Store& store) {
  store.terminal = flow_.storage(store.node);
  refresh_watch(store.node);
  if (store.mode == StoreMode::shaping) {
    const Picoseconds next = store.shaping->next_date(store.cells, store.terminal, now_);
    return next == kNever ? simulation_.cancel_timer(store.timer) : simulation_.set_timer(store.timer, next);
  }
  Picoseconds next = later(now_, store.cells.time_to_limit(store.terminal, kNever));
  if (store.mode == StoreMode::walking_in) next = std::min(next, store.step_at);
  if (next == kNever || store.mode == StoreMode::idle || store.mode == StoreMode::dead) {
    simulation_.cancel_timer(store.timer);
  } else {
    simulation_.set_timer(store.timer, next);
  }
}

void PowerSystem::on_store(Store& store) {
  if (store.mode == StoreMode::discharging) {
    begin_change();
    store.exhausted = true;
    flow_.set_carries(store.node, false);
    tell(PowerEvent::battery_empty, store.node);
    end_change();
    return;
  }
  if (store.mode == StoreMode::walking_in) {
    const bool is_empty = store.cells.time_to_limit(store.terminal, kNever) == 0;
    if (now_ >= store.step_at) {
      ++store.step;
      store.step_at = later(now_, store.step_length);
    }
    if (is_empty) {
      store.exhausted = true;
      flow_.hold_topology();
      flow_.set_carries(store.node, false);
      flow_.release_topology();
    }
    if (store.step >= kWalkInSteps || is_empty) {
      start_recharge(store);
    } else {
      flow_.set_walk_in(store.node, static_cast<std::uint32_t>(store.step) * kWhole / kWalkInSteps);
    }
  } else if (store.mode == StoreMode::shaping) {
    on_shaping(store);
  } else if (store.mode == StoreMode::recharging) {
    store.mode = StoreMode::idle;
    store.exhausted = false;
    flow_.set_storage_draw(store.node, 0);
    flow_.set_carries(store.node, store.can_carry);
    tell(PowerEvent::battery_full, store.node);
    refresh_breakers();
  }
  refresh_store(store);
  follow_touched();
  tell_sinks();
}

void PowerSystem::start_shaping(Store& store) {
  store.mode = StoreMode::shaping;
  store.shaping->begin(store.cells, now_);
  flow_.set_band(store.node, store.shaping->band(), store.shaping->wish());
}

void PowerSystem::on_shaping(Store& store) {
  power::StorageControl& shaping = *store.shaping;
  const bool could_give = shaping.can_give();
  shaping.on_date(store.cells, store.terminal, flow_.input(store.node), now_);
  if (shaping.can_give() != could_give) {
    tell(could_give ? PowerEvent::at_reserve : PowerEvent::off_reserve, store.node);
  }
  flow_.set_band(store.node, shaping.band(), shaping.wish());
}

// ---- Generators -----------------------------------------------------------------------------------------------------

/// One of its switches has nothing alive that it would rather use.
bool PowerSystem::is_called(const Generator& generator) const {
  if (!flow_.is_in_service(generator.node)) return false;
  for (const power::Network::Feed& feed : network_.feeds_out_of(generator.node)) {
    const auto best = flow_.best_live_priority(feed.node);
    if (flow_.is_in_service(feed.node) && (!best || *best >= feed.priority)) return true;
  }
  return false;
}

void PowerSystem::update_generator(Generator& generator) {
  const bool called = is_called(generator);
  if (generator.state == GeneratorState::off && called) {
    generator.state = GeneratorState::starting;
    tell(PowerEvent::generator_called, generator.node);
    simulation_.set_timer(generator.timer, later(now_, to_picoseconds(generator.spec.time_to_voltage().value)));
  } else if (generator.state == GeneratorState::failed && !called) {
    generator.state = GeneratorState::off;
  } else if (generator.state == GeneratorState::running) {
    for (const power::Network::Feed& feed : network_.feeds_out_of(generator.node)) {
      const auto best = flow_.best_live_priority(feed.node);
      if (best && *best == feed.priority) flow_.set_least_priority(feed.node, feed.priority);
    }
    refresh_generator(generator);
  }
}

bool PowerSystem::start_works(Generator& generator) {
  const std::size_t start = generator.starts++;
  ++totals_.generator_starts;
  const bool drawn = uniform_open(generator.random) >= generator.spec.fail_to_start;
  const auto given = settings_.starts.find(network_.name(generator.node));
  if (given == settings_.starts.end() || start >= given->second.size()) return drawn;
  return given->second[start];
}

/// The next block, or the end of the fuel.
void PowerSystem::refresh_generator(Generator& generator) {
  if (generator.state != GeneratorState::running) return;
  refresh_watch(generator.node);
  Picoseconds next = generator.next_block < generator.blocks.size() ? generator.block_at : kNever;
  const Milliwatts power = flow_.input(generator.node);
  if (generator.tank >= 0 && power > 0) {
    const Femtojoules span = generator.tank / power;
    if (span < kNever - now_) next = std::min(next, now_ + static_cast<Picoseconds>(span));
  }
  if (next == kNever) {
    simulation_.cancel_timer(generator.timer);
  } else {
    simulation_.set_timer(generator.timer, next);
  }
}

void PowerSystem::on_generator(Generator& generator) {
  begin_change();
  if (generator.state == GeneratorState::starting) {
    if (!is_called(generator)) {
      generator.state = GeneratorState::off;
      tell(PowerEvent::generator_not_needed, generator.node);
    } else if (!start_works(generator)) {
      generator.state = GeneratorState::failed;
      ++totals_.generator_failures;
      tell(PowerEvent::generator_failed, generator.node);
    } else {
      run_generator(generator);
    }
  } else if (generator.state == GeneratorState::running) {
    const Milliwatts power = flow_.input(generator.node);
    if (generator.tank >= 0 && power > 0 && generator.tank < power) {
      tell(PowerEvent::out_of_fuel, generator.node);
      stop_generator(generator, GeneratorState::failed);
    } else {
      close_block(generator);
    }
  }
  end_change();
}

/// At voltage: the switches go over, and what hangs on them comes back block by block, batteries first.
void PowerSystem::run_generator(Generator& generator) {
  generator.state = GeneratorState::running;
  flow_.set_source(generator.node, true);
  tell(PowerEvent::generator_on, generator.node);
  std::vector<std::pair<NodeId, NodeId>> waiting;
  for (const power::Network::Feed& feed : network_.feeds_out_of(generator.node)) {
    const auto best = flow_.best_live_priority(feed.node);
    if (!flow_.is_in_service(feed.node) || (best && *best < feed.priority)) continue;
    flow_.set_least_priority(feed.node, feed.priority);
    for (const power::Network::Feed& load : network_.feeds_out_of(feed.node))
      waiting.emplace_back(feed.node, load.node);
  }
  std::stable_sort(waiting.begin(), waiting.end(), [&](const auto& a, const auto& b) {
    return power::has_storage(network_.kind(a.second)) && !power::has_storage(network_.kind(b.second));
  });
  const auto steps = static_cast<std::size_t>(generator.spec.load_steps);
  generator.blocks.assign(std::max<std::size_t>(std::min(steps, waiting.size()), 1), {});
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    generator.blocks[i * generator.blocks.size() / waiting.size()].push_back(waiting[i]);
    flow_.set_feed_closed(waiting[i].first, waiting[i].second, false);
  }
  generator.next_block = 0;
  close_block(generator);
}

void PowerSystem::close_block(Generator& generator) {
  if (generator.next_block >= generator.blocks.size()) return;
  for (const auto& [from, to] : generator.blocks[generator.next_block]) flow_.set_feed_closed(from, to, true);
  ++generator.next_block;
  generator.block_at = later(now_, to_picoseconds(generator.spec.step_interval.value));
}

/// Its switches take what else is alive, all of their load at once.
void PowerSystem::stop_generator(Generator& generator, GeneratorState state) {
  while (generator.next_block < generator.blocks.size()) close_block(generator);
  for (const power::Network::Feed& feed : network_.feeds_out_of(generator.node)) {
    if (flow_.least_priority(feed.node) == feed.priority) flow_.set_least_priority(feed.node, 0);
  }
  generator.state = state;
  flow_.set_source(generator.node, false);
  simulation_.cancel_timer(generator.timer);
}

/// Starts to wait for the re-transfer when something better is alive, and stops when it is lost again.
void PowerSystem::update_switch(Switch& transfer) {
  const auto best = flow_.best_live_priority(transfer.node);
  const std::int64_t held = flow_.least_priority(transfer.node);
  const bool waits = held > 0 && best && *best < held;
  if (waits == transfer.waits) return;
  transfer.waits = waits;
  if (!waits) return simulation_.cancel_timer(transfer.timer);
  Picoseconds delay = 0;
  for (const power::Network::Feed& feed : network_.feeds_into(transfer.node)) {
    if (feed.priority != held || generator_of_[feed.node] < 0) continue;
    const power::GeneratorSpec& spec = generators_[static_cast<std::size_t>(generator_of_[feed.node])].spec;
    delay = std::max(delay, to_picoseconds(spec.retransfer_delay.value));
  }
  simulation_.set_timer(transfer.timer, later(now_, delay));
}

void PowerSystem::on_switch(Switch& transfer) {
  begin_change();
  transfer.waits = false;
  flow_.set_least_priority(transfer.node, 0);
  tell(PowerEvent::retransferred, transfer.node);
  for (const power::Network::Feed& feed : network_.feeds_into(transfer.node)) {
    if (generator_of_[feed.node] < 0) continue;
    Generator& generator = generators_[static_cast<std::size_t>(generator_of_[feed.node])];
    if (generator.state != GeneratorState::running) continue;
    const auto outs = network_.feeds_out_of(generator.node);
    const bool needed = std::any_of(outs.begin(), outs.end(), [&](const power::Network::Feed& out) {
      return flow_.least_priority(out.node) == out.priority;
    });
    if (needed) continue;
    stop_generator(generator, GeneratorState::off);
    tell(PowerEvent::generator_off, generator.node);
  }
  end_change();
}

// ---- Breakers -------------------------------------------------------------------------------------------------------

/// Which of them could open now.
void PowerSystem::refresh_breakers() {
  std::vector<Milliwatts> largest;
  if (!settings_.largest_demand.empty()) {
    // A full battery takes nothing until the topology has changed again.
    std::vector<Milliwatts> draw(network_.size(), 0);
    for (const Store& store : stores_) {
      if (store.mode != StoreMode::idle) draw[store.node] = store.cells.charge_limit();
    }
    largest = flow_.largest_possible(settings_.largest_demand, draw);
  }
  for (Breaker& breaker : breakers_) {
    breaker.can_open = largest.empty() || largest[breaker.node] > flow_.rating(breaker.node);
    refresh_breaker(breaker);
  }
  for (const Store& store : stores_) refresh_watch(store.node);
  for (const Generator& generator : generators_) refresh_watch(generator.node);
}

/// Heat up to now at the load until now; then the new load.
void PowerSystem::refresh_breaker(Breaker& breaker) {
  breaker.heat = TripCurve::after(breaker.heat, breaker.rate, now_ - breaker.since);
  breaker.since = now_;
  breaker.rate = breaker.curve.rate(flow_.output(breaker.node), flow_.rating(breaker.node));
  refresh_watch(breaker.node);
  const Picoseconds opens = later(now_, TripCurve::time_to_open(breaker.heat, breaker.rate, kNever));
  if (opens == kNever || !flow_.is_in_service(breaker.node)) {
    simulation_.cancel_timer(breaker.timer);
  } else {
    simulation_.set_timer(breaker.timer, opens);
  }
}

void PowerSystem::on_breaker(Breaker& breaker) {
  begin_change();
  opened_[breaker.node] = true;
  flow_.set_in_service(breaker.node, false);
  ++totals_.breakers_opened;
  tell(PowerEvent::breaker_opened, breaker.node);
  end_change();
}

void PowerSystem::refresh_watch(NodeId node) {
  bool watched = false;
  if (breaker_of_[node] >= 0) {
    const Breaker& breaker = breakers_[static_cast<std::size_t>(breaker_of_[node])];
    watched = breaker.can_open || breaker.heat > 0;
  }
  if (store_of_[node] >= 0) {
    const StoreMode mode = stores_[static_cast<std::size_t>(store_of_[node])].mode;
    watched = watched || mode == StoreMode::discharging || mode == StoreMode::walking_in || mode == StoreMode::shaping;
  }
  if (generator_of_[node] >= 0) {
    watched = watched || generators_[static_cast<std::size_t>(generator_of_[node])].state == GeneratorState::running;
  }
  const auto place = static_cast<std::size_t>(node);
  if (is_watched_[place] != watched) watched_ += watched ? 1 : std::size_t(-1);
  is_watched_[place] = watched;
  flow_.set_watched(node, watched);
}

// ---- What is asked --------------------------------------------------------------------------------------------------

double PowerSystem::state_of_charge(NodeId store) const {
  if (store_of_[store] < 0) throw std::invalid_argument(fmt::format("\"{}\" stores nothing", network_.name(store)));
  return stores_[static_cast<std::size_t>(store_of_[store])].cells.state_of_charge();
}

Femtojoules PowerSystem::stored() const {
  Femtojoules sum = 0;
  for (const Store& store : stores_) sum += store.cells.stored();
  return sum;
}

std::vector<StoreTotals> PowerSystem::store_totals() const {
  std::vector<StoreTotals> list;
  for (const Store& store : stores_) {
    StoreTotals& totals = list.emplace_back(store.totals);
    totals.state_of_charge = store.cells.state_of_charge();
    totals.lowest_state_of_charge = static_cast<double>(store.lowest) / static_cast<double>(store.totals.capacity);
  }
  return list;
}

Milliwatts PowerSystem::storage_loss() const {
  Milliwatts loss = 0;
  for (const Store& store : stores_) loss += store.terminal - store.cells.cell_power(store.terminal);
  return loss;
}

std::size_t PowerSystem::breakers_watched() const {
  return static_cast<std::size_t>(
      std::count_if(breakers_.begin(), breakers_.end(), [](const Breaker& breaker) { return breaker.can_open; }));
}

}  // namespace tokenworks::resources
