// Six designs in ten climates beside another model of the same sites: hours by mode, PUE and water. PUE forgives much
// (a wet bulb that is wrong by 10 K moves it by 0.04), so that the states behind it are compared, too. These are not
// measurements: agreement says that two programs read the same equations alike, the weather files included.
//
// The other model: a script over the whole weather files with 10 MW at 0.8 of the load, 2N double conversion, no house
// load, chillers by the DOE-2 curves with the lift rule, towers by YorkCalc with 4 K approach, water at four cycles of
// concentration by a share of latent heat that grows with the air's temperature. That rule is wrong for hot, dry air
// over cool water and 3 to 12 % high for warm water in temperate places; ours is the saturated-exit balance. Its plants
// have no margin, so ours have none here.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/facility_scenario.hpp"
#include "tools/validation/figures.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;

constexpr std::size_t kDesigns = 6;

struct Expected {
  double pue;
  std::optional<double> wue_l_per_kwh = {}, free = {}, mechanical = {};  ///< free and mechanical: percent of the hours
};

struct Place {
  std::string_view site;
  std::array<Expected, kDesigns> designs;
};

constexpr std::optional<double> kNone;
constexpr std::array kPlaces = {
    Place{"leesburg_va",
          {{{1.357},
            {1.193, 1.8, 13, 48},
            {1.144, 1.7, 37, 30},
            {1.128, kNone, 93},
            {1.126, 1.4, 98},
            {1.093, kNone, 99}}}},
    Place{"chicago_il",
          {{{1.350},
            {1.180, 1.7, 29, 38},
            {1.134, 1.7, 47, 18},
            {1.124, kNone, 95},
            {1.124, 1.4, 99},
            {1.092, kNone, 100}}}},
    Place{"dallas_tx",
          {{{1.380},
            {1.209, 1.9, 1, 62},
            {1.158, 1.8, 21, 45},
            {1.146, kNone, 76},
            {1.129, 1.5, 96},
            {1.096, kNone, 97}}}},
    Place{"phoenix_az",
          {{{1.409},
            {1.200, 1.9, 2, 48},
            {1.144, 1.8, 18, 23},
            {1.176, kNone, 58},
            {1.132, 1.6, 98},
            {1.109, kNone, 85}}}},
    Place{"tucson_az",
          {{{1.387},
            {1.189, 1.9, 4, 35},
            {1.134, 1.8, 29, 13},
            {1.153, kNone, 73},
            {1.129, 1.5, 100},
            {1.099, kNone, 95}}}},
    Place{"san_jose_ca",
          {{{1.350},
            {1.183, 1.8, 5, 27},
            {1.125, 1.7, 34, 0},
            {1.122, kNone, 98},
            {1.123, 1.5, 100},
            {1.092, kNone, 100}}}},
    Place{"san_francisco_ca",
          {{{1.341},
            {1.176, 1.8, 2, 9},
            {1.120, 1.7, 35, 0},
            {1.119, kNone, 99},
            {1.122, 1.4, 100},
            {1.092, kNone, 100}}}},
    Place{"denver_co",
          {{{1.352},
            {1.156, 1.7, 50, 9},
            {1.114, 1.6, 67, 0},
            {1.126, kNone, 93},
            {1.124, 1.4, 100},
            {1.093, kNone, 99}}}},
    Place{"singapore",
          {{{1.412},
            {1.254, 2.1, 0, 100},
            {1.206, 2.0, 0, 100},
            {1.165, kNone, 67},
            {1.154, 1.6, 16},
            {1.096, kNone, 100}}}},
    Place{"bologna",
          {{{1.357},
            {1.190, 1.8, 9, 46},
            {1.137, 1.7, 33, 15},
            {1.128, kNone, 92},
            {1.125, 1.4, 100},
            {1.093, kNone, 99}}}},
};

struct Design {
  std::string group;
  bool liquid;
  Json cooling;
};

const std::vector<Design>& designs() {
  const auto cooling = [](const char* kind, const char* rejection, Json rest = Json::object()) {
    rest["kind"] = kind;
    rest["sizing_margin"] = 1.0;
    rest["heat_rejection"]["kind"] = rejection;
    return rest;
  };
  const Json curves = {{"heat_rejection", {{"curves", "york_yk_2771kw_vsd"}}}};
  Json air = curves, doors = curves;
  air["supply_air_c"] = 24;
  doors["facility_supply_c"] = 18;
  static const std::vector<Design> kAll = {
      {"air, chillers in the yard, 20 degC", false, cooling("air_crah", "air_cooled_chiller")},
      {"air, chillers and towers, 24 degC", false, cooling("air_crah", "water_cooled_chiller", air)},
      {"rear doors, chillers and towers, 18 degC", false, cooling("rear_door", "water_cooled_chiller", doors)},
      {"cold plates, dry coolers, 32 degC", true, cooling("direct_to_chip", "dry_cooler")},
      {"cold plates, towers, 32 degC", true, cooling("direct_to_chip", "cooling_tower")},
      {"immersion, dry coolers, 40 degC", true, cooling("immersion", "dry_cooler")},
  };
  return kAll;
}

Comparison hours(const char* metric, double percent, std::vector<std::string> modes) {
  return {.metric = metric,
          .measured = 0.01 * percent,
          .predicted = [modes = std::move(modes)](const CaseRun& run) { return year_mode_share(run, modes); },
          .difference = true};
}

MeasuredCase state_case(const Design& design, const Place& place, const Expected& expected,
                        const std::filesystem::path& epw) {
  FacilityScenario facility;
  facility.site = place.site;
  facility.weather_file = epw;
  facility.liquid = design.liquid;
  facility.power = {{"redundancy", "2n"}, {"house_share", 0}};
  facility.cooling = design.cooling;
  MeasuredCase result;
  result.name = fmt::format("{}{}", place.site, epw.empty() ? "" : " (weather file)");
  result.group = design.group;
  result.year = true;
  result.scenario = scenario_json(facility);
  result.comparisons.push_back(pue(expected.pue));
  if (expected.wue_l_per_kwh) result.comparisons.push_back(wue_l_per_kwh(*expected.wue_l_per_kwh));
  if (expected.free) result.comparisons.push_back(hours("hours_without_chiller", *expected.free, {"free"}));
  if (expected.mechanical) {
    result.comparisons.push_back(hours("hours_on_chillers_alone", *expected.mechanical, {"mechanical"}));
  }
  return result;
}

}  // namespace

CaseSet read_facility_states(const std::filesystem::path& path, scenario::FaultList&) {
  CaseSet set;
  for (std::size_t design = 0; design < kDesigns; ++design) {
    for (const Place& place : kPlaces) {
      // The other model read the weather files; normals stand in where they are not beside the tree.
      const auto epw = weather_file(place.site, path);
      set.cases.push_back(
          state_case(designs()[design], place, place.designs[design], epw.value_or(std::filesystem::path())));
    }
  }
  set.rows = set.cases.size();
  return set;
}

}  // namespace tokenworks::validation
