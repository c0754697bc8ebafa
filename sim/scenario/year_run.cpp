#include "sim/scenario/year_run.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "models/grid/electricity_meter.hpp"
#include "sim/jobs/workload/text_lines.hpp"
#include "sim/resources/sized_facility.hpp"
#include "sim/scenario/fabric_plan.hpp"
#include "sim/scenario/facility_setup.hpp"
#include "sim/scenario/factory_parts.hpp"
#include "sim/scenario/local_time.hpp"
#include "sim/scenario/year_store.hpp"

namespace tokenworks::scenario {
namespace {

constexpr double kSecondsPerHour = 3600.0;
constexpr double kLitresPerKilogram = 1.0;  // of water, at the site's temperatures to 1 %

/// Mean of the hour that begins then; series may have values for quarters.
double mean_of_hour(const grid::YearSeries& series, double second) {
  return 0.25 * (series.at(second) + series.at(second + 900) + series.at(second + 1800) + series.at(second + 2700));
}

/// What the racks do at a load: straight lines between the points.
class OperatingCurve {
 public:
  /// `points` rise in load; at least one.
  OperatingCurve(const std::vector<OperatingPoint>& points, double usual_liquid_share)
      : points_(points), usual_liquid_share_(usual_liquid_share) {}

  metrics::YearPoint at(double load, ValidityNotes& notes) const {
    const OperatingPoint &first = points_.front(), &last = points_.back();
    notes.check("operating points: load [of the scenario's rates]", load, first.load, last.load);
    if (load >= last.load) return point(last, last, 0.0, load);
    if (load <= first.load) {
      metrics::YearPoint result = point(first, first, 0.0, load);
      const double share = first.load > 0.0 ? load / first.load : 1.0;  // fewer requests, no less power
      result.output_tokens_per_s *= share;
      result.requests_per_s *= share;
      return result;
    }
    const auto right = std::upper_bound(points_.begin(), points_.end(), load,
                                        [](double value, const OperatingPoint& p) { return value < p.load; });
    const OperatingPoint &a = *(right - 1), &b = *right;
    return point(a, b, (load - a.load) / (b.load - a.load), load);
  }

 private:
  metrics::YearPoint point(const OperatingPoint& a, const OperatingPoint& b, double share, double load) const {
    const auto between = [share](double x, double y) { return x + (y - x) * share; };
    metrics::YearPoint result;
    result.load = load;
    result.it_w = between(a.it_w, b.it_w);
    result.output_tokens_per_s = between(a.output_tokens_per_s, b.output_tokens_per_s);
    result.requests_per_s = between(a.requests_per_s, b.requests_per_s);
    // Heat, not shares, goes along straight lines.
    const double liquid = between(a.it_w * a.liquid_share.value_or(usual_liquid_share_),
                                  b.it_w * b.liquid_share.value_or(usual_liquid_share_));
    result.liquid_share = result.it_w > 0.0 ? liquid / result.it_w : 0.0;
    if (a.fans_and_supplies_w && b.fans_and_supplies_w) {
      result.fans_and_supplies_w = between(*a.fans_and_supplies_w, *b.fans_and_supplies_w);
    }
    return result;
  }

