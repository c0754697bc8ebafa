// Question   how long do tokens take to experts on other GPUs and back
// Equation   dispatch and combine together (and what prepares them), at measured numbers of tokens, straight in logs
//            between them; points that fall are pooled. Where kernels may use several numbers of multiprocessors, the
//            fastest counts
// Source     one curve a library, mode, number of GPUs and shape
// Valid for  the numbers of tokens that were measured
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::ExchangeCurve;

constexpr std::string_view kOperation = "expert_exchange";
constexpr double kTailTokens = 2048;  // the curve that judges tails sees no more

using Points = std::map<double, double>;  // tokens -> time

void fit_curve(const Points& points, const auto& wanted, ExchangeCurve& curve) {
  std::vector<double> log_time;
  for (const auto& [tokens, seconds] : points) {
    if (!wanted(tokens)) continue;
    curve.tokens.push_back(tokens);
    log_time.push_back(std::log(seconds));
  }
  make_monotone(log_time, {log_time.size()}, {true});
  for (const double value : log_time) curve.time_s.push_back(four_digits(std::exp(value)));
}

}  // namespace

std::vector<ExchangeCurve> fit_exchanges(const Table& table, FitReport& report) {
  const Column &library = table.at("library"), &operation = table.at("operation"), &mode = table.at("mode");
  const Column &tokens = table.at("tokens"), &time = table.at("time_s");
  constexpr std::string_view kSizes[] = {"nodes", "gpus", "hidden", "experts", "active"};
  using Shape = std::tuple<std::string, std::string, std::vector<double>>;  // library, mode, sizes
  // Shape -> tokens -> variant of the mode -> operation -> repeats.
  std::map<Shape, std::map<double, std::map<std::string, std::map<std::string, std::vector<double>>>>> rows;
  std::size_t low_precision = 0;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (operation.text(i) == "combine_low_precision") {
      ++low_precision;
      continue;
    }
    std::vector<double> sizes;
    for (const std::string_view size : kSizes) sizes.push_back(table.at(size).numbers[i]);
    std::string name = mode.text(i);
    if (name.starts_with("normal_")) name = "normal";
    rows[{library.text(i), name, sizes}][tokens.numbers[i]][mode.text(i)][operation.text(i)].push_back(time.numbers[i]);
  }
  report.exclude(std::string(kOperation), "all", "sums sent in lower precision: no engine's default", low_precision);
  std::vector<ExchangeCurve> result;
  std::map<std::string, JudgedFit> judged;
  std::map<std::string, std::size_t> values, counts;
  std::size_t one_way = 0;
  for (const auto& [shape, by_tokens] : rows) {
    const auto& [name, kind, sizes] = shape;
    Points points;
    for (const auto& [count, variants] : by_tokens) {
      for (const auto& [unused, operations] : variants) {
        if (operations.count("dispatch") == 0 || operations.count("combine") == 0) {
          ++one_way;
          continue;
        }
        double sum = 0.0;
        for (const auto& [unused_too, times] : operations) sum += quantile(times, 0.5);
        const auto [point, first] = points.try_emplace(count, sum);
        if (!first) point->second = std::min(point->second, sum);
      }
    }
    if (points.size() < 3) continue;
    ExchangeCurve start;
    start.library = name;
    start.mode = kind;
    start.nodes = static_cast<std::int64_t>(sizes[0]);
    start.gpus = static_cast<std::int64_t>(sizes[1]);
    start.hidden = static_cast<std::int64_t>(sizes[2]);
    start.experts = static_cast<std::int64_t>(sizes[3]);
    start.active = static_cast<std::int64_t>(sizes[4]);
    ExchangeCurve blind = start, shorter = start, whole = start;
    const double first = points.begin()->first, last = points.rbegin()->first;
    const auto unseen = [&](double count) {
      return count != first && count != last && is_held_out({sizes[2], sizes[3], sizes[4], count});
    };
    fit_curve(
        points, [&](double count) { return !unseen(count); }, blind);
    fit_curve(
        points, [](double count) { return count <= kTailTokens; }, shorter);
    fit_curve(
        points, [](double) { return true; }, whole);
    const std::string group = name + ", " + kind;
    for (const auto& [count, seconds] : points) {
      const auto error_of = [&, at = count, measured = seconds](const ExchangeCurve& curve) {
        return std::abs(compute::along_curve(curve.tokens, curve.time_s, at) / measured - 1);
      };
      if (unseen(count)) judged[group].unseen.push_back(error_of(blind));
      if (count > kTailTokens && shorter.tokens.size() > 1) judged[group].tail.push_back(error_of(shorter));
    }
    judged[group];
    counts[group] += points.size();
    values[group] += 2 * whole.tokens.size();
    result.push_back(std::move(whole));
  }
  report.exclude(std::string(kOperation), "all", "dispatch without combine, or the other way round", one_way);
  for (const auto& [group, fit] : judged) {
    report.add(fit.line(std::string(kOperation), group, counts[group], 0, values[group]), "unseen: numbers of tokens");
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
