#include "sim/report/year_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "sim/metrics/site_metrics.hpp"
#include "sim/report/json_values.hpp"
#include "sim/report/partial_file.hpp"
#include "sim/report/summary.hpp"

namespace tokenworks::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::YearHour;
using metrics::YearMoney;
using metrics::YearResult;

constexpr double kSecondsPerHour = 3600.0, kJoulesPerKilowattHour = 3.6e6;
constexpr double kWarmerThatCounts = 0.05;  // K; less is the controls' own
constexpr const char* kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Sums over hours; energy in J.
struct Totals {
  double hours = 0, it = 0, fans_and_supplies = 0, facility = 0, grid = 0, cooling = 0, chain = 0, reused = 0;
  double evaporation_l = 0, drift_l = 0, blow_down_l = 0, tokens = 0, requests = 0, highest_facility_w = 0,
         highest_grid_w = 0;
  YearMoney money;
  double carbon_kg = 0;

  void add(const YearHour& hour) {
    hours += 1;
    it += hour.it_w * kSecondsPerHour;
    fans_and_supplies += hour.fans_and_supplies_w * kSecondsPerHour;
    facility += hour.facility_w() * kSecondsPerHour;
    grid += hour.grid_w() * kSecondsPerHour;
    cooling += hour.cooling_w() * kSecondsPerHour;
    chain += hour.chain_w() * kSecondsPerHour;
    reused += hour.heat_reused_w * kSecondsPerHour;
    evaporation_l += hour.evaporation_l;
    drift_l += hour.drift_l;
    blow_down_l += hour.blow_down_l;
    tokens += hour.output_tokens;
    requests += hour.requests;
    highest_facility_w = std::max(highest_facility_w, hour.facility_w());
    highest_grid_w = std::max(highest_grid_w, hour.grid_w());
  }
  void add(const YearMoney& more, double carbon) {
    money.energy_usd += more.energy_usd;
    money.demand_usd += more.demand_usd;
    money.fixed_usd += more.fixed_usd;
    money.billed_w = std::max(money.billed_w, more.billed_w);
    carbon_kg += carbon;
  }
  double water_l() const { return evaporation_l + drift_l + blow_down_l; }
};

double electricity_water_l(const Totals& t, const YearResult& result) {
  return t.grid / kJoulesPerKilowattHour * result.electricity_water_l_per_kwh;
}

Json metrics_json(const Totals& t, const YearResult& result) {
  metrics::SiteTotals totals{.it_j = t.it, .facility_j = t.facility, .reused_j = t.reused};
  if (result.knows_fans_and_supplies) totals.fans_and_supplies_j = t.fans_and_supplies;
  totals.water_l = t.water_l();
  totals.electricity_water_l = electricity_water_l(t, result);
  totals.co2_kg = t.carbon_kg;
  const metrics::SiteMetrics metrics = metrics::site_metrics(totals);
  return {{"pue", number(metrics.pue)},
          {"ppue_cooling", number(metrics::partial_pue(t.it, t.cooling))},
          {"ppue_power_chain", number(metrics::partial_pue(t.it, t.chain))},
          {"dcie", number(metrics.dcie)},
          {"itue", number(metrics.itue)},
          {"tue", number(metrics.tue)},
          {"wue_site_l_per_kwh", number(metrics.wue_site_l_per_kwh)},
          {"wue_source_l_per_kwh", number(metrics.wue_source_l_per_kwh)},
          {"cue_kg_per_kwh", number(metrics.cue_kg_per_kwh)},
          {"erf", number(metrics.erf)},
          {"ere", number(metrics.ere)}};
}

