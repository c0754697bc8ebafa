// One copy of a language model on its own GPUs: its queue, its KV blocks, and the steps that its engine makes.
//
// A replica is idle, in a step with prompt chunks, or in a run of pure decode steps. While it decodes, an arrival that
// could be admitted cuts the run at the end of the step that it falls into; nothing else happens between the ends of a
// run's first and last step.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/clock.hpp"
#include "models/llm/step_model.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/copy_state.hpp"
#include "sim/jobs/llm/decode_batch.hpp"
#include "sim/jobs/llm/gpu_turns.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/replica_watch.hpp"
#include "sim/jobs/llm/swap_space.hpp"
#include "sim/jobs/request.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/policies/batching/prompt_balance.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

class LlmService;
class ServedModel;
class StepCosts;
struct PoolSetup;
enum class PoolRole : std::uint8_t;

struct RequestDetails;

/// What holds the clock of a replica's GPUs down from outside.
struct ClockHold {
  static constexpr double kNoCap = std::numeric_limits<double>::infinity();
  compute::ClockLevel limit = compute::kFullClock;
  double power_cap_w = kNoCap;  ///< of one GPU, mean over a step
  bool acts() const { return limit < compute::kFullClock || power_cap_w < kNoCap; }
  bool operator==(const ClockHold&) const = default;
};

/// Time of steps below the full clock, in one kind of steps.
struct ClockBook {
  Picoseconds below = 0;
  __extension__ __int128 lost_levels = 0;  ///< levels below the full clock times picoseconds
  Picoseconds over_cap = 0;                ///< at the least clock, and yet beyond the cap
  ClockBook& operator+=(const ClockBook& other) {
    below += other.below;
    lost_levels += other.lost_levels;
    over_cap += other.over_cap;
    return *this;
  }
};

class Replica final : public engine::TimerClient, private resources::RingClient, private TurnTaker, private CopyState {
 public:
  /// `candidate`: its place among the candidates of its router.
  Replica(LlmService& service, PoolSetup& pool, std::int32_t index, std::int32_t candidate,
          std::vector<placement::Slice> slices, engine::Rank rank);
  ~Replica();

  /// A request for this replica; it is waiting from now on. The service has checked that it can ever be served.
  void submit(RequestId request);
  void on_timer(std::uint32_t tag) override;
  void prefetch() const override;
  /// A request is to end before it is done: at once where it waits, with the step under way where it runs.
  void withdraw(RequestId request, Ending ending);

  /// The replica loses its GPUs: all that runs or is being prefilled is lost (handed to `lost`), what waits to
  /// `waiting`.
  void go_down(std::vector<RequestId>& lost, std::vector<RequestId>& waiting);
  void come_up();
  /// While it is down: what it serves from now on. Its caches begin anew.
  void set_model(ServedModel& model);
  bool is_up() const { return state_ != State::down; }
  /// What it has had of GPUs that it shares; null: they are its own.
  const GpuTurns::Book* turns() const { return turns_ == nullptr ? nullptr : &turns_->book(place_); }
  /// Takes nothing new from now on, but for what is on its way to it; what waits is handed to `waiting`. It tells the
  /// service when the last of what runs has ended (LlmService::drained), never before this returns.
  void drain(std::vector<RequestId>& waiting);
  bool is_draining() const { return is_draining_; }
  /// While it is down: its weights are being loaded.
  void weights_on_the_way();

  /// Nothing gets through between its domains, and it waits for that.
  bool is_cut_off() const { return ring_ && std::isinf(fabric_factor_); }

  /// From the end of the step under way on. Each step runs at the highest clock within both limits. To be called from
  /// events that rank before steps.
  void hold_clock(const ClockHold& hold);

  // Of a decode replica: requests whose prompts others compute --------------------------------------------------------
  bool has_room_for(const InFlight& request);
  /// Takes room for a request; returns what of its prompt is here already.
  PrefixCache::Pin expect(RequestId request);
  void expect_no_more(RequestId request, PrefixCache::Pin& pin);
  void receive(RequestId request, const PrefixCache::Pin& pin);
  /// Of a prefill replica: what it computed of a request has been taken.
  void handed_over(RequestId request);

