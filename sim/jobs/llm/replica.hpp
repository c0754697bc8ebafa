// One copy of a language model on its own GPUs: its queue, its KV blocks, and the steps that its engine makes.
//
// A replica is idle, in a step with prompt chunks, or in a run of pure decode steps. While it decodes, an arrival that
// could be admitted cuts the run at the end of the step that it falls into; nothing else happens between the ends of a
// run's first and last step.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/decode_batch.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/replica_watch.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

class LlmService;
class ServedModel;
struct PoolSetup;
struct RequestDetails;

class Replica final : public engine::TimerClient, private resources::RingClient {
 public:
  Replica(LlmService& service, PoolSetup& pool, std::int32_t index, std::vector<placement::Slice> slices,
          engine::Rank rank);

  /// A request for this replica; it is waiting from now on. The service has checked that it can ever be served.
  void submit(RequestId request);
  void on_timer(std::uint32_t tag) override;

  /// The replica loses its GPUs: all that runs or is being prefilled is lost (handed to `lost`), what waits to
  /// `waiting`.
  void go_down(std::vector<RequestId>& lost, std::vector<RequestId>& waiting);
  void come_up();
  bool is_up() const { return state_ != State::down; }
  /// While it is down: its weights are being loaded.
  void weights_on_the_way();

  /// Nothing gets through between its domains, and it waits for that.
  bool is_cut_off() const { return ring_ && std::isinf(fabric_factor_); }

  /// Accounts for what has been done at `end`, where the run stops with work in progress.
  void settle_at_end(Picoseconds end);

  const ServedModel& model() const { return *model_; }
  std::int64_t waiting() const { return queue_.size(); }
  std::int64_t used_blocks() const { return used_blocks_; }
  const std::vector<placement::Slice>& slices() const { return slices_; }
  Femtojoules gpu_energy() const { return gpu_energy_; }
  /// What it is doing, for the message about a run that is stuck.
  std::string describe() const;

 private:
  enum class State : std::uint8_t { idle, about_to_plan, prompt_step, decoding, down };
  struct Chunk {
    RequestId request;
    std::int32_t start, end;
  };

  void plan();
  bool make_room_for_decodes();
  void preempt_last();
  void form_chunks(std::int64_t budget, bool admit);
  bool admission_due();
  std::int64_t running() const;
  std::int64_t blocks_for(std::int64_t tokens) const;
  std::int64_t blocks_held(std::int64_t tokens) const;
  std::int64_t blocks_reserved(const InFlight& request) const;
  bool start_chunk(RequestId request, std::int64_t budget, bool is_new);
  void start_prompt_step(bool with_decodes);
  void start_decoding();
  void finish_prompt_step();
  void finish_decoding();
  void finish_chunk(const Chunk& chunk);
  void after_decode_steps(const DecodeSegment& segment, std::int64_t steps);
  void book_decode_steps(const DecodeSegment& segment, std::int64_t steps);
  void complete(RequestId request, std::int64_t held_tokens);
  void release_blocks(const InFlight& request, std::int64_t held_tokens);
  void take_decode_power();
  void set_gpu_power(double watts_per_gpu);
  void settle_energy(Picoseconds now);
  void on_ring_factor(double factor) override;
  void on_ring_lost() override;
  void on_ring_step_done() override;
  void open_ring();
  Picoseconds stretch(Picoseconds fabric_time) const;
  Picoseconds begin_sending(Picoseconds fabric_time, double bytes_per_gpu);
  Picoseconds note_sending(Picoseconds fabric_time);
  void count_sending(std::int64_t steps);
  void send_at_mean_rate(double bytes_per_gpu, double step_s);
  void end_step();
  // In replica_watch.cpp; to be called only while somebody watches.
  void watch_work(bool ended, Picoseconds now);
  void watch_levels();
  void watch_state(metrics::ReplicaState state);
  void watch_admission(RequestId request);
  void watch_join(RequestId request);
  void watch_leave(RequestId request);
  void watch_preemption(RequestId request, std::int64_t held_tokens);
  void watch_end();
  RequestDetails& details_of(RequestId request);

  LlmService& service_;
  PoolSetup& pool_;
  ServedModel* model_;
  std::vector<placement::Slice> slices_;
  std::unique_ptr<DecodeBatch> batch_;
  std::unique_ptr<ReplicaWatch> watch_;  // null: nobody watches
  engine::TimerId timer_;
  std::int32_t index_;
  State state_ = State::idle;
  bool with_decodes_ = false;                      // the prompt step under way carries the decoding batch along
  bool composition_changed_ = true;                // since decode power was last taken
  bool just_preempted_ = false;                    // while the step under way was formed
  std::optional<resources::Fabric::RingId> ring_;  // it spans scale-up domains
  bool hold_admission_ = false;                    // after a retraction, until a request ends
  RequestQueue queue_;
  std::vector<RequestId> prompts_;  // admitted, prompt not finished, in order of admission
  std::vector<Chunk> chunks_;       // of the step under way
  std::vector<Picoseconds> fresh_;  // dates of the last token of members that joined since the last decode step
  DecodeSegment segment_;
  Picoseconds last_step_end_ = 0;  // of the last decode step
  Picoseconds step_start_ = 0;     // of the prompt step under way
  std::int32_t admissions_ = 0;
  std::int64_t used_blocks_ = 0;
  std::int64_t next_knot_ = 0;
  std::int64_t held_since_step_ = -1;  // batch wait: decode step at which a prompt was first held back
  std::int64_t waiting_tokens_ = 0;    // prompt tokens in the queue
  std::int64_t gpus_ = 0;
  Milliwatts gpu_power_ = 0;  // of each of its GPUs
  Picoseconds power_since_ = 0;
  Femtojoules gpu_energy_ = 0;
  // Where it spans scale-up domains; behind all that others need, for many replicas do not fit the cache.
  double fabric_factor_ = 1.0;       // by which sending between domains is stretched
  double fabric_bytes_ = 0.0;        // that a GPU sends in the step under way; with step flows
  Picoseconds fabric_time_ = 0;      // that this takes alone
  Picoseconds step_sending_ = 0;     // of each step under way, alone
  Picoseconds step_contention_ = 0;  // what is added to it
  Picoseconds sending_since_ = 0;    // with step flows
  std::int64_t gpus_on_node_ = 0;    // on its fullest node
  bool sending_ = false;             // all of the step but its flows is over
  bool lost_ring_ = false;           // went down for want of a way between its domains
};

}  // namespace tokenworks::jobs
