// Question   how much power does the board of a GPU draw while one operator runs on it
// Equation   P = min(limit, waiting + running_c + memory_c u_m + arithmetic_c sqrt(u_a))     for operator class c
//            u_m = bytes / (seconds * rated bandwidth), u_a = operations / (seconds * rated rate of the number format)
//            arithmetic_c in fp4 may be a constant of its own: kernels reach no more than 0.55 of that rate
// Source     constants: the GPU's catalog entry, fitted by gpu_calibration/fit/board_power
// Valid for  operators that keep the whole GPU busy; clocks that the board chooses itself under its default limit
// Checked by tests/models/compute/board_power_test.cpp (laws); errors on measured watts: models/README.md, "Power"
#pragma once

#include <optional>

#include "models/compute/number_format.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::compute {

enum class OperatorClass {
  matrix_product,
  expert_block,      ///< grouped products of routed experts
  prompt_attention,  ///< many queries a sequence
  decode_attention,  ///< one query a sequence
  elementwise,       ///< norms, activations, quantisation, sampling
  communication,
};
inline constexpr int kOperatorClasses = 6;

/// Draw of one class of operators above that of a waiting board.
struct OperatorPower {
  Watts running{0};                       ///< whatever the use
  Watts memory{0};                        ///< more at the whole rated memory bandwidth
  Watts arithmetic{0};                    ///< more at the whole rated rate of the number format
  std::optional<Watts> fp4_arithmetic{};  ///< the same in fp4; absent: arithmetic

  Watts arithmetic_in(Arithmetic units) const {
    return units == Arithmetic::fp4 && fp4_arithmetic ? *fp4_arithmetic : arithmetic;
  }
  void visit(FieldVisitor& v);
};

/// Board power by what the GPU does.
struct BoardPower {
  Watts idle{0};                       ///< no context
  Watts waiting{0};                    ///< a model is loaded, nothing runs
  Watts limit{0};                      ///< board power limit
  std::optional<Watts> least_limit{};  ///< that it can be set to; absent: not known
  OperatorPower matrix_product, expert_block, prompt_attention, decode_attention, elementwise, communication;

  /// The lowest cap that the board takes; where that is not known, what it draws while it waits.
  Watts least_cap() const { return least_limit ? *least_limit : waiting; }

  const OperatorPower& of(OperatorClass operator_class) const;
  OperatorPower& of(OperatorClass operator_class);
  void visit(FieldVisitor& v);
};

/// Shares of its rated figures that an operator reaches, averaged over its time. Above 1 counts as 1.
struct UnitUse {
  double memory = 0.0;
  double arithmetic = 0.0;
  Arithmetic units = Arithmetic::bf16;  ///< whose rate: acts on power alone, no time follows it
};

/// What one operator does in its time on one GPU.
struct KernelLoad {
  double seconds = 0.0;
  double bytes = 0.0;       ///< to and from device memory
  double operations = 0.0;  ///< 2 a multiply-add
  Arithmetic units = Arithmetic::bf16;
};

/// The rated rate is that of the load's units. An operator of no time uses nothing. Throws for what is negative or not
/// finite.
UnitUse unit_use(const KernelLoad& load, BytesPerSecond rated_bandwidth, double rated_operations_per_s);

/// Watts of arithmetic at a use, before the limit.
double arithmetic_power_w(const OperatorPower& draw, const UnitUse& use);

/// Between waiting and the limit; never falls when a use rises.
double board_power_w(const BoardPower& power, OperatorClass operator_class, const UnitUse& use);

}  // namespace tokenworks::compute