Json sums_json(const Totals& t) {
  const double seconds = t.hours * kSecondsPerHour;
  return {{"it_energy_j", t.it},
          {"facility_energy_j", t.facility},
          {"mean_it_w", number(ratio(t.it, seconds))},
          {"mean_facility_w", number(ratio(t.facility, seconds))},
          {"highest_facility_w", t.highest_facility_w},
          {"grid_energy_j", t.grid},
          {"highest_grid_w", t.highest_grid_w},
          {"water_l", t.water_l()},
          {"electricity_usd", t.money.usd()},
          {"carbon_kg", t.carbon_kg},
          {"output_tokens", t.tokens},
          {"requests", t.requests},
          {"output_tokens_per_joule", number(ratio(t.tokens, t.facility))},
          {"usd_per_million_output_tokens", number(ratio(t.money.usd() * 1e6, t.tokens))}};
}

Json money_json(const YearMoney& money) {
  return {{"energy_usd", money.energy_usd},
          {"demand_usd", money.demand_usd},
          {"fixed_usd", money.fixed_usd},
          {"highest_billed_w", money.billed_w}};
}

Json water_json(const Totals& t) {
  return {{"withdrawn_l", t.water_l()},
          {"consumed_l", t.evaporation_l + t.drift_l},
          {"evaporation_l", t.evaporation_l},
          {"drift_l", t.drift_l},
          {"blow_down_l", t.blow_down_l}};
}

Json energy_json(const std::vector<YearHour>& hours) {
  const std::pair<const char*, double YearHour::*> parts[] = {{"it", &YearHour::it_w},
                                                              {"busway_loss", &YearHour::busway_loss_w},
                                                              {"ups_loss", &YearHour::ups_loss_w},
                                                              {"transformer_loss", &YearHour::transformer_loss_w},
                                                              {"battery_loss", &YearHour::battery_loss_w},
                                                              {"air_handler_fans", &YearHour::air_handler_fans_w},
                                                              {"pumps", &YearHour::pumps_w},
                                                              {"chillers", &YearHour::chillers_w},
                                                              {"heat_rejection_fans", &YearHour::heat_rejection_fans_w},
                                                              {"house", &YearHour::house_w}};
  Json json = Json::object();
  for (const auto& [name, member] : parts) {
    double sum = 0.0;
    for (const YearHour& hour : hours) sum += hour.*member;
    json[name] = sum * kSecondsPerHour;
  }
  return json;
}

std::string date_of(const YearHour& hour) { return fmt::format("{:02}-{:02}", hour.month + 1, hour.day); }

Json modes_json(const YearResult& result) {
  Json json = Json::object();
  for (std::size_t loop = 0; loop < metrics::kYearLoops; ++loop) {
    if (result.modes[loop].empty()) continue;
    std::vector<std::int64_t> hours(result.modes[loop].size(), 0);
    for (const YearHour& hour : result.hours) ++hours[std::min(hour.mode[loop], hours.size() - 1)];
    Json modes = Json::object();
    for (std::size_t m = 0; m < hours.size(); ++m) modes[result.modes[loop][m]] = hours[m];
    json[metrics::kYearLoopNames[loop]] = std::move(modes);
  }
  return json;
}

Json range_json(const YearResult& result) {
  Json loops = Json::object();
  for (std::size_t loop = 0; loop < metrics::kYearLoops; ++loop) {
    if (result.modes[loop].empty()) continue;
    std::int64_t hours = 0;
    double worst = 0.0;
    for (const YearHour& hour : result.hours) {
      if (hour.warmer_k[loop] > kWarmerThatCounts) ++hours;
      worst = std::max(worst, hour.warmer_k[loop]);
    }
    loops[metrics::kYearLoopNames[loop]] = {{"hours", hours}, {"farthest_k", worst}};
  }
  const auto inlet_above = [&](double limit) {
    return std::count_if(result.hours.begin(), result.hours.end(),
                         [limit](const YearHour& hour) { return hour.server_inlet_c > limit; });
  };
  return {{"supply_above_set_point", std::move(loops)},
          {"server_inlet_above_27_c_hours", inlet_above(metrics::kRecommendedInletC)},
          {"server_inlet_above_32_c_hours", inlet_above(metrics::kAllowedInletC)}};
}

