#include "sim/resources/sized_facility.hpp"

#include <algorithm>

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

SizedFacility::SizedFacility(const Facility::Setup& setup, ValidityNotes& notes)
    : racks_(setup.groups, notes),
      design_({setup.storage, setup.network, setup.power, setup.cooling, setup.design_weather}, setup.groups, racks_),
      supply_({.network = design_.tree,
               .groups = design_.groups,
               .largest = std::vector<Milliwatts>(design_.groups.size(), 0),
               .largest_mechanical = 0,
               .house = to_milliwatts(design_.house.value),
               .simulation = nullptr,
               .seed = 0,
               .before_events = {}}),
      room_cop_(setup.power->electrical_room_cop) {
  state_.condition = design_.condition;
}

double SizedFacility::design_liquid_share() const {
  const Watts all = design_.heat.liquid + design_.heat.air;
  return all.value > 0.0 ? design_.heat.liquid / all : 0.0;
}

FacilityPower SizedFacility::settle(Watts it, double liquid_share, const weather::WeatherPoint& outside,
                                    ValidityNotes& notes) {
  state_.load = {it * liquid_share, it * (1.0 - liquid_share)};
  state_.outside = outside;
  FacilityPower power;
  power.it = it;
  // Most hours settle where the hour before did: asked once, with nothing to note, the answer stands.
  ValidityNotes here;
  power.effort = design_.plant->effort(state_, here);
  if (!here.all().empty() || !is_settled(power.effort, state_)) {
    power.effort = cooling::settled_effort(*design_.plant, state_, notes);
  }
  const Milliwatts drawn = to_milliwatts(it.value);
  for (std::size_t group = 0; group < design_.groups.size(); ++group) {
    supply_.set_racks(group, design_.shared_part(group, drawn), 0);
  }
  power.busway_loss = watts(supply_.busway_loss());
  power.ups_loss = watts(supply_.ups_loss());
  power.air_handler_fans = power.effort.air_handler_fans;
  power.pumps = power.effort.pumps;
  power.chillers = power.effort.chillers + (power.busway_loss + power.ups_loss) / room_cop_;
  power.heat_rejection_fans = power.effort.heat_rejection_fans;
  power.house = watts(supply_.house());
  supply_.set_mechanical(to_milliwatts(power.cooling().value), 0);
  power.busway_loss = watts(supply_.busway_loss());
  power.ups_loss = watts(supply_.ups_loss());
  power.transformer_loss = watts(supply_.transformer_loss());
  return power;
}

std::vector<std::pair<std::string, double>> SizedFacility::ratings() const {
  std::vector<std::pair<std::string, double>> all = {{"it_nameplate_w", to_watts(design_.it_nameplate)}};
  for (const auto& rating : supply_.ratings()) all.push_back(rating);
  for (const auto& rating : design_.plant->ratings()) all.push_back(rating);
  return all;
}

}  // namespace tokenworks::resources
