#include "sim/resources/facility_design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "models/power/power_flow.hpp"

namespace tokenworks::resources {
namespace {

Watts watts(Milliwatts power) { return Watts(to_watts(power)); }

/// Losses of busways and UPS with every load at its largest.
Watts room_heat(const power::NetworkSpec& spec, const power::PowerLoads& loads) {
  const power::Network network(spec);
  power::PowerFlow flow(network);
  for (const power::PowerLoads::Racks& racks : loads.racks) {
    if (const auto sink = network.find(racks.name)) flow.set_demand(*sink, to_milliwatts(racks.nameplate.value));
  }
  Milliwatts loss = 0;
  for (const power::NodeKind kind :
       {power::NodeKind::busway, power::NodeKind::pdu, power::NodeKind::ups, power::NodeKind::battery}) {
    loss += flow.loss_of(kind);
  }
  return watts(loss);
}

}  // namespace

cooling::HeatLoad heat_load(Milliwatts liquid, Milliwatts air) {
  return {watts(std::max<Milliwatts>(liquid, 0)), watts(std::max<Milliwatts>(air, 0))};
}

FacilityDesign::FacilityDesign(const FacilityParts& parts, const std::vector<RackGroup>& racks, const ItLoad& loads) {
  if (parts.cooling == nullptr) throw std::invalid_argument("a facility needs a cooling option");
  if (parts.power == nullptr) throw std::invalid_argument("a facility needs a power option");
  const Milliwatts shared_full = to_milliwatts(parts.storage.full_w) + to_milliwatts(parts.network.full_w);
  const Milliwatts shared_idle = to_milliwatts(parts.storage.idle_w) + to_milliwatts(parts.network.idle_w);
  Milliwatts liquid = 0, largest = shared_full, largest_liquid = 0;
  nameplates_until_.push_back(0);
  for (std::size_t group = 0; group < loads.groups(); ++group) {
    const GroupDesign& design = loads.design(group);
    racks_nameplate += design.nameplate;
    nameplates_until_.push_back(racks_nameplate);
    liquid += design.nameplate_liquid;
    largest += design.largest;
    largest_liquid += design.largest_liquid;
  }
  it_nameplate = racks_nameplate + shared_full;
  heat = heat_load(liquid, it_nameplate - liquid);
  largest_heat = heat_load(largest_liquid, largest - largest_liquid);
  for (std::size_t group = 0; group < racks.size(); ++group) {
    const compute::RackSpec& kind = racks[group].kind;
    const Watts rack =
        watts(loads.design(group).nameplate) / static_cast<double>(std::max<std::int64_t>(racks[group].racks, 1));
    heat.fullest_rack = std::max(heat.fullest_rack, rack);
    heat.fullest_rack_air = std::max(heat.fullest_rack_air, rack * (1.0 - kind.liquid_heat_share));
  }

  plant = parts.cooling->size(heat, parts.design_weather);
  for (const cooling::PartUnits& units : plant->parts()) {
    condition.of(units.part) = static_cast<double>(units.installed) / static_cast<double>(units.needed);
  }
  house = watts(it_nameplate) * parts.power->house_share;
  ValidityNotes unused;  // the design point is no state of a run
  cooling::PlantPoint on_design_day{.load = heat, .outside = parts.design_weather};
  mechanical = cooling::settled_effort(*plant, on_design_day, unused).total();

  power::PowerLoads on_tree;
  for (std::size_t group = 0; group < racks.size(); ++group) {
    const std::string& name = racks[group].name;
    groups.push_back(name.empty() ? fmt::format("racks_{}", group) : name);
    const Milliwatts most = loads.design(group).nameplate + shared_part(group, shared_full);
    const Milliwatts least = loads.load(group).wall() + shared_part(group, shared_idle);
    on_tree.racks.push_back({groups.back(), watts(most), watts(std::min(least, most))});
  }
  on_tree.house = house;
  on_tree.mechanical = mechanical;
  mechanical += room_heat(parts.power->network(on_tree), on_tree) / parts.power->electrical_room_cop;
  on_tree.mechanical = mechanical;
  tree = parts.power->network(on_tree);
}

Milliwatts FacilityDesign::shared_part(std::size_t group, Milliwatts shared) const {
  if (shared == 0 || racks_nameplate == 0) return 0;
  __extension__ using Wide = __int128;
  const auto up_to = [&](Milliwatts nameplate) {
    return static_cast<Milliwatts>(static_cast<Wide>(shared) * nameplate / racks_nameplate);
  };
  return up_to(nameplates_until_[group + 1]) - up_to(nameplates_until_[group]);
}

}  // namespace tokenworks::resources
