#include "sim/metrics/site_metrics.hpp"

namespace tokenworks::metrics {
namespace {

constexpr double kJoulesPerKilowattHour = 3.6e6;

}  // namespace

std::optional<double> ratio(double part, double whole) {
  if (!(whole > 0)) return std::nullopt;
  return part / whole;
}

std::optional<double> partial_pue(double it_j, double zone_j) {
  const std::optional<double> share = ratio(zone_j, it_j);
  return share ? std::optional(1.0 + *share) : std::nullopt;
}

SiteMetrics site_metrics(const SiteTotals& totals) {
  const double it_kwh = totals.it_j / kJoulesPerKilowattHour;
  SiteMetrics metrics;
  metrics.pue = ratio(totals.facility_j, totals.it_j);
  metrics.dcie = ratio(totals.it_j, totals.facility_j);
  if (totals.fans_and_supplies_j) metrics.itue = ratio(totals.it_j, totals.it_j - *totals.fans_and_supplies_j);
  if (metrics.itue && metrics.pue) metrics.tue = *metrics.itue * *metrics.pue;
  metrics.erf = ratio(totals.reused_j, totals.facility_j);
  metrics.ere = ratio(totals.facility_j - totals.reused_j, totals.it_j);
  metrics.wue_site_l_per_kwh = ratio(totals.water_l, it_kwh);
  metrics.wue_source_l_per_kwh = ratio(totals.water_l + totals.electricity_water_l, it_kwh);
  metrics.cue_kg_per_kwh = ratio(totals.co2_kg, it_kwh);
  return metrics;
}

}  // namespace tokenworks::metrics
