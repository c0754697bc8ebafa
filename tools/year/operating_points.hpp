// The table that `tokenworks year` reads the racks' power from, made by runs of the scenario at several loads, and kept
// in a file between years.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sim/scenario/year_spec.hpp"
#include "tools/max_rate/scaled_runs.hpp"

namespace tokenworks::tools {

inline constexpr const char* kPointsFormat = "tokenworks.operating_points/1";

struct PointRuns {
  ScenarioText scenario;
  double highest_load = 1.0;
  int points = 6;  ///< besides the one next to rest
  int jobs = 1;
  std::function<void(std::size_t done, std::size_t of)> progress = {};
  std::function<bool()> stop = {};
};

/// Loads from next to nothing to the highest in equal steps, each a run in a process of its own that ends at the
/// clock's duration. Throws std::runtime_error when one fails; nothing when they were stopped.
std::vector<scenario::OperatingPoint> run_points(const PointRuns& wanted);

/// What the points depend on, as a short text: the scenario without its site, its year and its report, the files that
/// it names as they are now, the loads, and the program's version and revision.
std::string points_key(scenario::ReadOutcome& scenario, double highest_load, int points, const std::string& version);

/// The points of a file. With `key`, only when it was made for that; nothing when the file is missing or was made for
/// another key. Throws jobs::InputError for a file that is no such table.
std::vector<scenario::OperatingPoint> read_points(const std::filesystem::path& file, const std::string& key);
void write_points(const std::filesystem::path& file, const std::string& key,
                  std::vector<scenario::OperatingPoint> points);

}  // namespace tokenworks::tools
