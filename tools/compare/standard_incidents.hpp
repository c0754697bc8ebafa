// Question   how do designs of one factory behave when their cooling or their power fails
// Equation   each scenario runs as it is, and once more for each standard incident; what an incident costs is the
//            difference of the two runs
// Source     none: what is struck, when and for how long is a convention, the same for all that are compared
// Valid for  scenarios whose run lasts long enough for the incident and the recovery
// Checked by tests/tools/compare/standard_incidents_test.cpp
//
// Standard incidents: the coolant of the first rack group (by name) stands; the grid is gone; one power path is down:
// the first UPS of the power tree, else its first busway, PDU, switchgear or transformer.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sim/scenario/read_scenario.hpp"
#include "tools/compare/report_input.hpp"

namespace tokenworks::compare {

struct StandardIncident {
  std::string name;  ///< "pump_stop", "grid_loss", "path_down"
  scenario::Json incident;
};

/// A quarter of the time behind the warm-up passes before an incident.
inline constexpr double kDefaultIncidentShare = 0.25;
inline constexpr double kDefaultIncidentDuration = 600.0;  // s

/// Of a scenario without faults. Incidents that would strike nothing are left out: a path of a tree without one.
std::vector<StandardIncident> standard_incidents(scenario::ReadOutcome& scenario, double at_s, double duration_s);

struct IncidentRuns {
  std::vector<std::string> paths;  ///< of scenarios
  scenario::Overrides overrides;   ///< of all of them
  std::optional<double> at_s;      ///< absent: kDefaultIncidentShare
  double duration_s = kDefaultIncidentDuration;
  int jobs = 1;
  std::filesystem::path keep;  ///< folder for the reports of all runs, in NAME/RUN; empty: they are not kept
  std::function<void(std::size_t done, std::size_t of)> progress = {};
  std::function<bool()> stop = {};
};

struct IncidentReports {
  std::vector<ReportInput> reports;  ///< by scenario: of the run without, with what the incidents did
  std::string faults;                ///< of the scenarios, a line each; nothing has run then
  std::vector<std::string> notes;    ///< incidents whose end the run does not reach
  bool stopped = false;
};

/// Runs in processes of their own. Throws std::runtime_error when one fails.
IncidentReports run_incidents(const IncidentRuns& wanted);

}  // namespace tokenworks::compare
