#include "gpu_calibration/fit/linear_grid.hpp"

#include <cmath>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"

namespace tokenworks::gpu_calibration {

std::vector<double> fit_linear_grid(const LinearGrid& grid, const std::vector<LinearGridRow>& rows) {
  GridProblem problem;
  std::vector<double> rates, times;
  for (const LinearGridRow& row : rows) {
    times.push_back(row.time_s);
    rates.push_back(row.time_s / grid.work(row.at));
  }
  const double fixed = quantile(times, 0.02), rate = quantile(rates, 0.05);
  const auto& [first, second, third] = grid.axes;
  problem.sizes = {first.size(), second.size(), third.size()};
  problem.grows.assign(grid.grows.begin(), grid.grows.end());
  for (const double a : first) {
    for (const double b : second) {
      for (const double c : third) problem.start.push_back(std::log(fixed + rate * grid.work({a, b, c})));
    }
  }
  for (const LinearGridRow& row : rows) {
    const AxisPlace places[] = {grid.first_in_logs ? log_place(first, row.at[0]) : linear_place(first, row.at[0]),
                                linear_place(second, row.at[1]), linear_place(third, row.at[2])};
    Stencil stencil;
    stencil.count = 1;
    stencil.groups[0].share = 1.0;
    for (unsigned corner = 0; corner < 8; ++corner) {
      double share = 1.0;
      std::size_t node = 0;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::size_t above = (corner >> axis) & 1;
        share *= above ? places[axis].share : 1.0 - places[axis].share;
        node = node * problem.sizes[axis] + places[axis].below + above;
      }
      if (share != 0.0) stencil.groups[0].add(node, share);
    }
    problem.rows.push_back(stencil);
    problem.log_time.push_back(std::log(row.time_s));
  }
  std::vector<double> result;
  for (const double log_time : fit_nodes(problem)) result.push_back(four_digits(std::exp(log_time)));
  return result;
}

std::vector<double> reached(const std::vector<double>& nodes, double least, double most) {
  std::vector<double> axis;
  for (const double node : nodes) {
    if (node <= least) axis.clear();
    if (axis.empty() || axis.back() < most) axis.push_back(node);
  }
  return axis;
}

}  // namespace tokenworks::gpu_calibration
