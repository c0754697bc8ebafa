// The scenario of a published site: racks at a constant power for a year, a way of power, a way of cooling, a place.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sim/scenario/json_text.hpp"
#include "tools/validation/measured_case.hpp"

namespace tokenworks::validation {

struct FacilityScenario {
  std::string site = {};                                       ///< of the catalog
  std::filesystem::path weather_file = {};                     ///< EPW in place of the site's normals
  bool liquid = true;                                          ///< GB200 NVL72 racks, or DGX H100
  double nameplate_w = 10e6;                                   ///< of all racks, to the nearest rack
  double load = 0.8;                                           ///< IT power over the nameplates, all year
  scenario::Json power = scenario::Json::object(), cooling{};  ///< as in `factory`; what they leave out is default
};

/// As a user would write it.
scenario::Json scenario_json(const FacilityScenario& facility);

/// What it says besides the defaults: "denver_co; load 0.8; power: ups none; cooling: facility_supply_c 24 ...".
std::string stated(const FacilityScenario& facility);

/// The weather file of a site beside the folder of measurements, where there is one.
std::optional<std::filesystem::path> weather_file(std::string_view site, const std::filesystem::path& measurements);

/// A year's figures, ready to be compared.
Comparison pue(double measured, std::optional<double> measured_most = {});
Comparison wue_l_per_kwh(double measured, std::optional<double> measured_most = {});
Comparison cooling_share(double measured, std::optional<double> measured_most = {});

}  // namespace tokenworks::validation
