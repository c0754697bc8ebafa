// A language-model endpoint: replicas of one model, a router before them, and what they count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/llm/speculation/speculation_model.hpp"
#include "models/llm/step_model.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/replica.hpp"
#include "sim/jobs/llm/service_stats.hpp"
#include "sim/jobs/request.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/policies/routing/router_option.hpp"
#include "sim/resources/fabric.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

/// Who sent a request and wants to hear of its end.
class RequestOwner {
 public:
  virtual void on_ended(Ending ending) = 0;

 protected:
  ~RequestOwner() = default;
};

class LlmService {
 public:
  struct Setup {
    std::string name;
    batching::EngineProfile profile;
    double prompt_launch_s = 0.0;  ///< host work for a new prompt of this model
    double eager_step_s = 0.0;     ///< shortest step with a prompt
    std::unique_ptr<llm::StepModel> step_model;
    std::unique_ptr<llm::SpeculationModel> speculation;  ///< null: one token a step and sequence; about `step_model`
    double mean_accepted = 1.0;  ///< with speculation: tokens that a verified step yields, the model's own included
    std::int64_t kv_pool_tokens = 0;  ///< of one replica
    std::int64_t context_tokens = 0;  ///< longest prompt and answer together that the model takes
    std::unique_ptr<routing::Router> router;
    std::vector<std::vector<placement::Slice>> replicas;
    resources::Fabric* fabric = nullptr;  ///< null: replicas lie in one scale-up domain each
    double idle_gpu_power_w = 0.0;        ///< that the facility counts for a GPU by itself
    Window window;
    Promise promise;
    Picoseconds series_interval = 0;
    std::uint64_t first_replica_number = 0;  ///< ranks of its replicas' events; unique in the factory
    bool exact_iterations = false;
    std::function<void(const CompletedRequest&)> on_completed;  ///< empty: nobody watches single requests
    bool plans_after_completions = false;  ///< let answers of a closed loop arrive before the next step is formed
  };

  LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup);
  ~LlmService();

  /// Registers who hears of the end of requests submitted with the returned number; null hears nothing.
  std::int32_t add_owner(RequestOwner* owner);
  /// A request reaches the service now; it may have arrived earlier (request path).
  void submit(const Request& request, std::int32_t owner);
  /// Time from a request's arrival to its submission.
  Picoseconds request_overhead() const { return request_overhead_; }

  /// Replicas on `node` go down with it; returns how many requests were lost. They come up one by one.
  std::int64_t take_down(std::int64_t node, std::vector<std::int32_t>& replicas);
  void bring_up(std::int32_t replica);
  /// One replica goes down; returns how many requests were lost.
  std::int64_t take_down_replica(std::int32_t replica);
  bool is_up(std::int32_t replica) const;
  /// Nodes of a replica, and who wants to know when it loses its way between them, or finds one again.
  std::vector<std::int64_t> nodes_of(std::int32_t replica) const;
  struct RingWatch {
    std::function<void(std::int32_t replica)> lost, found;
  };
  void set_ring_watch(RingWatch watch) { ring_watch_ = std::move(watch); }
  std::int32_t replica_count() const { return static_cast<std::int32_t>(replicas_.size()); }
  /// Told of every prompt that a replica has finished: replica and tokens.
  void set_prompt_watch(std::function<void(std::int32_t replica, std::int64_t tokens)> watch) {
    prompt_watch_ = std::move(watch);
  }
  /// GPUs of a replica that stand on a node.
  std::int64_t gpus_on_node(std::int32_t replica, std::int64_t node) const;

  /// Settles all books at the end of the run.
  void finish(Picoseconds end);
  void report(metrics::ServiceResult& result, Picoseconds end) const;
  const ServiceStats& stats() const { return stats_; }
  const std::string& name() const { return setup_.name; }
  std::int64_t gpus() const;
  Femtojoules gpu_energy() const;
  /// Empty, or which replicas hold what work.
  std::string describe_work_left() const;

 private:
  friend class Replica;

  /// Of a step: time that passes with sending between scale-up domains, and the bytes that each GPU sends.
  struct FabricPart {
    Picoseconds time = 0;
    double bytes_per_gpu = 0.0;
  };
  /// A pure decode step of a batch size while its context lies between two knots of the kernel tables.
  struct StepRate {
    DecodeRate rate;
    double fixed_energy_j = 0.0;  ///< of one GPU
    double attention_power_w = 0.0;
    std::int64_t until_full_tokens = 0;  ///< tokens of context from which on another rate holds
    FabricPart fabric;
  };
  const StepRate& step_rate(std::int64_t sequences, std::int64_t full_tokens);
  /// Attention of a step of so many decoding sequences, drafting included.
  const llm::DecodeAttention& decode_attention(std::int64_t sequences, std::int64_t full_tokens) {
    return setup_.speculation ? setup_.speculation->decode_attention(sequences, full_tokens)
                              : setup_.step_model->decode_attention(sequences, full_tokens);
  }
  /// Tokens that so many decoding sequences bring into a step.
  std::int64_t decode_tokens(std::int64_t sequences) const { return sequences * (1 + draft_tokens_); }
  /// Tokens that a step yields; null: one.
  const TokenPattern* pattern() const { return pattern_ ? &*pattern_ : nullptr; }
  void ended(RequestId request, Ending ending);
  void reject(RequestId request, std::string_view reason);
  void route(RequestId request);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  RunEnd& run_end_;
  Setup setup_;
  Picoseconds request_overhead_;
  Picoseconds eager_step_;
  std::int64_t kv_pool_blocks_;
  std::int64_t draft_tokens_;  // of a sequence in a step
  std::optional<TokenPattern> pattern_;
  bool spans_domains_ = false;
  Picoseconds sending_time_ = 0, contention_ = 0;  // of all steps between scale-up domains
  RingWatch ring_watch_;
  std::function<void(std::int32_t, std::int64_t)> prompt_watch_;
  InFlightPool pool_;
  ServiceStats stats_;
  std::vector<std::vector<StepRate>> rates_;  // by batch size, rising in context; what was asked for so far
  std::vector<RequestOwner*> owners_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<FinishedDecode> finished_;  // scratch of a replica's step
};

}  // namespace tokenworks::jobs
