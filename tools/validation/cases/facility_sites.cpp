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

struct Design {
  std::string name, group;
  FacilityScenario scenario;  ///< without a site
  std::vector<Comparison> comparisons;
  std::vector<std::string_view> sites;
};

std::vector<Design> designs() {
  std::vector<Design> all;
  all.push_back({"NREL ESIF",
                 "liquid: cold plates, towers, no chiller",
                 {.nameplate_w = 1.056e6,
                  .power = {{"redundancy", "n"}, {"ups", "none"}},
                  .cooling = {{"kind", "direct_to_chip"},
                              {"facility_supply_c", 24},
                              {"residual_air_plant", "shared"},
                              {"residual_air", {{"supply_air_c", 27}}},
                              {"heat_rejection", {{"kind", "cooling_tower"}, {"trim_chiller", false}}}}},
                 {pue(1.036), wue_l_per_kwh(1.08)},
                 {"denver_co"}});
  // What halls with cold plates are said to reach.
  const std::vector<std::string_view> temperate = {"leesburg_va", "chicago_il", "denver_co",
                                                   "bologna",     "frankfurt",  "seattle_wa"};
  all.push_back({"hall with cold plates",
                 "liquid: cold plates, dry coolers",
                 {.cooling = {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", "dry_cooler"}}}}},
                 {pue(1.05, 1.15)},
                 temperate});
  all.push_back({"hall with cold plates",
                 "liquid: cold plates, towers",
                 {.cooling = {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", "cooling_tower"}}}}},
                 {pue(1.05, 1.15)},
                 temperate});
  all.push_back({"hall with cold plates, wetted pads",
                 "liquid: cold plates, adiabatic",
                 {.cooling = {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", "adiabatic"}}}}},
                 {pue(1.05, 1.15), wue_l_per_kwh(0.15, 0.17)},
                 {"leesburg_va", "bologna", "denver_co", "chicago_il", "frankfurt"}});
  // Surveys: halls without containment, fans at one speed, air of 18 degC, a third of their load.
  all.push_back({"survey mean, legacy hall",
                 "air: legacy hall, chillers in the yard",
                 {.liquid = false,
                  .load = 0.35,
                  .power = {{"redundancy", "2n"}, {"house_share", 0.02}},
                  .cooling = {{"kind", "air_crah"},
                              {"containment", "none"},
                              {"supply_air_c", 18},
                              {"least_fan_flow_share", 1.0}}},
                 {pue(1.54, 1.58), cooling_share(0.3, 0.5)},
                 {"leesburg_va", "chicago_il", "dallas_tx", "frankfurt", "tokyo_hyakuri", "singapore"}});
  all.push_back({"US fleet",
                 "air: chillers in the yard",
                 {.liquid = false, .power = {{"redundancy", "2n"}}, .cooling = {{"kind", "air_crah"}}},
                 {pue(1.4)},
                 {"leesburg_va", "chicago_il", "dallas_tx", "phoenix_az", "san_jose_ca", "seattle_wa"}});
  // Hyperscale: racks with their own batteries.
  const Json own_batteries = {{"redundancy", "n"}, {"ups", "none"}};
  all.push_back(
      {"hyperscale, outside air",
       "air: outside air",
       {.liquid = false,
        .power = own_batteries,
        .cooling = {{"kind", "air_crah"}, {"supply_air_c", 27}, {"heat_rejection", {{"kind", "outside_air"}}}}},
       {pue(1.08, 1.12), wue_l_per_kwh(0.26), cooling_share(0.07)},
       {"chicago_il", "dallas_tx", "denver_co", "stockholm_arlanda", "seattle_wa"}});
  all.push_back({"hyperscale, chillers and towers",
                 "air: chillers, towers, economiser",
                 {.liquid = false,
                  .power = own_batteries,
                  .cooling = {{"kind", "air_crah"},
                              {"supply_air_c", 27},
                              {"fan_share_of_heat", 0.03},
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

MeasuredCase site_case(const Design& design, const std::string& site, const std::filesystem::path& epw) {
  FacilityScenario facility = design.scenario;
  facility.site = site;
  facility.weather_file = epw;
  MeasuredCase result;
  result.name = fmt::format("{}, {}{}", design.name, site, epw.empty() ? "" : " (weather file)");
  result.group = design.group;
  result.year = true;
  result.scenario = scenario_json(facility);
  result.stated = stated(facility);
  result.comparisons = design.comparisons;
  return result;
}

}  // namespace

CaseSet read_facility_sites(const std::filesystem::path& path, scenario::FaultList&) {
  CaseSet set;
  set.cases.push_back(frontier_case());
  for (const Design& design : designs()) {
    for (const std::string_view site : design.sites) {
      set.cases.push_back(site_case(design, std::string(site), {}));
      if (const auto epw = weather_file(site, path)) set.cases.push_back(site_case(design, std::string(site), *epw));
    }
  }
  set.rows = set.cases.size();
  return set;
}

}  // namespace tokenworks::validation
