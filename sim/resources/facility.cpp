#include "sim/resources/facility.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "sim/resources/cooling_table.hpp"
#include "sim/resources/level_books.hpp"
#include "sim/resources/power_floors.hpp"
#include "sim/resources/rank_after_steps.hpp"
#include "sim/resources/second_means.hpp"

namespace tokenworks::resources {
namespace {

using cooling::Loop;

constexpr std::string_view kConsumerNames[] = {"gpu",
                                               "host",
                                               "server_fans",
                                               "rack_shared",
                                               "storage",
                                               "network",
                                               "power_supply_loss",
                                               "busway_loss",
                                               "ups_loss",
                                               "transformer_loss",
                                               "battery_loss",
                                               "air_handler_fans",
                                               "pumps",
                                               "chillers",
                                               "heat_rejection_fans",
                                               "house"};
static_assert(std::size(kConsumerNames) == kConsumers);

enum Timer : std::uint32_t { kSettle, kFloors };

constexpr Loop kLoopList[] = {Loop::main, Loop::residual_air};
// Largest draw of the cooling over that at its design point: plants that are late or warm may draw more.
constexpr double kMechanicalMargin = 1.5;
// LBNL Buildings library, CoolingMode: a change-over waits for so long after the one before.
constexpr Picoseconds kModeDwell = 1200 * kPicosecondsPerSecond;

// Powers and flows are never negative here, so that half up is nearest.
Milliwatts rounded(double watts) { return static_cast<Milliwatts>(watts * 1e3 + 0.5); }
Milliwatts rounded(Watts power) { return rounded(power.value); }
std::int64_t micrograms(double kilograms) { return static_cast<std::int64_t>(kilograms * 1e9 + 0.5); }
std::int64_t thousandths(double value) { return static_cast<std::int64_t>(value * 1e3 + (value < 0.0 ? -0.5 : 0.5)); }

/// What fans and pumps of a loop add to it, of its heat at a load.
cooling::ByLoop<Watts> own_heat(const cooling::CoolingEffort& effort, const cooling::HeatLoad& load,
                                bool has_residual_loop) {
  const Watts all = load.liquid + load.air;
  const Watts to_main = has_residual_loop ? effort.heat_to_liquid : all;
  cooling::ByLoop<Watts> own;
  own[Loop::main] = effort.loops[Loop::main].heat - to_main;
  own[Loop::residual_air] = effort.loops[Loop::residual_air].heat - (all - to_main);
  return own;
}

}  // namespace

std::string_view consumer_name(Consumer consumer) { return kConsumerNames[index(consumer)]; }

// The powers of all components are a function of the nodes' GPU power (whole milliwatts), which nodes are on, the state
// of the cooling plant and the weather. They are worked out when time moves on from a date at which something changed,
// so that states which last no time leave no trace, and changes at one date may come in any order.
struct Facility::State final : private engine::TimerClient, private PowerSupplyClient {
  State(Setup&& given, ValidityNotes& n);

  void advance(Picoseconds to);
  void refresh();
  void build_supply();
  void settle_at_start();
  cooling::HeatLoad asked_of_plant() const;
  std::int64_t warmest_room() const;
  void mark_stale();
  void apply_flow(std::size_t group);
  void on_timer(std::uint32_t tag) override {
    advance(setup.simulation->now());
    if (tag == kFloors) end_floors();
    refresh();
  }
  void end_floors();
  void node_load_changed(std::int64_t node, Milliwatts delta);
  Picoseconds next_due() const;
  void on_racks_power(std::size_t group, bool has_power) override;
  void on_cooling_power(bool has_power) override;
  void note_weather();
  void hold(Picoseconds to);
  void update_plant();
  void plant_changed();
  void choose_modes(CoolingFigures& effort, const cooling::HeatLoad& heat);
  bool has_residual_loop() const { return !design.plant->modes(Loop::residual_air).empty(); }
  void note_validity_of_span();
  cooling::PlantPoint plant_point(const cooling::HeatLoad& load) const;

