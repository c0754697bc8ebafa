// The command line of tokenworks_gpu_calibration.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::gpu_calibration {

struct RunOptions {
  std::filesystem::path out;      ///< empty: gpu_calibration_<gpu>_<date>.json in the working folder
  std::vector<std::string> only;  ///< benches to run; all when empty
  int device = 0;
  double budget_s = 460.0;  ///< for all benches together; below 8 minutes with start and end
  bool quick = false;       ///< the first pass of each bench alone, in a fifth of the time
  bool list = false;
  bool help = false;
};

struct ParsedOptions {
  RunOptions options;
  std::vector<std::string> faults;  ///< all of them; run only when there is none
};

/// Reads the arguments after the program's name. `benches` are the names that --only may give.
ParsedOptions parse_options(std::span<const std::string_view> arguments, std::span<const std::string_view> benches);

/// What --help prints.
std::string usage();

}  // namespace tokenworks::gpu_calibration
