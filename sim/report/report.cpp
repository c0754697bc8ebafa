#include "sim/report/report.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "sim/report/json_values.hpp"
#include "sim/report/network_json.hpp"
#include "sim/report/service_json.hpp"

namespace tokenworks::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::RunResult;
using metrics::ServiceResult;

double sum_of_output_tokens(const RunResult& result) {
  std::int64_t tokens = 0;
  for (const ServiceResult& service : result.services) tokens += service.output_tokens;
  return static_cast<double>(tokens);
}

}  // namespace

Json provenance_json(const Provenance& provenance) {
  Json inputs = Json::array();
  for (const InputFile& input : provenance.inputs) inputs.push_back({{"path", input.path}, {"sha256", input.sha256}});
  Json catalog = Json::array();
  for (const CatalogEntryUsed& entry : provenance.catalog) {
    Json sources = Json::array();
    for (const SourceNote& note : entry.sources) {
      sources.push_back({{"fields", note.fields}, {"evidence", note.evidence}, {"source", note.source}});
    }
    catalog.push_back(
        {{"section", entry.section}, {"id", entry.id}, {"origin", entry.origin}, {"sources", std::move(sources)}});
  }
  return {{"program", "tokenworks"}, {"version", provenance.version}, {"git_revision", provenance.git_revision},
          {"seed", provenance.seed}, {"inputs", std::move(inputs)},   {"catalog", std::move(catalog)}};
}