  const std::vector<OperatingPoint>& points_;
  double usual_liquid_share_;
};

resources::SharedPower network_of(ReadOutcome& scenario) {
  const FactorySpec& factory = scenario.spec.factory;
  if (!factory.fabric) return {};
  const FabricPlan plan = plan_fabric(scenario.spec, scenario.catalog, scenario.faults);
  const topology::Graph graph = build_fabric(**factory.fabric, plan);
  return network_power(topology::bill_of_materials(graph, plan.parts, plan.nics));
}

/// Month, day and hour of each hour of the year.
void name_hours(const grid::CalendarYear& year, std::vector<metrics::YearHour>& hours) {
  int month = 0;
  for (std::size_t h = 0; h < hours.size(); ++h) {
    const double second = static_cast<double>(h) * kSecondsPerHour;
    while (month < 11 && year.month_start_s(month + 1) <= second) ++month;
    hours[h].month = month;
    hours[h].day = 1 + static_cast<int>((second - year.month_start_s(month)) / 86400.0);
    hours[h].hour = static_cast<int>(h % 24);
  }
}

void fill_facility(const resources::FacilityPower& power, const cooling::PlantPoint& state, metrics::YearHour& hour) {
  hour.busway_loss_w = power.busway_loss.value;
  hour.ups_loss_w = power.ups_loss.value;
  hour.transformer_loss_w = power.transformer_loss.value;
  hour.air_handler_fans_w = power.air_handler_fans.value;
  hour.pumps_w = power.pumps.value;
  hour.chillers_w = power.chillers.value;
  hour.heat_rejection_fans_w = power.heat_rejection_fans.value;
  hour.house_w = power.house.value;
  const cooling::CoolingEffort& effort = power.effort;
  hour.heat_to_liquid_w = effort.heat_to_liquid.value;
  hour.heat_reused_w = effort.heat_reused.value;
  constexpr double kLitresPerHour = kLitresPerKilogram * kSecondsPerHour;
  hour.evaporation_l = effort.water.evaporation.value * kLitresPerHour;
  hour.drift_l = effort.water.drift.value * kLitresPerHour;
  hour.blow_down_l = effort.water.blow_down.value * kLitresPerHour;
  hour.rack_supply_c = effort.rack_supply.value;
  hour.server_inlet_c = effort.server_inlet.value;
  for (std::size_t loop = 0; loop < metrics::kYearLoops; ++loop) {
    hour.mode[loop] = effort.loops.values[loop].mode;
    hour.warmer_k[loop] = state.warmer.values[loop].value;
  }
}

double rating_of(const std::vector<std::pair<std::string, double>>& ratings, std::string_view name) {
  for (const auto& [key, value] : ratings) {
    if (key == name) return value;
  }
  return 0.0;
}

}  // namespace

grid::YearSeries year_demand(const ReadOutcome& scenario) {
  const YearSpec usual;
  const YearSpec& spec = scenario.spec.year ? *scenario.spec.year : usual;
  const auto open = [&](const std::string& path) { return jobs::open_text((scenario.folder / path).string()); };
  return spec.demand->load(calendar_year(*parse_local_time(scenario.spec.clock.start)), open);
}

double highest_load(const grid::YearSeries& demand, const grid::CalendarYear& year) {
  double highest = 0.0;
  for (int hour = 0; hour < year.days() * 24; ++hour) {
    highest = std::max(highest, mean_of_hour(demand, hour * kSecondsPerHour));
  }
  return highest;
}

metrics::YearResult run_year(ReadOutcome& scenario, SiteModels site, const std::vector<OperatingPoint>& points,
                             const std::string& points_from) {
  ValidityNotes notes = std::move(site.notes);
  const grid::CalendarYear& year = site.electricity.year;
  const grid::YearSeries demand = year_demand(scenario);
  resources::SizedFacility facility(facility_setup(scenario, network_of(scenario), *site.weather, 0.0), notes);
  const OperatingCurve curve(points, facility.design_liquid_share());
  grid::ElectricityMeter meter(site.electricity);
  std::optional<YearStore> store;
  if (const auto spec = scenario.spec.factory.power->grid_storage()) {
    store.emplace(*spec, Watts(rating_of(facility.ratings(), "battery_rating_w")));
  }

  metrics::YearResult result;
  result.days = year.days();
  result.hours.resize(static_cast<std::size_t>(year.days()) * 24);
  name_hours(year, result.hours);
  result.knows_fans_and_supplies = std::all_of(
      points.begin(), points.end(), [](const OperatingPoint& p) { return p.fans_and_supplies_w.has_value(); });
  const double nameplate = std::max(1.0, facility.it_nameplate().value);
  for (std::size_t h = 0; h < result.hours.size(); ++h) {
    metrics::YearHour& hour = result.hours[h];
    const double second = static_cast<double>(h) * kSecondsPerHour;
    const weather::WeatherPoint outside = site.weather->at(second);
    const metrics::YearPoint it = curve.at(mean_of_hour(demand, second), notes);
    notes.check("power chain: IT power [share of the nameplates that it was sized for]", it.it_w / nameplate, 0.0, 1.0);
    hour.dry_bulb_c = outside.dry_bulb.value;
    hour.wet_bulb_c = outside.wet_bulb.value;
    hour.load = it.load;
    hour.output_tokens = it.output_tokens_per_s * kSecondsPerHour;
    hour.requests = it.requests_per_s * kSecondsPerHour;
    hour.it_w = it.it_w;
    hour.fans_and_supplies_w = it.fans_and_supplies_w.value_or(0.0);
    fill_facility(facility.settle(Watts(it.it_w), it.liquid_share, outside, notes), facility.state(), hour);
    hour.usd_per_kwh = mean_of_hour(site.electricity.usd_per_kwh, second);
    hour.co2_kg_per_kwh = mean_of_hour(site.electricity.co2_kg_per_kwh, second);
    if (store) {
      const YearStore::Hour stored = store->next(Watts(hour.facility_w() - hour.transformer_loss_w));
      hour.battery_w = stored.taken.value;
      hour.battery_loss_w = stored.loss.value;
    }
    meter.add(Watts(hour.grid_w()), second, second + kSecondsPerHour);
  }

  result.carbon_kg.fill(0.0);
  for (const grid::MonthBill& month : meter.bill()) {
    const auto m = static_cast<std::size_t>(month.month);
    result.money[m] = {month.energy_usd, month.demand_usd, month.fixed_usd, month.billed_w};
    result.carbon_kg[m] = month.co2_kg;
  }
  result.electricity_water_l_per_kwh = site.electricity.water_l_per_kwh;
  result.points_from = points_from;
  for (const OperatingPoint& point : points) {
    result.points.push_back({point.load, point.it_w, point.output_tokens_per_s, point.requests_per_s,
                             point.liquid_share.value_or(facility.design_liquid_share()), point.fans_and_supplies_w});
  }
  result.cooling_kind = scenario.spec.factory.cooling.kind();
  result.heat_rejection_kind = scenario.spec.factory.cooling->heat_rejection_kind();
  result.modes = {facility.plant().modes(cooling::Loop::main), facility.plant().modes(cooling::Loop::residual_air)};
  result.ratings_w = facility.ratings();
  result.assumptions = scenario.assumptions;
  if (scenario.spec.factory.power->shapes_inside()) {
    result.assumptions.push_back({"/factory/power/shaping", "does nothing in a year, but that of grid_storage", "E",
                                  "What single nodes of the tree carry is known to runs alone"});
  }
  result.validity = notes.all();
  return result;
}

}  // namespace tokenworks::scenario
