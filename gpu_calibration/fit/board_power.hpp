// Question   which constants of models/compute/board_power.hpp agree best with measured watts
// Equation   least sum of w sqrt(1 + (e / 0.08)^2), e = predicted / measured - 1, all constants at least 0, by repeated
//            weighted least squares; a part at the limit counts as the limit, a row that is measured and predicted
//            there counts as right. Every set of rows weighs the same, whatever its size
// Source     method: Lawson and Hanson, Solving Least Squares Problems, 1974 (constants of one sign); Huber-like
//            weights
// Valid for  rows that exclude_power_rows() keeps
// Checked by tests/gpu_calibration/board_power_fit_test.cpp (known constants come back)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "models/compute/board_power.hpp"

namespace tokenworks::gpu_calibration {

/// An operator that ran for a part of the measured time.
struct PowerPart {
  compute::OperatorClass operator_class{};
  double time_share = 1.0;
  compute::UnitUse use;  ///< of the GPU that is fitted; above 1 where the counted work cannot be right
};

/// One measured draw: of one operator in a loop (a single part), or of whole steps of a model, whose parts may leave
/// time in which the board waits. Steps of a relative with another memory: `use.memory` is its bytes a second over the
/// bandwidth of the GPU that is fitted, since a byte costs the same energy.
struct MeasuredPower {
  std::vector<PowerPart> parts{};
  double watts = 0.0;
  double seconds = 0.0;         ///< of one pass
  double readings = 0.0;        ///< of the power meter, at least; 0: not said
  bool random_operands = true;  ///< false where operands may be zeros or uninitialised memory
  std::string set{};            ///< rows that are reported together: an operator, a model
  std::string group{};  ///< rows that are left out together when errors are judged on unseen ones: a shape, a model

  bool is_step() const { return parts.size() > 1; }
};

struct ExcludedRows {
  std::string rule;
  std::size_t count = 0;
};

/// Moves the rows that must not be fitted out of `rows` and counts them by the first rule that holds.
std::vector<ExcludedRows> exclude_power_rows(std::vector<MeasuredPower>& rows, const compute::BoardPower& board);

struct PowerFitOptions {
  double step_weight = 10.0;   ///< of a set of steps, when a set of loops weighs 1: steps run on real operands
  double prior_weight = 7e-4;  ///< pull of each constant, a watt, towards `prior`
  compute::BoardPower prior;   ///< waiting and limit are taken from it and kept
  bool fp4_alone = false;      ///< all but the arithmetic in fp4 keeps its prior
};

/// What a class draws where no row speaks of it, in shares of limit less waiting: 0.25 running, 0.7 memory, 1
/// arithmetic.
compute::BoardPower default_prior(Watts idle, Watts waiting, Watts limit);
/// Constants of a relative, scaled by the ratio of limit less waiting.
compute::BoardPower scaled_prior(const compute::BoardPower& relative, Watts idle, Watts waiting, Watts limit);

struct PowerResidual {
  std::string set;
  std::size_t rows = 0;
  double median = 0.0, p90 = 0.0, worst = 0.0;  ///< of |predicted / measured - 1|
  double bias = 0.0;                            ///< median of predicted / measured - 1
};

/// A class has a constant for arithmetic in fp4 where the prior has one or rows show it in fp4.
compute::BoardPower fit_board_power(const std::vector<MeasuredPower>& rows, const PowerFitOptions& options);

/// Watts of a row: time-weighted mean of its parts, waiting in the rest.
double predicted_power_w(const compute::BoardPower& power, const MeasuredPower& row);

std::vector<PowerResidual> power_residuals(const std::vector<MeasuredPower>& rows, const compute::BoardPower& power);
/// The same with rows that the constants have not seen: shapes in five folds, models one by one.
std::vector<PowerResidual> held_out_power_residuals(const std::vector<MeasuredPower>& rows,
                                                    const PowerFitOptions& options);

}  // namespace tokenworks::gpu_calibration
