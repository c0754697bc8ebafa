#include "sim/resources/facility.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

#include "sim/resources/cooling_table.hpp"
#include "sim/resources/server_power.hpp"

namespace tokenworks::resources {
namespace {

constexpr std::string_view kConsumerNames[] = {
    "gpu",         "host",     "server_fans",      "rack_shared",      "storage", "network",  "power_supply_loss",
    "busway_loss", "ups_loss", "transformer_loss", "air_handler_fans", "pumps",   "chillers", "heat_rejection_fans",
    "house"};
static_assert(std::size(kConsumerNames) == kConsumers);

constexpr int index(Consumer consumer) { return static_cast<int>(consumer); }
constexpr int kFirstOutsideIt = index(Consumer::busway_loss);  // the IT boundary is where racks meet the busway

// Powers are never negative here, so that half up is nearest.
Milliwatts rounded(Watts power) { return static_cast<Milliwatts>(power.value * 1e3 + 0.5); }
Milliwatts mean(Femtojoules energy, Picoseconds span) { return static_cast<Milliwatts>((energy + span / 2) / span); }
Femtojoules over(Milliwatts power, Picoseconds span) { return static_cast<Femtojoules>(power) * span; }

struct Node {
  Milliwatts gpus = 0;     ///< what the GPUs would draw; counts while the node is off, too
  Milliwatts besides = 0;  ///< drawn by the rest of the node
  std::uint32_t group = 0, pool = 0;
  bool on = true;
};

/// Power supplies that share their load: of a node or of a rack.
struct Pool {
  Milliwatts output = 0, loss = 0, liquid = 0;
};

/// Highest mean power over whole seconds.
class PeakSecond {
 public:
  void hold(Milliwatts power, Picoseconds from, Picoseconds until) {
    const Picoseconds second_end = (from / kPicosecondsPerSecond + 1) * kPicosecondsPerSecond;
    if (until < second_end) {
      energy_ += over(power, until - from);
      return;
    }
    close(energy_ + over(power, second_end - from));
    const Picoseconds last_start = until / kPicosecondsPerSecond * kPicosecondsPerSecond;
    if (last_start > second_end) close(over(power, kPicosecondsPerSecond));  // the seconds between are all alike
    energy_ = over(power, until - last_start);
  }
  /// Over a run of `length` so far: its mean when it has no whole second.
  Milliwatts peak(Picoseconds length) const {
    if (length >= kPicosecondsPerSecond) return peak_;
    return length > 0 ? mean(energy_, length) : 0;
  }

 private:
  void close(Femtojoules second) { peak_ = std::max(peak_, mean(second, kPicosecondsPerSecond)); }
  Femtojoules energy_ = 0;  // of the second that runs
  Milliwatts peak_ = 0;
};

/// Never negative, even in the middle of several changes at one date.
cooling::HeatLoad heat_load(Milliwatts liquid, Milliwatts air) {
  return {Watts(to_watts(std::max<Milliwatts>(liquid, 0))), Watts(to_watts(std::max<Milliwatts>(air, 0)))};
}

}  // namespace

std::string_view consumer_name(Consumer consumer) { return kConsumerNames[index(consumer)]; }

bool is_it(Consumer consumer) { return index(consumer) < kFirstOutsideIt; }

// The powers of all components are a function of the nodes' GPU power (whole milliwatts), which nodes are on, and the
// weather. They are worked out when time moves on from a date at which something changed, so that states which last no
// time leave no trace, and changes at one date may come in any order.
struct Facility::State {
  State(Setup&& given, ValidityNotes& n);

  void add_node(std::uint32_t group, std::uint32_t pool);
  void change_node(Node& node, bool on);
  void change_pool(const ServerPower& server, Pool& pool, Milliwatts delta);
  void advance(Picoseconds to);
  void refresh();
  void integrate(Picoseconds to);
  void accumulate(Picoseconds to);
  void close_sample();
  void note_validity_of_span();

  Milliwatts& of(Consumer consumer) { return power[index(consumer)]; }

  Setup setup;
  ValidityNotes& notes;
  std::vector<ServerPower> servers;
  std::vector<Node> nodes;
  std::vector<Pool> pools;
  Milliwatts it_nameplate = 0;
  std::unique_ptr<cooling::CoolingPlant> plant;
  std::unique_ptr<CoolingTable> cooling;
  std::unique_ptr<power::PowerChain> chain;

