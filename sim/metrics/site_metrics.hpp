// Question   how well a site uses energy and water, in the metrics that people compare sites by
// Equation   of energies E over one span of time:
//              PUE = E_facility / E_IT, category 3: IT at the racks' input      DCiE = 1 / PUE
//              pPUE of a zone = (E_IT + E_zone) / E_IT = 1 + E_zone / E_IT
//              ITUE = E_IT / (E_IT - server fans and losses of power supplies)  TUE = ITUE * PUE
//              WUE_site = water taken at the site / E_IT
//              WUE_source = (that and what making the electricity consumed) / E_IT = WUE_site + PUE * EWIF on the grid
//              CUE = CO2e / E_IT     ERF = E_reused / E_facility     ERE = (E_facility - E_reused) / E_IT
// Source     ISO/IEC 30134-2, -6, -8, -9; The Green Grid; Patterson et al. 2013 (ITUE, TUE)
// Valid for  any span; a year is what the standards mean
// Checked by tests/metrics/site_metrics_test.cpp, tests/scenario/year_test.cpp
#pragma once

#include <optional>

namespace tokenworks::metrics {

/// Sums over one span of time.
struct SiteTotals {
  double it_j = 0.0, facility_j = 0.0;
  std::optional<double> fans_and_supplies_j = {};  ///< of it_j: server fans and losses of power supplies
  double reused_j = 0.0;                           ///< heat given to somebody who needs it
  double water_l = 0.0;                            ///< taken by the site
  double electricity_water_l = 0.0;                ///< consumed where the electricity was made
  double co2_kg = 0.0;
};

/// Absent: a quotient of nothing.
struct SiteMetrics {
  std::optional<double> pue, dcie, itue, tue, erf, ere;
  std::optional<double> wue_site_l_per_kwh, wue_source_l_per_kwh, cue_kg_per_kwh;
};
SiteMetrics site_metrics(const SiteTotals& totals);

std::optional<double> partial_pue(double it_j, double zone_j);

/// Nothing when the whole is not above 0.
std::optional<double> ratio(double part, double whole);

/// Air that enters servers, ASHRAE TC 9.9, Thermal Guidelines for Data Processing Environments.
inline constexpr double kRecommendedInletC = 27.0;  ///< recommended for classes A1 to A4
inline constexpr double kAllowedInletC = 32.0;      ///< allowed for class A1

}  // namespace tokenworks::metrics
