// Sites whose PUE or WUE was published, with the defaults of the catalog and what is known of each: the way of power
// and cooling first. Where only a fleet or a survey is published, the same design stands in several climates. Loads
// that nobody published are 0.8 of the nameplates.
//
// Published: NREL ESIF, HPC data center (PUE 1.036 over a year; 2.5 Mgal a year at 1 MW of IT, evaporation only:
// 1.08 l/kWh; direct_to_chip, cooling towers, no chiller, no UPS; water of 24 degC, R); Uptime Institute, surveys of
// 2018 to 2025 (PUE 1.54 to 1.58); LBNL 2024 (US fleet of 2023: about 1.4); Meta (buildings of 2021: 1.09; fleet of
// 2023: 1.08 and 0.26 l/kWh), Google (2013: 1.10), Microsoft (designs of 2022: 1.12), together 1.08 to 1.12; IEA
// (cooling: about 7 % of the site's energy in hyperscale, over 30 % in enterprise); trade press (halls with cold plates
// 1.05 to 1.15; dry coolers with pads 0.15 to 0.17 l/kWh). All but the first two second hand.
// Frontier at rest: 9,472 nodes with the constants of ExaDigiT/RAPS 6c142bf; published 7.24 MW (R).
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "models/power/loss_law.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/facility_scenario.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;

enum class Published {
  site,    ///< of this site
  halls,   ///< of halls like this anywhere
  fleet,   ///< mean of many: what is judged is all places together
  beside,  ///< the same, not judged: another guess of what nobody published
};

struct Design {
  std::string name, group;
  Published published;
  FacilityScenario scenario;  ///< without a site
  std::vector<Comparison> comparisons;
  std::vector<std::string_view> sites;
};