  void set(Consumer consumer, Milliwatts power) {
    facility += power - books.level(place(consumer));
    books.set(place(consumer), power, now);
  }
  void set(FacilityLevel level, std::int64_t value) { books.set(place(level), value, now); }
  static std::size_t place(Consumer consumer) { return static_cast<std::size_t>(index(consumer)); }
  static std::size_t place(FacilityLevel level) {
    return static_cast<std::size_t>(kConsumers + static_cast<int>(level));
  }

  Setup setup;
  ValidityNotes& notes;
  ItLoad racks;
  Milliwatts storage = 0, network = 0;
  FacilityDesign design;
  std::unique_ptr<CoolingTable> cooling;
  std::unique_ptr<PowerSupply> supply;
  std::unique_ptr<RackTemperatures> temperatures;

  // Now.
  Picoseconds now = 0;
  bool is_stale = true;  // the books' levels wait for refresh()
  LevelBooks books;
  Milliwatts it = 0, facility = 0, liquid_offered = 0;
  cooling::ByLoop<std::size_t> modes;  // that the plant's controls hold
  cooling::ByLoop<Picoseconds> mode_since;
  Picoseconds mode_due = kNever;                                  // a change-over that waits may begin
  std::vector<std::unique_ptr<power::PowerSmoothing>> smoothing;  // by group; null: its racks do not smooth
  Picoseconds smoothing_due = kNever;                             // the next of them changes what it draws
  std::unique_ptr<PowerFloors> floors;                            // null: there are none
  cooling::ByLoop<std::size_t> running;                           // that run
  cooling::PlantCondition condition;                              // by failures
  bool fans_and_pumps_run = true, chillers_run = true;
  std::vector<double> coolant_flow;  // by group, by failures
  std::vector<bool> powered;         // by group
  PowerSupplyClient* power_client = nullptr;
  engine::TimerId settle = 0, floor_end = 0;

  // Since the start.
  cooling::ByLoop<std::vector<Picoseconds>> mode_time;
  PeakSecond it_peak, facility_peak, grid_peak;
  RampWatch grid_ramp;

