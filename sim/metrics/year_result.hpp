// A year of a facility by the hour, as plain data: what `tokenworks year` reports.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/validity.hpp"

namespace tokenworks::metrics {

inline constexpr std::size_t kYearLoops = 2;  ///< main, residual air
inline constexpr const char* kYearLoopNames[kYearLoops] = {"main", "residual_air"};

/// One hour, from its start: means of power and temperatures, sums of the rest.
struct YearHour {
  int month = 0, day = 1, hour = 0;  ///< month 0..11, day of the month from 1
  double dry_bulb_c = 0, wet_bulb_c = 0;
  double load = 0, output_tokens = 0, requests = 0;
  double it_w = 0, fans_and_supplies_w = 0;
  double busway_loss_w = 0, ups_loss_w = 0, transformer_loss_w = 0;
  double battery_w = 0, battery_loss_w = 0;  ///< taken by the store at the grid (given: below 0); lost in its cells
  double air_handler_fans_w = 0, pumps_w = 0, chillers_w = 0, heat_rejection_fans_w = 0, house_w = 0;
  double heat_to_liquid_w = 0, heat_reused_w = 0;
  double evaporation_l = 0, drift_l = 0, blow_down_l = 0;
  std::array<std::size_t, kYearLoops> mode{};
  std::array<double, kYearLoops> warmer_k{};  ///< of each loop above its set point
  double rack_supply_c = 0, server_inlet_c = 0;
  double usd_per_kwh = 0, co2_kg_per_kwh = 0;

  double cooling_w() const { return air_handler_fans_w + pumps_w + chillers_w + heat_rejection_fans_w; }
  double chain_w() const { return busway_loss_w + ups_loss_w + transformer_loss_w + battery_loss_w; }
  double facility_w() const { return it_w + cooling_w() + chain_w() + house_w; }
  double grid_w() const { return facility_w() + battery_w - battery_loss_w; }
};

struct YearMoney {
  double energy_usd = 0, demand_usd = 0, fixed_usd = 0;
  double billed_w = 0;  ///< highest that a demand charge counted
  double usd() const { return energy_usd + demand_usd + fixed_usd; }
};

/// A point of the table that the racks' power was read from.
struct YearPoint {
  double load = 0, it_w = 0, output_tokens_per_s = 0, requests_per_s = 0, liquid_share = 0;
  std::optional<double> fans_and_supplies_w;
};

struct YearResult {
  int days = 365;
  std::vector<YearHour> hours;
  std::array<YearMoney, 12> money;   ///< by month
  std::array<double, 12> carbon_kg;  ///< by month
  bool knows_fans_and_supplies = false;
  double electricity_water_l_per_kwh = 0.0;
  std::string points_from;  ///< "scenario", "runs", or the file that kept them
  std::vector<YearPoint> points;
  std::string cooling_kind, heat_rejection_kind;
  std::array<std::vector<std::string>, kYearLoops> modes;
  std::vector<std::pair<std::string, double>> ratings_w;
  std::vector<Assumption> assumptions;
  std::map<std::string, ValidityNote> validity;
};

}  // namespace tokenworks::metrics
