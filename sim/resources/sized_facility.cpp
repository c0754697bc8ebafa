#include "sim/resources/sized_facility.hpp"

#include <algorithm>
#include <stdexcept>

#include "sim/resources/server_power.hpp"

namespace tokenworks::resources {
namespace {

constexpr cooling::Loop kLoops[] = {cooling::Loop::main, cooling::Loop::residual_air};

Watts watts(Milliwatts power) { return Watts(to_watts(power)); }

/// The plant runs in the modes that its controls want, holds its set points, and can go on so.
bool is_settled(const cooling::CoolingEffort& effort, const cooling::PlantPoint& at) {
  return std::all_of(std::begin(kLoops), std::end(kLoops), [&](cooling::Loop loop) {
    const cooling::LoopEffort& state = effort.loops[loop];
    return state.wanted_mode == at.modes[loop] && at.warmer[loop].value == 0.0 &&
           !(state.heat > state.capability.at_set_point);
  });
}

}  // namespace

SizedFacility::SizedFacility(const Facility::Setup& setup, ValidityNotes& notes) : spec_(setup.power) {
  if (setup.cooling == nullptr) throw std::invalid_argument("a facility needs a cooling option");
  Milliwatts liquid = 0, nameplates = to_milliwatts(setup.storage.full_w) + to_milliwatts(setup.network.full_w);
  for (const RackGroup& group : setup.groups) {
    const ServerPower server(group, notes);
    const Milliwatts given = to_milliwatts(group.kind.nameplate_power.value);
    const Milliwatts nameplate =
        given > 0 ? given : server.rack_wall(to_milliwatts(group.gpu_max_power_w) * group.kind.gpus_per_node);
    nameplates += nameplate * group.racks;
    liquid += server.liquid_heat(nameplate) * group.racks;
  }
  it_nameplate_ = watts(nameplates);
  design_ = {watts(liquid), watts(nameplates - liquid)};
  plant_ = setup.cooling->size(design_, setup.design_weather);
  house_ = it_nameplate_ * spec_.house_share;
  ValidityNotes unused;  // the design point is no state of the year
  const Watts mechanical = plant_->effort({.load = design_, .outside = setup.design_weather}, unused).total() + house_;
  const power::ChainLosses rooms = power::PowerChain(spec_, it_nameplate_, Watts(0)).it_losses(it_nameplate_);
  chain_ = std::make_unique<power::PowerChain>(spec_, it_nameplate_,
                                               mechanical + (rooms.busway + rooms.ups) / spec_.electrical_room_cop);
}

double SizedFacility::design_liquid_share() const {
  const Watts all = design_.liquid + design_.air;
  return all.value > 0.0 ? design_.liquid / all : 0.0;
}

FacilityPower SizedFacility::settle(Watts it, double liquid_share, const weather::WeatherPoint& outside,
                                    ValidityNotes& notes) {
  state_.load = {it * liquid_share, it * (1.0 - liquid_share)};
  state_.outside = outside;
  FacilityPower power;
  power.it = it;
  // Most hours settle where the hour before did: asked once, with nothing to note, the answer stands.
  ValidityNotes here;
  power.effort = plant_->effort(state_, here);
  if (!here.all().empty() || !is_settled(power.effort, state_)) {
    power.effort = cooling::settled_effort(*plant_, state_, notes);
  }
  const power::ChainLosses rooms = chain_->it_losses(it);
  const Watts room_cooling = (rooms.busway + rooms.ups) / spec_.electrical_room_cop;
  power.air_handler_fans = power.effort.air_handler_fans;
  power.pumps = power.effort.pumps;
  power.chillers = power.effort.chillers + room_cooling;
  power.heat_rejection_fans = power.effort.heat_rejection_fans;
  power.house = house_;
  power.losses = chain_->losses(it, power.cooling() + power.house);
  return power;
}

std::vector<std::pair<std::string, double>> SizedFacility::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"it_nameplate_w", it_nameplate_.value}};
  for (const auto& rating : chain_->ratings()) all.push_back(rating);
  for (const auto& rating : plant_->ratings()) all.push_back(rating);
  return all;
}

}  // namespace tokenworks::resources
