// Question   which times at the nodes of a grid reproduce measured times best, and never fall when work grows
// Equation   a row's time is interpolated from nodes (Stencil); nodes move by the mean of the rows' log residuals, each
//            weighted by how much the row's time depends on the node (simultaneous iterative reconstruction);
//            residuals are clipped, so that rows off the trend count little; after each round nodes are made monotone
//            by least squares along one axis after the other
// Source     A. H. Andersen, A. C. Kak, Ultrasonic Imaging 6, 1984 (the iteration); R. E. Barlow et al., Statistical
//            Inference under Order Restrictions, 1972 (pooling adjacent violators)
// Valid for  grids whose nodes start within a factor of ten of the truth
// Checked by tests/gpu_calibration/grid_fit_test.cpp
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tokenworks::gpu_calibration {

/// How the time of one row follows from times at nodes: groups of nodes, each with shares that add up to 1.
struct Stencil {
  static constexpr std::size_t kMost = 8;
  struct Group {
    double share = 0.0;
    std::size_t count = 0;
    std::array<std::uint32_t, kMost> node{};
    std::array<double, kMost> node_share{};
    void add(std::size_t at, double part) {
      node[count] = static_cast<std::uint32_t>(at);
      node_share[count++] = part;
    }
  };
  std::size_t count = 0;
  std::array<Group, kMost> groups{};
};

enum class Mixing {
  linear_in_log,  ///< t = product over groups of (sum over nodes of share * time) ^ group share
  log_in_linear,  ///< t = sum over groups of group share * product over nodes of time ^ share
};

struct GridProblem {
  std::vector<std::size_t> sizes;  ///< nodes along each axis, the last one fastest
  std::vector<bool> grows;         ///< along each axis: whether times never fall
  Mixing mixing = Mixing::linear_in_log;
  std::vector<Stencil> rows;
  std::vector<double> log_time;  ///< measured, of each row
  std::vector<double> start;     ///< log time at each node to begin with
};

/// Log times at the nodes, monotone along the axes that grow. A node that no row depends on keeps its distance to the
/// start that its neighbours have on average.
std::vector<double> fit_nodes(const GridProblem& problem);

/// The nearest values (least squares) that do not fall along the axes of which `grows` holds.
void make_monotone(std::vector<double>& values, const std::vector<std::size_t>& sizes, const std::vector<bool>& grows);

/// Where a size lies between nodes. Outside the axis: the first or last node alone.
struct AxisPlace {
  std::size_t below = 0;
  double share = 0.0;  ///< of the node above
};
AxisPlace linear_place(const std::vector<double>& axis, double at);
AxisPlace log_place(const std::vector<double>& axis, double at);

/// `value` with four significant decimal digits: the catalog's precision.
double four_digits(double value);

}  // namespace tokenworks::gpu_calibration
