// "kind": "model_swap": a service gets another model while it serves. Specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "sim/policies/scaling/scaling_option.hpp"
#include "sim/scenario/incident_spec.hpp"
#include "sim/scenario/pool_spec.hpp"

namespace tokenworks::scenario {

/// What is served afterwards.
struct SwapTargetSpec {
  std::string model;  ///< catalog id
  std::optional<std::string> precision, kv_cache_precision;
  std::optional<EngineSpec> engine;
  std::optional<SpeculationSpec> speculation;
  void visit(FieldVisitor& v);
};

/// Which replicas are out of service at one time: a family.
class SwapStrategy {
 public:
  virtual ~SwapStrategy() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Replicas out of service at one time; nothing: all.
  virtual std::optional<std::int64_t> max_unavailable() const = 0;
};
Options<SwapStrategy> swap_strategies();

/// What decides on a canary: a family.
class SwapGate {
 public:
  virtual ~SwapGate() = default;
  virtual void visit(FieldVisitor& v) = 0;
};
Options<SwapGate> swap_gates();

/// "kind": "latency".
class LatencyGate final : public SwapGate {
 public:
  std::optional<double> worst_ttft_ratio, worst_tpot_ratio;
  void visit(FieldVisitor& v) override;
};

/// "kind": "verdict".
class VerdictGate final : public SwapGate {
 public:
  bool passes = true;
  void visit(FieldVisitor& v) override;
};

struct CanarySpec {
  std::int64_t replicas = 1;
  double traffic_share = 0.1;
  Seconds duration{600};
  Choice<SwapGate> gate;
  CanarySpec() : gate(swap_gates()) {}
  void visit(FieldVisitor& v);
};

class ModelSwapSpec final : public IncidentOption {
 public:
  std::string service;
  SwapTargetSpec to;
  Choice<SwapStrategy> strategy;
  bool drain = true;
  std::optional<CanarySpec> canary;
  scaling::StartUp start_up;
  ModelSwapSpec() : strategy(swap_strategies(), "rolling") {}
  void visit(FieldVisitor& v) override;
};

}  // namespace tokenworks::scenario
