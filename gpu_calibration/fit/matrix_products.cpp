// Question   how long does a product of rows x inner by inner x columns take, for sizes that were not measured
// Equation   four physical constants a number format; times at the nodes of a grid over rows, columns and inner,
// between
//            which models/compute/kernel_time.hpp interpolates
// Source     fidelity of the form: 4-constant form times grid residual against forms with more physics (wave
//            quantisation, split-k), which met unseen shapes no better
// Valid for  columns and inner 256..65536, rows 1..16384; beyond them the physical form's ratio
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <fmt/format.h>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "gpu_calibration/fit/physical_fit.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::MatrixProduct;
using compute::MatrixProductTable;

constexpr std::string_view kOperation = "matrix_product";
constexpr double kNarrowest = 256;
// Kernels jump where a tile of rows fills up, so nodes stand close up to 256 rows; wide layers are straight in logs.
const std::vector<double> kRows = {1, 16, 32, 64, 128, 192, 256, 512, 1024, 4096, 16384};
const std::vector<double> kWidths = {256, 768, 2048, 5120, 12288, 65536};
constexpr double kTailRows = 4096;  // the fit that judges tails sees no more rows than these

struct Row {
  MatrixProduct product;
  double time_s;
};

/// The four constants, from every `stride`-th row.
compute::PhysicalForm fit_physical(const std::vector<Row>& rows, MatrixProductTable table,
                                   const compute::GpuRatings& ratings) {
  const std::size_t stride = std::max<std::size_t>(1, rows.size() / 3000);
  const auto form_of = [](const std::vector<double>& c) {
    compute::PhysicalForm form;
    form.fixed = Seconds(c[0]);
    form.bandwidth_share = c[1];
    form.compute_share = c[2];
    form.blend = c[3];
    return form;
  };
  const auto cost = [&](const std::vector<double>& constants) {
    table.physical = form_of(constants);
    double sum = 0.0;
    for (std::size_t i = 0; i < rows.size(); i += stride) {
      sum += std::min(1.0, std::abs(std::log(compute::physical_matrix_product_s(table, ratings, rows[i].product) /
                                             rows[i].time_s)));
    }
    return sum;
  };
  // Shares of rated figures cannot exceed 1.
  std::vector<double> best =
      search_constants({{3e-6, 1e-7, 1e-3}, {0.8, 0.05, 1.0}, {0.7, 0.05, 1.0}, {3.0, 1.0, 16.0}}, cost);
  for (double& constant : best) constant = four_digits(constant);
  return form_of(best);
}

MatrixProductTable fit_table(const std::vector<Row>& all, double most_rows, MatrixProductTable table,
                             const compute::GpuRatings& ratings) {
  std::vector<Row> rows;
  for (const Row& row : all) {
    if (row.product.rows <= most_rows) rows.push_back(row);
  }
  table.physical = fit_physical(rows, table, ratings);
  table.rows.clear();
  for (const double node : kRows) {
    if (node <= most_rows) table.rows.push_back(node);
  }
  table.columns = table.inner = kWidths;
  const std::size_t widths = kWidths.size();
  const auto physical = [&](double m, double n, double k) {
    return compute::physical_matrix_product_s(table, ratings, {m, n, k});
  };
  GridProblem problem;
  problem.sizes = {table.rows.size(), widths, widths};
  problem.grows = {true, true, true};
  problem.mixing = Mixing::linear_in_log;
  for (const double m : table.rows) {
    for (const double n : kWidths) {
      for (const double k : kWidths) problem.start.push_back(std::log(physical(m, n, k)));
    }
  }
  for (const Row& row : rows) {
    const auto& [m, n, k] = row.product;
    if (m > table.rows.back()) continue;
    const std::size_t cell = linear_place(table.rows, m).below;
    const AxisPlace column = log_place(kWidths, n), inner = log_place(kWidths, k);
    Stencil stencil;
    for (const std::size_t c : {0, 1}) {
      for (const std::size_t i : {0, 1}) {
        const double share = (c ? column.share : 1 - column.share) * (i ? inner.share : 1 - inner.share);
        if (share == 0.0) continue;
        const std::size_t at_c = column.below + c, at_i = inner.below + i;
        const double low = physical(table.rows[cell], kWidths[at_c], kWidths[at_i]);
        const double high = physical(table.rows[cell + 1], kWidths[at_c], kWidths[at_i]);
        const double part = (physical(m, kWidths[at_c], kWidths[at_i]) - low) / (high - low);
        Stencil::Group& group = stencil.groups[stencil.count++];
        group.share = share;
        group.add((cell * widths + at_c) * widths + at_i, 1 - part);
        group.add(((cell + 1) * widths + at_c) * widths + at_i, part);
      }
    }
    problem.rows.push_back(stencil);
    problem.log_time.push_back(std::log(row.time_s));
  }
  table.time_s.clear();
  for (const double log_time : fit_nodes(problem)) table.time_s.push_back(four_digits(std::exp(log_time)));
  return table;
}

