#include "sim/report/year_schema.hpp"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/metrics/year_result.hpp"
#include "sim/report/schema_words.hpp"
#include "sim/report/year_report.hpp"

namespace tokenworks::report {
namespace {

using namespace schema;

using Members = std::initializer_list<std::pair<const char*, Json>>;

Json with(Json whole, Members more) {
  for (const auto& [key, member] : more) {
    whole["properties"][key] = member;
    whole["required"].push_back(key);
  }
  return whole;
}

/// Of the year and of each month.
Json figures() {
  return object(
      {{"pue", number_or_null("facility energy / IT energy")},
       {"ppue_cooling", number_or_null("(IT + cooling) / IT")},
       {"ppue_power_chain", number_or_null("(IT + losses of busway, UPS, transformers and batteries) / IT")},
       {"dcie", number_or_null("1 / pue")},
       {"itue", number_or_null("IT energy / IT energy without server fans and losses of power supplies; null: "
                               "the operating points do not say these")},
       {"tue", number_or_null("itue * pue")},
       {"wue_site_l_per_kwh", number_or_null("taken by the site per kWh of IT")},
       {"wue_source_l_per_kwh", number_or_null("and consumed where the electricity was made")},
       {"cue_kg_per_kwh", number_or_null("of CO2 equivalent per kWh of IT")},
       {"erf", number_or_null("heat reused / facility energy")},
       {"ere", number_or_null("(facility energy - heat reused) / IT energy")},
       {"it_energy_j", number()},
       {"facility_energy_j", number()},
       {"mean_it_w", number_or_null()},
       {"mean_facility_w", number_or_null()},
       {"highest_facility_w", number("mean of an hour")},
       {"grid_energy_j", number("facility_energy_j and what the battery at the grid holds more at the end")},
       {"highest_grid_w", number("mean of an hour")},
       {"water_l", number("taken by the site")},
       {"electricity_usd", number("with what is paid by month")},
       {"carbon_kg", number("CO2 equivalent of the electricity")},
       {"output_tokens", number()},
       {"requests", number("0 where the operating points do not say them")},
       {"output_tokens_per_joule", number_or_null("per joule of the facility")},
       {"usd_per_million_output_tokens", number_or_null("of electricity")}});
}

Json cost() {
  return object({{"energy_usd", number()},
                 {"demand_usd", number()},
                 {"fixed_usd", number()},
                 {"highest_billed_w", number("that a demand charge counted")}});
}

Json water() {
  return object({{"withdrawn_l", number("taken by the site: the sum of the three below")},
                 {"consumed_l", number("not given back to the drain")},
                 {"evaporation_l", number()},
                 {"drift_l", number()},
                 {"blow_down_l", number()}});
}

Json peaks() {
  const char* const date = "month-day, from 01-01";
  return object(
      {{"hour", object({{"date", text(date)},
                        {"hour", count("its start, local standard time")},
                        {"facility_w", number()},
                        {"it_w", number()},
                        {"cooling_w", number()},
                        {"dry_bulb_c", number()},
                        {"wet_bulb_c", number()}},
                       "with the highest mean power of the facility")},
       {"day",
        object(
            {{"date", text(date)}, {"facility_energy_j", number()}, {"it_energy_j", number()}, {"water_l", number()}},
            "with the most energy of the facility")}});
}

/// By loop of the cooling; a second one for the racks' residual air is not always there.
Json by_loop(const Json& value, const char* meaning) {
  Json loops = of_type("object", meaning);
  for (const char* loop : metrics::kYearLoopNames) loops["properties"][loop] = value;
  loops["required"] = {metrics::kYearLoopNames[0]};
  loops["additionalProperties"] = false;
  return loops;
}

Json operating_points() {
  const Json point = object({{"load", number("rates of all workloads over those that the scenario states")},
                             {"it_w", number()},
                             {"output_tokens_per_s", number()},
                             {"requests_per_s", number()},
                             {"liquid_share", number("of the heat, 0..1")},
                             {"fans_and_supplies_w", number_or_null("of it_w; null: not said")}});
  return object({{"from", one_of({"scenario", "runs"})}, {"points", list(point, "from low to high load")}},
                "what the racks draw and give, in between along straight lines");
}

}  // namespace

Json year_schema() {
  const Json month = with(figures(), {{"month", count("from 1")}, {"cost", cost()}, {"water", water()}});
  const Json too_warm = object({{"hours", count()}, {"farthest_k", number()}});
  return document(
      kYearFormat,
      object(
          {{"format", constant(kYearFormat)},
           {"scenario", of_type("object", "fully resolved; can be run again")},
           {"provenance", provenance()},
           {"outcome", object({{"status", constant("completed")}, {"hours", count("8,760, or 8,784 in a leap year")}})},
           {"summary", with(figures(), {{"pue_category", text("where IT energy is measured")}})},
           {"months", list(month)},
           {"energy_by_j", map_to(number(), "by component class, sums to the facility's energy")},
           {"water", water()},
           {"electricity_water_l", number("consumed where the electricity was made")},
           {"cost", cost()},
           {"cooling", object({{"kind", text()},
                               {"heat_rejection", text()},
                               {"heat_to_liquid_j", number()},
                               {"heat_reused_j", number("of the racks' heat, given to somebody who needs it")},
                               {"mode_hours",
                                by_loop(map_to(count(), ""), "by loop, hours in each mode of its heat rejection")}})},
           {"out_of_range",
            object({{"supply_above_set_point", by_loop(too_warm, "by loop")},
                    {"server_inlet_above_27_c_hours", count("recommended by ASHRAE for classes A1 to A4")},
                    {"server_inlet_above_32_c_hours", count("allowed by ASHRAE for class A1")}})},
           {"peaks", peaks()},
           {"operating_points", operating_points()},
           {"ratings_w", map_to(number(), "what the parts are built for")},
           {"assumptions", assumptions()},
           {"validity", validity()},
           {"series",
            object({{"file", text()},
                    {"rows", count()},
                    {"modes", by_loop(list(text()), "by loop, what the numbers in its column mean, from 0")},
                    {"columns", columns("mean or sum of the hour, start: at its start, state: that of the hour")}})}}));
}

}  // namespace tokenworks::report
