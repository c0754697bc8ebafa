#include "tools/year/operating_points.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <stdexcept>

#include <fmt/format.h>

#include "sim/jobs/workload/input_error.hpp"
#include "sim/report/input_file.hpp"
#include "sim/report/report_files.hpp"
#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/run.hpp"
#include "tools/forked_runs.hpp"

namespace tokenworks::tools {
namespace {

using scenario::Json;
using scenario::OperatingPoint;

constexpr double kNextToRest = 1e-3;  // of the highest load: a rate of 0 is none

double energy_of(const metrics::RunResult& result, std::string_view consumer) {
  for (const auto& [name, joules] : result.power.energy_by_j) {
    if (name == consumer) return joules;
  }
  return 0.0;
}

/// Means of a run behind its warm-up.
OperatingPoint point_of(double load, const metrics::RunResult& result, double warm_up_s) {
  OperatingPoint point;
  point.load = load;
  const auto column = std::find_if(result.columns.begin(), result.columns.end(),
                                   [](const metrics::SeriesColumn& c) { return c.name == "it_power_w"; });
  const auto it_power = static_cast<std::size_t>(column - result.columns.begin());
  double energy = 0.0, time = 0.0;
  for (std::size_t row = 0; row < result.rows.size(); ++row) {
    const double from = result.rows[row][0];
    const double to = row + 1 < result.rows.size() ? result.rows[row + 1][0] : result.simulated_s;
    if (from < warm_up_s) continue;
    energy += result.rows[row][it_power] * (to - from);
    time += to - from;
  }
  const double whole = result.power.it_energy_j;
  point.it_w = time > 0.0 ? energy / time : result.simulated_s > 0.0 ? whole / result.simulated_s : 0.0;
  if (whole > 0.0) {
    const double overhead = energy_of(result, "server_fans") + energy_of(result, "power_supply_loss");
    point.fans_and_supplies_w = point.it_w * overhead / whole;
    point.liquid_share = std::min(1.0, result.cooling.heat_to_liquid_j / whole);
  }
  for (const metrics::ServiceResult& service : result.services) {
    if (!(service.window_s > 0.0)) continue;
    point.output_tokens_per_s += static_cast<double>(service.window_output_tokens) / service.window_s;
    point.requests_per_s += static_cast<double>(service.window_completed) / service.window_s;
  }
  return point;
}

OperatingPoint run_once(const PointRuns& wanted, double load) {
  scenario::ReadOutcome scenario = wanted.scenario.at(load);
  scenario::ClockSpec& clock = scenario.spec.clock;
  clock.drain = false;
  scenario.spec.incidents.clear();  // a year of hours, none of which is that of an incident
  const double rows_s = std::max(0.1, (clock.duration.value - clock.warm_up.value) / 50.0);
  scenario.spec.report.interval.value = std::min(scenario.spec.report.interval.value, rows_s);
  return point_of(load, scenario::run(scenario, {}).result, clock.warm_up.value);
}

struct PointsFile {
  std::string format = kPointsFormat, key;
  std::vector<OperatingPoint> points;
  void visit(FieldVisitor& v) {
    static constexpr std::string_view kFormats[] = {kPointsFormat};
    field(v, "format", format, "Format of this file", rule().required().one_of(kFormats));
    field(v, "key", key, "What the points depend on", rule().required());
    field(v, "points", points, "From low to high load", rule().required());
  }
};

std::vector<double> loads_of(const PointRuns& wanted) {
  std::vector<double> loads = {wanted.highest_load * kNextToRest};
  for (int i = 1; i <= wanted.points; ++i) loads.push_back(wanted.highest_load * i / wanted.points);
  return loads;
}

}  // namespace

std::vector<OperatingPoint> run_points(const PointRuns& wanted) {
  const std::vector<double> loads = loads_of(wanted);
  const auto work = [&](std::size_t index) -> std::string {
    try {
      OperatingPoint point = run_once(wanted, loads[index]);
      return scenario::write_struct(point).dump();
    } catch (const std::exception& error) {
      return Json{{"failed", error.what()}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  };
  ForkedRuns how;
  how.jobs = wanted.jobs;
  how.time_limit_s = 0;
  how.stop = wanted.stop;
  how.abandons = true;
  if (wanted.progress) how.progress = [&](std::size_t done) { wanted.progress(done, loads.size()); };
  const std::vector<ForkedAnswer> answers = run_forked(loads.size(), work, how);
  std::vector<OperatingPoint> points;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].status == ForkedAnswer::Status::not_run) return {};
    const Json json = Json::parse(answers[i].text, nullptr, false);
    scenario::FaultList faults;
    std::vector<Assumption> unused;
    OperatingPoint point;
    if (json.is_object() && json.contains("it_w")) scenario::read_struct(json, point, {}, faults, unused);
    if (!json.is_object() || !json.contains("it_w") || !faults.empty()) {
      throw std::runtime_error(fmt::format(
          "the run at load {:.4g}: {}", loads[i],
          json.is_object() && json.contains("failed") ? json.at("failed").get<std::string>() : answers[i].text));
    }
    points.push_back(point);
  }
  return points;
}

std::string points_key(scenario::ReadOutcome& scenario, double highest_load, int points, const std::string& version) {
  Json json = scenario::write_struct(scenario.spec);
  for (const char* unimportant : {"name", "site", "report", "year", "incidents"}) json.erase(unimportant);
  std::string text = json.dump();
  std::string files;
  for (const scenario::InputFile& input : scenario.inputs) {
    if (text.find(Json(input.name).dump()) != text.npos) files += "/" + report::sha256_of_file(input.path);
  }
  text += fmt::format("{}/{}/{}/{}", files, highest_load, points, version);
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return fmt::format("{:016x}", hash);
}

std::vector<OperatingPoint> read_points(const std::filesystem::path& file, const std::string& key) {
  if (!std::filesystem::exists(file)) return {};
  scenario::FaultList faults;
  const auto text = scenario::read_text(file.string(), faults);
  const auto json = text ? scenario::parse_json(*text, faults) : std::nullopt;
  PointsFile content;
  std::vector<Assumption> unused;
  if (json) scenario::read_struct(*json, content, {}, faults, unused);
  for (std::size_t i = 1; i < content.points.size(); ++i) {
    if (content.points[i].load > content.points[i - 1].load) continue;
    faults.add(scenario::FaultKind::out_of_range, fmt::format("/points/{}/load", i), "loads must rise");
  }
  if (faults.empty() && content.points.empty()) {
    faults.add(scenario::FaultKind::out_of_range, "/points", "found an empty list; allowed: at least one point");
  }
  if (!faults.empty()) {
    const scenario::Fault& first = faults.kept().front();
    throw jobs::InputError(file.string(), static_cast<std::int64_t>(first.line), first.pointer + ": " + first.message);
  }
  if (content.key != key) return {};
  return content.points;
}

void write_points(const std::filesystem::path& file, const std::string& key, std::vector<OperatingPoint> points) {
  PointsFile content;
  content.key = key;
  content.points = std::move(points);
  report::write_file(file, scenario::json_text(scenario::write_struct(content)));
}

}  // namespace tokenworks::tools
