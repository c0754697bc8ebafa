#include "models/cooling/tower_plant.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::cooling {
namespace {

constexpr int kMostRounds = 12;
constexpr double kSettled = 1e-12;  // of the tower's heat

/// Of the loop's heat, what the exchanger takes.
double free_share(Celsius returning, Celsius tower_water, KelvinDelta rise, double effectiveness) {
  return std::clamp(effectiveness * (returning - tower_water).value / rise.value, 0.0, 1.0);
}

Celsius design_tower_water(const TowerPlantSetup& setup) {
  return std::max({setup.design.wet_bulb + setup.tower.approach, setup.condenser_water, setup.least_condenser_water});
}

Watts chiller_capacity(const TowerPlantSetup& setup) {
  if (!setup.has_chillers) return Watts(0);
  if (setup.chillers_carry_all) return setup.capacity;
  const double share = free_share(setup.loop.supply + setup.loop.rise, setup.design.wet_bulb + setup.tower.approach,
                                  setup.loop.rise, setup.effectiveness());
  return setup.capacity * (1.0 - share);
}

Watts tower_capacity(const TowerPlantSetup& setup, const Chiller& chiller) {
  ValidityNotes unused;
  return setup.capacity + chiller.power(chiller.capacity(), setup.loop.supply, design_tower_water(setup), unused);
}

}  // namespace

struct TowerPlant::State {
  Watts chillers{0}, tower_heat{0}, chiller_heat{0};
  Celsius coldest, tower_water;
  double free = 0.0;  // share of the loop's heat
  double fan_share = 0.0;
  Celsius condenser;
};

TowerPlant::TowerPlant(const TowerPlantSetup& setup)
    : capacity_(setup.capacity),
      loop_(setup.loop),
      effectiveness_(setup.effectiveness()),
      tower_approach_(setup.tower.approach),
      condenser_water_(std::max(setup.condenser_water, setup.least_condenser_water)),
      least_condenser_water_(setup.least_condenser_water),
      most_condenser_water_(std::max(setup.most_condenser_water, design_tower_water(setup))),
      chiller_(*setup.curves, chiller_capacity(setup), setup.loop.supply, design_tower_water(setup), setup.chillers),
      tower_(setup.tower, tower_capacity(setup, chiller_), setup.tower_range, setup.design),
      pump_(water_pump(tower_.capacity(), setup.tower_range, setup.pump_head)) {}

Celsius TowerPlant::condenser_set_point(const weather::WeatherPoint& outside) const {
  return std::max(condenser_water_, outside.wet_bulb + tower_approach_);
}

TowerPlant::State TowerPlant::state(TowerPath path, const RejectionPoint& point, KelvinDelta warmer,
                                    ValidityNotes& notes) const {
  const Celsius supply = loop_.supply + warmer, returning = supply + loop_.rise;
  // Tower water at which the exchanger carries all; colder is not wanted.
  const Celsius enough = returning - loop_.rise * (1.0 / effectiveness_);
  ValidityNotes unused;
  State state;
  state.tower_heat = point.heat;
  // Compressor power warms the tower's water, which costs compressor power: a weak loop, solved by secants.
  Watts last(0), last_missing(0);
  for (int round = 0; round < kMostRounds; ++round) {
    state.coldest = tower_.coldest(state.tower_heat, point.outside, point.outdoor);
    state.free = path == TowerPath::mechanical ? 0.0 : free_share(returning, state.coldest, loop_.rise, effectiveness_);
    if (path == TowerPath::free) break;
    state.chiller_heat = point.heat * (1.0 - state.free);
    const Celsius wanted = path == TowerPath::mechanical ? condenser_set_point(point.outside) : least_condenser_water_;
    state.condenser = std::max(state.coldest, wanted);
    state.chillers = chiller_.work(state.chiller_heat, supply, state.condenser, point.chillers, unused).power;
    const Watts missing = point.heat + state.chillers - state.tower_heat;
    if (std::abs(missing.value) <= kSettled * point.heat.value) break;
    const double slope = (missing - last_missing) / (state.tower_heat - last);  // -1 without feedback
    const Watts next = round > 0 && slope < -0.5 ? state.tower_heat - missing / slope : state.tower_heat + missing;
    last = state.tower_heat;
    last_missing = missing;
    state.tower_heat = next;
  }
  if (state.chiller_heat.value > 0.0) chiller_.work(state.chiller_heat, supply, state.condenser, point.chillers, notes);
  const Celsius target = path == TowerPath::mechanical ? condenser_set_point(point.outside) : enough;
  state.fan_share = tower_.fan_share(state.tower_heat, point.outside, target, point.outdoor);
  state.tower_water = std::max(state.coldest, target);
  return state;
}

Watts TowerPlant::most_heat(TowerPath path, const RejectionPoint& point, KelvinDelta warmer, const State& state) const {
  const Celsius supply = loop_.supply + warmer;
  if (path == TowerPath::free) {
    const Celsius enough = supply + loop_.rise - loop_.rise * (1.0 / effectiveness_);
    return tower_.most_heat(enough, point.outside, point.outdoor);
  }
  // Chillers carry their capacity beside what the exchanger takes of this flow; the towers end where the chillers trip.
  const Watts towers = tower_.most_heat(most_condenser_water_, point.outside, point.outdoor);
  const double loop_share = state.tower_heat.value > 0.0 ? point.heat / state.tower_heat : 1.0;
  const Watts chillers = chiller_.available(supply, state.condenser) * point.chillers;
  const Watts machines = std::min(chillers + point.heat * state.free, towers * loop_share);
  if (state.free < 1.0) return machines;
  // The exchanger alone would do.
  return std::max(std::min(chillers, towers * loop_share), most_heat(TowerPath::free, point, warmer, state));
}

TowerPlantEffort TowerPlant::effort(TowerPath path, const RejectionPoint& given, ValidityNotes& notes) const {
  RejectionPoint point = given;
  const bool idle = given.heat.value <= 0.0;
  if (idle) point.heat = capacity_ * 1e-3;  // for what could be carried
  ValidityNotes unused;
  ValidityNotes& heard = idle ? unused : notes;
  tower_.note(point.heat, point.outside, point.outdoor, heard);
  const State now = state(path, point, point.warmer, heard);
  TowerPlantEffort effort;
  effort.exchanger_leaving = return_water(point) - (return_water(point) - now.coldest) * effectiveness_;
  effort.rejection.capability = capability_at(
      [&](KelvinDelta warmer) {
        return most_heat(path, point, warmer, warmer == point.warmer ? now : state(path, point, warmer, unused));
      },
      point.warmer);
  if (idle) return effort;
  effort.rejection.chillers = now.chillers;
  effort.rejection.fans = tower_.fans(now.fan_share, point.outdoor);
  effort.rejection.water = tower_.water(now.tower_heat, now.tower_water, point.outside);
  if (point.outdoor > 0.0)
    effort.rejection.pumps = pump_.power(now.tower_heat / tower_.capacity() / point.outdoor) * point.outdoor;
  return effort;
}

Celsius TowerPlant::free_leaving(const RejectionPoint& point) const {
  const Celsius returning = return_water(point);
  return returning - (returning - coldest_tower_water(point.heat, point)) * effectiveness_;
}

std::vector<std::pair<std::string, double>> TowerPlant::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"tower_capacity_w", tower_.capacity().value},
                                                     {"tower_fans_w", tower_.rated_fans().value},
                                                     {"tower_pumps_w", pump_.rated.value}};
  if (has_chillers()) all.emplace_back("chiller_capacity_w", chiller_.capacity().value);
  return all;
}

}  // namespace tokenworks::cooling
