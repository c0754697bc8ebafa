#include "sim/scenario/check_cooling.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/cooling_incident_spec.hpp"

namespace tokenworks::scenario {
namespace {

/// What the plant is sized for: nameplates of the racks, split as they split their heat.
cooling::HeatLoad design_load(const ScenarioSpec& spec, Catalog& catalog) {
  cooling::HeatLoad load;
  FaultList unused;
  for (const RackGroupSpec& group : spec.factory.racks) {
    const compute::RackSpec* kind = catalog.rack(group.kind, unused);
    if (kind == nullptr) continue;
    const Watts heat = kind->nameplate_power * static_cast<double>(group.count);
    load.liquid += heat * kind->liquid_heat_share;
    load.air += heat * (1.0 - kind->liquid_heat_share);
  }
  return load;
}

/// Settings that make no plant. Whether there is a cooling that can be sized.
bool check_set_points(const ScenarioSpec& spec, FaultList& faults) {
  if (!spec.factory.cooling.has_value() || faults.concern("/factory/cooling")) return false;
  const cooling::OptionFaults found = spec.factory.cooling->faults();
  for (const auto& [pointer, message] : found) {
    faults.add(FaultKind::conflicting_keys, "/factory/cooling" + pointer, message);
  }
  return found.empty();
}

void check_units(const std::string& pointer, const CoolingUnitFailureSpec& incident,
                 const std::vector<cooling::PartUnits>& parts, FaultList& faults) {
  const auto part =
      std::find_if(parts.begin(), parts.end(), [&](const auto& units) { return units.part == incident.part; });
  if (part == parts.end()) {
    std::vector<std::string> names;
    for (const cooling::PartUnits& units : parts) names.emplace_back(cooling::part_name(units.part));
    faults.add(FaultKind::needs_other_part, pointer + "/kind",
               fmt::format("the cooling plant has no {}; it has: {}", cooling::part_name(incident.part),
                           names.empty() ? "nothing that fails" : name_list(names)));
    return;
  }
  if (incident.units <= part->installed || faults.concern(pointer + "/units")) return;
  faults.add(FaultKind::out_of_range, pointer + "/units",
             fmt::format("found {}; allowed: at most the {} {} of the plant", incident.units, part->installed,
                         cooling::part_name(incident.part)));
}

void check_what_is_left(const std::string& pointer, const CoolingPumpFailureSpec& incident, FaultList& faults) {
  if (faults.concern(pointer + "/flow_share") || faults.concern(pointer + "/pumps")) return;
  if (incident.flow_share && incident.pumps) {
    faults.add(FaultKind::conflicting_keys, pointer + "/pumps",
               "flow_share says already what flow is left; allowed: flow_share or pumps");
  } else if (!incident.flow_share && !incident.pumps) {
    faults.add(FaultKind::missing_key, pointer + "/flow_share",
               "is missing; flow_share says what flow is left, or pumps how many pumps fail");
  }
}

void check_pumps(const std::string& pointer, std::int64_t failed, const cooling::CoolingPlant& plant,
                 std::string_view cooling_kind, const compute::RackSpec& racks, FaultList& faults) {
  if (faults.concern(pointer)) return;
  const cooling::ThermalPath path = plant.thermal_path(true);
  if (racks.liquid_heat_share <= 0.0 || !path.chips_on_liquid || path.pumps.installed == 0) {
    faults.add(
        FaultKind::needs_other_part, pointer,
        fmt::format("{} counts no pumps for the coolant of racks with {:.3g} % of their heat in liquid; allowed: "
                    "flow_share, or the cooling direct_to_chip for racks with cold plates",
                    cooling_kind, 100.0 * racks.liquid_heat_share));
  } else if (failed > path.pumps.installed) {
    faults.add(FaultKind::out_of_range, pointer,
               fmt::format("found {}; allowed: at most the {} pumps of a coolant unit (cdu_pumps_installed)", failed,
                           path.pumps.installed));
  }
}

}  // namespace

void check_cooling(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults) {
  std::vector<std::string> names;
  for (const RackGroupSpec& group : spec.factory.racks) names.push_back(group.name);
  const bool is_sound = check_set_points(spec, faults);
  std::unique_ptr<cooling::CoolingPlant> plant;  // made when first asked for
  const auto sized_plant = [&]() -> const cooling::CoolingPlant& {
    if (!plant) plant = spec.factory.cooling->size(design_load(spec, catalog), weather::WeatherPoint());
    return *plant;
  };
  for (std::size_t i = 0; i < spec.incidents.size(); ++i) {
    if (!spec.incidents[i].has_value()) continue;
    const std::string pointer = fmt::format("/incidents/{}", i);
    const auto* pump = dynamic_cast<const CoolingPumpFailureSpec*>(&*spec.incidents[i]);
    if (pump != nullptr) check_what_is_left(pointer, *pump, faults);
    if (!racks_known) continue;
    if (pump != nullptr) {
      if (pump->target.empty() || faults.concern(pointer + "/target")) continue;
      const auto name = std::find(names.begin(), names.end(), pump->target);
      if (name == names.end()) {
        faults.add(FaultKind::unknown_name, pointer + "/target",
                   fmt::format("found {}; the factory has the rack groups: {}", shown(pump->target), name_list(names)),
                   nearest_name(pump->target, names));
      } else if (pump->pumps && is_sound) {
        FaultList unused;
        const auto group = static_cast<std::size_t>(name - names.begin());
        const compute::RackSpec* racks = catalog.rack(spec.factory.racks[group].kind, unused);
        if (racks == nullptr) continue;
        check_pumps(pointer + "/pumps", *pump->pumps, sized_plant(), spec.factory.cooling.kind(), *racks, faults);
      }
    }
    if (const auto* units = dynamic_cast<const CoolingUnitFailureSpec*>(&*spec.incidents[i])) {
      if (is_sound) check_units(pointer, *units, sized_plant().parts(), faults);
    }
  }
}

}  // namespace tokenworks::scenario
