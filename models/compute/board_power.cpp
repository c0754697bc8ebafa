#include "models/compute/board_power.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::compute {
namespace {

bool is_amount(double value) { return std::isfinite(value) && value >= 0.0; }

double share(double amount, double rate, double seconds) {
  return rate > 0.0 ? std::min(amount / (rate * seconds), 1.0) : 0.0;
}

/// `Power` is BoardPower or const BoardPower.
template <class Power>
auto& member(Power& power, OperatorClass operator_class) {
  switch (operator_class) {
    case OperatorClass::matrix_product:
      return power.matrix_product;
    case OperatorClass::expert_block:
      return power.expert_block;
    case OperatorClass::prompt_attention:
      return power.prompt_attention;
    case OperatorClass::decode_attention:
      return power.decode_attention;
    case OperatorClass::elementwise:
      return power.elementwise;
    case OperatorClass::communication:
      return power.communication;
  }
  throw std::invalid_argument("board power: there is no operator class number " +
                              std::to_string(static_cast<int>(operator_class)));
}

}  // namespace

void OperatorPower::visit(FieldVisitor& v) {
  const Rule power = rule().required().at_least(0);
  field(v, "running_w", running, "Board power above waiting while such an operator runs, whatever it uses", power);
  field(v, "memory_w", memory, "More at the whole rated memory bandwidth, in proportion to its use", power);
  field(v, "arithmetic_w", arithmetic,
        "More at the whole rated rate of the number format, with the square root of its use", power);
  field(v, "fp4_arithmetic_w", fp4_arithmetic,
        "The same at the whole rated rate of fp4, which kernels do not reach; `arithmetic_w` where it is not given",
        rule().at_least(0));
}

void BoardPower::visit(FieldVisitor& v) {
  const Rule needed = rule().required();
  field(v, "idle_w", idle, "Board power without a loaded model", rule().required().at_least(0));
  field(v, "waiting_w", waiting, "Board power with a loaded model while nothing runs", rule().required().at_least(0));
  field(v, "limit_w", limit, "Board power limit", rule().required().above(0));
  field(v, "least_limit_w", least_limit, "Lowest limit that the board can be set to; its waiting power where not known",
        rule().above(0));
  field(v, "matrix_product", matrix_product, "Draw of matrix products above waiting", needed);
  field(v, "expert_block", expert_block, "Draw of routed experts above waiting", needed);
  field(v, "prompt_attention", prompt_attention, "Draw of prompt attention above waiting", needed);
  field(v, "decode_attention", decode_attention, "Draw of decode attention above waiting", needed);
  field(v, "elementwise", elementwise, "Draw of norms, activations, quantisation and sampling above waiting", needed);
  field(v, "communication", communication, "Draw of collectives above waiting", needed);
}

OperatorPower& BoardPower::of(OperatorClass operator_class) { return member(*this, operator_class); }

const OperatorPower& BoardPower::of(OperatorClass operator_class) const { return member(*this, operator_class); }

UnitUse unit_use(const KernelLoad& load, BytesPerSecond rated_bandwidth, double rated_operations_per_s) {
  if (!is_amount(load.seconds) || !is_amount(load.bytes) || !is_amount(load.operations)) {
    throw std::invalid_argument("board power: an operator of " + std::to_string(load.seconds) + " s, " +
                                std::to_string(load.bytes) + " bytes and " + std::to_string(load.operations) +
                                " operations; none may be negative or infinite");
  }
  if (load.seconds == 0.0) return {};
  return {share(load.bytes, rated_bandwidth.value, load.seconds),
          share(load.operations, rated_operations_per_s, load.seconds), load.units};
}

double arithmetic_power_w(const OperatorPower& draw, const UnitUse& use) {
  return draw.arithmetic_in(use.units).value * std::sqrt(std::clamp(use.arithmetic, 0.0, 1.0));
}

double board_power_w(const BoardPower& power, OperatorClass operator_class, const UnitUse& use) {
  const OperatorPower& draw = power.of(operator_class);
  const double watts = power.waiting.value + draw.running.value + draw.memory.value * std::clamp(use.memory, 0.0, 1.0) +
                       arithmetic_power_w(draw, use);
  return std::min(watts, power.limit.value);
}

}  // namespace tokenworks::compute
