#include "gpu_calibration/fit/board_power.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace tokenworks::gpu_calibration {
namespace {

using compute::Arithmetic;
using compute::BoardPower;
using compute::kOperatorClasses;
using compute::OperatorClass;
using compute::OperatorPower;

constexpr double kShortestLoop_s = 3e-4;  // below it readings show the work before (error 5 to 49 %)
constexpr double kFewestReadings = 4.0;
constexpr double kMostUse = 1.05;    // of rated figures
constexpr double kHostBound = 1.3;   // of the waiting power
constexpr double kAtLimit = 0.96;    // boards hold their limit with 1 to 2 % to spare
constexpr double kSoftError = 0.08;  // errors beyond it weigh less than their square
constexpr int kRounds = 40;
constexpr int kSweeps = 400;
constexpr int kFolds = 5;

constexpr std::size_t kOfClass = 4;  // running, memory, arithmetic, arithmetic in fp4
constexpr std::size_t kConstants = kOfClass * kOperatorClasses;
using Constants = std::array<double, kConstants>;
using Free = std::array<bool, kConstants>;

std::size_t first_of(OperatorClass operator_class) { return kOfClass * static_cast<std::size_t>(operator_class); }

Constants to_constants(const BoardPower& power) {
  Constants constants{};
  for (int i = 0; i < kOperatorClasses; ++i) {
    const OperatorPower& draw = power.of(static_cast<OperatorClass>(i));
    const std::size_t first = first_of(static_cast<OperatorClass>(i));
    constants[first] = draw.running.value;
    constants[first + 1] = draw.memory.value;
    constants[first + 2] = draw.arithmetic.value;
    constants[first + 3] = draw.arithmetic_in(Arithmetic::fp4).value;
  }
  return constants;
}

BoardPower with_constants(BoardPower power, const Constants& constants) {
  for (int i = 0; i < kOperatorClasses; ++i) {
    const std::size_t first = first_of(static_cast<OperatorClass>(i));
    OperatorPower& draw = power.of(static_cast<OperatorClass>(i));
    draw.running = Watts(constants[first]);
    draw.memory = Watts(constants[first + 1]);
    draw.arithmetic = Watts(constants[first + 2]);
    if (draw.fp4_arithmetic) draw.fp4_arithmetic = Watts(constants[first + 3]);
  }
  return power;
}

/// Normal equations of a least-squares problem.
struct Normal {
  std::array<Constants, kConstants> matrix{};
  Constants right{};

  void add(const Constants& factors, double target, double weight) {
    for (std::size_t i = 0; i < kConstants; ++i) {
      if (factors[i] == 0.0) continue;
      right[i] += weight * factors[i] * target;
      for (std::size_t j = 0; j < kConstants; ++j) matrix[i][j] += weight * factors[i] * factors[j];
    }
  }

  /// Least squares among free constants of at least 0, by descent along one constant at a time.
  Constants solution(Constants start, const Free& free) const {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t i = 0; i < kConstants; ++i) {
        if (!free[i] || matrix[i][i] <= 0.0) continue;
        double rest = right[i];
        for (std::size_t j = 0; j < kConstants; ++j) rest -= matrix[i][j] * start[j];
        start[i] = std::max(0.0, start[i] + rest / matrix[i][i]);
      }
    }
    return start;
  }
};

/// What a row says about the constants: those of parts at the limit have no say.
struct Linear {
  Constants factors{};
  double fixed = 0.0;
};

Linear linear(const BoardPower& power, const MeasuredPower& row) {
  Linear result;
  result.fixed = power.waiting.value;
  for (const PowerPart& part : row.parts) {
    if (compute::board_power_w(power, part.operator_class, part.use) >= power.limit.value) {
      result.fixed += part.time_share * (power.limit - power.waiting).value;
      continue;
    }
    const std::size_t first = first_of(part.operator_class);
    const bool own = part.use.units == Arithmetic::fp4 && power.of(part.operator_class).fp4_arithmetic.has_value();
    result.factors[first] += part.time_share;
    result.factors[first + 1] += part.time_share * std::clamp(part.use.memory, 0.0, 1.0);
    result.factors[first + (own ? 3 : 2)] += part.time_share * std::sqrt(std::clamp(part.use.arithmetic, 0.0, 1.0));
  }
  return result;
}

