#include "sim/resources/facility.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

#include "sim/resources/cooling_table.hpp"
#include "sim/resources/level_books.hpp"
#include "sim/resources/peak_second.hpp"

namespace tokenworks::resources {
namespace {

using cooling::Loop;

constexpr std::string_view kConsumerNames[] = {
    "gpu",         "host",     "server_fans",      "rack_shared",      "storage", "network",  "power_supply_loss",
    "busway_loss", "ups_loss", "transformer_loss", "air_handler_fans", "pumps",   "chillers", "heat_rejection_fans",
    "house"};
static_assert(std::size(kConsumerNames) == kConsumers);

constexpr Loop kLoopList[] = {Loop::main, Loop::residual_air};
// LBNL Buildings library, CoolingMode: a change-over waits for so long after the one before.
constexpr Picoseconds kModeDwell = 1200 * kPicosecondsPerSecond;

// Powers and flows are never negative here, so that half up is nearest.
Milliwatts rounded(double watts) { return static_cast<Milliwatts>(watts * 1e3 + 0.5); }
Milliwatts rounded(Watts power) { return rounded(power.value); }
std::int64_t micrograms(double kilograms) { return static_cast<std::int64_t>(kilograms * 1e9 + 0.5); }
std::int64_t thousandths(double value) { return std::llround(value * 1e3); }

/// Never negative, even in the middle of several changes at one date.
cooling::HeatLoad heat_load(Milliwatts liquid, Milliwatts air) {
  return {Watts(to_watts(std::max<Milliwatts>(liquid, 0))), Watts(to_watts(std::max<Milliwatts>(air, 0)))};
}

}  // namespace

std::string_view consumer_name(Consumer consumer) { return kConsumerNames[index(consumer)]; }

// The powers of all components are a function of the nodes' GPU power (whole milliwatts), which nodes are on, the state
// of the cooling plant and the weather. They are worked out when time moves on from a date at which something changed,
// so that states which last no time leave no trace, and changes at one date may come in any order.
struct Facility::State {
  State(Setup&& given, ValidityNotes& n);

  void advance(Picoseconds to);
  void refresh();
  void settle_at_start();
  void plant_changed();
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
  Milliwatts it_nameplate = 0;
  std::unique_ptr<cooling::CoolingPlant> plant;
  std::unique_ptr<CoolingTable> cooling;
  std::unique_ptr<power::PowerChain> chain;
  std::unique_ptr<RackTemperatures> temperatures;

  // Now.
  Picoseconds now = 0;
  bool is_stale = true;  // the books' levels wait for refresh()
  LevelBooks books;
  Milliwatts it = 0, facility = 0, liquid_offered = 0;
  cooling::ByLoop<std::size_t> modes;  // that the plant's controls hold
  cooling::ByLoop<Picoseconds> mode_since;
  cooling::ByLoop<std::size_t> running;  // that run
  cooling::PlantCondition condition;