  /// Accounts for what has been done at `end`, where the run stops with work in progress.
  void settle_at_end(Picoseconds end);

  const ServedModel& model() const { return *model_; }
  std::int32_t index() const { return index_; }
  std::int32_t candidate() const { return candidate_; }
  PoolRole role() const;
  const PoolSetup& pool() const { return pool_; }
  bool takes_new() const { return is_up() && !is_draining_; }
  // Of all copies of its attention:
  std::int64_t waiting_in(std::int32_t lane) const {
    return over_copies([lane](const CopyState& copy) { return copy.queue_.size_of(lane); });
  }
  std::int64_t waiting() const {
    return over_copies([](const CopyState& copy) { return copy.queue_.size(); });
  }
  std::int64_t all_running() const {
    return over_copies([](const CopyState& copy) { return copy.running(); });
  }
  std::int64_t all_used_blocks() const {
    return over_copies([](const CopyState& copy) { return copy.used_blocks(); });
  }
  /// Blocks in use when the step that `now` falls into has ended.
  std::int64_t all_used_after_step(Picoseconds now) const {
    return over_copies([this, now](const CopyState& copy) { return used_after_step(copy, now); });
  }
  /// Tokens that its caches have read from tiers below GPU memory, and written there.
  std::int64_t read_tokens() const;
  std::int64_t written_tokens() const;
  double peak_share() const;                       ///< of the blocks of a copy in use
  Picoseconds blocked_time(Blocked reason) const;  ///< mean over the copies
  const std::vector<placement::Slice>& slices() const { return slices_; }
  /// Of its boards while it was up, until `now`, which is not before its last change.
  Femtojoules gpu_energy(Picoseconds now) const {
    const bool draws = state_ != State::down && has_boards_;
    return gpu_energy_ + (draws ? static_cast<Femtojoules>(gpu_power_) * gpus_ * (now - power_since_) : 0);
  }
  Picoseconds prompt_time() const { return prompt_time_; }  ///< of steps with prompts
  Picoseconds decode_time() const { return decode_time_; }  ///< of pure decode steps
  const ClockBook& prompt_clock() const { return prompt_clock_; }
  const ClockBook& decode_clock() const { return decode_clock_; }
  Picoseconds up_time() const { return up_time_; }
  std::int64_t gpus() const { return gpus_; }
  /// What it is doing, for the message about a run that is stuck.
  std::string describe() const;
  /// No request is here and no block is taken, but for what the prefix cache keeps.
  bool is_clear() const;

 private:
  /// Bits of InFlight::admission that count admissions; above them stands the level.
  static constexpr int kAdmissionBits = 27;
  enum class State : std::uint8_t { idle, about_to_plan, waiting_for_turn, prompt_step, decoding, down };
  /// What a step computes, of one copy or of all together.
  struct StepContents {
    std::int64_t prompt_tokens = 0, chunks = 0, finishing = 0, decodes = 0;
    std::int64_t adapters = 0;  ///< distinct, on the copy that has the most
    Picoseconds loading = 0;    ///< of adapters, of the copy that waits longest
    llm::StepPart attention;    ///< of the prompts, at the clock that was asked about last
    Picoseconds bubble = 0;     ///< likewise: what stages of a pipeline wait for
    ContextLoad load;           ///< of the decoding sequences

    StepContents& operator+=(const StepContents& other);
  };
  /// What a copy takes of a step by itself.
  struct OwnRate {
    DecodeRate rate;
    std::int64_t until_full_tokens = 0;  ///< of the copy's context, from which on another rate holds
    Picoseconds fabric = 0;              ///< of the fixed part, that waits for links between domains
    Picoseconds duration(const ContextLoad& load) const {
      return rate.fixed + rate.per_full_token * load.full_tokens + rate.per_window_token * load.window_tokens;
    }
  };
  /// While it lives, the replica works on that copy of its attention.
  class OnCopy {
   public:
    OnCopy(Replica& replica, std::int32_t copy) : replica_(replica), before_(replica.copy_) { replica.select(copy); }
    ~OnCopy() { replica_.select(before_); }
    OnCopy(const OnCopy&) = delete;
    OnCopy& operator=(const OnCopy&) = delete;