std::vector<Design> designs() {
  const std::vector<std::string_view> temperate = {"leesburg_va", "chicago_il", "denver_co",
                                                   "bologna",     "frankfurt",  "seattle_wa"};
  std::vector<Design> all;
  all.push_back({"NREL ESIF",
                 "liquid: cold plates, towers, no chiller",
                 Published::site,
                 {.nameplate_w = 1.056e6,
                  .power = {{"redundancy", "n"}, {"ups", "none"}},
                  .cooling = {{"kind", "direct_to_chip"},
                              {"facility_supply_c", 24},
                              {"residual_air_plant", "shared"},
                              {"residual_air", {{"supply_air_c", 27}}},
                              {"heat_rejection", {{"kind", "cooling_tower"}, {"trim_chiller", false}}}}},
                 {pue(1.036), wue_l_per_kwh(1.08)},
                 {"denver_co"}});
  for (const auto& [rejection, group] : {std::pair{"dry_cooler", "liquid: cold plates, dry coolers"},
                                         std::pair{"cooling_tower", "liquid: cold plates, towers"},
                                         std::pair{"adiabatic", "liquid: cold plates, adiabatic"}}) {
    all.push_back({"hall with cold plates",
                   group,
                   Published::halls,
                   {.cooling = {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", rejection}}}}},
                   {pue(1.05, 1.15)},
                   temperate});
  }
  all.push_back({"dry coolers with pads",
                 "liquid: cold plates, adiabatic",
                 Published::fleet,
                 {.cooling = {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", "adiabatic"}}}}},
                 {wue_l_per_kwh(0.15, 0.17)},
                 temperate});
  // Halls without containment, fans at one speed, air of 18 degC. UPS of such sites mostly run at half their load or
  // less (V: Ton and Fortenbery).
  const auto legacy = [](double load) {
    FacilityScenario scenario;
    scenario.liquid = false;
    scenario.load = load;
    scenario.cooling = {
        {"kind", "air_crah"}, {"containment", "none"}, {"supply_air_c", 18}, {"least_fan_flow_share", 1.0}};
    return scenario;
  };
  const std::vector<std::string_view> many = {"leesburg_va", "chicago_il",    "dallas_tx",
                                              "frankfurt",   "tokyo_hyakuri", "bologna"};
  all.push_back({"survey mean, legacy halls at half their load",
                 "air: legacy hall, chillers in the yard",
                 Published::fleet,
                 legacy(0.5),
                 {pue(1.54, 1.58), cooling_share(0.3, 0.5)},
                 many});
  all.push_back({"survey mean, the same at 0.35 of their load",
                 "air: legacy hall, chillers in the yard",
                 Published::beside,
                 legacy(0.35),
                 {pue(1.54, 1.58), cooling_share(0.3, 0.5)},
                 many});
  all.push_back({"US fleet of 2023",
                 "air: chillers in the yard",
                 Published::fleet,
                 {.liquid = false, .cooling = {{"kind", "air_crah"}}},
                 {pue(1.4)},
                 {"leesburg_va", "chicago_il", "dallas_tx", "phoenix_az", "san_jose_ca", "seattle_wa"}});
  // Hyperscale: racks with batteries of their own, air of 27 degC.
  const Json own_batteries = {{"redundancy", "n"}, {"ups", "none"}};
  all.push_back(
      {"hyperscale, outside air",
       "air: outside air",
       Published::fleet,
       {.liquid = false,
        .power = own_batteries,
        .cooling = {{"kind", "air_crah"}, {"supply_air_c", 27}, {"heat_rejection", {{"kind", "outside_air"}}}}},
       {pue(1.08, 1.12), wue_l_per_kwh(0.26), cooling_share(0.07)},
       {"chicago_il", "dallas_tx", "denver_co", "leesburg_va", "stockholm_arlanda", "seattle_wa"}});
  all.push_back({"hyperscale, chillers and towers",
                 "air: chillers, towers, economiser",
                 Published::fleet,
                 {.liquid = false,
                  .power = own_batteries,
                  .cooling = {{"kind", "air_crah"},
                              {"supply_air_c", 27},
                              {"heat_rejection", {{"kind", "water_cooled_chiller"}}}}},
                 {pue(1.08, 1.12), cooling_share(0.07)},
                 {"chicago_il", "leesburg_va", "seattle_wa", "helsinki", "frankfurt", "singapore"}});
  return all;
}

/// Watts at rest: nodes behind their DC-DC stages, four of them behind a rectifier; switches; pumps of the coolant
/// units.
double frontier_at_rest_w() {
  constexpr double kNodes = 9472, kNodesPerRectifier = 4;
  constexpr double kSwitches = 2368, kSwitchW = 250, kCoolantUnits = 25, kCoolantUnitW = 8470;
  constexpr double kCpuW = 90, kGpuW = 88, kMemoryW = 74.26, kCardW = 20, kDriveW = 30;  // 1, 4, all, 4 and 2 of them
  const Watts rated(1e4);  // of no consequence: these losses do not bend
  const Watts node(kCpuW + 4 * kGpuW + kMemoryW + 4 * kCardW + kDriveW);
  const Watts behind = node + power::converter_loss_law(Watts(13), 0.98, rated).loss(node, rated);
  const Watts four = behind * kNodesPerRectifier;
  const Watts rectifier = four + power::converter_loss_law(Watts(17), 0.96, rated).loss(four, rated);
  return rectifier.value * kNodes / kNodesPerRectifier + kSwitches * kSwitchW + kCoolantUnits * kCoolantUnitW;
}

MeasuredCase frontier_case() {
  MeasuredCase result;
  result.name = "Frontier at rest";
  result.group = "power: component chain";
  result.stated =
      "9,472 nodes of 90 W CPU, 4 GPUs of 88 W, 74.26 W memory, 4 cards of 20 W, 30 W drives; DC-DC (P + 13 W) / 0.98, "
      "rectifiers of four (P + 17 W) / 0.96; 2,368 switches of 250 W; 25 coolant units of 8.47 kW";
  result.comparisons.push_back({"power_mw", 7.24, [](const CaseRun&) { return 1e-6 * frontier_at_rest_w(); }});
  return result;
}

/// At all of `facilities`, which differ in place alone, together.
MeasuredCase year_case(const Design& design, const std::vector<FacilityScenario>& facilities, const std::string& where,
                       std::string_view metric_suffix) {
  MeasuredCase result;
  result.name = fmt::format("{}, {}", design.name, where);
  result.group = design.group;
  result.year = true;
  for (const FacilityScenario& facility : facilities) {
    Json json = scenario_json(facility);
    if (result.scenario.is_null()) {
      result.scenario = std::move(json);
    } else {
      result.other_places.push_back(std::move(json));
    }
  }
  FacilityScenario all = facilities.front();
  for (std::size_t i = 1; i < facilities.size(); ++i) all.site += ", " + facilities[i].site;
  result.stated = stated(all);
  result.comparisons = design.comparisons;
  for (Comparison& comparison : result.comparisons) comparison.metric += metric_suffix;
  return result;
}

void add_cases(const Design& design, const std::filesystem::path& measurements, std::vector<MeasuredCase>& cases) {
  std::vector<FacilityScenario> by_normals, with_files;
  for (const std::string_view site : design.sites) {
    FacilityScenario facility = design.scenario;
    facility.site = site;
    by_normals.push_back(facility);
    if (const auto epw = weather_file(site, measurements)) {
      facility.weather_file = *epw;
      with_files.push_back(facility);
    }
  }
  const bool is_mean = design.published == Published::fleet || design.published == Published::beside;
  const std::string_view judged = design.published == Published::beside ? "_beside" : "";
  if (is_mean) cases.push_back(year_case(design, by_normals, fmt::format("{} places", by_normals.size()), judged));
  const std::string_view of_a_place = is_mean ? "_of_a_place" : judged;
  for (const auto& facilities : {by_normals, with_files}) {
    for (const FacilityScenario& facility : facilities) {
      const std::string where = facility.site + (facility.weather_file.empty() ? "" : " (weather file)");
      if (design.published == Published::beside) continue;
      cases.push_back(year_case(design, {facility}, where, of_a_place));
    }
  }
}

}  // namespace

CaseSet read_facility_sites(const std::filesystem::path& path, scenario::FaultList&) {
  CaseSet set;
  set.cases.push_back(frontier_case());
  for (const Design& design : designs()) add_cases(design, path, set.cases);
  set.rows = set.cases.size();
  return set;
}

}  // namespace tokenworks::validation