  // Since the start.
  cooling::ByLoop<std::vector<Picoseconds>> mode_time;
  PeakSecond it_peak, facility_peak;

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
      books(static_cast<std::size_t>(kConsumers + kFacilityLevels), setup.series_interval) {
  if (setup.cooling == nullptr) throw std::invalid_argument("a facility needs a cooling option");
  Milliwatts design_liquid = 0, largest_liquid = 0;
  it_nameplate = to_milliwatts(setup.storage.full_w) + to_milliwatts(setup.network.full_w);
  Milliwatts largest_it = it_nameplate;
  for (std::size_t group = 0; group < racks.groups(); ++group) {
    const GroupDesign& design = racks.design(group);
    it_nameplate += design.nameplate;
    design_liquid += design.nameplate_liquid;
    largest_it += design.largest;
    largest_liquid += design.largest_liquid;
  }

  const cooling::HeatLoad design = heat_load(design_liquid, it_nameplate - design_liquid);
  plant = setup.cooling->size(design, setup.design_weather);
  for (const Loop loop : kLoopList) {
    mode_time[loop].resize(std::max<std::size_t>(plant->modes(loop).size(), 1));
    mode_since[loop] = -kModeDwell;  // the first change-over need not wait
  }
  cooling = std::make_unique<CoolingTable>(*plant, heat_load(largest_liquid, largest_it - largest_liquid));
  cooling->set_state(plant_point({}));

  const Watts nameplate(to_watts(it_nameplate));
  const Watts house = nameplate * setup.power.house_share;
  set(Consumer::house, rounded(house));
  ValidityNotes unused;  // the design point is no state of the run
  cooling::PlantPoint at_design{.load = design, .outside = setup.design_weather};
  const Watts mechanical = cooling::settled_effort(*plant, at_design, unused).total() + house;
  const power::ChainLosses rooms = power::PowerChain(setup.power, nameplate, Watts(0)).it_losses(nameplate);
  chain = std::make_unique<power::PowerChain>(
      setup.power, nameplate, mechanical + (rooms.busway + rooms.ups) / setup.power.electrical_room_cop);
  settle_at_start();
}

/// The plant in the modes that the idle factory settles in, and the temperatures that follow.
void Facility::State::settle_at_start() {
  ValidityNotes unused;
  GroupLoad load;
  for (std::size_t group = 0; group < racks.groups(); ++group) load += racks.load(group);
  it = load.wall() + storage + network;
  liquid_offered = load.liquid_heat;
  cooling::PlantPoint point = plant_point(heat_load(liquid_offered, it - liquid_offered));
  cooling::settled_effort(*plant, point, unused);
  modes = point.modes;
  const cooling::CoolingEffort at_rest = plant->effort(plant_point(point.load), unused);
  cooling->set_state(plant_point({}));
  if (setup.simulation == nullptr) return;
  temperatures =
      std::make_unique<RackTemperatures>(RackTemperatures::Setup{*setup.simulation, *plant, setup.groups, racks,
                                                                 [this] {
                                                                   advance(setup.simulation->now());
                                                                   plant_changed();
                                                                 },
                                                                 setup.series_interval},
                                         at_rest);
}

cooling::PlantPoint Facility::State::plant_point(const cooling::HeatLoad& load) const {
  cooling::PlantPoint point{.load = load, .outside = setup.weather, .modes = modes, .condition = condition};
  for (const Loop loop : kLoopList) {
    if (temperatures) point.warmer[loop] = temperatures->warmer(loop);
  }
  return point;
}

/// Weather, modes, temperatures of loops or what is in service have changed.
void Facility::State::plant_changed() {
  cooling->set_state(plant_point({}));
  is_stale = true;
  if (!temperatures) return;
  ValidityNotes unused;
  temperatures->set_plant(plant->effort(plant_point(heat_load(liquid_offered, it - liquid_offered)), unused));
}

void Facility::State::advance(Picoseconds to) {
  assert(to >= now && "the facility's time never falls");
  if (to <= now) return;
  refresh();
  it_peak.hold(it, now, to);
  facility_peak.hold(facility, now, to);
  for (const Loop loop : kLoopList) mode_time[loop][running[loop]] += to - now;
  most_liquid = std::max(most_liquid, liquid_offered);
  most_air = std::max(most_air, it - liquid_offered);
  most_it = std::max(most_it, it);
  books.advance(to);
  now = to;
}

/// Everything outside the IT boundary from what is inside.
void Facility::State::refresh() {
  if (!is_stale) return;
  is_stale = false;
  GroupLoad load;
  for (std::size_t group = 0; group < racks.groups(); ++group) load += racks.load(group);
  set(Consumer::gpu, load.gpu);
  set(Consumer::host, load.host);
  set(Consumer::server_fans, load.server_fans);
  set(Consumer::rack_shared, load.rack_shared);
  set(Consumer::power_supply_loss, load.power_supply_loss);
  set(Consumer::storage, storage);
  set(Consumer::network, network);
  it = load.wall() + storage + network;
  liquid_offered = load.liquid_heat;

  const cooling::HeatLoad heat = heat_load(liquid_offered, it - liquid_offered);
  CoolingFigures effort = cooling->effort(heat);
  for (const Loop loop : kLoopList) {
    const std::size_t wanted = effort.wanted_mode[loop];
    if (wanted == modes[loop] || now - mode_since[loop] < kModeDwell) continue;
    modes[loop] = wanted;
    mode_since[loop] = now;
    plant_changed();
    is_stale = false;
    effort = cooling->effort(heat);
  }
  for (const Loop loop : kLoopList) running[loop] = effort.mode[loop];
  set(Consumer::air_handler_fans, rounded(effort[CoolingFigures::air_handler_fans_w]));
  set(Consumer::pumps, rounded(effort[CoolingFigures::pumps_w]));
  set(Consumer::heat_rejection_fans, rounded(effort[CoolingFigures::heat_rejection_fans_w]));
  set(FacilityLevel::liquid_heat, rounded(effort[CoolingFigures::heat_to_liquid_w]));
  set(FacilityLevel::reused_heat, rounded(effort[CoolingFigures::heat_reused_w]));
  set(FacilityLevel::evaporation, micrograms(effort[CoolingFigures::evaporation_kg_per_s]));
  set(FacilityLevel::drift, micrograms(effort[CoolingFigures::drift_kg_per_s]));
  set(FacilityLevel::blow_down, micrograms(effort[CoolingFigures::blow_down_kg_per_s]));
  set(FacilityLevel::main_supply, thousandths(effort[CoolingFigures::main_supply_c]));
  set(FacilityLevel::residual_supply, thousandths(effort[CoolingFigures::residual_supply_c]));
  set(FacilityLevel::rack_supply, thousandths(effort[CoolingFigures::rack_supply_c]));
  set(FacilityLevel::server_inlet, thousandths(effort[CoolingFigures::server_inlet_c]));
  set(FacilityLevel::outside_dry_bulb, thousandths(setup.weather.dry_bulb.value));
  set(FacilityLevel::outside_wet_bulb, thousandths(setup.weather.wet_bulb.value));

  const Watts it_w(to_watts(it));
  const power::ChainLosses rooms = chain->it_losses(it_w);
  const Watts room_cooling = (rooms.busway + rooms.ups) / setup.power.electrical_room_cop;
  set(Consumer::chillers, rounded(Watts(effort[CoolingFigures::chillers_w]) + room_cooling));

  const Watts mechanical =
      Watts(effort.power_w()) + room_cooling + Watts(to_watts(books.level(place(Consumer::house))));
  const power::ChainLosses losses = chain->losses(it_w, mechanical);
  set(Consumer::busway_loss, rounded(losses.busway));
  set(Consumer::ups_loss, rounded(losses.ups));
  set(Consumer::transformer_loss, rounded(losses.transformer));
}

void Facility::State::note_validity_of_span() {
  if (most_air < 0) return;
  plant->effort(plant_point(heat_load(most_liquid, most_air)), notes);
  most_liquid = most_air = -1;
}

Facility::Facility(Setup setup, ValidityNotes& notes) : state_(std::make_unique<State>(std::move(setup), notes)) {}
Facility::~Facility() = default;

std::int64_t Facility::nodes() const { return state_->racks.nodes(); }

void Facility::prefetch(std::int64_t node) const { state_->racks.prefetch(node); }

void Facility::add_gpu_power(std::int64_t node, Milliwatts delta, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  if (!s.temperatures) {
    if (s.racks.add_gpu_power(node, delta)) s.is_stale = true;
    return;
  }
  const std::size_t group = s.racks.group_of(node);
  const GroupLoad before = s.racks.load(group);
  if (!s.racks.add_gpu_power(node, delta)) return;
  s.is_stale = true;
  s.temperatures->load_changed(group, before, s.racks.load(group));
}

void Facility::set_node_on(std::int64_t node, bool on, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  const std::size_t group = s.racks.group_of(node);
  const GroupLoad before = s.racks.load(group);
  if (!s.racks.set_node_on(node, on)) return;
  s.is_stale = true;
  if (s.temperatures) s.temperatures->load_changed(group, before, s.racks.load(group));
}

void Facility::set_shared_power(Consumer consumer, double watts, Picoseconds now) {
  assert(consumer == Consumer::storage || consumer == Consumer::network);
  State& s = *state_;
  Milliwatts& shared = consumer == Consumer::storage ? s.storage : s.network;
  const Milliwatts power = to_milliwatts(watts);
  if (shared == power) return;
  s.advance(now);
  shared = power;
  s.is_stale = true;
}

void Facility::set_weather(const weather::WeatherPoint& weather, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  s.note_validity_of_span();
  s.setup.weather = weather;
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
  if (state_->temperatures) state_->temperatures->set_flow(group, share);
}

const cooling::PlantCondition& Facility::cooling_condition() const { return state_->condition; }
std::vector<cooling::PartUnits> Facility::cooling_parts() const { return state_->plant->parts(); }
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
                static_cast<double>(s.most_it) / static_cast<double>(std::max<Milliwatts>(s.it_nameplate, 1)), 0.0,
                1.0);
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
std::size_t Facility::samples() const { return state_->books.samples().size(); }
FacilitySample Facility::sample(std::size_t row) const { return FacilitySample(state_->books.samples()[row]); }
Femtojoules Facility::heat_to_liquid() const { return total(FacilityLevel::liquid_heat); }

Femtojoules Facility::heat_to_air() const {
  return it_energy() + energy(Consumer::busway_loss) + energy(Consumer::ups_loss) - heat_to_liquid();
}

std::vector<std::pair<std::string, Picoseconds>> Facility::cooling_modes(Loop loop) const {
  std::vector<std::pair<std::string, Picoseconds>> modes;
  const std::vector<std::string> names = state_->plant->modes(loop);
  for (std::size_t i = 0; i < names.size(); ++i) modes.emplace_back(names[i], state_->mode_time[loop][i]);
  return modes;
}

std::vector<std::pair<std::string, double>> Facility::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"it_nameplate_w", to_watts(state_->it_nameplate)}};
  for (const auto& rating : state_->chain->ratings()) all.push_back(rating);
  for (const auto& rating : state_->plant->ratings()) all.push_back(rating);
  return all;
}

}  // namespace tokenworks::resources