/// A row's share of its set, which weighs the same whatever its size.
std::map<std::string, double> row_weights(const std::vector<MeasuredPower>& rows, double step_weight) {
  std::map<std::string, double> counts, weights;
  for (const MeasuredPower& row : rows) counts[row.set] += 1.0;
  for (const MeasuredPower& row : rows) weights[row.set] = (row.is_step() ? step_weight : 1.0) / counts[row.set];
  return weights;
}

PowerResidual residual(std::string set, std::vector<double> errors) {
  PowerResidual result{std::move(set), errors.size()};
  const auto at = [&errors](double share) {
    std::sort(errors.begin(), errors.end());
    return errors[static_cast<std::size_t>(share * static_cast<double>(errors.size() - 1) + 0.5)];
  };
  result.bias = at(0.5);
  for (double& error : errors) error = std::abs(error);
  result.median = at(0.5);
  result.p90 = at(0.9);
  result.worst = at(1.0);
  return result;
}

std::vector<PowerResidual> by_set(const std::map<std::string, std::vector<double>>& errors) {
  std::vector<PowerResidual> result;
  for (const auto& [set, list] : errors) result.push_back(residual(set, list));
  return result;
}

/// Classes that rows show in fp4 get a constant for it, which starts at that of the other formats.
BoardPower with_fp4(BoardPower power, const std::vector<MeasuredPower>& rows) {
  for (const MeasuredPower& row : rows) {
    for (const PowerPart& part : row.parts) {
      OperatorPower& draw = power.of(part.operator_class);
      if (part.use.units == Arithmetic::fp4 && !draw.fp4_arithmetic) draw.fp4_arithmetic = draw.arithmetic;
    }
  }
  return power;
}

Free free_constants(const PowerFitOptions& options) {
  Free free{};
  for (std::size_t i = 0; i < kConstants; ++i) free[i] = !options.fp4_alone || i % kOfClass == 3;
  return free;
}

BoardPower board(Watts idle, Watts waiting, Watts limit) {
  if (!(idle.value >= 0.0 && waiting >= idle && limit > waiting)) {
    throw std::invalid_argument(fmt::format("board power: idle {} W, waiting {} W and limit {} W do not rise",
                                            idle.value, waiting.value, limit.value));
  }
  BoardPower power;
  power.idle = idle;
  power.waiting = waiting;
  power.limit = limit;
  return power;
}

}  // namespace

std::vector<ExcludedRows> exclude_power_rows(std::vector<MeasuredPower>& rows, const BoardPower& board) {
  std::vector<ExcludedRows> excluded = {
      {"loops of kernels shorter than 0.3 ms: the reading shows the work before them"},
      {"loops with fewer than 4 readings of the meter"},
      {"loops on operands that are not known to be random"},
      {"work that takes more than 1.05 of the rated bandwidth or rate: bytes or operations are not those that ran"},
      {"loops below 1.3 of the waiting power: the host holds them up"},
  };
  const auto broken_rule = [&](const MeasuredPower& row) -> int {
    if (!row.is_step()) {
      if (row.seconds < kShortestLoop_s) return 0;
      if (row.readings > 0.0 && row.readings < kFewestReadings) return 1;
      if (!row.random_operands) return 2;
    }
    for (const PowerPart& part : row.parts) {
      if (!row.is_step() && std::max(part.use.memory, part.use.arithmetic) > kMostUse) return 3;
    }
    if (!row.is_step() && row.watts < kHostBound * board.waiting.value) return 4;
    return -1;
  };
  std::erase_if(rows, [&](const MeasuredPower& row) {
    const int rule = broken_rule(row);
    if (rule >= 0) ++excluded[static_cast<std::size_t>(rule)].count;
    return rule >= 0;
  });
  return excluded;
}

