// Small reports for tests of the comparison.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "tools/compare/report_input.hpp"

namespace tokenworks::compare {

/// A run with what the comparison reads, on 2 racks of 10 kW under 2n.
inline scenario::Json sample_report(const std::string& name, double pue, const std::string& rejection = "dry_cooler") {
  const double it_j = 3.6e9;  // 1 MWh
  return {
      {"format", "tokenworks.report/1"},
      {"scenario",
       {{"format", "tokenworks.scenario/1"},
        {"name", name},
        {"seed", 7},
        {"clock", {{"duration_s", 3600.0}}},
        {"factory",
         {{"racks", {{{"name", "row_a"}, {"kind", "dgx_h100"}, {"count", 2}}}},
          {"power", {{"kind", "standard_chain"}, {"redundancy", "2n"}, {"busway_loss_share", 0.0}}},
          {"cooling", {{"kind", "direct_to_chip"}, {"heat_rejection", {{"kind", rejection}, {"approach_k", 5.0}}}}}}},
        {"workloads", {{{"name", "chat"}, {"arrivals", {{"kind", "poisson"}, {"rate_per_s", 5.5}}}}}}}},
      {"provenance",
       {{"version", "1"},
        {"git_revision", "abc"},
        {"inputs", {{{"path", "s.json"}, {"sha256", name}}, {{"path", "trace.csv"}, {"sha256", "11"}}}}}},
      {"outcome", {{"status", "completed"}, {"simulated_s", 3600.0}}},
      {"summary",
       {{"output_tokens_per_s", 1000.0},
        {"requests_per_s", 5.0},
        {"ttft_p99_s", 0.5},
        {"tpot_p99_s", nullptr},
        {"slo_attainment", 0.99},
        {"mean_it_w", 1e6},
        {"output_tokens_per_joule", 3.6e6 / (it_j * pue)},
        {"usd_per_million_output_tokens", 20.0 * pue}}},
      {"services",
       {{{"name", "chat"},
         {"requests", {{"arrived", 12}, {"completed", 10}, {"rejected", 1}, {"failed", 1}}},
         {"tokens", {{"output", 3600000}}},
         {"clock", nullptr}}}},
      {"power",
       {{"it_energy_j", it_j},
        {"facility_energy_j", it_j * pue},
        {"peak_it_w", 16e3},
        {"peak_facility_w", 16e3 * pue},
        {"pue", pue},
        {"ratings_w",
         {{"it_nameplate_w", 20e3},
          {"ups_rating_w", 50e3},
          {"liquid_chiller_capacity_w", 0.0},
          {"liquid_dry_cooler_capacity_w", 24e3},
          {"liquid_trim_chiller_capacity_w", 90e3},
          {"residual_air_chiller_capacity_w", 4e3}}}}},
      {"cooling",
       {{"kind", "direct_to_chip"},
        {"heat_rejection", rejection},
        {"heat_to_liquid_j", 3.0e9},
        {"heat_to_air_j", 1.0e9},
        {"mode_hours", {{"free", 0.75}, {"trim", 0.25}}}}},
      {"incidents",
       {{{"kind", "cooling_pump_failure"},
         {"target", "row_a"},
         {"at_s", 900.0},
         {"effects", {{"happened", 1.0}, {"least_clock_share", 1.0}, {"requests_failed", 0.0}}}}}},
      {"assumptions", {{{"subject", "a"}, {"value", "1"}, {"evidence", "E"}, {"source", "guess"}}}},
      {"validity", scenario::Json::array()}};
}

inline ReportInput sample_input(scenario::Json document) {
  scenario::FaultList faults;
  ReportInput input = take_report(std::move(document), std::nullopt, faults);
  if (!faults.empty()) throw std::runtime_error(faults.text("sample"));
  return input;
}

}  // namespace tokenworks::compare