   private:
    Replica& replica_;
    std::int32_t before_;
  };

  // In replica_copies.cpp
  void open_copies();
  void open_copy();
  void begin_balance();
  void select(std::int32_t copy) {
    if (copy != copy_) change_to(copy);
  }
  void change_to(std::int32_t copy);
  bool has_copies() const { return !aside_.empty(); }
  std::int32_t copy_of(RequestId request) const;
  std::int32_t choose_copy();
  std::int32_t copy_with_room(const InFlight& request);
  void enters(RequestId request);
  void goes(const InFlight& request) { prompt_tokens_ -= request.input_tokens; }
  void plan_copies();
  bool has_prompt_for_step();
  void balance_prompts();
  void start_prompt_step_of_copies();
  void start_decoding_of_copies();
  OwnRate own_rate(const StepContents& contents, std::int64_t scale, std::int64_t all_tokens);
  DecodeSegment plan_together(const StepContents& all, Picoseconds shared, Picoseconds& more_fabric);
  /// The next point of a grid of four points an octave, above `tokens`: power follows context in steps of 19 %.
  static std::int64_t knot_above(std::int64_t tokens);
  template <class Value>
  std::int64_t over_copies(const Value& value) const {
    if (!has_copies()) return value(static_cast<const CopyState&>(*this));
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < aside_.size(); ++i) {
      sum += value(i == static_cast<std::size_t>(copy_) ? static_cast<const CopyState&>(*this) : aside_[i]);
    }
    return sum;
  }
  std::int64_t all_sequences_taken() const {
    return over_copies([](const CopyState& copy) { return copy.sequences_taken(); });
  }
  /// Works on one copy after the other.
  template <class Action>
  void each_copy(const Action& action) {
    if (!has_copies()) return action();
    const OnCopy back(*this, copy_);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(aside_.size()); ++i) {
      select(i);
      action();
    }
  }

  std::int64_t used_after_step(const CopyState& copy, Picoseconds now) const;
  bool has_copy_room_for(const InFlight& request) const;
  Found find_received(const InFlight& request) const;
  void join_received();
  void send_layers();
  void hand_over(RequestId request);
  void number_admission(RequestId request);
  void count_level(RequestId request, std::int32_t change);
  // Forming a step
  void plan();
  bool is_empty() const;
  Formed form_step();
  void make_batch();
  void empty_queue(std::vector<RequestId>& waiting);
  bool admission_due();
  void plan_step();
  void form_chunks(std::int64_t budget, bool admit);
  void admit_urgent(std::int64_t& budget, Blocked& blocked);
  bool has_chunk(RequestId request) const;
  bool is_cut_to_fit(const InFlight& request) const;
  bool continue_prompt(RequestId request, std::int64_t budget);
  bool admit_next(RequestId request, std::int64_t budget, Blocked& blocked);
  bool fits(const InFlight& request, const Found& found, std::int64_t budget, std::int64_t& end,
            std::int64_t& blocks) const;
  void take_from_queue(RequestId request);
  void take_chunk(RequestId request, std::int64_t end, std::int64_t blocks);
  std::int64_t prompt_left(RequestId request) const;
  std::int64_t blocks_for(std::int64_t tokens) const;
  std::int64_t blocks_held(std::int64_t tokens) const;
  std::int64_t blocks_reserved(const InFlight& request) const;
  std::int64_t blocks_taken(const InFlight& request, std::int64_t tokens) const;
  std::int64_t promised_blocks() const;
  bool make_room_for_decodes();
  std::int32_t level_of(RequestId request) const;
  std::int32_t lowest_running_level() const;
  bool can_preempt_for(RequestId request) const;
  void preempt_last();
  void preempt(RequestId victim);
  // In replica_adapters.cpp; to be called only where requests have adapters.
  bool has_adapters() const { return adapters_.has_places(); }
  std::int32_t adapter_of(RequestId request) const;
  bool can_take_adapter(RequestId request) const;
  void take_adapter(RequestId request);
  std::int64_t adapters_in_step(bool with_decodes);
  // In replica_swap.cpp; to be called only with a swap space.
  void make_swap_space();
  std::int32_t& swapped_tokens(RequestId request);
  void swap_out(RequestId request, std::int64_t held_tokens);
  bool swap_in(RequestId request);
  void on_swapped_in(RequestId request);
  void forget_swapped(RequestId request);
  std::int64_t tokens_to_compute(RequestId request);
  // What is kept
  void make_cache();
  workload::Content content_of(const InFlight& request) const;
  Found find_cached(const InFlight& request) const;
  std::int64_t pinned_of(const InFlight& request) const;
  void begin_with(InFlight& request, std::int64_t tokens);
  void note_cached(InFlight& request, std::int64_t tokens);
  void keep(InFlight& request, std::int64_t tokens);
  void let_go(InFlight& request);
  void evict_what_does_not_fit();
  bool start_fetch(RequestId request, const Found& found);
  void on_fetched(RequestId request);
  void cache_lost();
  // Out
  void wake();
  void note_blocks() { note_blocks(used_blocks()); }
  void note_blocks(std::int64_t used);
  void note_steps_so_far();
  void note_blocked(Blocked reason, Picoseconds from);
  void cut_decoding(Picoseconds now);
  void withdraw_doomed();
  bool is_between_steps(RequestId request) const;
  std::int64_t take_out(RequestId request);
  void leaves(RequestId request, std::int64_t held_tokens);
  void complete(RequestId request, std::int64_t held_tokens);
  // Steps
  void start_prompt_step(bool with_decodes);
  void add_contents(StepContents& contents);
  llm::StepPart chunks_attention() const;
  llm::StepPart adapters_part(const StepContents& contents) const;
  llm::StepPart even_part(StepContents& contents);
  double wait_for_host(llm::StepPart& total) const;
  void begin_prompt_step(const llm::StepPart& total);
  void start_decoding();
  DecodeLimits decode_limits() const;
  void begin_decoding(const DecodeSegment& segment, Picoseconds sending);
  void finish_prompt_step();
  void finish_decoding();
  void finish_chunks();
  void finish_chunk(const Chunk& chunk);
  DecodeSegment single_step(Picoseconds start) const;
  void after_decode_steps(const DecodeSegment& segment, std::int64_t steps);
  void book_decode_steps(const DecodeSegment& segment, std::int64_t steps);
  void end_decodes(const std::vector<FinishedDecode>& finished);
  void book_copies(const DecodeSegment& segment, std::int64_t steps);
  void decode_copies(const DecodeSegment& segment, std::int64_t steps);
  void take_decode_power(const StepContents& contents);
  // In replica_clock.cpp
  template <class Price>
  void at_best_clock(compute::ClockLevel& guess, const Price& price);
  StepCosts& costs_at(compute::ClockLevel level);
  void note_prompt_time(Picoseconds time);
  void note_decode_time(Picoseconds time);
  void note_clock(ClockBook& book, Picoseconds time) const;
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
  void note_soon_needed();
  // In replica_turns.cpp: GPUs that others have a share in
  void join_turns(GpuTurns* turns);
  bool is_between_steps() const { return state_ != State::prompt_step && state_ != State::decoding; }
  bool has_step_to_make() const;
  bool takes_turn();
  void wait_no_more();
  void go_idle();
  void on_turn() override;
  void end_run_after(Picoseconds after) override;
  void on_boards(bool has) override;
  void on_swapped_out() override;
  Bytes held_per_gpu() const override;
  // In replica_watch.cpp; to be called only while somebody watches.
  void watch_work(bool ended, Picoseconds now);
  void watch_levels();
  void watch_state(metrics::ReplicaState state);
  void watch_join(RequestId request);
  void watch_leave(RequestId request);
  void watch_preemption(std::int64_t held_tokens);
  void watch_end();
  RequestDetails& details_of(RequestId request);

  LlmService& service_;
  PoolSetup& pool_;
  ServedModel* model_;
  StepCosts *full_costs_, *costs_;  // of the model, at the full clock and at that of the step under way
  std::vector<placement::Slice> slices_;
  std::unique_ptr<ReplicaWatch> watch_;  // null: nobody watches
  engine::TimerId timer_;
  engine::CacheLines soon_needed_;
  std::int64_t first_node_ = 0;
  std::int32_t index_, candidate_;
  State state_ = State::idle;
  bool composition_changed_ = true;                // since decode power was last taken
  bool is_held_ = false;                           // the clock may be below the full one
  bool has_boards_ = true;                         // what they draw is counted here
  bool is_draining_ = false;                       // takes nothing new
  std::optional<resources::Fabric::RingId> ring_;  // it spans scale-up domains
  std::int32_t copy_ = 0;                          // that it works on
  DecodeSegment segment_;                          // of all copies together
  Picoseconds step_start_ = 0;                     // of the prompt step under way
  std::int32_t admissions_ = 0;
  std::int64_t next_knot_ = 0;
  std::int64_t gpus_ = 0;
  Picoseconds prompt_time_ = 0, decode_time_ = 0, up_time_ = 0, up_since_ = 0;
  Milliwatts gpu_power_ = 0;  // of each of its GPUs
  Picoseconds power_since_ = 0;
  Femtojoules gpu_energy_ = 0;
  std::vector<std::pair<RequestId, Ending>> doomed_;           // to be taken out at the end of the step under way
  std::vector<std::unique_ptr<ReplicaCache>> retired_caches_;  // of models served before; moves may still come
  std::vector<std::unique_ptr<SwapSpace>> retired_swaps_;      // likewise
  double peak_share_ = 0.0;                                    // likewise
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
  // Where something holds its clock down.
  ClockHold hold_;
  bool is_over_cap_ = false;  // in the step under way
  compute::ClockLevel prompt_guess_ = compute::kFullClock, decode_guess_ = compute::kFullClock;  // of the last steps
  ClockBook prompt_clock_, decode_clock_;
  // Where it shares its GPUs with others.
  GpuTurns* turns_ = nullptr;
  std::int32_t place_ = 0;           // among those that take turns
  std::unique_ptr<SwapSpace> swap_;  // null: what gives way is computed again
  // Of several copies of the attention:
  std::vector<CopyState> aside_;   // by copy; the place of the one that it works on is empty
  std::int64_t given_copies_ = 0;  // requests that came to them
  batching::PromptBalance balance_{0, 0};
  std::int64_t steps_made_ = 0;    // by all of them together
  std::int64_t prompts_held_ = 0;  // steps for which prompts wait, from the one that is formed on; 0: they go
};

/// Settles the clock of a step, the highest within what holds it down. `price` works the step out at `costs_` and
/// returns the watts of one GPU; the last clock that it is asked about is that of the step.
template <class Price>
void Replica::at_best_clock(compute::ClockLevel& guess, const Price& price) {
  if (!is_held_) {
    costs_ = full_costs_;
    price();
    return;
  }
  double watts = 0.0;
  compute::ClockLevel asked = 0;
  const auto watts_at = [&](compute::ClockLevel level) {
    costs_ = &costs_at(asked = level);
    return watts = price();
  };
  guess = compute::highest_within(hold_.power_cap_w, hold_.limit, guess, watts_at);
  if (asked != guess) watts_at(guess);
  is_over_cap_ = watts > hold_.power_cap_w;
}

}  // namespace tokenworks::jobs
