// What electricity costs, how much carbon it carries and how much water was used to make it: a family by how its price
// is found, listed in electricity_options.cpp; carbon is a family of its own (carbon_option.hpp).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/grid/carbon_option.hpp"
#include "models/grid/year_series.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::grid {

/// The part of a bill that the highest mean power of a month decides.
struct DemandCharge {
  double usd_per_kw_month = 10.0;
  std::int64_t window_min = 15;         ///< over which power is averaged: 15 or 30
  double ratchet_share = 0.0;           ///< of the highest of the eleven months before, which counts at least
  std::optional<double> subscribed_kw;  ///< capacity that was contracted for
  double least_share_of_subscribed = 0.85;
  void visit(FieldVisitor& v);
};

/// Shares of the electricity by what makes it; they sum to at most 1, and the rest is made without water.
struct GenerationMix {
  double coal = 0, natural_gas = 0, nuclear = 0, hydro = 0, biomass = 0, geothermal = 0, solar_thermal = 0,
         photovoltaic = 0, wind = 0;
  std::string factors = "cooling_towers";  ///< by technology
  void visit(FieldVisitor& v);
  double water_l_per_kwh() const;
};

/// Electricity over one year, ready to be asked.
struct ElectricitySupply {
  CalendarYear year;
  YearSeries usd_per_kwh{0.0};     ///< energy alone
  YearSeries co2_kg_per_kwh{0.0};  ///< CO2 equivalent
  std::optional<DemandCharge> demand;
  double fixed_usd_per_month = 0.0;
  double water_l_per_kwh = 0.0;  ///< consumed where it was made

  /// Second of the year at which price or carbon may change next; infinity when they never do.
  double next_change(double second_of_year) const;
  /// Cost and carbon follow the energy alone.
  bool is_flat() const;
  double usd(Joules energy) const;     ///< of a flat supply
  double co2_kg(Joules energy) const;  ///< of a flat supply
};

class ElectricityOption {
 public:
  virtual ~ElectricityOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument, with line and column when a file is at fault.
  ElectricitySupply load(const CalendarYear& year, const weather::OpenText& open) const;

 protected:
  /// The parts that all kinds have.
  void visit_common(FieldVisitor& v);
  virtual YearSeries price(const CalendarYear& year, const weather::OpenText& open) const = 0;

 private:
  double co2_kg_per_kwh_ = 0.363;
  std::optional<CarbonChoice> carbon_;
  std::optional<DemandCharge> demand_;
  double fixed_usd_per_month_ = 0.0;
  double water_l_per_kwh_ = 1.8;
  std::optional<GenerationMix> generation_;
};

/// `flat`, `time_of_use`, `series`.
Options<ElectricityOption> electricity_options();

}  // namespace tokenworks::grid