Json peaks_json(const YearResult& result) {
  const auto peak =
      std::max_element(result.hours.begin(), result.hours.end(),
                       [](const YearHour& a, const YearHour& b) { return a.facility_w() < b.facility_w(); });
  std::size_t busiest_day = 0;
  double most = -1.0;
  for (std::size_t day = 0; day * 24 + 24 <= result.hours.size(); ++day) {
    double sum = 0.0;
    for (std::size_t h = day * 24; h < day * 24 + 24; ++h) sum += result.hours[h].facility_w();
    if (sum > most) {
      most = sum;
      busiest_day = day;
    }
  }
  Totals day;
  for (std::size_t h = busiest_day * 24; h < busiest_day * 24 + 24; ++h) day.add(result.hours[h]);
  return {{"hour",
           {{"date", date_of(*peak)},
            {"hour", peak->hour},
            {"facility_w", peak->facility_w()},
            {"it_w", peak->it_w},
            {"cooling_w", peak->cooling_w()},
            {"dry_bulb_c", peak->dry_bulb_c},
            {"wet_bulb_c", peak->wet_bulb_c}}},
          {"day",
           {{"date", date_of(result.hours[busiest_day * 24])},
            {"facility_energy_j", day.facility},
            {"it_energy_j", day.it},
            {"water_l", day.water_l()}}}};
}

struct Column {
  const char *name, *unit, *meaning, *aggregation;
  double step;  ///< to which values are rounded
  double (*value)(const YearHour&);
};

const std::vector<Column>& columns() {
  static const std::vector<Column> list = {
      {"hour", "h", "Hour of the year at its start", "start", 1, nullptr},
      {"month", "1", "Month, from 1", "start", 1, [](const YearHour& h) { return h.month + 1.0; }},
      {"day", "1", "Day of the month", "start", 1, [](const YearHour& h) { return h.day + 0.0; }},
      {"hour_of_day", "h", "Local standard time", "start", 1, [](const YearHour& h) { return h.hour + 0.0; }},
      {"dry_bulb_c", "degC", "Outside air", "mean", 1e-3, [](const YearHour& h) { return h.dry_bulb_c; }},
      {"wet_bulb_c", "degC", "Outside air", "mean", 1e-3, [](const YearHour& h) { return h.wet_bulb_c; }},
      {"load", "1", "Rates over those that the scenario states", "mean", 1e-6,
       [](const YearHour& h) { return h.load; }},
      {"output_tokens", "1", "Tokens generated", "sum", 1, [](const YearHour& h) { return h.output_tokens; }},
      {"it_w", "W", "All inside the racks, at their input", "mean", 0.1, [](const YearHour& h) { return h.it_w; }},
      {"cooling_w", "W", "Air handlers, pumps, chillers and heat rejection", "mean", 0.1,
       [](const YearHour& h) { return h.cooling_w(); }},
      {"chillers_w", "W", "Chillers, those of electrical rooms with them", "mean", 0.1,
       [](const YearHour& h) { return h.chillers_w; }},
      {"power_chain_w", "W", "Losses of busway, UPS, transformers and batteries", "mean", 0.1,
       [](const YearHour& h) { return h.chain_w(); }},
      {"facility_w", "W", "All that the site uses", "mean", 0.1, [](const YearHour& h) { return h.facility_w(); }},
      {"grid_w", "W", "From the grid: what the site uses and what its battery stores", "mean", 0.1,
       [](const YearHour& h) { return h.grid_w(); }},
      {"pue", "1", "Facility over IT, of this hour", "mean", 1e-5,
       [](const YearHour& h) { return h.it_w > 0 ? h.facility_w() / h.it_w : NAN; }},
      {"heat_to_liquid_w", "W", "Heat taken by a liquid path", "mean", 0.1,
       [](const YearHour& h) { return h.heat_to_liquid_w; }},
      {"water_l", "L", "Taken from the site's supply", "sum", 0.1,
       [](const YearHour& h) { return h.evaporation_l + h.drift_l + h.blow_down_l; }},
      {"main_mode", "1", "Mode of the main loop, an index into `modes`", "state", 1,
       [](const YearHour& h) { return static_cast<double>(h.mode[0]); }},
      {"main_warmer_k", "K", "Supply of the main loop above its set point", "mean", 1e-3,
       [](const YearHour& h) { return h.warmer_k[0]; }},
      {"residual_air_mode", "1", "Mode of the air's own loop, an index into `modes`", "state", 1,
       [](const YearHour& h) { return static_cast<double>(h.mode[1]); }},
      {"residual_air_warmer_k", "K", "Supply of the air's own loop above its set point", "mean", 1e-3,
       [](const YearHour& h) { return h.warmer_k[1]; }},
      {"server_inlet_c", "degC", "Air that enters the servers", "mean", 1e-3,
       [](const YearHour& h) { return h.server_inlet_c; }},
      {"rack_supply_c", "degC", "Coolant that enters cold plates, doors or tanks", "mean", 1e-3,
       [](const YearHour& h) { return h.rack_supply_c; }},
      {"usd_per_kwh", "USD/kWh", "Price of energy", "mean", 1e-6, [](const YearHour& h) { return h.usd_per_kwh; }},
      {"energy_usd", "USD", "Cost of energy, without what is paid by month", "sum", 1e-4,
       [](const YearHour& h) { return h.grid_w() * 1e-3 * h.usd_per_kwh; }},
      {"carbon_kg", "kg", "CO2 equivalent of the electricity", "sum", 1e-4,
       [](const YearHour& h) { return h.grid_w() * 1e-3 * h.co2_kg_per_kwh; }},
  };
  return list;
}

