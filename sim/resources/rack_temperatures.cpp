#include "sim/resources/rack_temperatures.hpp"

#include <algorithm>
#include <utility>

#include "sim/resources/rank_after_steps.hpp"

namespace tokenworks::resources {
namespace {

using cooling::Loop;

constexpr Loop kLoopList[] = {Loop::main, Loop::residual_air};
enum : std::uint32_t { kMeter, kDrift };
// While a loop drifts, the plant's power follows its temperature in steps of so long: a tenth of the fastest drifts,
// which take minutes.
constexpr Picoseconds kDriftStep = 10 * kPicosecondsPerSecond;
constexpr KelvinDelta kRestartMargin{2.0};
constexpr Picoseconds kHottestLook = kPicosecondsPerSecond;
// Supplies' losses at low load may exceed those a little above it; bounds leave room for that.
constexpr double kBoundMargin = 1.02;

Milliwatts bound(Milliwatts a, Milliwatts b) {
  return static_cast<Milliwatts>(static_cast<double>(std::max(a, b)) * kBoundMargin) + 1;
}

}  // namespace

RackTemperatures::RackTemperatures(Setup setup, const cooling::CoolingEffort& at,
                                   const cooling::ByLoop<Watts>& own_heat)
    : setup_(std::move(setup)) {
  const ItLoad& racks = setup_.racks;
  std::vector<CoolingZone> zones;
  const bool has_second_loop = !setup_.plant.modes(Loop::residual_air).empty();
  cooling::ByLoop<double> loop_j_per_k;
  std::vector<std::pair<std::size_t, Loop>> places;  // of zones: group and loop
  for (std::size_t g = 0; g < setup_.groups.size(); ++g) {
    Group& group = groups_.emplace_back();
    const GroupDesign& design = racks.design(g);
    const GroupLoad &now = racks.load(g), &full = racks.full_load(g);
    group.on_liquid = design.nameplate_liquid > 0 && setup_.plant.thermal_path(true).chips_on_liquid;
    const cooling::ThermalPath path = setup_.plant.thermal_path(group.on_liquid);
    if (!(path.zone_s > 0.0)) continue;
    CoolingZone zone;
    zone.path = path;
    zone.design_heat = Watts(to_watts(group.on_liquid ? design.nameplate_liquid : design.nameplate));
    zone.gpus = racks.gpus(g);
    zone.limits = setup_.groups[g].temperature_limits;
    zone.throttle = setup_.groups[g].throttle;
    zone.initial = heat_to_chips_zone(group, now, racks.hottest_gpu(g));
    zone.most = heat_to_chips_zone(group, full, to_milliwatts(setup_.groups[g].gpu_max_power_w));
    zone.most = {bound(zone.most.chips, zone.initial.chips), bound(zone.most.hottest, zone.initial.hottest),
                 bound(zone.most.other, zone.initial.other)};
    group.chips = zones.size();
    group_of_zone_.push_back(g);
    places.emplace_back(g, Loop::main);
    loop_j_per_k[Loop::main] += path.loop_s * zone.design_heat.value;
    zones.push_back(zone);
    if (!group.on_liquid || design.nameplate <= design.nameplate_liquid) continue;
    CoolingZone air;
    air.path = setup_.plant.thermal_path(false);
    air.design_heat = Watts(to_watts(design.nameplate - design.nameplate_liquid));
    air.initial.other = heat_to_air_zone(now);
    air.most.other = bound(heat_to_air_zone(full), air.initial.other);
    group.air = zones.size();
    group_of_zone_.push_back(g);
    const Loop loop = has_second_loop ? Loop::residual_air : Loop::main;
    places.emplace_back(g, loop);
    loop_j_per_k[loop] += air.path.loop_s * air.design_heat.value;
    zones.push_back(air);
  }
  std::vector<CoolingLoop> loops;
  for (const Loop loop : kLoopList) {
    set_points_[loop] = at.loops[loop].supply;
    if (!(loop_j_per_k[loop] > 0.0)) continue;
    loops_[loop] = loops.size();
    loops.push_back({.set_point = at.loops[loop].supply,
                     .capability = at.loops[loop].capability,
                     .heat_capacity = JoulesPerKelvin(loop_j_per_k[loop]),
                     .own_heat = own_heat[loop]});
  }
  for (std::size_t z = 0; z < zones.size(); ++z) zones[z].loop = *loops_[places[z].second];
  if (!zones.empty()) {
    ZoneTemperatureClient& self = *this;
    zones_ = std::make_unique<ZoneTemperatures>(setup_.simulation, self, std::move(zones), std::move(loops));
  }
  meter_ = setup_.simulation.add_timer(*this, kMeter, rank_after_steps(AfterSteps::temperature_series));
  drift_ = setup_.simulation.add_timer(*this, kDrift, rank_after_steps(AfterSteps::drifting_loops));
  setup_.simulation.set_idle(meter_);
  setup_.simulation.set_idle(drift_);
}

void RackTemperatures::start() {
  if (!zones_) return;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (!groups_[g].chips) continue;
    const RackGroup& racks = setup_.groups[g];
    const KelvinDelta above_coolant =
        setup_.plant.thermal_path(groups_[g].on_liquid).chip_resistance * Watts(racks.gpu_max_power_w);
    // A plant whose coolant is that warm by design starts again at it.
    groups_[g].restart_below = std::max(racks.temperature_limits.max - above_coolant,
                                        zones_->zone(*groups_[g].chips).coolant + kRestartMargin);
  }
  zones_->start();
  if (setup_.series_interval > 0) wait(meter_, setup_.series_interval);
}