namespace {

Json summary_json(const Summary& summary) {
  return {{"output_tokens_per_s", summary.output_tokens_per_s},
          {"requests_per_s", summary.requests_per_s},
          {"ttft_p99_s", number(summary.ttft_p99_s)},
          {"tpot_p99_s", number(summary.tpot_p99_s)},
          {"slo_attainment", number(summary.slo_attainment)},
          {"mean_it_w", number(summary.mean_it_w)},
          {"peak_facility_w", summary.peak_facility_w},
          {"pue", number(summary.pue)},
          {"output_tokens_per_joule", number(summary.output_tokens_per_joule)},
          {"usd_per_million_output_tokens", number(summary.usd_per_million_output_tokens)},
          {"usd_contains", Json::array({"electricity"})}};
}

Json session_json(const metrics::SessionResult& sessions) {
  const auto ended = static_cast<double>(sessions.completed);
  const auto input = static_cast<double>(sessions.input_tokens);
  return {{"workload", sessions.workload},
          {"service", sessions.service},
          {"started", sessions.started},
          {"completed", sessions.completed},
          {"failed", sessions.failed},
          {"unfinished", sessions.unfinished},
          {"steps", sessions.steps},
          {"sub_agent_steps", sessions.sub_agent_steps},
          {"rejected_steps", sessions.rejected_steps},
          {"compactions", sessions.compactions},
          {"tokens",
           {{"input", sessions.input_tokens},
            {"cached_input", sessions.cached_input_tokens},
            {"output", sessions.output_tokens}}},
          {"cached_share", number(ratio(static_cast<double>(sessions.cached_input_tokens), input))},
          {"time_s", latency(sessions.time_s)},
          {"llm_time_s", latency(sessions.llm_time_s)},
          {"tool_and_think_time_s", latency(sessions.wait_time_s)},
          {"steps_per_session", latency(sessions.steps_per_session)},
          {"tokens_per_session", latency(sessions.tokens_per_session)},
          {"gpu_energy_j", sessions.gpu_energy_j},
          {"energy_j", sessions.energy_j},
          {"electricity_usd", sessions.electricity_usd},
          {"electricity_usd_per_completed_session", number(ratio(sessions.electricity_usd, ended))}};
}

Json power_json(const metrics::PowerResult& power) {
  constexpr double kMinutesPerYear = 365.25 * 24 * 60;
  Json loads = Json::array();
  for (const metrics::PowerLoadResult& load : power.loads) {
    Json pairs = Json::array();
    for (const auto& [a, b] : load.failing_pairs) pairs.push_back({a, b});
    std::optional<double> minutes;
    if (load.availability) minutes = (1.0 - *load.availability) * kMinutesPerYear;
    loads.push_back({{"load", load.load},
                     {"single_points_of_failure", load.single_points_of_failure},
                     {"failing_pairs", std::move(pairs)},
                     {"has_all_failing_pairs", load.has_all_pairs},
                     {"availability", number(load.availability)},
                     {"minutes_without_power_a_year", number(minutes)}});
  }
  Json limits = Json::array();
  for (const metrics::PowerLimitResult& limit : power.limits) {
    limits.push_back({{"node", limit.node},
                      {"limit_w", limit.limit_w},
                      {"can_be_exceeded", limit.can_be_exceeded},
                      {"looks", limit.looks},
                      {"decisions", limit.decisions},
                      {"over_limit_s", limit.over_limit_s},
                      {"longest_over_limit_s", limit.longest_over_limit_s},
                      {"capped_s", limit.capped_s},
                      {"highest_w", limit.highest_w}});
  }
  Json stores = Json::array();
  for (const metrics::PowerStoreResult& store : power.stores) {
    stores.push_back({{"node", store.node},
                      {"capacity_j", store.capacity_j},
                      {"charged_j", store.charged_j},
                      {"discharged_j", store.discharged_j},
                      {"lowest_state_of_charge", store.lowest_state_of_charge},
                      {"state_of_charge", store.state_of_charge},
                      {"at_reserve_s", store.at_reserve_s}});
  }
  Json events = Json::array();
  for (const metrics::PowerEventResult& event : power.events) {
    events.push_back({{"at_s", event.at_s}, {"event", event.event}, {"node", event.node}});
  }
  return {{"it_energy_j", power.it_energy_j},
          {"facility_energy_j", power.facility_energy_j},
          {"energy_by_j", object(power.energy_by_j)},
          {"unassigned_energy_j", power.unassigned_energy_j},
          {"peak_it_w", power.peak_it_w},
          {"peak_facility_w", power.peak_facility_w},
          {"peak_grid_w", power.peak_grid_w},
          {"largest_grid_rise_w", power.largest_grid_rise_w},
          {"largest_grid_fall_w", power.largest_grid_fall_w},
          {"pue", number(power.pue)},
          {"pue_category", "pue3"},
          {"partial_pue", object(power.partial_pue)},
          {"itue", number(power.itue)},
          {"tue", number(power.tue)},
          {"ratings_w", object(power.ratings_w)},
          {"sources",
           {{"grid_j", power.grid_j},
            {"generators_j", power.generators_j},
            {"stored_j", power.stored_j},
            {"generator_fuel_l", power.generator_fuel_l},
            {"time_on_battery_s", power.time_on_battery_s},
            {"power_floors_j", power.floor_j}}},
          {"stores", std::move(stores)},
          {"events", std::move(events)},
          {"limits", std::move(limits)},
          {"loads", std::move(loads)}};
}

Json cooling_json(const metrics::CoolingResult& cooling) {
  return {{"kind", cooling.kind},
          {"heat_rejection", cooling.heat_rejection},
          {"energy_j", cooling.energy_j},
          {"heat_to_liquid_j", cooling.heat_to_liquid_j},
          {"heat_to_air_j", cooling.heat_to_air_j},
          {"heat_reused_j", cooling.heat_reused_j},
          {"erf", number(cooling.erf)},
          {"ere", number(cooling.ere)},
          {"mode_hours", object(cooling.mode_hours)},
          {"residual_air_mode_hours", object(cooling.residual_air_mode_hours)}};
}

metrics::SiteMetrics site_metrics_of(const RunResult& result) {
  return metrics::site_metrics({.it_j = result.power.it_energy_j,
                                .facility_j = result.power.facility_energy_j,
                                .water_l = result.water.withdrawn_l(),
                                .electricity_water_l = result.water.electricity_l,
                                .co2_kg = result.carbon_kg});
}

Json water_json(const metrics::WaterResult& water, const metrics::SiteMetrics& site) {
  return {{"used_l", water.withdrawn_l()},        {"consumed_l", water.consumed_l()},
          {"evaporation_l", water.evaporation_l}, {"drift_l", water.drift_l},
          {"blow_down_l", water.blow_down_l},     {"wue_l_per_kwh", number(site.wue_site_l_per_kwh)},
          {"electricity_l", water.electricity_l}, {"wue_source_l_per_kwh", number(site.wue_source_l_per_kwh)}};
}

Json incidents_json(const std::vector<metrics::IncidentResult>& incidents) {
  Json json = Json::array();
  for (const metrics::IncidentResult& incident : incidents) {
    json.push_back({{"kind", incident.kind},
                    {"target", incident.target},
                    {"at_s", incident.at_s},
                    {"repaired_at_s", number(incident.repaired_at_s)},
                    {"effects", object(incident.effects)}});
  }
  return json;
}

Json series_json(const RunResult& result) {
  Json columns = Json::array();
  for (const metrics::SeriesColumn& column : result.columns) {
    columns.push_back({{"name", column.name},
                       {"unit", column.unit},
                       {"meaning", column.meaning},
                       {"aggregation", column.aggregation}});
  }
  return {{"file", "series.csv"}, {"rows", result.rows.size()}, {"columns", std::move(columns)}};
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void append_shortest(std::string& text, double value) {
  if (!std::isfinite(value)) return;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

void keep_worst(std::optional<double>& worst, std::optional<double> value, bool higher_is_worse) {
  if (!value) return;
  if (!worst || (higher_is_worse ? *value > *worst : *value < *worst)) worst = value;
}

}  // namespace

Summary summarize(const RunResult& result) {
  Summary summary;
  for (const ServiceResult& service : result.services) {
    const double window = service.window_s;
    summary.output_tokens_per_s += ratio(static_cast<double>(service.window_output_tokens), window).value_or(0);
    summary.requests_per_s += ratio(static_cast<double>(service.window_completed), window).value_or(0);
    if (service.ttft_s) keep_worst(summary.ttft_p99_s, service.ttft_s->p99, true);
    if (service.tpot_s) keep_worst(summary.tpot_p99_s, service.tpot_s->p99, true);
    keep_worst(summary.slo_attainment, service.slo_attainment, false);
  }
  const double tokens = sum_of_output_tokens(result);
  summary.mean_it_w = ratio(result.power.it_energy_j, result.simulated_s);
  summary.peak_facility_w = result.power.peak_facility_w;
  summary.pue = result.power.pue;
  summary.output_tokens_per_joule = ratio(tokens, result.power.facility_energy_j);
  summary.usd_per_million_output_tokens = ratio(result.electricity_usd * 1e6, tokens);
  return summary;
}

Json report_json(const RunResult& result, const Json& scenario, const Provenance& provenance) {
  const metrics::SiteMetrics site = site_metrics_of(result);
  Json services = Json::array();
  for (const ServiceResult& service : result.services) services.push_back(service_json(result, service));
  Json sessions = Json::array();
  for (const metrics::SessionResult& of_workload : result.sessions) sessions.push_back(session_json(of_workload));
  return {
      {"format", kReportFormat},
      {"scenario", scenario},
      {"provenance", provenance_json(provenance)},
      {"outcome", {{"status", result.interrupted ? "interrupted" : "completed"}, {"simulated_s", result.simulated_s}}},
      {"summary", summary_json(summarize(result))},
      {"services", std::move(services)},
      {"sessions", std::move(sessions)},
      {"power", power_json(result.power)},
      {"cooling", cooling_json(result.cooling)},
      {"water", water_json(result.water, site)},
      {"carbon", {{"electricity_kg", result.carbon_kg}, {"cue_kg_per_kwh", number(site.cue_kg_per_kwh)}}},
      {"cost", {{"contains", Json::array({"electricity"})}, {"electricity_usd", result.electricity_usd}}},
      {"network", network_json(result.network)},
      {"storage", storage_json(result.storage)},
      {"incidents", incidents_json(result.incidents)},
      {"assumptions", assumptions_json(result.assumptions)},
      {"validity", validity_json(result.validity)},
      {"series", series_json(result)}};
}

std::string series_csv(const RunResult& result) {
  std::string text;
  const char* separator = "";
  for (const metrics::SeriesColumn& column : result.columns) {
    text += separator;
    text += csv_field(column.name);
    separator = ",";
  }
  text += "\r\n";
  for (const std::vector<double>& row : result.rows) {
    separator = "";
    for (const double value : row) {
      text += separator;
      append_shortest(text, value);
      separator = ",";
    }
    text += "\r\n";
  }
  return text;
}

Json run_json(const RunResult& result, const metrics::RunCost& cost) {
  std::int64_t requests = 0;
  for (const ServiceResult& service : result.services) requests += service.requests.arrived;
  std::int64_t transfers = 0;
  for (const metrics::MoveTotals& totals : result.network.purposes) transfers += totals.transfers;
  return {{"format", "tokenworks.run/1"},
          {"wall_s", cost.wall_s},
          {"simulated_s", result.simulated_s},
          {"simulated_s_per_wall_s", number(ratio(result.simulated_s, cost.wall_s))},
          {"events", cost.events},
          {"events_per_s", number(ratio(static_cast<double>(cost.events), cost.wall_s))},
          {"requests", requests},
          {"requests_per_s", number(ratio(static_cast<double>(requests), cost.wall_s))},
          {"transfers", transfers},
          {"peak_memory_bytes", cost.peak_memory_bytes}};
}

}  // namespace tokenworks::report
