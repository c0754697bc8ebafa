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

}  // namespace

void check_cooling(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults) {
  std::vector<std::string> names;
  for (const RackGroupSpec& group : spec.factory.racks) names.push_back(group.name);
  const bool is_sound = check_set_points(spec, faults);
  std::unique_ptr<cooling::CoolingPlant> plant;  // made when first asked for
  for (std::size_t i = 0; i < spec.incidents.size(); ++i) {
    if (!spec.incidents[i].has_value() || !racks_known) continue;
    const std::string pointer = fmt::format("/incidents/{}", i);
    if (const auto* pump = dynamic_cast<const CoolingPumpFailureSpec*>(&*spec.incidents[i])) {
      if (pump->target.empty() || faults.concern(pointer + "/target")) continue;
      if (std::find(names.begin(), names.end(), pump->target) != names.end()) continue;
      faults.add(FaultKind::unknown_name, pointer + "/target",
                 fmt::format("found {}; the factory has the rack groups: {}", shown(pump->target), name_list(names)),
                 nearest_name(pump->target, names));
    }
    if (const auto* units = dynamic_cast<const CoolingUnitFailureSpec*>(&*spec.incidents[i])) {
      if (!is_sound) continue;
      if (!plant) plant = spec.factory.cooling->size(design_load(spec, catalog), weather::WeatherPoint());
      check_units(pointer, *units, plant->parts(), faults);
    }
  }
}

}  // namespace tokenworks::scenario
