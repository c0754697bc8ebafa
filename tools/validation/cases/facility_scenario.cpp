#include "tools/validation/cases/facility_scenario.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "tools/validation/figures.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;

struct RackKind {
  const char* kind;
  double nameplate_w;
};
constexpr RackKind kLiquidRack{"gb200_nvl72", 132e3}, kAirRack{"dgx_h100", 10.2e3};  // as in the catalog

struct WeatherFile {
  std::string_view site, file;
};
constexpr std::array kWeatherFiles = {
    WeatherFile{"bologna", "ITA_ER_Bologna-Marconi.AP.161400_TMYx.2004-2018.epw.gz"},
    WeatherFile{"singapore", "SGP_SG_Changi.Intl.AP.486980_TMYx.epw.gz"},
    WeatherFile{"phoenix_az", "USA_AZ_Phoenix-Sky.Harbor.TMYx.2007-2021.epw.gz"},
    WeatherFile{"tucson_az", "USA_AZ_Tucson-Davis-Monthan.AFB.722745_TMY3.epw.gz"},
    WeatherFile{"san_francisco_ca", "USA_CA_San.Francisco.Intl.AP.724940_TMY3.epw.gz"},
    WeatherFile{"san_jose_ca", "USA_CA_San.Jose-Mineta.TMYx.2007-2021.epw.gz"},
    WeatherFile{"denver_co", "USA_CO_Denver.Intl.AP.725650_TMY3.epw.gz"},
    WeatherFile{"chicago_il", "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw.gz"},
    WeatherFile{"dallas_tx", "USA_TX_Dallas-Fort.Worth.TMYx.2007-2021.epw.gz"},
    WeatherFile{"leesburg_va", "USA_VA_Leesburg.Exec.TMYx.2007-2021.epw.gz"},
};

RackKind rack_of(const FacilityScenario& facility) { return facility.liquid ? kLiquidRack : kAirRack; }

double racks_of(const FacilityScenario& facility) {
  return std::max(1.0, std::round(facility.nameplate_w / rack_of(facility).nameplate_w));
}

/// "/heat_rejection/tower/approach_k 3" of every value in `json`, without the first slash; kinds by their own name.
void append_values(const Json& json, const std::string& at, std::string& text) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) append_values(value, at.empty() ? key : at + "/" + key, text);
    return;
  }
  const std::string value = json.is_string() ? json.get<std::string>() : json.dump();
  text += fmt::format("{}{} {}", text.empty() ? "" : ", ", at, value);
}

std::string values_of(const Json& json) {
  std::string text;
  append_values(json, "", text);
  return text.empty() ? "defaults" : text;
}

}  // namespace

Json scenario_json(const FacilityScenario& facility) {
  const double racks = racks_of(facility);
  Json json;
  json["format"] = "tokenworks.scenario/1";
  json["name"] = "published";
  json["clock"] = {{"start", "2026-01-01"}};
  json["site"]["weather"] = facility.weather_file.empty()
                                ? Json{{"kind", "climate_normals"}, {"site", facility.site}}
                                : Json{{"kind", "epw"}, {"path", facility.weather_file.string()}};
  json["factory"]["racks"] =
      Json::array({{{"name", "hall"}, {"kind", rack_of(facility).kind}, {"count", static_cast<std::int64_t>(racks)}}});
  json["factory"]["power"] = facility.power;
  json["factory"]["power"]["kind"] = "standard_chain";
  json["factory"]["cooling"] = facility.cooling;
  json["services"] = Json::array();
  json["workloads"] = Json::array();
  json["year"]["demand"] = {{"kind", "constant"}, {"load", 1.0}};
  json["year"]["operating_points"] =
      Json::array({{{"load", 1.0}, {"it_w", facility.load * racks * rack_of(facility).nameplate_w}}});
  return json;
}

std::string stated(const FacilityScenario& facility) {
  return fmt::format("{}; {:.0f} {} at {:.2f} of their nameplates; power: {}; cooling: {}",
                     facility.weather_file.empty() ? facility.site : facility.site + " (weather file)",
                     racks_of(facility), rack_of(facility).kind, facility.load, values_of(facility.power),
                     values_of(facility.cooling));
}

std::optional<std::filesystem::path> weather_file(std::string_view site, const std::filesystem::path& measurements) {
  for (const WeatherFile& known : kWeatherFiles) {
    if (known.site != site) continue;
    const auto path = std::filesystem::absolute(measurements / ".." / "weather" / known.file).lexically_normal();
    if (std::filesystem::exists(path)) return path;
  }
  return std::nullopt;
}

Comparison pue(double measured, std::optional<double> measured_most) {
  return {
      .metric = "pue", .measured = measured, .predicted = year_pue, .measured_most = measured_most, .difference = true};
}

Comparison wue_l_per_kwh(double measured, std::optional<double> measured_most) {
  return {
      .metric = "wue_l_per_kwh", .measured = measured, .predicted = year_wue_l_per_kwh, .measured_most = measured_most};
}

Comparison cooling_share(double measured, std::optional<double> measured_most) {
  return {.metric = "cooling_share",
          .measured = measured,
          .predicted = year_cooling_share,
          .measured_most = measured_most,
          .difference = true};
}

}  // namespace tokenworks::validation
