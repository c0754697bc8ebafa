// The files of measurements that can be repeated here: a visible list, one file of code each.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "sim/scenario/fault.hpp"
#include "tools/validation/measured_case.hpp"

namespace tokenworks::validation {

struct CaseFile {
  std::string_view name;  ///< on the command line
  std::string_view path;  ///< in the folder of measurements; empty: its few figures stand in the program
  std::string_view help;
  bool has_file() const { return !path.empty(); }
  /// Reads the file at `path` completely; all faults go to `faults`. `path` is the folder where there is no file.
  CaseSet (*read)(const std::filesystem::path& path, scenario::FaultList& faults);
};
std::span<const CaseFile> case_files();

/// Measurements that nothing here can repeat yet, and why.
struct UnusedFile {
  std::string_view path;
  std::string_view reason;
};
std::span<const UnusedFile> unused_files();

}  // namespace tokenworks::validation
