#include "models/weather/site_climate.hpp"

#include <fmt/format.h>

namespace tokenworks::weather {
namespace {

Rule temperature() { return rule().required().at_least(-60).at_most(60); }

/// Shares rise with their temperatures, and hours that are warmer than the 0.4 % value are few.
void check_shares(const std::vector<ShareOfHours>& shares, const std::string& key, std::vector<ClimateFault>& faults) {
  for (std::size_t i = 1; i < shares.size(); ++i) {
    if (shares[i].at_or_below > shares[i - 1].at_or_below && shares[i].share >= shares[i - 1].share) continue;
    faults.push_back({fmt::format("{}/{}", key, i), "temperatures and shares must rise from entry to entry"});
  }
}

}  // namespace

void MonthNormals::visit(FieldVisitor& v) {
  field(v, "dry_bulb_c", dry_bulb, "Mean dry bulb", temperature());
  field(v, "daily_range_k", daily_range, "Mean of each day's highest less its lowest hour",
        rule().required().at_least(0).at_most(40));
  field(v, "relative_humidity", relative_humidity, "Mean relative humidity", rule().required().share());
  field(v, "wet_bulb_c", wet_bulb, "Mean wet bulb", temperature());
}

void ShareOfHours::visit(FieldVisitor& v) {
  field(v, "at_or_below_c", at_or_below, "Temperature", temperature());
  field(v, "share", share, "Share of the year's hours that are not warmer", rule().required().share());
}

void SiteClimate::visit(FieldVisitor& v) {
  field(v, "title", title, "Place", rule().required());
  field(v, "latitude_deg", latitude_deg, "Latitude, north", rule().required().at_least(-90).at_most(90));
  field(v, "longitude_deg", longitude_deg, "Longitude, east", rule().required().at_least(-180).at_most(180));
  field(v, "elevation_m", elevation, "Height above the sea", rule().required().at_least(-430).at_most(9000));
  field(v, "mean_pressure_pa", mean_pressure, "Mean air pressure", rule().required().at_least(31000).at_most(120000));
  field(v, "design_dry_bulb_c", design_dry_bulb, "Dry bulb that 0.4 % of the hours of many years exceed",
        temperature());
  field(v, "design_wet_bulb_c", design_wet_bulb, "Wet bulb that 0.4 % of the hours of many years exceed",
        temperature());
  field(v, "mean_dry_bulb_c", mean_dry_bulb, "Mean dry bulb of the typical year", temperature());
  field(v, "highest_dry_bulb_c", highest_dry_bulb, "Highest dry bulb of the typical year", temperature());
  field(v, "dry_bulb_0_4_percent_c", dry_bulb_0_4_percent, "Dry bulb that 0.4 % of the typical year's hours exceed",
        temperature());
  field(v, "dry_bulb_99_6_percent_c", dry_bulb_99_6_percent, "Dry bulb that 99.6 % of the typical year's hours exceed",
        temperature());
  field(v, "mean_wet_bulb_c", mean_wet_bulb, "Mean wet bulb of the typical year", temperature());
  field(v, "wet_bulb_0_4_percent_c", wet_bulb_0_4_percent, "Wet bulb that 0.4 % of the typical year's hours exceed",
        temperature());
  field(v, "months", months, "The twelve months from January", rule().required());
  field(v, "dry_bulb_shares", dry_bulb_shares, "How the hours of the typical year are distributed: dry bulb",
        rule().required());
  field(v, "wet_bulb_shares", wet_bulb_shares, "How the hours of the typical year are distributed: wet bulb",
        rule().required());
  field(v, "sources", sources, "Who vouches for which field", rule().required());
}

std::vector<ClimateFault> climate_faults(const SiteClimate& site) {
  std::vector<ClimateFault> faults;
  if (site.months.size() != 12) {
    faults.push_back({"months", fmt::format("found {}; allowed: the twelve months", site.months.size())});
  }
  for (std::size_t i = 0; i < site.months.size(); ++i) {
    if (site.months[i].wet_bulb <= site.months[i].dry_bulb) continue;
    faults.push_back({fmt::format("months/{}/wet_bulb_c", i), "the wet bulb is above the dry bulb"});
  }
  const bool rises = site.dry_bulb_99_6_percent < site.mean_dry_bulb &&
                     site.mean_dry_bulb < site.dry_bulb_0_4_percent &&
                     site.dry_bulb_0_4_percent <= site.highest_dry_bulb;
  if (!rises) {
    faults.push_back({"mean_dry_bulb_c",
                      "dry_bulb_99_6_percent_c, mean_dry_bulb_c, dry_bulb_0_4_percent_c and highest_dry_bulb_c must "
                      "rise in this order"});
  }
  if (site.mean_wet_bulb >= site.wet_bulb_0_4_percent) {
    faults.push_back({"mean_wet_bulb_c", "must be below wet_bulb_0_4_percent_c"});
  }
  if (site.design_wet_bulb > site.design_dry_bulb) {
    faults.push_back({"design_wet_bulb_c", "the wet bulb is above the dry bulb"});
  }
  check_shares(site.dry_bulb_shares, "dry_bulb_shares", faults);
  check_shares(site.wet_bulb_shares, "wet_bulb_shares", faults);
  return faults;
}

}  // namespace tokenworks::weather