double error_of(const MatrixProductTable& table, const compute::GpuRatings& ratings, const Row& row) {
  return std::abs(compute::matrix_product_s(table, ratings, row.product) / row.time_s - 1);
}

}  // namespace

std::vector<MatrixProductTable> fit_matrix_products(const Table& table, const compute::GpuRatings& ratings,
                                                    FitReport& report) {
  struct Group {
    std::vector<Row> rows;
    std::map<std::string, std::size_t> kernels;
    std::size_t narrow = 0;
  };
  std::map<std::string, Group> groups;
  const Column &format = table.at("format"), &kernel = table.at("kernel"), &time = table.at("time_s");
  const Column &m = table.at("rows"), &n = table.at("columns"), &k = table.at("inner");
  for (std::size_t i = 0; i < table.rows(); ++i) {
    Group& group = groups[format.text(i)];
    if (n.numbers[i] < kNarrowest || k.numbers[i] < kNarrowest) {
      ++group.narrow;
      continue;
    }
    ++group.kernels[kernel.text(i)];
    group.rows.push_back({{m.numbers[i], n.numbers[i], k.numbers[i]}, time.numbers[i]});
  }
  std::vector<MatrixProductTable> result;
  for (const auto& [name, group] : groups) {
    const auto& names = compute::kNumberFormatNames;
    if (std::find(std::begin(names), std::end(names), name) == std::end(names)) {
      report.exclude(std::string(kOperation), name, "number format that the model does not use", group.rows.size());
      continue;
    }
    report.exclude(std::string(kOperation), name, "columns or inner below 256: no layer of a served model is so narrow",
                   group.narrow);
    if (group.rows.size() < 100) {
      report.exclude(std::string(kOperation), name, "fewer than 100 rows", group.rows.size());
      continue;
    }
    report.tell(fmt::format("{} {}: {} rows", kOperation, name, group.rows.size()));
    MatrixProductTable start;
    start.format = name;
    start.kernel = std::max_element(group.kernels.begin(), group.kernels.end(), [](const auto& a, const auto& b) {
                     return a.second < b.second;
                   })->first;
    const auto unseen = [](const Row& row) { return is_held_out({row.product.columns, row.product.inner}); };
    std::vector<Row> seen;
    for (const Row& row : group.rows) {
      if (!unseen(row)) seen.push_back(row);
    }
    JudgedFit judged;
    const MatrixProductTable blind = fit_table(seen, kRows.back(), start, ratings);
    const MatrixProductTable shorter = fit_table(group.rows, kTailRows, start, ratings);
    double most_rows = 0;
    for (const Row& row : group.rows) {
      most_rows = std::max(most_rows, row.product.rows);
      if (unseen(row) && row.product.rows <= kRows.back()) judged.unseen.push_back(error_of(blind, ratings, row));
      if (row.product.rows > kTailRows) judged.tail.push_back(error_of(shorter, ratings, row));
    }
    result.push_back(fit_table(group.rows, kRows.back(), start, ratings));
    report.add(
        judged.line(std::string(kOperation), name, group.rows.size(), group.narrow, result.back().time_s.size() + 4),
        fmt::format("rows 1..{}, columns and inner {}..{}", most_rows, kWidths.front(), kWidths.back()));
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
