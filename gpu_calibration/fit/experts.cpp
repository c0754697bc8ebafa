// Question   how long do the routed experts of one layer take, for shapes and splits that were not measured
// Equation   seven physical constants a format and kernel; a curve over tokens for measured splits; between splits the
//            ratio of curve to physical form is averaged (models/compute/kernel_time.hpp)
// Source     against the form without passes between the products and without the busiest group's load: splits not
//            seen 5-8 / 17-29 %
// Valid for  at least 96 columns of an expert on a GPU, visits spread by a power law of 1.01, up to 16384 tokens
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "gpu_calibration/fit/physical_fit.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::ExpertShape;
using compute::ExpertTable;

constexpr std::string_view kOperation = "expert_block";
constexpr std::string_view kDistribution = "power_law_1.01";
constexpr double kNarrowestExpert = 96;  // columns of an expert on one GPU
constexpr double kTailTokens = 4096;     // the fit that judges tails sees no more
constexpr std::size_t kSearchedRows = 700;
const std::vector<double> kTokens = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};

struct Row {
  ExpertShape shape;
  double tokens, time_s;
};

auto model_of(const ExpertShape& shape) {
  return std::make_tuple(shape.hidden, shape.intermediate, shape.experts, shape.active);
}
auto split_of(const Row& row) {
  return std::tuple_cat(model_of(row.shape), std::make_tuple(row.shape.tensor, row.shape.expert));
}

/// Splits of one server have curves of their own. Of the others every second one has, so that each split that has none
/// lies between some that do.
bool has_own_curve(const ExpertShape& shape) {
  const auto gpus = static_cast<std::uint64_t>(shape.tensor * shape.expert);
  return gpus <= 8 || std::bit_width(gpus) % 2 == 1;
}

void fit_physical(const std::vector<Row>& rows, const compute::GpuRatings& ratings, ExpertTable& table) {
  const std::size_t stride = std::max<std::size_t>(1, rows.size() / kSearchedRows);
  const auto set = [&](const std::vector<double>& c) {
    table.physical.fixed = Seconds(c[0]);
    table.physical.bandwidth_share = c[1];
    table.physical.compute_share = c[2];
    table.physical.blend = c[3];
    table.half_rate_rows = c[4];
    table.visit_passes = c[5];
    table.token_passes = c[6];
  };
  const auto cost = [&](const std::vector<double>& constants) {
    set(constants);
    double sum = 0.0;
    for (std::size_t i = 0; i < rows.size(); i += stride) {
      const double form = compute::physical_expert_s(table, ratings, rows[i].shape, rows[i].tokens);
      sum += std::min(1.0, std::abs(std::log(form / rows[i].time_s)));
    }
    return sum;
  };
  std::vector<double> best = search_constants({{2.5e-5, 1e-6, 1e-3},
                                               {0.7, 0.05, 1.0},
                                               {0.7, 0.05, 1.0},
                                               {2.0, 1.0, 16.0},
                                               {8, 0.1, 512},
                                               {4, 0.1, 64},
                                               {4, 0.1, 64}},
                                              cost);
  for (double& constant : best) constant = four_digits(constant);
  set(best);
}

ExpertTable fit_table(const std::vector<Row>& all, double most_tokens, const ExpertTable& named,
                      const compute::GpuRatings& ratings) {
  ExpertTable table = named;
  std::vector<Row> rows;
  for (const Row& row : all) {
    if (row.tokens <= most_tokens) rows.push_back(row);
  }
  fit_physical(rows, ratings, table);
  for (const double node : kTokens) {
    if (node <= most_tokens) table.tokens.push_back(node);
  }
  std::map<decltype(split_of(rows.front())), std::vector<const Row*>> splits;
  for (const Row& row : rows) {
    if (has_own_curve(row.shape)) splits[split_of(row)].push_back(&row);
  }
  for (const auto& [unused, own] : splits) {
    const ExpertShape& shape = own.front()->shape;
    GridProblem problem;
    problem.sizes = {table.tokens.size()};
    problem.grows = {true};
    for (const double node : table.tokens) {
      problem.start.push_back(std::log(compute::physical_expert_s(table, ratings, shape, node)));
    }
    for (const Row* row : own) {
      const AxisPlace place = log_place(table.tokens, row->tokens);
      Stencil stencil;
      stencil.count = 2;
      stencil.groups[0].share = 1.0 - place.share;
      stencil.groups[0].add(place.below, 1.0);
      stencil.groups[1].share = place.share;
      stencil.groups[1].add(place.below + 1, 1.0);
      problem.rows.push_back(stencil);
      problem.log_time.push_back(std::log(row->time_s));
    }
    compute::ExpertCurve curve{
        shape.hidden, shape.intermediate, shape.experts, shape.active, shape.tensor, shape.expert, {}};
    for (const double log_time : fit_nodes(problem)) curve.time_s.push_back(four_digits(std::exp(log_time)));
    table.curves.push_back(std::move(curve));
  }
  return table;
}