/// Has value * 10^-n digits at most behind the point, with n from `step`; shortest that reads back.
void append_rounded(std::string& text, double value, double step) {
  if (!std::isfinite(value)) return;
  const double inverse = std::round(1.0 / step);
  const double rounded = inverse >= 1.0 ? std::round(value * inverse) / inverse : value;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, rounded == 0.0 ? 0.0 : rounded).ptr;
  text.append(digits, end);
}

Json series_json(const YearResult& result) {
  Json list = Json::array();
  for (const Column& column : columns()) {
    list.push_back({{"name", column.name},
                    {"unit", column.unit},
                    {"meaning", column.meaning},
                    {"aggregation", column.aggregation}});
  }
  Json modes = Json::object();
  for (std::size_t loop = 0; loop < metrics::kYearLoops; ++loop) {
    if (!result.modes[loop].empty()) modes[metrics::kYearLoopNames[loop]] = result.modes[loop];
  }
  return {
      {"file", "hours.csv"}, {"rows", result.hours.size()}, {"modes", std::move(modes)}, {"columns", std::move(list)}};
}

Json points_json(const YearResult& result) {
  Json points = Json::array();
  for (const metrics::YearPoint& point : result.points) {
    points.push_back({{"load", point.load},
                      {"it_w", point.it_w},
                      {"output_tokens_per_s", point.output_tokens_per_s},
                      {"requests_per_s", point.requests_per_s},
                      {"liquid_share", point.liquid_share},
                      {"fans_and_supplies_w", number(point.fans_and_supplies_w)}});
  }
  return {{"from", result.points_from}, {"points", std::move(points)}};
}

std::string tonnes(double value) { return value < 1000 ? fmt::format("{:.4g}", value) : grouped(std::llround(value)); }

std::string figure(const Json& value, int digits) {
  return value.is_null() ? "-" : fmt::format("{:.{}f}", value.get<double>(), digits);
}

}  // namespace

