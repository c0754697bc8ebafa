// Grids over three sizes, linear in the last two and linear or logarithmic in the first: attention and layers with a
// state, whose bytes and operations are products of sizes.
#pragma once

#include <array>
#include <functional>
#include <vector>

namespace tokenworks::gpu_calibration {

struct LinearGridRow {
  std::array<double, 3> at{};
  double time_s = 0.0;
};

struct LinearGrid {
  std::array<std::vector<double>, 3> axes;
  std::array<bool, 3> grows = {true, true, true};
  bool first_in_logs = false;
  /// What the time grows with: where no row helps, a fixed part and this times a rate are assumed.
  std::function<double(const std::array<double, 3>&)> work;
};

/// Times at the nodes, the last axis fastest, with four digits.
std::vector<double> fit_linear_grid(const LinearGrid& grid, const std::vector<LinearGridRow>& rows);

/// Those of `nodes` that sizes from `least` to `most` lie between.
std::vector<double> reached(const std::vector<double>& nodes, double least, double most);

}  // namespace tokenworks::gpu_calibration