/// Alone, neither the meter nor a drift keeps a run alive.
void RackTemperatures::wait(engine::TimerId timer, Picoseconds span) {
  setup_.simulation.set_timer(timer, setup_.simulation.now() + span);
}

ZoneHeat RackTemperatures::heat_to_chips_zone(const Group& group, const GroupLoad& load, Milliwatts hottest) const {
  if (!group.on_liquid) return {.chips = load.gpu, .hottest = hottest, .other = load.wall() - load.gpu};
  // Where cold plates take less than the GPUs draw, the rest of it goes to the air.
  const Milliwatts chips = std::min(load.gpu, load.liquid_heat);
  if (load.gpu > 0 && chips < load.gpu) {
    __extension__ using Wide = __int128;
    hottest = static_cast<Milliwatts>(static_cast<Wide>(hottest) * chips / load.gpu);
  }
  return {.chips = chips, .hottest = hottest, .other = load.liquid_heat - chips};
}

void RackTemperatures::set_next_look(Group& group) {
  group.next_look = (setup_.simulation.now() / kHottestLook + 1) * kHottestLook;
}

void RackTemperatures::load_changed(std::size_t number, const GroupLoad& before, const GroupLoad& after) {
  Group& group = groups_[number];
  if (!group.chips) return;
  const ZoneHeat from = heat_to_chips_zone(group, before, 0), to = heat_to_chips_zone(group, after, 0);
  zones_->add_heat(*group.chips, to.chips - from.chips, to.other - from.other);
  if (group.air) zones_->add_heat(*group.air, 0, heat_to_air_zone(after) - heat_to_air_zone(before));
  if (zones_->watched(*group.chips)) {
    look_for_hottest(number);
    return;
  }
  group.look_is_due = true;
  if (!look_has_come(group)) return;
  zones_->set_hottest(*group.chips, heat_to_chips_zone(group, before, group.hottest_before).hottest);
  set_next_look(group);
}

void RackTemperatures::look_for_hottest(std::size_t number) {
  Group& group = groups_[number];
  group.look_is_due = false;
  set_next_look(group);
  const Milliwatts hottest = setup_.racks.hottest_gpu(number);
  zones_->set_hottest(*group.chips, heat_to_chips_zone(group, setup_.racks.load(number), hottest).hottest);
}

void RackTemperatures::nodes_switched(std::size_t group) {
  if (groups_[group].chips) look_for_hottest(group);
}

void RackTemperatures::set_flow(std::size_t group, double share) {
  if (!groups_[group].chips) return;
  if (groups_[group].look_is_due) look_for_hottest(group);
  zones_->set_flow(*groups_[group].chips, share);
}

void RackTemperatures::restore(std::size_t group) {
  if (!groups_[group].chips) return;
  if (groups_[group].look_is_due) look_for_hottest(group);
  zones_->restore(*groups_[group].chips);
}

void RackTemperatures::set_plant(const cooling::CoolingEffort& at, const cooling::ByLoop<Watts>& own_heat) {
  for (const Loop loop : kLoopList) {
    if (!loops_[loop]) continue;
    const std::size_t number = *loops_[loop];
    zones_->set_capability(number, at.loops[loop].capability);
    zones_->set_own_heat(number, own_heat[loop]);
  }
}

void RackTemperatures::clock_level_changed(std::size_t zone, int, double clock_share) {
  if (client_ != nullptr) client_->on_clock_limit(group_of_zone_[zone], clock_share);
}

void RackTemperatures::zone_shut_down(std::size_t zone) {
  if (client_ != nullptr) client_->on_overheated(group_of_zone_[zone]);
}

bool RackTemperatures::may_restart(std::size_t number) const {
  const Group& group = groups_[number];
  if (!group.chips) return true;
  const ZoneState state = zones_->zone(*group.chips);
  return std::max(state.coolant, state.hottest) <= group.restart_below;
}

bool RackTemperatures::all_loops_held() const {
  return std::all_of(std::begin(kLoopList), std::end(kLoopList),
                     [this](Loop loop) { return !loops_[loop] || zones_->loop(*loops_[loop]).held; });
}

void RackTemperatures::loop_held_changed(std::size_t, bool held) {
  setup_.loops_moved();
  if (!held) wait(drift_, kDriftStep);
}

void RackTemperatures::on_timer(std::uint32_t tag) {
  if (tag == kMeter) {
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      if (groups_[group].look_is_due) look_for_hottest(group);
    }
    series_.push_back(all_groups());
    if (!setup_.simulation.nothing_pending()) wait(meter_, setup_.series_interval);
    return;
  }
  setup_.loops_moved();
  if (!all_loops_held() && !setup_.simulation.nothing_pending()) wait(drift_, kDriftStep);
}

GroupTemperatures RackTemperatures::group(std::size_t number) const {
  const Group& group = groups_[number];
  if (!group.chips) return {};
  const ZoneState state = zones_->zone(*group.chips);
  return {state.chips.value, state.hottest.value, state.coolant.value, state.clock_share};
}

std::vector<GroupTemperatures> RackTemperatures::all_groups() const {
  std::vector<GroupTemperatures> all;
  for (std::size_t g = 0; g < groups_.size(); ++g) all.push_back(group(g));
  return all;
}

KelvinDelta RackTemperatures::warmer(Loop loop) const {
  if (!loops_[loop] || zones_->is_held(*loops_[loop])) return KelvinDelta(0);
  return std::max(zones_->loop(*loops_[loop]).temperature - set_points_[loop], KelvinDelta(0));
}

}  // namespace tokenworks::resources
