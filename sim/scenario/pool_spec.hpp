// How a service is spread over pools of replicas, whom it serves first, and where it keeps keys and values. Specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/llm/lora.hpp"
#include "models/llm/parallelism.hpp"
#include "models/llm/speculation/speculation_option.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/policies/routing/router_option.hpp"
#include "sim/policies/scaling/scaling_option.hpp"

namespace tokenworks::scenario {

struct PromiseSpec {
  std::optional<Seconds> ttft, tpot;
  void visit(FieldVisitor& v);
};

struct PlacementSpec {
  std::vector<std::string> racks;
  void visit(FieldVisitor& v);
};

struct EngineSpec : Choice<batching::EngineOption> {
  EngineSpec() : Choice(batching::engine_options(), "vllm") {}
};

struct RouterSpec : Choice<routing::RouterOption> {
  RouterSpec() : Choice(routing::router_options(), "least_loaded") {}
};

struct SpeculationSpec : Choice<llm::SpeculationOption> {
  SpeculationSpec() : Choice(llm::speculation_options()) {}
};

struct AutoscalerSpec : Choice<scaling::ScalingOption> {
  AutoscalerSpec() : Choice(scaling::scaling_options()) {}
};

/// Room for keys and values below GPU memory.
struct KvTierSpec {
  std::string kind;  ///< "host_memory" or "local_drives"
  Bytes room{0};     ///< of one replica
  Seconds latency{0};
  void visit(FieldVisitor& v);
};

struct PoolSpec {
  std::string name;
  std::string role = "serve";
  std::int64_t replicas = 1;
  std::optional<llm::Parallelism> parallelism;
  std::optional<PlacementSpec> placement;
  std::optional<EngineSpec> engine;
  std::optional<AutoscalerSpec> autoscaler;
  void visit(FieldVisitor& v);
};

struct DisaggregationSpec {
  std::string transfer = "at_once";
  std::int64_t local_prompt_tokens = 0;
  double line_rate_share = 1.0;
  RouterSpec decode_router;
  void visit(FieldVisitor& v);
};

/// Adapters (LoRA) that the requests of a service use.
struct AdaptersSpec {
  std::int64_t count = 1, rank = 16;
  std::vector<std::string> targets = {"attention", "network"};
  std::int64_t max_loaded = 8;
  double skew = 1.0;
  llm::LoraTargets lora_targets() const;
  /// Shares of the first so many adapters in all requests, times the weight of all.
  std::vector<double> summed_weights() const;
  void visit(FieldVisitor& v);
};

struct ServiceClassSpec {
  std::string name;
  std::int64_t priority = 0;
  std::optional<PromiseSpec> slo;
  std::optional<Seconds> timeout;
  std::int64_t max_waiting = 0;
  void visit(FieldVisitor& v);
};

struct TenantSpec {
  std::string name;
  double weight = 1.0;
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::scenario
