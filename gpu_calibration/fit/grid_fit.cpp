#include "gpu_calibration/fit/grid_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tokenworks::gpu_calibration {
namespace {

constexpr int kCoarseRounds = 15;
constexpr int kRounds = 120;
constexpr double kCoarseClip = 2.0;
constexpr double kClip = 0.08;  // residuals beyond 8 % pull no more than these
constexpr double kStep = 1.4;   // the iteration converges below 2
constexpr double kNoWeight = 1e-9;

/// Log of the row's time; `elasticity` of each node of each group is left in `pull`, in their order.
double predict(const Stencil& row, Mixing mixing, const std::vector<double>& log_time, const std::vector<double>& time,
               std::array<std::array<double, Stencil::kMost>, Stencil::kMost>& pull) {
  if (mixing == Mixing::linear_in_log) {
    double result = 0.0;
    for (std::size_t g = 0; g < row.count; ++g) {
      const Stencil::Group& group = row.groups[g];
      double sum = 0.0;
      for (std::size_t i = 0; i < group.count; ++i) sum += pull[g][i] = group.node_share[i] * time[group.node[i]];
      for (std::size_t i = 0; i < group.count; ++i) pull[g][i] *= group.share / sum;
      result += group.share * std::log(sum);
    }
    return result;
  }
  double sum = 0.0;
  std::array<double, Stencil::kMost> part{};
  for (std::size_t g = 0; g < row.count; ++g) {
    const Stencil::Group& group = row.groups[g];
    double log_part = 0.0;
    for (std::size_t i = 0; i < group.count; ++i) log_part += group.node_share[i] * log_time[group.node[i]];
    sum += part[g] = group.share * std::exp(log_part);
  }
  for (std::size_t g = 0; g < row.count; ++g) {
    const Stencil::Group& group = row.groups[g];
    for (std::size_t i = 0; i < group.count; ++i) pull[g][i] = part[g] / sum * group.node_share[i];
  }
  return std::log(sum);
}

/// Pools adjacent violators in a line of values `stride` apart.
void pool_line(std::vector<double>& values, std::size_t first, std::size_t stride, std::size_t count) {
  std::vector<std::pair<double, std::size_t>> blocks;  // mean, length
  for (std::size_t i = 0; i < count; ++i) {
    blocks.emplace_back(values[first + i * stride], 1);
    while (blocks.size() > 1 && blocks[blocks.size() - 2].first > blocks.back().first) {
      const auto [mean, length] = blocks.back();
      blocks.pop_back();
      auto& [before, before_length] = blocks.back();
      before = (before * static_cast<double>(before_length) + mean * static_cast<double>(length)) /
               static_cast<double>(before_length + length);
      before_length += length;
    }
  }
  std::size_t i = 0;
  for (const auto& [mean, length] : blocks) {
    for (std::size_t j = 0; j < length; ++j) values[first + i++ * stride] = mean;
  }
}

/// Nodes that no row reaches take over the mean shift of their neighbours, ring by ring.
void fill_empty_nodes(const GridProblem& problem, const std::vector<double>& weight, std::vector<double>& nodes) {
  std::vector<bool> known(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) known[i] = weight[i] > kNoWeight;
  for (bool changed = true; changed;) {
    changed = false;
    const std::vector<bool> before = known;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (before[i]) continue;
      double sum = 0.0;
      int count = 0;
      std::size_t stride = nodes.size();
      for (const std::size_t size : problem.sizes) {
        stride /= size;
        const std::size_t at = (i / stride) % size;
        if (at > 0 && before[i - stride]) sum += nodes[i - stride] - problem.start[i - stride], ++count;
        if (at + 1 < size && before[i + stride]) sum += nodes[i + stride] - problem.start[i + stride], ++count;
      }
      if (count == 0) continue;
      nodes[i] = problem.start[i] + sum / count;
      known[i] = changed = true;
    }
  }
}

}  // namespace

void make_monotone(std::vector<double>& values, const std::vector<std::size_t>& sizes, const std::vector<bool>& grows) {
  // Pooling with equal weights keeps the order of neighbouring lines, so that one axis does not undo another.
  std::size_t stride = values.size();
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const std::size_t size = sizes[axis];
    stride /= size;
    if (!grows[axis]) continue;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((i / stride) % size == 0) pool_line(values, i, stride, size);
    }
  }
}

std::vector<double> fit_nodes(const GridProblem& problem) {
  std::vector<double> nodes = problem.start;
  std::vector<double> time(nodes.size()), shift(nodes.size()), weight(nodes.size());
  std::array<std::array<double, Stencil::kMost>, Stencil::kMost> pull{};
  make_monotone(nodes, problem.sizes, problem.grows);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < nodes.size(); ++i) time[i] = std::exp(nodes[i]);
    std::fill(shift.begin(), shift.end(), 0.0);
    std::fill(weight.begin(), weight.end(), 0.0);
    const double clip = round < kCoarseRounds ? kCoarseClip : kClip;
    for (std::size_t r = 0; r < problem.rows.size(); ++r) {
      const Stencil& row = problem.rows[r];
      const double residual =
          std::clamp(problem.log_time[r] - predict(row, problem.mixing, nodes, time, pull), -clip, clip);
      for (std::size_t g = 0; g < row.count; ++g) {
        for (std::size_t i = 0; i < row.groups[g].count; ++i) {
          shift[row.groups[g].node[i]] += pull[g][i] * residual;
          weight[row.groups[g].node[i]] += pull[g][i];
        }
      }
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (weight[i] > kNoWeight) nodes[i] += kStep * shift[i] / weight[i];
    }
    if (round + 1 == kRounds) fill_empty_nodes(problem, weight, nodes);
    make_monotone(nodes, problem.sizes, problem.grows);
  }
  return nodes;
}

AxisPlace linear_place(const std::vector<double>& axis, double at) {
  if (axis.size() < 2 || at <= axis.front()) return {};
  if (at >= axis.back()) return {axis.size() - 2, 1.0};
  const auto above = std::upper_bound(axis.begin(), axis.end(), at);
  const auto below = static_cast<std::size_t>(above - axis.begin()) - 1;
  return {below, (at - axis[below]) / (axis[below + 1] - axis[below])};
}

AxisPlace log_place(const std::vector<double>& axis, double at) {
  AxisPlace place = linear_place(axis, at);
  if (place.share > 0.0 && place.share < 1.0) {
    place.share = std::log(at / axis[place.below]) / std::log(axis[place.below + 1] / axis[place.below]);
  }
  return place;
}

double four_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3e", value);
  return std::strtod(text, nullptr);
}

}  // namespace tokenworks::gpu_calibration