  // Farthest loads of the span of one state of plant and weather, for the validity notes; negative while no time has
  // passed in it.
  Milliwatts most_liquid = -1, most_air = -1;
  Milliwatts most_it = 0;
};

Facility::State::State(Setup&& given, ValidityNotes& n)
    : setup(std::move(given)),
      notes(n),
      racks(setup.groups, n),
      storage(to_milliwatts(setup.storage.idle_w)),
      network(to_milliwatts(setup.network.idle_w)),
      design({setup.storage, setup.network, setup.power, setup.cooling, setup.design_weather}, setup.groups, racks),
      books(static_cast<std::size_t>(kConsumers + kFacilityLevels), setup.series_interval),
      coolant_flow(racks.groups(), 1.0),
      powered(racks.groups(), true) {
  condition = design.condition;
  for (const Loop loop : kLoopList) {
    mode_time[loop].resize(std::max<std::size_t>(design.plant->modes(loop).size(), 1));
    mode_since[loop] = -kModeDwell;  // the first change-over need not wait
  }
  cooling = std::make_unique<CoolingTable>(*design.plant, design.largest_heat);
  cooling->set_state(plant_point({}));
  note_weather();
  build_supply();
  settle_at_start();
}

void Facility::State::build_supply() {
  PowerSupply::Setup tree;
  tree.network = design.tree;
  tree.groups = design.groups;
  const Milliwatts shared = to_milliwatts(setup.storage.full_w) + to_milliwatts(setup.network.full_w);
  for (std::size_t group = 0; group < racks.groups(); ++group) {
    const Milliwatts largest = racks.design(group).largest + design.shared_part(group, shared);
    const bool smooths = setup.groups[group].smoothing && setup.groups[group].racks > 0;
    tree.largest.push_back(largest + (smooths ? power::PowerSmoothing::most_above(largest) : 0));
    const Milliwatts at_rest =
        racks.load(group).wall() + design.shared_part(group, storage) + design.shared_part(group, network);
    smoothing.push_back(smooths ? std::make_unique<power::PowerSmoothing>(*setup.groups[group].smoothing,
                                                                          racks.gpus(group), largest, at_rest)
                                : nullptr);
  }
  tree.largest_mechanical = rounded(design.mechanical * kMechanicalMargin);
  tree.house = rounded(design.house);
  tree.simulation = setup.simulation;
  tree.seed = setup.seed;
  tree.before_events = [this] {
    advance(setup.simulation->now());
    is_stale = true;
    setup.simulation->set_timer(settle, setup.simulation->now());
  };
  supply = std::make_unique<PowerSupply>(std::move(tree));
  PowerSupplyClient& self = *this;
  supply->set_client(&self);
  if (setup.simulation == nullptr) return;
  settle = setup.simulation->add_timer(*this, kSettle, rank_after_steps(AfterSteps::facility));
  setup.simulation->set_idle(settle);
  const auto has_floor = [](const RackGroup& group) { return group.smoothing && group.smoothing->floor_share > 0.0; };
  if (std::none_of(setup.groups.begin(), setup.groups.end(), has_floor)) return;
  floors = std::make_unique<PowerFloors>(setup.groups, racks);
  floor_end = setup.simulation->add_timer(*this, kFloors, rank_after_steps(AfterSteps::facility, kFloors));
  setup.simulation->set_idle(floor_end);
}

/// The plant in the modes that the idle factory settles in, and the temperatures that follow.
void Facility::State::settle_at_start() {
  ValidityNotes unused;
  GroupLoad load;
  for (std::size_t group = 0; group < racks.groups(); ++group) load += racks.load(group);
  it = load.wall() + storage + network;
  liquid_offered = load.liquid_heat;
  cooling::PlantPoint point = plant_point(heat_load(liquid_offered, it - liquid_offered));
  cooling::settled_effort(*design.plant, point, unused);
  modes = point.modes;
  const cooling::CoolingEffort at_rest = design.plant->effort(plant_point(point.load), unused);
  const cooling::ByLoop<Watts> fans_and_pumps = own_heat(at_rest, point.load, has_residual_loop());
  cooling->set_state(plant_point({}));
  if (setup.simulation == nullptr) return;
  temperatures =
      std::make_unique<RackTemperatures>(RackTemperatures::Setup{*setup.simulation, *design.plant, setup.groups, racks,
                                                                 [this] {
                                                                   advance(setup.simulation->now());
                                                                   plant_changed();
                                                                 },
                                                                 setup.series_interval},
                                         at_rest, fans_and_pumps);
}

cooling::PlantPoint Facility::State::plant_point(const cooling::HeatLoad& load) const {
  cooling::PlantPoint point{.load = load, .outside = setup.weather, .modes = modes, .condition = condition};
  if (!fans_and_pumps_run) {
    for (double& share : point.condition.in_service) share = 0.0;
  }
  if (!chillers_run) point.condition.of(cooling::Part::chillers) = 0.0;
  for (const Loop loop : kLoopList) {
    if (temperatures) point.warmer[loop] = temperatures->warmer(loop);
  }
  return point;
}

/// Of the groups whose GPUs give their heat to the air.
std::int64_t Facility::State::warmest_room() const {
  std::int64_t warmest = books.level(place(FacilityLevel::server_inlet));
  for (std::size_t group = 0; group < racks.groups(); ++group) {
    if (racks.design(group).nameplate_liquid > 0 || !temperatures->follows(group)) continue;
    warmest = std::max(warmest, thousandths(temperatures->group(group).coolant_c));
  }
  return warmest;
}

/// What the plant is run for: the heat that comes, and while a loop is too warm all that it was designed for, since its
/// controls then run every machine.
cooling::HeatLoad Facility::State::asked_of_plant() const {
  cooling::HeatLoad heat = heat_load(liquid_offered, it - liquid_offered);
  if (!temperatures) return heat;
  if (temperatures->warmer(Loop::main).value > 0.0) {
    heat.liquid = std::max(heat.liquid, design.heat.liquid);
    if (!has_residual_loop()) heat.air = std::max(heat.air, design.heat.air);
  }
  if (temperatures->warmer(Loop::residual_air).value > 0.0) heat.air = std::max(heat.air, design.heat.air);
  return heat;
}

void Facility::State::update_plant() {
  cooling->set_state(plant_point({}));
  if (!temperatures) return;
  ValidityNotes unused;
  const cooling::HeatLoad heat = asked_of_plant();
  const cooling::CoolingEffort effort = design.plant->effort(plant_point(heat), unused);
  temperatures->set_plant(effort,
                          fans_and_pumps_run ? own_heat(effort, heat, has_residual_loop()) : cooling::ByLoop<Watts>());
}

/// Weather, temperatures of loops or what is in service have changed.
void Facility::State::plant_changed() {
  update_plant();
  mark_stale();
}

void Facility::State::note_weather() {
  set(FacilityLevel::outside_dry_bulb, thousandths(setup.weather.dry_bulb.value));
  set(FacilityLevel::outside_wet_bulb, thousandths(setup.weather.wet_bulb.value));
}

void Facility::State::advance(Picoseconds to) {
  assert(to >= now && "the facility's time never falls");
  if (to <= now) return;
  refresh();
  for (Picoseconds due = next_due(); due <= to; due = next_due()) {
    hold(due);
    is_stale = true;
    refresh();
  }
  hold(to);
}

/// When something changes although nothing is said.
Picoseconds Facility::State::next_due() const { return std::min(mode_due, smoothing_due); }

void Facility::State::hold(Picoseconds to) {
  it_peak.hold(it, now, to);
  facility_peak.hold(facility, now, to);
  const Milliwatts grid = books.level(place(FacilityLevel::grid));
  grid_peak.hold(grid, now, to);
  grid_ramp.hold(grid, now, to);
  for (const Loop loop : kLoopList) mode_time[loop][running[loop]] += to - now;
  most_liquid = std::max(most_liquid, liquid_offered);
  most_air = std::max(most_air, it - liquid_offered);
  most_it = std::max(most_it, it);
  books.advance(to);
  supply->advance(to);
  now = to;
}

/// Everything outside the IT boundary from what is inside.
void Facility::State::refresh() {
  if (!is_stale) return;
  is_stale = false;
  GroupLoad load;
  Milliwatts stores = 0, switches = 0, buffered = 0, floored = 0;
  smoothing_due = kNever;
  for (std::size_t group = 0; group < racks.groups(); ++group) {
    Milliwatts drawn = 0;
    if (powered[group]) {
      const Milliwatts storage_part = design.shared_part(group, storage),
                       network_part = design.shared_part(group, network);
      load += racks.load(group);
      stores += storage_part;
      switches += network_part;
      drawn = racks.load(group).wall() + storage_part + network_part;
      if (floors) floored += floors->extra(group);
    }
    if (power::PowerSmoothing* const smooth = smoothing[group].get(); smooth != nullptr) {
      if (powered[group]) {
        smooth->set_demand(drawn, now);
      } else {
        smooth->darken(now);
      }
      buffered += smooth->draw() - drawn;
      drawn = smooth->draw();
      smoothing_due = std::min(smoothing_due, smooth->next_change());
    }
    supply->set_racks(group, drawn, now);
  }
  set(Consumer::gpu, load.gpu);
  set(Consumer::host, load.host);
  set(Consumer::server_fans, load.server_fans);
  set(Consumer::rack_shared, load.rack_shared);
  set(Consumer::power_supply_loss, load.power_supply_loss);
  set(Consumer::storage, stores);
  set(Consumer::network, switches);
  it = load.wall() + stores + switches;
  liquid_offered = load.liquid_heat;

  const cooling::HeatLoad heat = asked_of_plant();
  CoolingFigures effort = cooling->effort(heat);
  choose_modes(effort, heat);
  for (const Loop loop : kLoopList) running[loop] = effort.mode[loop];
  set(Consumer::air_handler_fans, fans_and_pumps_run ? rounded(effort[CoolingFigures::air_handler_fans_w]) : 0);
  set(Consumer::pumps, fans_and_pumps_run ? rounded(effort[CoolingFigures::pumps_w]) : 0);
  set(Consumer::heat_rejection_fans, fans_and_pumps_run ? rounded(effort[CoolingFigures::heat_rejection_fans_w]) : 0);
  // Of the heat that the plant is asked for, the part that a liquid path takes is that of the heat that comes.
  const double to_liquid = heat.liquid.value > 0.0 ? to_watts(liquid_offered) / heat.liquid.value : 0.0;
  set(FacilityLevel::liquid_heat, rounded(effort[CoolingFigures::heat_to_liquid_w] * std::max(to_liquid, 0.0)));
  set(FacilityLevel::reused_heat, rounded(effort[CoolingFigures::heat_reused_w]));
  set(FacilityLevel::evaporation, micrograms(effort[CoolingFigures::evaporation_kg_per_s]));
  set(FacilityLevel::drift, micrograms(effort[CoolingFigures::drift_kg_per_s]));
  set(FacilityLevel::blow_down, micrograms(effort[CoolingFigures::blow_down_kg_per_s]));
  set(FacilityLevel::main_supply, thousandths(effort[CoolingFigures::main_supply_c]));
  set(FacilityLevel::rack_supply, thousandths(effort[CoolingFigures::rack_supply_c]));
  // While no fans move the air, the plant has no say in what the servers breathe: the room has.
  set(FacilityLevel::server_inlet,
      fans_and_pumps_run || !temperatures ? thousandths(effort[CoolingFigures::server_inlet_c]) : warmest_room());

  const Milliwatts busway = supply->busway_loss(), ups = supply->ups_loss();
  const Watts room_cooling(to_watts(busway + ups) / setup.power->electrical_room_cop);
  set(Consumer::chillers, fans_and_pumps_run ? rounded(Watts(effort[CoolingFigures::chillers_w]) + room_cooling) : 0);
  supply->set_mechanical(books.level(place(Consumer::air_handler_fans)) + books.level(place(Consumer::pumps)) +
                             books.level(place(Consumer::chillers)) + books.level(place(Consumer::heat_rejection_fans)),
                         now);
  set(Consumer::house, supply->house());
  set(Consumer::busway_loss, supply->busway_loss());
  set(Consumer::ups_loss, supply->ups_loss());
  set(Consumer::transformer_loss, supply->transformer_loss());
  set(Consumer::battery_loss, supply->battery_loss());
  set(FacilityLevel::grid, supply->flow().input_of(power::NodeKind::utility));
  set(FacilityLevel::generators, supply->flow().input_of(power::NodeKind::generator));
  set(FacilityLevel::batteries, supply->flow().stored() + buffered);
  set(FacilityLevel::floors, floored);
  supply->read_meters(now);
  // Otherwise advance() sees to what is due when somebody asks.
  const Picoseconds due = next_due();
  if (due == kNever || !supply->is_watched() || due <= setup.simulation->now()) return;
  setup.simulation->set_timer(settle, due);
}

/// Of each loop the mode that its controls want, once the change-over before is long enough ago.
void Facility::State::choose_modes(CoolingFigures& effort, const cooling::HeatLoad& heat) {
  for (const Loop loop : kLoopList) {
    const std::size_t wanted = effort.wanted_mode[loop];
    if (wanted == modes[loop] || now < mode_since[loop] + kModeDwell) continue;
    modes[loop] = wanted;
    mode_since[loop] = now;
    update_plant();
    effort = cooling->effort(heat);
  }
  mode_due = kNever;
  for (const Loop loop : kLoopList) {
    if (effort.wanted_mode[loop] == modes[loop]) continue;
    mode_due = std::min(mode_due, std::max(mode_since[loop] + kModeDwell, now + 1));
  }
}

/// What is drawn has changed. Where that decides when something happens in the power tree, it is told of at this date.
void Facility::State::mark_stale() {
  is_stale = true;
  if (supply->is_watched()) setup.simulation->set_timer(settle, setup.simulation->now());
}

void Facility::State::apply_flow(std::size_t group) {
  if (!temperatures) return;
  const bool on_ups = setup.coolant_pumps_on_ups && racks.design(group).nameplate_liquid > 0;
  temperatures->set_flow(group, fans_and_pumps_run || on_ups ? coolant_flow[group] : 0.0);
}

void Facility::State::on_racks_power(std::size_t group, bool has_power) {
  const GroupLoad nothing;
  if (temperatures && powered[group] != has_power) {
    const GroupLoad& load = racks.load(group);
    temperatures->load_changes(group);
    temperatures->load_changed(group, has_power ? nothing : load, has_power ? load : nothing);
  }
  powered[group] = has_power;
  is_stale = true;
  if (power_client != nullptr) power_client->on_racks_power(group, has_power);
}

void Facility::State::on_cooling_power(bool has_power) {
  if (power_client != nullptr) power_client->on_cooling_power(has_power);
}

void Facility::State::note_validity_of_span() {
  if (most_air < 0) return;
  design.plant->effort(plant_point(heat_load(most_liquid, most_air)), notes);
  most_liquid = most_air = -1;
}

Facility::Facility(Setup setup, ValidityNotes& notes) : state_(std::make_unique<State>(std::move(setup), notes)) {}
Facility::~Facility() = default;

std::int64_t Facility::nodes() const { return state_->racks.nodes(); }

void Facility::prefetch(std::int64_t node) const { state_->racks.prefetch(node); }

/// The GPUs of a node draw `delta` more, now.
void Facility::State::node_load_changed(std::int64_t node, Milliwatts delta) {
  if (!temperatures) {
    if (racks.add_gpu_power(node, delta)) mark_stale();
    return;
  }
  const std::size_t group = racks.group_of(node);
  const GroupLoad before = racks.load(group);
  temperatures->load_changes(group);
  if (!racks.add_gpu_power(node, delta)) return;
  mark_stale();
  if (powered[group]) temperatures->load_changed(group, before, racks.load(group));
}

void Facility::State::end_floors() {
  while (const auto ended = floors->end_one(now)) node_load_changed(ended->first, ended->second);
  if (const Picoseconds next = floors->next_end(); next != kNever) setup.simulation->set_timer(floor_end, next);
}

void Facility::add_gpu_power(std::int64_t node, Milliwatts delta, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  if (s.floors) {
    const Picoseconds before = s.floors->next_end();
    delta = s.floors->add(node, delta, now);
    const Picoseconds next = s.floors->next_end();
    if (next != before) s.setup.simulation->set_timer(s.floor_end, next);
    s.mark_stale();  // what hides in a floor changes what the floor burns
  }
  s.node_load_changed(node, delta);
}

void Facility::set_node_on(std::int64_t node, bool on, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  if (s.floors && !on) s.node_load_changed(node, s.floors->drop(node));
  const std::size_t group = s.racks.group_of(node);
  const GroupLoad before = s.racks.load(group);
  if (s.temperatures) s.temperatures->load_changes(group);
  if (!s.racks.set_node_on(node, on)) return;
  s.mark_stale();
  if (s.temperatures && s.powered[group]) s.temperatures->load_changed(group, before, s.racks.load(group));
  if (s.temperatures) s.temperatures->nodes_switched(group);
}

void Facility::set_shared_power(Consumer consumer, double watts, Picoseconds now) {
  assert(consumer == Consumer::storage || consumer == Consumer::network);
  State& s = *state_;
  Milliwatts& shared = consumer == Consumer::storage ? s.storage : s.network;
  const Milliwatts power = to_milliwatts(watts);
  if (shared == power) return;
  s.advance(now);
  shared = power;
  s.mark_stale();
}

void Facility::set_weather(const weather::WeatherPoint& weather, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  s.note_validity_of_span();
  s.setup.weather = weather;
  s.note_weather();
  s.plant_changed();
}

void Facility::set_cooling_condition(const cooling::PlantCondition& condition, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  s.note_validity_of_span();
  s.condition = condition;
  s.plant_changed();
}

void Facility::set_coolant_flow(std::size_t group, double share, Picoseconds now) {
  state_->advance(now);
  state_->coolant_flow[group] = share;
  state_->apply_flow(group);
}

void Facility::set_cooling_running(bool fans_and_pumps, bool chillers, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  s.note_validity_of_span();
  s.fans_and_pumps_run = fans_and_pumps;
  s.chillers_run = chillers;
  for (std::size_t group = 0; group < s.racks.groups(); ++group) s.apply_flow(group);
  s.plant_changed();
}

const PowerSupply& Facility::supply() const { return *state_->supply; }
void Facility::set_power_client(PowerSupplyClient* client) { state_->power_client = client; }

std::size_t Facility::add_meter(std::optional<power::NodeId> node) {
  state_->refresh();
  return state_->supply->add_meter(node);
}

Femtojoules Facility::metered(std::size_t meter, Picoseconds now) const {
  state_->advance(now);
  return state_->supply->metered(meter, now);
}

std::size_t Facility::groups() const { return state_->racks.groups(); }

bool Facility::can_exceed(std::optional<power::NodeId> node, Watts limit) const {
  return state_->supply->can_exceed(node, limit);
}

PowerSystem* Facility::power_system(Picoseconds now) {
  state_->advance(now);
  state_->refresh();
  return state_->supply->system();
}

const cooling::PlantCondition& Facility::cooling_condition() const { return state_->condition; }
std::vector<cooling::PartUnits> Facility::cooling_parts() const { return state_->design.plant->parts(); }
RackTemperatures* Facility::temperatures() { return state_->temperatures.get(); }
const RackTemperatures* Facility::temperatures() const { return state_->temperatures.get(); }

void Facility::start() {
  if (state_->temperatures) state_->temperatures->start();
}

std::pair<std::int64_t, std::int64_t> Facility::nodes_of(std::size_t group) const {
  const ItLoad& racks = state_->racks;
  const std::int64_t end = group + 1 < racks.groups() ? racks.first_node(group + 1) : racks.nodes();
  return {racks.first_node(group), end};
}

void Facility::finish(Picoseconds end) {
  State& s = *state_;
  s.advance(end);
  s.note_validity_of_span();
  s.notes.check("power chain: IT power [share of the nameplates that it was sized for]",
                static_cast<double>(s.most_it) / static_cast<double>(std::max<Milliwatts>(s.design.it_nameplate, 1)),
                0.0, 1.0);
}

Femtojoules Facility::energy(Consumer consumer) const { return state_->books.total(State::place(consumer)); }
Femtojoules Facility::total(FacilityLevel level) const { return state_->books.total(State::place(level)); }

Femtojoules Facility::it_energy() const {
  Femtojoules sum = 0;
  for (int i = 0; i < kFirstOutsideIt; ++i) sum += energy(static_cast<Consumer>(i));
  return sum;
}

Femtojoules Facility::facility_energy() const {
  Femtojoules sum = 0;
  for (int i = 0; i < kConsumers; ++i) sum += energy(static_cast<Consumer>(i));
  return sum;
}

Milliwatts Facility::it_power() const {
  state_->refresh();
  return state_->it;
}

Milliwatts Facility::facility_power() const {
  state_->refresh();
  return state_->facility;
}

Milliwatts Facility::peak_it_power() const { return state_->it_peak.peak(state_->now); }
Milliwatts Facility::peak_facility_power() const { return state_->facility_peak.peak(state_->now); }
Milliwatts Facility::peak_grid_power() const { return state_->grid_peak.peak(state_->now); }
Milliwatts Facility::largest_grid_rise() const { return state_->grid_ramp.largest_rise(); }
Milliwatts Facility::largest_grid_fall() const { return state_->grid_ramp.largest_fall(); }
std::size_t Facility::samples() const { return state_->books.samples().size(); }
FacilitySample Facility::sample(std::size_t row) const { return FacilitySample(state_->books.samples()[row]); }
Femtojoules Facility::heat_to_liquid() const { return total(FacilityLevel::liquid_heat); }

Femtojoules Facility::heat_to_air() const {
  return it_energy() + energy(Consumer::busway_loss) + energy(Consumer::ups_loss) - heat_to_liquid();
}

std::vector<std::pair<std::string, Picoseconds>> Facility::cooling_modes(Loop loop) const {
  std::vector<std::pair<std::string, Picoseconds>> modes;
  const std::vector<std::string> names = state_->design.plant->modes(loop);
  for (std::size_t i = 0; i < names.size(); ++i) modes.emplace_back(names[i], state_->mode_time[loop][i]);
  return modes;
}

std::vector<std::pair<std::string, double>> Facility::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"it_nameplate_w", to_watts(state_->design.it_nameplate)}};
  for (const auto& rating : state_->supply->ratings()) all.push_back(rating);
  for (const auto& rating : state_->design.plant->ratings()) all.push_back(rating);
  return all;
}

}  // namespace tokenworks::resources