Json year_json(const YearResult& result, const Json& scenario, const Provenance& provenance) {
  std::vector<Totals> months(12);
  Totals year;
  for (const YearHour& hour : result.hours) {
    months[static_cast<std::size_t>(hour.month)].add(hour);
    year.add(hour);
  }
  Json by_month = Json::array();
  for (std::size_t m = 0; m < months.size(); ++m) {
    months[m].add(result.money[m], result.carbon_kg[m]);
    year.add(result.money[m], result.carbon_kg[m]);
    Json month = {{"month", m + 1}};
    month.update(metrics_json(months[m], result));
    month.update(sums_json(months[m]));
    month["cost"] = money_json(result.money[m]);
    month["water"] = water_json(months[m]);
    by_month.push_back(std::move(month));
  }
  Json summary = metrics_json(year, result);
  summary["pue_category"] = "PUE3: IT at the racks' input";
  summary.update(sums_json(year));
  double liquid = 0.0;
  for (const YearHour& hour : result.hours) liquid += hour.heat_to_liquid_w * kSecondsPerHour;
  return {{"format", kYearFormat},
          {"scenario", scenario},
          {"provenance", provenance_json(provenance)},
          {"outcome", {{"status", "completed"}, {"hours", result.hours.size()}}},
          {"summary", std::move(summary)},
          {"months", std::move(by_month)},
          {"energy_by_j", energy_json(result.hours)},
          {"water", water_json(year)},
          {"electricity_water_l", electricity_water_l(year, result)},
          {"cost", money_json(year.money)},
          {"cooling",
           {{"kind", result.cooling_kind},
            {"heat_rejection", result.heat_rejection_kind},
            {"heat_to_liquid_j", liquid},
            {"heat_reused_j", year.reused},
            {"mode_hours", modes_json(result)}}},
          {"out_of_range", range_json(result)},
          {"peaks", peaks_json(result)},
          {"operating_points", points_json(result)},
          {"ratings_w", object(result.ratings_w)},
          {"assumptions", assumptions_json(result.assumptions)},
          {"validity", validity_json(result.validity)},
          {"series", series_json(result)}};
}

std::string year_csv(const YearResult& result) {
  std::string text;
  text.reserve(result.hours.size() * 200);
  const std::vector<Column>& all = columns();
  for (std::size_t c = 0; c < all.size(); ++c) {
    if (c > 0) text += ',';
    text += all[c].name;
  }
  text += "\r\n";
  for (std::size_t h = 0; h < result.hours.size(); ++h) {
    for (std::size_t c = 0; c < all.size(); ++c) {
      if (c > 0) text += ',';
      append_rounded(text, all[c].value != nullptr ? all[c].value(result.hours[h]) : static_cast<double>(h),
                     all[c].step);
    }
    text += "\r\n";
  }
  return text;
}

