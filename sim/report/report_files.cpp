#include "sim/report/report_files.hpp"

#include <fmt/format.h>

#include <string>
#include <system_error>

#include "sim/report/report.hpp"

namespace tokenworks::report {
namespace {

namespace fs = std::filesystem;

/// Names and paths come from outside and need not be valid UTF-8; JSON must be.
std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && !fs::is_directory(folder, error)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) throw WriteError(fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
}

}  // namespace

void prepare_folder(const fs::path& folder) {
  make_folder(folder);
  PartialFile trial(folder / "report.json");
  trial.write("{}");
}

void write_file(const fs::path& path, std::string_view content) {
  PartialFile file(path);
  file.write(content);
  file.sync();
  file.rename();
}

void write_report(const fs::path& folder, const metrics::RunResult& result, const metrics::RunCost& cost,
                  const nlohmann::ordered_json& scenario, const Provenance& provenance) {
  make_folder(folder);
  PartialFile series(folder / "series.csv"), run(folder / "run.json"), report(folder / "report.json");
  series.write(series_csv(result));
  run.write(text_of(run_json(result, cost)));
  report.write(text_of(report_json(result, scenario, provenance)));
  // All is written before anything is replaced, and synced together: one wait for the disk instead of three.
  PartialFile* const files[] = {&series, &run, &report};
  for (PartialFile* file : files) file->sync();
  for (PartialFile* file : files) file->rename();
}

}  // namespace tokenworks::report