double error_of(const ExpertTable& table, const compute::GpuRatings& ratings, const Row& row) {
  return std::abs(compute::expert_s(table, ratings, ratings, row.shape, row.tokens) / row.time_s - 1);
}

}  // namespace

std::vector<ExpertTable> fit_experts(const Table& table, const compute::GpuRatings& ratings, FitReport& report) {
  struct Group {
    std::vector<Row> rows;
    std::size_t other_distribution = 0, narrow = 0;
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  const Column &format = table.at("format"), &kernel = table.at("kernel"), &distribution = table.at("distribution");
  const Column &tokens = table.at("tokens"), &time = table.at("time_s");
  const auto whole = [&](std::string_view column, std::size_t row) {
    return static_cast<std::int64_t>(table.at(column).numbers[row]);
  };
  for (std::size_t i = 0; i < table.rows(); ++i) {
    Group& group = groups[{format.text(i), kernel.text(i)}];
    const ExpertShape shape{whole("hidden", i), whole("intermediate", i), whole("experts", i),
                            whole("active", i), whole("tensor", i),       whole("expert", i)};
    if (distribution.text(i) != kDistribution) {
      ++group.other_distribution;
    } else if (static_cast<double>(shape.intermediate) < kNarrowestExpert * static_cast<double>(shape.tensor)) {
      ++group.narrow;
    } else {
      group.rows.push_back({shape, tokens.numbers[i], time.numbers[i]});
    }
  }
  std::vector<ExpertTable> result;
  for (const auto& [key, group] : groups) {
    const auto& [format_name, kernel_name] = key;
    const std::string name = format_name + ", " + kernel_name;
    const auto leave_out = [&](const char* rule, std::size_t rows) {
      report.exclude(std::string(kOperation), name, rule, rows);
    };
    leave_out("visits spread otherwise than by the power law of 1.01", group.other_distribution);
    leave_out("fewer than 96 columns of an expert on a GPU: nobody splits so", group.narrow);
    const auto& formats = compute::kNumberFormatNames;
    if (std::find(std::begin(formats), std::end(formats), format_name) == std::end(formats)) {
      leave_out("number format that the model does not use", group.rows.size());
      continue;
    }
    if (group.rows.size() < 50) {
      leave_out("fewer than 50 rows", group.rows.size());
      continue;
    }
    report.tell(fmt::format("{} {}: {} rows", kOperation, name, group.rows.size()));
    ExpertTable named;
    named.format = format_name;
    named.kernel = kernel_name;
    const auto unseen = [](const Row& row) {
      const ExpertShape& s = row.shape;
      return is_held_out({static_cast<double>(s.hidden), static_cast<double>(s.intermediate),
                          static_cast<double>(s.experts), static_cast<double>(s.active), static_cast<double>(s.tensor),
                          static_cast<double>(s.expert)});
    };
    std::vector<Row> seen;
    std::map<decltype(model_of(ExpertShape())), std::size_t> models;
    double most_tokens = 0;
    for (const Row& row : group.rows) {
      if (!unseen(row)) seen.push_back(row);
      ++models[model_of(row.shape)];
      most_tokens = std::max(most_tokens, row.tokens);
    }
    JudgedFit judged, other_shapes;
    if (!seen.empty()) {
      const ExpertTable blind = fit_table(seen, kTokens.back(), named, ratings);
      for (const Row& row : group.rows) {
        if (unseen(row)) judged.unseen.push_back(error_of(blind, ratings, row));
      }
    }
    const ExpertTable shorter = fit_table(group.rows, kTailTokens, named, ratings);
    for (const Row& row : group.rows) {
      if (row.tokens > kTailTokens) judged.tail.push_back(error_of(shorter, ratings, row));
    }
    if (models.size() > 1) {
      for (const auto& [model, unused] : models) {
        std::vector<Row> others;
        for (const Row& row : group.rows) {
          if (model_of(row.shape) != model) others.push_back(row);
        }
        const ExpertTable foreign = fit_table(others, kTokens.back(), named, ratings);
        for (const Row& row : group.rows) {
          if (model_of(row.shape) == model) other_shapes.unseen.push_back(error_of(foreign, ratings, row));
        }
      }
    }
    result.push_back(fit_table(group.rows, kTokens.back(), named, ratings));
    const std::size_t values = result.back().curves.size() * kTokens.size() + 7;
    const std::size_t excluded = group.other_distribution + group.narrow;
    report.add(judged.line(std::string(kOperation), name, group.rows.size(), excluded, values),
               fmt::format("{} shapes, {} curves, up to {} tokens; unseen: splits", models.size(),
                           result.back().curves.size(), most_tokens));
    if (!other_shapes.unseen.empty()) {
      report.add(other_shapes.line(std::string(kOperation), name + ", whole shapes", group.rows.size(), excluded, 0),
                 "unseen: one shape after the other, with all of its splits");
    }
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