std::string year_table(const Json& document) {
  const Json& summary = document.at("summary");
  const auto scaled_of = [](const Json& value, double factor, const char* unit) {
    return value.is_null() ? std::string("-") : scaled(value.get<double>() * factor, unit);
  };
  std::string text = fmt::format("{:<5}{:>7}{:>7}{:>7}{:>10}{:>10}{:>9}{:>13}{:>9}\n", "", "PUE", "WUE", "CUE",
                                 "IT mean", "peak", "water", "USD", "t CO2e");
  const auto row = [&](const std::string& name, const Json& of) {
    text += fmt::format("{:<5}{:>7}{:>7}{:>7}{:>10}{:>10}{:>9}{:>13}{:>9}\n", name, figure(of.at("pue"), 3),
                        figure(of.at("wue_site_l_per_kwh"), 2), figure(of.at("cue_kg_per_kwh"), 3),
                        scaled_of(of.at("mean_it_w"), 1, "W"), scaled_of(of.at("highest_facility_w"), 1, "W"),
                        scaled_of(of.at("water_l"), 1e-3, "m3"),
                        grouped(std::llround(of.at("electricity_usd").get<double>())),
                        tonnes(of.at("carbon_kg").get<double>() / 1000));
  };
  for (const Json& month : document.at("months")) row(kMonthNames[month.at("month").get<int>() - 1], month);
  row("Year", summary);

  const auto line = [&text](const std::string& label, const std::string& value) {
    text += fmt::format("  {:<24}{}\n", label, value);
  };
  text += "\n";
  line("PUE, TUE, ERE", fmt::format("{}, {}, {}", figure(summary.at("pue"), 4), figure(summary.at("tue"), 4),
                                    figure(summary.at("ere"), 4)));
  line("WUE site, source", fmt::format("{}, {} L/kWh", figure(summary.at("wue_site_l_per_kwh"), 3),
                                       figure(summary.at("wue_source_l_per_kwh"), 3)));
  const Json& cost = document.at("cost");
  line("USD energy+demand+fixed",
       fmt::format("{} + {} + {}", grouped(std::llround(cost.at("energy_usd").get<double>())),
                   grouped(std::llround(cost.at("demand_usd").get<double>())),
                   grouped(std::llround(cost.at("fixed_usd").get<double>()))));
  if (summary.at("output_tokens").get<double>() > 0) {
    line("Tokens", fmt::format("{:.4g}, {} per J, {} USD per million", summary.at("output_tokens").get<double>(),
                               figure(summary.at("output_tokens_per_joule"), 4),
                               figure(summary.at("usd_per_million_output_tokens"), 3)));
  }
  for (const auto& [loop, modes] : document.at("cooling").at("mode_hours").items()) {
    std::string hours;
    for (const auto& [mode, count] : modes.items()) {
      if (count.get<std::int64_t>() == 0) continue;
      hours += fmt::format("{}{} {}", hours.empty() ? "" : ", ", mode, grouped(count.get<std::int64_t>()));
    }
    line("Hours, " + loop, hours);
  }
  for (const auto& [loop, range] : document.at("out_of_range").at("supply_above_set_point").items()) {
    if (range.at("hours") == 0) continue;
    line("Too warm, " + loop, fmt::format("{} h, by {:.1f} K at most", grouped(range.at("hours").get<std::int64_t>()),
                                          range.at("farthest_k").get<double>()));
  }
  if (summary.at("highest_grid_w") != summary.at("highest_facility_w")) {
    line("Peak of the grid", scaled_of(summary.at("highest_grid_w"), 1, "W"));
  }
  const Json &hour = document.at("peaks").at("hour"), &day = document.at("peaks").at("day");
  line("Peak hour",
       fmt::format("{} {:02}:00, {} at {:.1f} degC", hour.at("date").get<std::string>(), hour.at("hour").get<int>(),
                   scaled(hour.at("facility_w").get<double>(), "W"), hour.at("dry_bulb_c").get<double>()));
  line("Peak day", fmt::format("{}, {}", day.at("date").get<std::string>(),
                               scaled(day.at("facility_energy_j").get<double>() / 3600.0, "Wh")));
  line("Assumptions, notes", fmt::format("{}, {}", document.at("assumptions").size(), document.at("validity").size()));
  return text;
}

void write_year(const std::filesystem::path& folder, const Json& document, const std::string& csv,
                const metrics::RunCost& cost) {
  const auto text_of = [](const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; };
  const Json run = {{"format", "tokenworks.run/1"},
                    {"wall_s", cost.wall_s},
                    {"simulated_s", document.at("outcome").at("hours").get<double>() * kSecondsPerHour},
                    {"events", cost.events},
                    {"requests", 0},
                    {"transfers", 0},
                    {"peak_memory_bytes", cost.peak_memory_bytes}};
  PartialFile hours(folder / "hours.csv"), costs(folder / "year_run.json"), year(folder / "year.json");
  hours.write(csv);
  costs.write(text_of(run));
  year.write(text_of(document));
  PartialFile* const files[] = {&hours, &costs, &year};
  for (PartialFile* file : files) file->sync();
  for (PartialFile* file : files) file->rename();
}

}  // namespace tokenworks::report
