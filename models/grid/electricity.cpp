// Question   what a bill of electricity has besides the price of energy, and what water and carbon it stands for
// Equation   water = sum of shares * consumption by technology
// Source     1.8 L/kWh consumed by US thermoelectric power: NREL, by second hand; consumption by technology with
//            cooling towers: Macknick et al., Operational water consumption and withdrawal factors, NREL/TP-6A20-50900,
//            2011 (medians, remembered); 85 % of the subscribed capacity: AEP Ohio, data centre tariff of 2025
// Valid for  average carbon and water, as accounts of companies state them; not what one more kilowatt hour changes
// Checked by tests/models/grid/electricity_test.cpp
#include "models/grid/electricity.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace tokenworks::grid {
namespace {

constexpr double kJoulesPerKilowattHour = 3.6e6;
constexpr double kUsualCarbon = 0.363;
constexpr std::string_view kWaterSource =
    "Median consumption with cooling towers, Macknick et al., NREL/TP-6A20-50900, 2011";

}  // namespace

void DemandCharge::visit(FieldVisitor& v) {
  field(v, "usd_per_kw_month", usd_per_kw_month, "Price of the billed power, by month",
        rule().at_least(0).default_from('E', "Demand charges of large users: 5 to 20 USD/kW and month"));
  field(v, "window_min", window_min, "Power is averaged over windows of so long, from the full hour: 15 or 30",
        rule().at_least(15).at_most(30));
  field(v, "ratchet_share", ratchet_share,
        "Of the highest of the eleven months before, a month pays for at least this share", rule().share());
  field(v, "subscribed_kw", subscribed_kw, "Capacity that was contracted for; none when absent", rule().at_least(0));
  field(v, "least_share_of_subscribed", least_share_of_subscribed,
        "A month pays for at least this share of the subscribed capacity", rule().share());
}

void GenerationMix::visit(FieldVisitor& v) {
  const auto share = [&](std::string_view key, double& value) {
    field(v, key, value, "Share of the electricity", rule().share());
  };
  share("coal", coal);
  share("natural_gas", natural_gas);
  share("nuclear", nuclear);
  share("hydro", hydro);
  share("biomass", biomass);
  share("geothermal", geothermal);
  share("solar_thermal", solar_thermal);
  share("photovoltaic", photovoltaic);
  share("wind", wind);
  static constexpr std::string_view kFactors[] = {"cooling_towers"};
  field(v, "factors", factors, "Water by technology", rule().one_of(kFactors).default_from('R', kWaterSource));
}

double GenerationMix::water_l_per_kwh() const {
  // gal/MWh * 3.7854e-3 = L/kWh; gas: combined cycle; hydro: evaporation of reservoirs, of which all is counted.
  return 2.60 * coal + 0.75 * natural_gas + 2.54 * nuclear + 17.0 * hydro + 2.09 * biomass + 0.68 * geothermal +
         3.42 * solar_thermal + 0.10 * photovoltaic + 0.0 * wind;
}

double ElectricitySupply::next_change(double second_of_year) const {
  return std::min(usd_per_kwh.next_change(second_of_year), co2_kg_per_kwh.next_change(second_of_year));
}

bool ElectricitySupply::is_flat() const {
  return usd_per_kwh.is_constant() && co2_kg_per_kwh.is_constant() && !demand && fixed_usd_per_month == 0.0;
}

double ElectricitySupply::usd(Joules energy) const { return usd_per_kwh.at(0) * energy.value / kJoulesPerKilowattHour; }

double ElectricitySupply::co2_kg(Joules energy) const {
  return co2_kg_per_kwh.at(0) * energy.value / kJoulesPerKilowattHour;
}

void ElectricityOption::visit_common(FieldVisitor& v) {
  field(v, "co2_kg_per_kwh", co2_kg_per_kwh_, "CO2 equivalent of the electricity at the site's meter, without `carbon`",
        rule().at_least(0).default_from(
            'C', "PJM (Virginia), mean of 2022, from the EIA hourly mix in SustainDC (HewlettPackard/dc-rl a92b475)"));
  field(v, "carbon", carbon_, "CO2 equivalent over the year; co2_kg_per_kwh at all hours when absent");
  field(v, "demand", demand_, "Charge for the highest power of a month; none when absent");
  field(v, "fixed_usd_per_month", fixed_usd_per_month_, "What is paid whatever is drawn", rule().at_least(0));
  field(v, "water_l_per_kwh", water_l_per_kwh_, "Water consumed where the electricity is made, without `generation`",
        rule().at_least(0).default_from('S', "Typical US thermoelectric power, National Renewable Energy Laboratory"));
  field(v, "generation", generation_, "What makes the electricity, for its water; water_l_per_kwh when absent");
}

ElectricitySupply ElectricityOption::load(const CalendarYear& year, const weather::OpenText& open) const {
  if (carbon_ && co2_kg_per_kwh_ != kUsualCarbon) {
    throw std::invalid_argument("co2_kg_per_kwh and carbon are both given; allowed: one of them");
  }
  if (demand_ && demand_->window_min != 15 && demand_->window_min != 30) {
    throw std::invalid_argument(fmt::format("demand/window_min: found {}; allowed: 15 or 30", demand_->window_min));
  }
  if (generation_) {
    const GenerationMix& g = *generation_;
    const double sum = g.coal + g.natural_gas + g.nuclear + g.hydro + g.biomass + g.geothermal + g.solar_thermal +
                       g.photovoltaic + g.wind;
    if (sum > 1.0 + 1e-9)
      throw std::invalid_argument(fmt::format("generation: shares sum to {}; allowed: at most 1", sum));
  }
  ElectricitySupply supply;
  supply.year = year;
  supply.usd_per_kwh = price(year, open);
  supply.co2_kg_per_kwh =
      carbon_ && carbon_->has_value() ? (*carbon_)->intensity(year, open) : YearSeries(co2_kg_per_kwh_);
  supply.demand = demand_;
  supply.fixed_usd_per_month = fixed_usd_per_month_;
  supply.water_l_per_kwh = generation_ ? generation_->water_l_per_kwh() : water_l_per_kwh_;
  return supply;
}

}  // namespace tokenworks::grid
