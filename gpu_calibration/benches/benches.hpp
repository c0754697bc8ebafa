// The visible list of benches; one file each.
#pragma once

#include <span>
#include <string_view>

namespace tokenworks::gpu_calibration {

struct Workbench;

struct Bench {
  std::string_view name;
  std::string_view question;
  double share;  ///< of the time budget
  void (*run)(Workbench&);
};

/// In the order in which they run: what a simulation needs most comes first.
std::span<const Bench> benches();

}  // namespace tokenworks::gpu_calibration
