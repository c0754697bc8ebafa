// Question   how long does a collective inside one scale-up domain take
// Equation   the measured points of the newest version of each library, straight in logs between them
//            (models/compute/kernel_time.hpp); points that fall with size are pooled
// Source     one curve a library, operation and number of GPUs; engines: inside a CUDA graph, as they run
// Valid for  the sizes that were measured
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
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

using compute::CollectiveCurve;

constexpr std::string_view kOperation = "collective";
constexpr double kTailBytes = 16e6;  // the curve that judges tails sees no more

/// "vllm_0.24.0_graph" -> {"vllm", {0, 24, 0}, "graph"}.
struct Library {
  std::string name;
  std::vector<int> version;
  std::string mode;
};
Library parts_of(const std::string& text) {
  Library library;
  std::size_t at = 0;
  while (at < text.size() && !(text[at] == '_' && at + 1 < text.size() && std::isdigit(text[at + 1]))) ++at;
  library.name = text.substr(0, at);
  std::size_t end = text.find('_', at + 1);
  if (end == std::string::npos) end = text.size();
  for (std::size_t i = at; i < end;) {
    if (!std::isdigit(text[i])) {
      ++i;
      continue;
    }
    int number = 0;
    while (i < end && std::isdigit(text[i])) number = number * 10 + (text[i++] - '0');
    library.version.push_back(number);
  }
  if (end < text.size()) library.mode = text.substr(end + 1);
  return library;
}

using Points = std::map<double, std::vector<double>>;  // bytes -> times

void fit_curve(const Points& points, const auto& wanted, CollectiveCurve& curve) {
  std::vector<double> log_time;
  for (const auto& [bytes, times] : points) {
    if (!wanted(bytes)) continue;
    curve.bytes.push_back(bytes);
    log_time.push_back(std::log(quantile(times, 0.5)));
  }
  make_monotone(log_time, {log_time.size()}, {true});
  for (const double value : log_time) curve.time_s.push_back(four_digits(std::exp(value)));
}

}  // namespace

std::vector<CollectiveCurve> fit_collectives(const Table& table, FitReport& report) {
  const Column &library = table.at("library"), &operation = table.at("operation"), &gpus = table.at("gpus");
  const Column &bytes = table.at("bytes"), &time = table.at("time_s");
  std::map<std::string, std::vector<int>> newest;
  std::size_t eager = 0, older = 0;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const Library parts = parts_of(library.text(i));
    std::vector<int>& version = newest[parts.name];
    version = std::max(version, parts.version);
  }
  std::map<std::tuple<std::string, std::string, double>, Points> curves;
  std::map<std::string, std::size_t> rows_of;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const Library parts = parts_of(library.text(i));
    if (parts.mode == "eager") {
      ++eager;
    } else if (parts.version != newest[parts.name]) {
      ++older;
    } else {
      curves[{parts.name, operation.text(i), gpus.numbers[i]}][bytes.numbers[i]].push_back(time.numbers[i]);
      ++rows_of[parts.name];
    }
  }
  report.exclude(std::string(kOperation), "all", "launched from the host: engines replay graphs", eager);
  report.exclude(std::string(kOperation), "all", "older version of a library", older);
  std::vector<CollectiveCurve> result;
  std::map<std::string, JudgedFit> judged;
  std::map<std::string, std::size_t> values;
  for (const auto& [key, points] : curves) {
    const auto& [name, what, count] = key;
    if (points.size() < 3) continue;
    CollectiveCurve start;
    start.library = name;
    start.operation = what;
    start.gpus = static_cast<std::int64_t>(count);
    CollectiveCurve blind = start, shorter = start, whole = start;
    const double first = points.begin()->first, last = points.rbegin()->first;
    // The ends are always seen: beyond them nothing is claimed.
    const auto unseen = [&](double size) { return size != first && size != last && is_held_out({count, size}); };
    fit_curve(
        points, [&](double size) { return !unseen(size); }, blind);
    fit_curve(
        points, [](double size) { return size <= kTailBytes; }, shorter);
    fit_curve(
        points, [](double) { return true; }, whole);
    for (const auto& [size, times] : points) {
      const auto error_of = [&](const CollectiveCurve& curve) {
        return std::abs(compute::along_curve(curve.bytes, curve.time_s, size) / quantile(times, 0.5) - 1);
      };
      if (unseen(size)) judged[name].unseen.push_back(error_of(blind));
      if (size > kTailBytes && shorter.bytes.size() > 1) judged[name].tail.push_back(error_of(shorter));
    }
    values[name] += 2 * whole.bytes.size();
    result.push_back(std::move(whole));
  }
  for (const auto& [name, fit] : judged) {
    std::vector<std::string> version;
    for (const int number : newest[name]) version.push_back(std::to_string(number));
    report.add(fit.line(std::string(kOperation), name, rows_of[name], 0, values[name]),
               fmt::format("version {}; unseen: sizes", fmt::join(version, ".")));
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