  // Now.
  Picoseconds now = 0;
  bool is_stale = true;  // `power` outside the IT boundary waits for refresh()
  Milliwatts power[kConsumers] = {};
  Milliwatts liquid_offered = 0;  // by the racks
  Milliwatts it = 0, facility = 0, heat_to_liquid = 0;
  std::size_t mode = 0;

  // Since the start.
  Femtojoules energy[kConsumers] = {};
  Femtojoules liquid_energy = 0;
  std::vector<Picoseconds> mode_time;
  PeakSecond it_peak, facility_peak;
  std::vector<FacilitySample> samples;
  bool last_sample_is_partial = false;
  Picoseconds sample_end = kNever;
  Femtojoules energy_at_sample[kConsumers] = {};     // at the start of the sample that runs
  Milliwatts rounded_until_sample[kConsumers] = {};  // sum of the closed samples' means

  // Farthest loads of the span of one weather, for the validity notes; negative while no time has passed in it.
  Milliwatts most_liquid = -1, most_air = -1;
  Milliwatts most_it = 0;
};

Facility::State::State(Setup&& given, ValidityNotes& n) : setup(std::move(given)), notes(n) {
  if (setup.cooling == nullptr) throw std::invalid_argument("a facility needs a cooling option");
  Milliwatts design_liquid = 0, largest_liquid = 0;
  it_nameplate = to_milliwatts(setup.storage.full_w) + to_milliwatts(setup.network.full_w);
  Milliwatts largest_it = it_nameplate;
  servers.reserve(setup.groups.size());
  for (const RackGroup& group : setup.groups) {
    const auto number = static_cast<std::uint32_t>(servers.size());
    const ServerPower& server = servers.emplace_back(group, notes);
    const Milliwatts full = server.rack_wall(to_milliwatts(group.gpu_max_power_w) * group.kind.gpus_per_node);
    const Milliwatts given_nameplate = to_milliwatts(group.kind.nameplate_power.value);
    const Milliwatts nameplate = given_nameplate > 0 ? given_nameplate : full;
    it_nameplate += nameplate * group.racks;
    design_liquid += server.liquid_heat(nameplate) * group.racks;
    largest_it += std::max(nameplate, full) * group.racks;
    largest_liquid += server.liquid_heat(std::max(nameplate, full)) * group.racks;
    for (std::int64_t rack = 0; rack < group.racks; ++rack) {
      for (std::int64_t node = 0; node < group.kind.nodes; ++node) {
        if (node == 0 || !server.supplies_are_shared()) pools.emplace_back();
        add_node(number, static_cast<std::uint32_t>(pools.size() - 1));
      }
      if (server.rack_shared() > 0 && group.kind.nodes > 0) {
        of(Consumer::rack_shared) += server.rack_shared();
        change_pool(server, pools.back(), server.rack_shared());
      }
    }
  }
  of(Consumer::storage) = to_milliwatts(setup.storage.idle_w);
  of(Consumer::network) = to_milliwatts(setup.network.idle_w);

  const cooling::HeatLoad design = heat_load(design_liquid, it_nameplate - design_liquid);
  plant = setup.cooling->size(design, setup.design_weather);
  mode_time.resize(std::max<std::size_t>(plant->modes(cooling::Loop::main).size(), 1));
  cooling = std::make_unique<CoolingTable>(*plant, heat_load(largest_liquid, largest_it - largest_liquid));
  cooling->set_weather(setup.weather);

  const Watts nameplate(to_watts(it_nameplate));
  const Watts house = nameplate * setup.power.house_share;
  of(Consumer::house) = rounded(house);
  ValidityNotes unused;  // the design point is no state of the run
  const Watts mechanical = plant->effort({.load = design, .outside = setup.design_weather}, unused).total() + house;
  const power::ChainLosses rooms = power::PowerChain(setup.power, nameplate, Watts(0)).it_losses(nameplate);
  chain = std::make_unique<power::PowerChain>(
      setup.power, nameplate, mechanical + (rooms.busway + rooms.ups) / setup.power.electrical_room_cop);
  if (setup.series_interval > 0) sample_end = setup.series_interval;
}

void Facility::State::add_node(std::uint32_t group, std::uint32_t pool) {
  Node& node = nodes.emplace_back();
  node.gpus = servers[group].idle_gpus();
  node.group = group;
  node.pool = pool;
  node.on = false;
  change_node(node, true);
}

void Facility::State::change_node(Node& node, bool on) {
  if (node.on == on) return;
  node.on = on;
  const ServerPower& server = servers[node.group];
  const Milliwatts sign = on ? 1 : -1;
  const Milliwatts besides = server.besides_gpus(node.gpus), fans = server.fans(besides);
  node.besides = on ? besides : 0;
  of(Consumer::gpu) += sign * node.gpus;
  of(Consumer::server_fans) += sign * fans;
  of(Consumer::host) += sign * (besides - fans);
  change_pool(server, pools[node.pool], sign * (node.gpus + besides));
  is_stale = true;
}

void Facility::State::change_pool(const ServerPower& server, Pool& pool, Milliwatts delta) {
  pool.output += delta;
  const Milliwatts loss = server.supply_loss(pool.output);
  const Milliwatts liquid = server.liquid_heat(pool.output + loss);
  of(Consumer::power_supply_loss) += loss - pool.loss;
  liquid_offered += liquid - pool.liquid;
  pool.loss = loss;
  pool.liquid = liquid;
}

void Facility::State::advance(Picoseconds to) {
  assert(to >= now && "the facility's time never falls");
  if (to <= now) return;
  refresh();
  integrate(to);
}

/// Everything outside the IT boundary from what is inside.
void Facility::State::refresh() {
  if (!is_stale) return;
  is_stale = false;
  it = 0;
  for (int i = 0; i < kFirstOutsideIt; ++i) it += power[i];

  const cooling::CoolingEffort effort = cooling->effort(heat_load(liquid_offered, it - liquid_offered));
  heat_to_liquid = rounded(effort.heat_to_liquid);
  mode = effort.loops[cooling::Loop::main].mode;
  of(Consumer::air_handler_fans) = rounded(effort.air_handler_fans);
  of(Consumer::pumps) = rounded(effort.pumps);
  of(Consumer::heat_rejection_fans) = rounded(effort.heat_rejection_fans);

  const Watts it_w(to_watts(it));
  const power::ChainLosses rooms = chain->it_losses(it_w);
  const Watts room_cooling = (rooms.busway + rooms.ups) / setup.power.electrical_room_cop;
  of(Consumer::chillers) = rounded(effort.chillers + room_cooling);

  const Watts mechanical = effort.total() + room_cooling + Watts(to_watts(of(Consumer::house)));
  const power::ChainLosses losses = chain->losses(it_w, mechanical);
  of(Consumer::busway_loss) = rounded(losses.busway);
  of(Consumer::ups_loss) = rounded(losses.ups);
  of(Consumer::transformer_loss) = rounded(losses.transformer);

  facility = it;
  for (int i = kFirstOutsideIt; i < kConsumers; ++i) facility += power[i];
}

void Facility::State::integrate(Picoseconds to) {
  if (last_sample_is_partial) {  // finish() was not the end
    samples.pop_back();
    last_sample_is_partial = false;
  }
  it_peak.hold(it, now, to);
  facility_peak.hold(facility, now, to);
  mode_time[mode] += to - now;
  most_liquid = std::max(most_liquid, liquid_offered);
  most_air = std::max(most_air, it - liquid_offered);
  most_it = std::max(most_it, it);
  while (to >= sample_end) {
    accumulate(sample_end);
    close_sample();
    sample_end += setup.series_interval;
  }
  accumulate(to);
}

void Facility::State::accumulate(Picoseconds to) {
  const Picoseconds span = to - now;
  for (int i = 0; i < kConsumers; ++i) energy[i] += over(power[i], span);
  liquid_energy += over(heat_to_liquid, span);
  now = to;
}

/// Means are rounded so that their running sum is the nearest to the energy: the integral of the rows never drifts.
void Facility::State::close_sample() {
  FacilitySample& sample = samples.emplace_back();
  for (int i = 0; i < kConsumers; ++i) {
    const Milliwatts until = mean(energy[i], setup.series_interval);
    sample.mean[i] = until - rounded_until_sample[i];
    rounded_until_sample[i] = until;
    energy_at_sample[i] = energy[i];
  }
}

void Facility::State::note_validity_of_span() {
  if (most_air < 0) return;
  plant->effort({.load = heat_load(most_liquid, most_air), .outside = setup.weather}, notes);
  most_liquid = most_air = -1;
}

Facility::Facility(Setup setup, ValidityNotes& notes) : state_(std::make_unique<State>(std::move(setup), notes)) {}
Facility::~Facility() = default;

std::int64_t Facility::nodes() const { return static_cast<std::int64_t>(state_->nodes.size()); }

void Facility::prefetch(std::int64_t node) const {
  const Node* place = &state_->nodes[static_cast<std::size_t>(node)];
  __builtin_prefetch(place);
}

void Facility::add_gpu_power(std::int64_t number, Milliwatts delta, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  assert(number >= 0 && number < nodes());
  Node& node = s.nodes[static_cast<std::size_t>(number)];
  node.gpus += delta;
  if (!node.on || delta == 0) return;
  const ServerPower& server = s.servers[node.group];
  const Milliwatts besides = server.besides_gpus(node.gpus);
  const Milliwatts fans_delta = server.fans(besides) - server.fans(node.besides);
  const Milliwatts besides_delta = besides - node.besides;
  node.besides = besides;
  s.of(Consumer::gpu) += delta;
  s.of(Consumer::server_fans) += fans_delta;
  s.of(Consumer::host) += besides_delta - fans_delta;
  s.change_pool(server, s.pools[node.pool], delta + besides_delta);
  s.is_stale = true;
}

void Facility::set_node_on(std::int64_t node, bool on, Picoseconds now) {
  assert(node >= 0 && node < nodes());
  state_->advance(now);
  state_->change_node(state_->nodes[static_cast<std::size_t>(node)], on);
}

void Facility::set_shared_power(Consumer consumer, double watts, Picoseconds now) {
  const Milliwatts power = to_milliwatts(watts);
  State& s = *state_;
  if (s.of(consumer) == power) return;
  s.advance(now);
  s.of(consumer) = power;
  s.is_stale = true;
}

void Facility::set_weather(const weather::WeatherPoint& weather, Picoseconds now) {
  State& s = *state_;
  s.advance(now);
  s.note_validity_of_span();
  s.setup.weather = weather;
  s.cooling->set_weather(weather);
  s.is_stale = true;
}

void Facility::finish(Picoseconds end) {
  State& s = *state_;
  s.advance(end);
  s.note_validity_of_span();
  s.notes.check("power chain: IT power [share of the nameplates that it was sized for]",
                static_cast<double>(s.most_it) / static_cast<double>(std::max<Milliwatts>(s.it_nameplate, 1)), 0.0,
                1.0);
  if (s.setup.series_interval <= 0 || s.last_sample_is_partial) return;
  const Picoseconds partial = s.now - (s.sample_end - s.setup.series_interval);
  if (partial == 0) return;
  FacilitySample& sample = s.samples.emplace_back();
  for (int i = 0; i < kConsumers; ++i) sample.mean[i] = mean(s.energy[i] - s.energy_at_sample[i], partial);
  s.last_sample_is_partial = true;
}

Femtojoules Facility::energy(Consumer consumer) const { return state_->energy[index(consumer)]; }

Femtojoules Facility::it_energy() const {
  Femtojoules sum = 0;
  for (int i = 0; i < kFirstOutsideIt; ++i) sum += state_->energy[i];
  return sum;
}

Femtojoules Facility::facility_energy() const {
  Femtojoules sum = 0;
  for (const Femtojoules energy : state_->energy) sum += energy;
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
const std::vector<FacilitySample>& Facility::samples() const { return state_->samples; }
Femtojoules Facility::heat_to_liquid() const { return state_->liquid_energy; }

Femtojoules Facility::heat_to_air() const {
  return it_energy() + energy(Consumer::busway_loss) + energy(Consumer::ups_loss) - state_->liquid_energy;
}

std::vector<std::pair<std::string, Picoseconds>> Facility::cooling_modes() const {
  std::vector<std::pair<std::string, Picoseconds>> modes;
  const std::vector<std::string> names = state_->plant->modes(cooling::Loop::main);
  for (std::size_t i = 0; i < names.size(); ++i) modes.emplace_back(names[i], state_->mode_time[i]);
  return modes;
}

std::vector<std::pair<std::string, double>> Facility::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"it_nameplate_w", to_watts(state_->it_nameplate)}};
  for (const auto& rating : state_->chain->ratings()) all.push_back(rating);
  for (const auto& rating : state_->plant->ratings()) all.push_back(rating);
  return all;
}

}  // namespace tokenworks::resources