BoardPower default_prior(Watts idle, Watts waiting, Watts limit) {
  BoardPower power = board(idle, waiting, limit);
  const Watts room = limit - waiting;
  for (int i = 0; i < kOperatorClasses; ++i) {
    power.of(static_cast<OperatorClass>(i)) = {room * 0.25, room * 0.7, room, {}};
  }
  power.communication.memory = power.communication.arithmetic = power.elementwise.arithmetic = Watts(0);
  return power;
}

BoardPower scaled_prior(const BoardPower& relative, Watts idle, Watts waiting, Watts limit) {
  BoardPower power = board(idle, waiting, limit);
  const double ratio = (limit - waiting) / (relative.limit - relative.waiting);
  for (int i = 0; i < kOperatorClasses; ++i) {
    const OperatorPower& draw = relative.of(static_cast<OperatorClass>(i));
    OperatorPower& scaled = power.of(static_cast<OperatorClass>(i));
    scaled = {draw.running * ratio, draw.memory * ratio, draw.arithmetic * ratio, {}};
    if (draw.fp4_arithmetic) scaled.fp4_arithmetic = *draw.fp4_arithmetic * ratio;
  }
  return power;
}

double predicted_power_w(const BoardPower& power, const MeasuredPower& row) {
  double watts = power.waiting.value;
  for (const PowerPart& part : row.parts) {
    watts += part.time_share * (compute::board_power_w(power, part.operator_class, part.use) - power.waiting.value);
  }
  return watts;
}

BoardPower fit_board_power(const std::vector<MeasuredPower>& rows, const PowerFitOptions& options) {
  const Constants prior = to_constants(options.prior);
  const std::map<std::string, double> weights = row_weights(rows, options.step_weight);
  const double at_limit = kAtLimit * options.prior.limit.value;
  const Free free = free_constants(options);
  BoardPower power = with_fp4(options.prior, rows);
  for (int round = 0; round < kRounds; ++round) {
    Normal normal;
    for (std::size_t i = 0; i < kConstants; ++i) {
      normal.matrix[i][i] = options.prior_weight * options.prior_weight;
      normal.right[i] = normal.matrix[i][i] * prior[i];
    }
    for (const MeasuredPower& row : rows) {
      const double predicted = predicted_power_w(power, row);
      if (predicted > at_limit && row.watts > at_limit) continue;
      const double error = (predicted / row.watts - 1.0) / kSoftError;
      const Linear known = linear(power, row);
      normal.add(known.factors, row.watts - known.fixed,
                 weights.at(row.set) / (row.watts * row.watts * std::sqrt(1.0 + error * error)));
    }
    // Half a step: which parts are at the limit changes with the constants.
    const Constants before = to_constants(power);
    Constants after = normal.solution(before, free);
    for (std::size_t i = 0; i < kConstants; ++i) after[i] = 0.5 * (before[i] + after[i]);
    power = with_constants(power, after);
  }
  return power;
}

std::vector<PowerResidual> power_residuals(const std::vector<MeasuredPower>& rows, const BoardPower& power) {
  std::map<std::string, std::vector<double>> errors;
  for (const MeasuredPower& row : rows) errors[row.set].push_back(predicted_power_w(power, row) / row.watts - 1.0);
  return by_set(errors);
}

std::vector<PowerResidual> held_out_power_residuals(const std::vector<MeasuredPower>& rows,
                                                    const PowerFitOptions& options) {
  // Folds: shapes dealt out in five; each model by itself.
  std::map<std::string, int> folds;
  int loops = 0, steps = kFolds;
  for (const MeasuredPower& row : rows) {
    if (folds.count(row.group) == 0) folds[row.group] = row.is_step() ? steps++ : loops++ % kFolds;
  }
  std::map<std::string, std::vector<double>> errors;
  for (int fold = 0; fold < steps; ++fold) {
    std::vector<MeasuredPower> seen, unseen;
    for (const MeasuredPower& row : rows) (folds.at(row.group) == fold ? unseen : seen).push_back(row);
    if (unseen.empty() || seen.empty()) continue;
    const BoardPower power = fit_board_power(seen, options);
    for (const MeasuredPower& row : unseen) {
      errors[row.set].push_back(predicted_power_w(power, row) / row.watts - 1.0);
    }
  }
  return by_set(errors);
}

}  // namespace tokenworks::gpu_calibration
