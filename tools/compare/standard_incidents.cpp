#include "tools/compare/standard_incidents.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "models/power/power_option.hpp"
#include "sim/report/report.hpp"
#include "sim/report/report_files.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/run.hpp"
#include "sim/scenario/site_models.hpp"
#include "tools/forked_runs.hpp"
#include "tools/provenance.hpp"

namespace tokenworks::compare {
namespace {

using scenario::FaultList;
using scenario::Json;

/// One run of one scenario.
struct Task {
  std::size_t scenario = 0;
  std::string name;  ///< of the run: "base", or of the incident
  scenario::ReadOutcome outcome;
};

struct Scenario {
  std::string path, name;
  std::vector<StandardIncident> incidents;
};

/// A tree for these racks, to know its nodes by name: what they are sized for does not matter here.
power::NetworkSpec tree_of(scenario::ReadOutcome& scenario) {
  power::PowerLoads loads;
  for (const scenario::RackGroupSpec& group : scenario.spec.factory.racks) {
    loads.racks.push_back({group.name, Watts(1e3), Watts(0)});
  }
  loads.mechanical = loads.house = Watts(1);
  return scenario.spec.factory.power->network(loads);
}

std::string first_path(scenario::ReadOutcome& scenario) {
  const power::NetworkSpec tree = tree_of(scenario);
  for (const std::string_view kind : {"ups", "busway", "pdu", "switchgear", "transformer"}) {
    for (const power::NodeSpec& node : tree.nodes) {
      if (node.kind == kind) return node.name;
    }
  }
  return {};
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// In a process of its own: report and series.
std::string run_task(Task& task, const std::filesystem::path& folder) {
  const Json resolved = scenario::write_struct(task.outcome.spec);
  const report::Provenance provenance = tools::provenance_of(task.outcome);
  const scenario::RunOutput output = scenario::run(task.outcome, {});
  if (!folder.empty()) report::write_report(folder, output.result, output.cost, resolved, provenance);
  return dumped({{"report", report::report_json(output.result, resolved, provenance)},
                 {"series", report::series_csv(output.result)}});
}

ReportInput answer_of(const tools::ForkedAnswer& answer, const std::string& what) {
  FaultList faults;
  std::optional<Json> json;
  if (answer.status == tools::ForkedAnswer::Status::answered) {
    json = Json::parse(answer.text, nullptr, false);
    if (!json->is_object()) json.reset();
  }
  if (json && json->contains("failed")) {
    throw std::runtime_error(fmt::format("{}: {}", what, json->at("failed").get<std::string>()));
  }
  if (!json) throw std::runtime_error(fmt::format("{}: {}", what, answer.text));
  std::optional<SeriesFile> series = parse_series(json->at("series").get<std::string>(), faults);
  ReportInput report = take_report(std::move(json->at("report")), std::move(series), faults);
  if (!faults.empty()) throw std::runtime_error(faults.text(what));
  return report;
}

std::optional<double> value_of(const ReportInput& report, std::string_view id) {
  const auto found = std::find_if(report.measures.begin(), report.measures.end(),
                                  [&](const Measure& measure) { return measure.id == id; });
  return found == report.measures.end() ? std::nullopt : found->value;
}

/// What the run with an incident says of it, and how it differs from the run without.
void add_incident(ReportInput& base, const ReportInput& with, const StandardIncident& standard) {
  const std::string kind = standard.incident.at("kind").get<std::string>();
  const double at_s = standard.incident.at("at_s").get<double>();
  const auto found = std::find_if(
      with.incidents.rbegin(), with.incidents.rend(),
      [&](const MeasuredIncident& incident) { return incident.kind == kind && std::abs(incident.at_s - at_s) < 1e-6; });
  if (found == with.incidents.rend()) return;
  MeasuredIncident incident = *found;
  const auto add = [&](const char* effect, std::optional<double> value) {
    if (value) incident.effects.emplace_back(effect, *value);
  };
  const auto more = [&](const char* id) -> std::optional<double> {
    const std::optional<double> before = value_of(base, id), now = value_of(with, id);
    return before && now ? std::optional(*now - *before) : std::nullopt;
  };
  if (const std::optional<double> tokens = more("output_tokens")) add("output_tokens_lost", -*tokens);
  add("requests_not_completed", more("requests_not_completed"));
  for (const char* id : {"slo_attainment_share", "peak_facility_w", "hottest_server_inlet_c", "hottest_rack_supply_c",
                         "time_on_battery_s", "generator_fuel_l"}) {
    add(id, value_of(with, id));
  }
  base.incidents.push_back(std::move(incident));
}

std::vector<Task> read_tasks(const IncidentRuns& wanted, std::vector<Scenario>& scenarios, IncidentReports& found) {
  std::vector<Task> tasks;
  for (const std::string& path : wanted.paths) {
    Scenario one{path, {}, {}};
    scenario::ReadOutcome base = scenario::read_scenario(path, wanted.overrides);
    if (base.faults.empty()) scenario::check_site_files(base);
    found.faults += base.faults.text(path);
    if (base.faults.empty()) {
      one.name = base.spec.name;
      const scenario::ClockSpec& clock = base.spec.clock;
      const double measured = clock.duration.value - clock.warm_up.value;
      const double at_s = wanted.at_s.value_or(clock.warm_up.value + kDefaultIncidentShare * measured);
      if (at_s + wanted.duration_s > clock.duration.value) {
        found.notes.push_back(fmt::format("{}: incidents last from {} s to {} s, but traffic ends after {} s", one.name,
                                          at_s, at_s + wanted.duration_s, clock.duration.value));
      }
      if (at_s > clock.duration.value) {
        found.faults += fmt::format("{}: --incident-at: found {}; allowed: at most the clock's duration, {} s\n", path,
                                    at_s, clock.duration.value);
      }
      one.incidents = standard_incidents(base, at_s, wanted.duration_s);
      Json own = Json::array();
      const Json resolved = scenario::write_struct(base.spec);
      if (resolved.contains("incidents")) own = resolved.at("incidents");
      tasks.push_back({scenarios.size(), "base", std::move(base)});
      for (const StandardIncident& standard : one.incidents) {
        Json all = own;
        all.push_back(standard.incident);
        scenario::Overrides overrides = wanted.overrides;
        overrides.emplace_back("/incidents", dumped(all));
        Task task{scenarios.size(), standard.name, scenario::read_scenario(path, overrides)};
        found.faults += task.outcome.faults.text(fmt::format("{} with {}", path, standard.name));
        tasks.push_back(std::move(task));
      }
    }
    scenarios.push_back(std::move(one));
  }
  return tasks;
}

/// A name as a folder.
std::string folder_name(const std::string& name) {
  std::string folder = name;
  for (char& c : folder) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return folder.empty() || folder == "." || folder == ".." ? "_" : folder;
}

}  // namespace

std::vector<StandardIncident> standard_incidents(scenario::ReadOutcome& scenario, double at_s, double duration_s) {
  std::vector<StandardIncident> incidents;
  const auto add = [&](const char* name, const char* kind, const std::string& target) {
    Json incident = {{"kind", kind}, {"at_s", at_s}};
    if (!target.empty()) incident["target"] = target;
    incident["repair_after_s"] = duration_s;
    incidents.push_back({name, std::move(incident)});
  };
  std::string first;
  for (const scenario::RackGroupSpec& group : scenario.spec.factory.racks) {
    if (first.empty() || group.name < first) first = group.name;
  }
  if (!first.empty()) {
    add("pump_stop", "cooling_pump_failure", first);
    incidents.back().incident["flow_share"] = 0.0;
  }
  add("grid_loss", "utility_loss", "");
  if (const std::string path = first_path(scenario); !path.empty()) add("path_down", "power_path_down", path);
  return incidents;
}

IncidentReports run_incidents(const IncidentRuns& wanted) {
  IncidentReports found;
  std::vector<Scenario> scenarios;
  std::vector<Task> tasks = read_tasks(wanted, scenarios, found);
  if (wanted.paths.size() < 2) {
    found.faults += fmt::format("SCENARIO: found {}; allowed: at least two\n", wanted.paths.size());
  }
  if (!found.faults.empty()) return found;

  // Names of folders: the scenarios', numbered where two are alike.
  std::vector<std::string> folders;
  for (const Scenario& one : scenarios) {
    const std::string folder = folder_name(one.name);
    std::string free = folder;
    for (int n = 2; std::find(folders.begin(), folders.end(), free) != folders.end(); ++n) {
      free = fmt::format("{}_{}", folder, n);
    }
    folders.push_back(free);
  }
  const auto folder_of = [&](const Task& task) {
    return wanted.keep.empty() ? std::filesystem::path() : wanted.keep / folders[task.scenario] / task.name;
  };
  if (!wanted.keep.empty()) {
    for (const Task& task : tasks) report::prepare_folder(folder_of(task));
  }
  const auto work = [&](std::size_t index) -> std::string {
    try {
      return run_task(tasks[index], folder_of(tasks[index]));
    } catch (const std::exception& error) {
      return dumped({{"failed", error.what()}});
    }
  };
  tools::ForkedRuns how;
  how.jobs = wanted.jobs;
  how.time_limit_s = 0;
  how.stop = wanted.stop;
  how.abandons = true;
  if (wanted.progress) how.progress = [&](std::size_t done) { wanted.progress(done, tasks.size()); };
  const std::vector<tools::ForkedAnswer> answers = tools::run_forked(tasks.size(), work, how);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (answers[t].status == tools::ForkedAnswer::Status::not_run) {
      found.stopped = true;
      return found;
    }
    const Task& task = tasks[t];
    const Scenario& of = scenarios[task.scenario];
    ReportInput report = answer_of(answers[t], fmt::format("{}, {}", of.path, task.name));
    if (task.name == "base") {
      report.path = wanted.keep.empty() ? of.path : (folder_of(task) / "report.json").string();
      found.reports.push_back(std::move(report));
      continue;
    }
    const auto standard = std::find_if(of.incidents.begin(), of.incidents.end(),
                                       [&](const StandardIncident& incident) { return incident.name == task.name; });
    add_incident(found.reports.back(), report, *standard);
  }
  return found;
}

}  // namespace tokenworks::compare
