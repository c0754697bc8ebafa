// What `tokenworks run` writes on wish beside its report: a line a request, and a timeline. Opened before the run, so
// that a place where nothing can be written is found out in time.
#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "sim/report/requests_file.hpp"
#include "sim/report/timeline_file.hpp"
#include "sim/scenario/run.hpp"
#include "sim/scenario/sender_names.hpp"

namespace CLI {
class App;
}

namespace tokenworks::tools {

struct RunFilesArguments {
  std::string requests, timeline;  ///< paths; empty: not wanted
  bool timeline_requests = false;
  double timeline_from_s = 0.0;
  double timeline_to_s = std::numeric_limits<double>::infinity();
};

/// Adds the options; `arguments` outlives the command.
void add_run_files_options(CLI::App& command, RunFilesArguments& arguments);

/// Empty, or why they cannot be obeyed beside a report in `folder`.
std::string fault_of(const RunFilesArguments& arguments, const std::filesystem::path& folder);

class RunFiles {
 public:
  /// Opens what is wanted and lets `options` tell of it. Outlives the run; so does `scenario`. Throws WriteError.
  RunFiles(const RunFilesArguments& arguments, const scenario::ScenarioSpec& scenario, scenario::RunOptions& options);
  /// Puts the files into their places.
  void finish(const metrics::RunResult& result);

 private:
  void add(const std::string& service, const jobs::EndedRequest& request);

  std::map<std::string, scenario::SenderNames> names_;
  std::optional<report::RequestsFile> requests_;
  std::optional<report::TimelineFile> timeline_;
  bool timeline_requests_;
};

}  // namespace tokenworks::tools
