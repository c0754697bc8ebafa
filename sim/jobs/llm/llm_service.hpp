// A language-model endpoint: pools of replicas, a router before them, and what they count.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "models/core/random.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/replica.hpp"
#include "sim/jobs/llm/request_details.hpp"
#include "sim/jobs/llm/served_model.hpp"
#include "sim/jobs/llm/service_stats.hpp"
#include "sim/jobs/llm/traffic_split.hpp"
#include "sim/jobs/llm/waiting_line.hpp"
#include "sim/jobs/request.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/metrics/interval_series.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/policies/routing/router_option.hpp"
#include "sim/resources/fabric.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

/// Who sent a request and wants to hear of its end.
class RequestOwner {
 public:
  virtual void on_ended(const EndedRequest& request) = 0;

 protected:
  ~RequestOwner() = default;
};

/// What holds for all requests of a sender.
struct SenderTraits {
  std::int32_t service_class = 0;  ///< places in the service's lists
  std::int32_t tenant = 0;
  Picoseconds patience = kNever;  ///< a client without a first token leaves after so long
  double gives_up_share = 0.0;    ///< of the clients leave somewhere in their answer
  std::uint64_t seed = 0;         ///< of who gives up, and where
  std::string stream{};           ///< name of its stream of random numbers
  std::string adapter_stream{};   ///< of that which draws the adapters of its requests
};

/// Requests of one kind: who goes first, and what they are promised.
struct ServiceClass {
  std::string name = "default";
  std::int32_t level = 0;  ///< 0 goes first
  Promise promise;
  Picoseconds timeout = kNever;  ///< the service ends a request after so long
  std::int64_t max_waiting = 0;  ///< of its requests at one replica, beyond which more are rejected; 0: no limit
};

/// What the replicas of a pool are for.
enum class PoolRole : std::uint8_t {
  serve,    ///< prompts and answers
  prefill,  ///< prompts; their keys and values go to a decode pool
  decode    ///< answers, and short prompts
};

/// GPUs that replicas of other services stand on, too.
struct SharedGpus {
  std::vector<GpuTurns*> turns;   ///< by replica; empty: they are the service's own
  std::string kind;               ///< as the report names it
  std::vector<std::string> with;  ///< names of the others
  bool is_owner = false;          ///< the others came to it
  // On each GPU:
  Bytes weights{0}, block{0}, sequence{0};  ///< of the model; of a block of keys and values; of states
};

/// Caps on the power of a GPU that it can keep.
struct CapRange {
  double least_w = 0.0, most_w = 0.0;
};

/// Replicas that are alike.
struct PoolSetup {
  std::string name;
  PoolRole role = PoolRole::serve;
  std::unique_ptr<ServedModel> model;
  std::vector<std::vector<placement::Slice>> replicas;
  double idle_gpu_power_w = 0.0;  ///< that the facility counts for a GPU by itself
  CapRange gpu_caps;
  bool keeps_prefixes = false;  ///< requests may begin alike, and its engine makes use of that
  KvTiers tiers;
  SharedGpus sharing;
  std::optional<std::int64_t> in_service;  ///< at the start, the first so many; absent: all
};

/// How keys and values get from a prefill pool to a decode pool.
struct Disaggregation {
  bool layer_by_layer = false;           ///< while the prompt is computed, not after it
  std::int64_t local_prompt_tokens = 0;  ///< prompts up to this are computed where they are decoded
  double line_rate_share = 1.0;          ///< of what network cards could send, that transfers reach between nodes
};

/// Whoever decides which replicas of a service serve. Failures of nodes and networks tell it, and leave it to it when a
/// replica comes back.
class ReplicaKeeper {
 public:
  /// The replica has lost its GPUs, or its way between them: it is down. May be told again before it is repaired.
  virtual void on_broken(std::int32_t replica) = 0;
  /// As often as it was told. `back` is called once the replica serves, or is not wanted; it may be empty.
  virtual void on_repaired(std::int32_t replica, std::function<void()> back) = 0;
  /// Of a replica that takes nothing now: whether it will, without anything else having to happen.
  virtual bool may_come(std::int32_t replica) const = 0;
  /// What it serves when it comes.
  virtual std::int32_t edition_to_come(std::int32_t replica) const = 0;
  /// Whether it serves, or is on its way to that.
  virtual bool is_wanted(std::int32_t replica) const = 0;

 protected:
  ~ReplicaKeeper() = default;
};

class KvHandover;

class LlmService : private engine::TimerClient {
 public:
  struct Setup {
    std::string name;
    std::vector<PoolSetup> pools;
    std::unique_ptr<routing::Router> router;         ///< of replicas that take prompts, in the order of the pools
    std::unique_ptr<routing::Router> decode_router;  ///< of decode replicas; null: there are none
    Disaggregation disaggregation;
    std::vector<ServiceClass> classes = std::vector<ServiceClass>(1);
    std::vector<std::string> tenants = {"default"};
    LaneSetup lanes;  ///< a level and a tenant each
    std::vector<std::int32_t> class_of_lane = {0};
    bool preempts_for_urgent = true;      ///< a waiting request may take the place of a running one of a lower class
    std::vector<double> adapter_shares;   ///< of requests that have one of the first so many adapters; empty: none have
    resources::Fabric* fabric = nullptr;  ///< null: nothing moves between nodes
    bool spans_domains = false;           ///< a replica may lie in several scale-up domains
    Window window;
    Picoseconds series_interval = 0;
    std::uint64_t first_replica_number = 0;  ///< ranks of its replicas' events; unique in the factory
    bool exact_iterations = false;
    std::function<void(const EndedRequest&)> on_ended;  ///< empty: nobody watches single requests
    bool shares_out_energy = false;        ///< senders want to know the energy of each request; with on_ended always
    metrics::RunWatch* watch = nullptr;    ///< null: nobody watches single steps
    bool plans_after_completions = false;  ///< let answers of a closed loop arrive before the next step is formed
  };

  LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup);
  ~LlmService();

  /// Registers who hears of the end of requests submitted with the returned number; null hears nothing.
  std::int32_t add_owner(RequestOwner* owner, const SenderTraits& traits = {});
  /// Where requests go that find a full queue or no replica, and what their classes and tenants are there: places in
  /// its lists by places in this one's.
  struct Overflow {
    LlmService* service = nullptr;
    std::vector<std::int32_t> class_there{0}, tenant_there{0};
  };
  /// To be called before senders are added. They hear of the end of a request there.
  void set_overflow(Overflow overflow) { overflow_ = std::move(overflow); }
  /// A request reaches the service now; it may have arrived earlier (request path).
  void submit(const Request& request, std::int32_t owner);
  /// Time from a request's arrival to its submission.
  Picoseconds request_overhead() const { return pools_.front().model->request_overhead(); }  // of the first pool

  /// Replicas on `node` go down with it; returns how many requests were lost. They come up one by one.
  struct Struck {
    std::int32_t replica;
    std::int64_t node;  ///< first of its nodes that went dark
  };
  std::int64_t take_down(std::span<const std::int64_t> nodes, std::vector<Struck>& struck);
  void bring_up(std::int32_t replica);
  /// One replica goes down; returns how many requests were lost.
  std::int64_t take_down_replica(std::int32_t replica);
  bool is_up(std::int32_t replica) const;
  /// Told when the weights of a replica that is down start to come.
  void weights_on_the_way(std::int32_t replica);
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

  // Clock and power of its GPUs --------------------------------------------------------------------------------------
  // Acts on each replica from the end of the step that it is in; a replica over several nodes runs as the slowest of
  // them. To be called from events that rank before steps (engine::RankClass). Of several caps the lowest acts.

  static constexpr double kNoCap = ClockHold::kNoCap;
  /// Highest clock of the GPUs on a node from now on (heat); kFullClock lifts it.
  void set_clock_limit(std::int64_t node, compute::ClockLevel level);
  /// Watts that each of its GPUs on a node may draw, mean over a step, from now on (a controller); kNoCap lifts it.
  void set_power_cap(std::int64_t node, double watts_per_gpu);
  /// The same for all its GPUs (an operator).
  void set_power_cap(double watts_per_gpu);
  /// Its GPUs on a node, and what caps they can keep; of several pools there the highest least and the lowest most.
  struct GpusOnNode {
    std::int64_t gpus = 0;
    CapRange caps;
  };
  GpusOnNode gpus_on(std::int64_t node) const;

  // Replicas that come and go ----------------------------------------------------------------------------------------
  // A request for which no replica is in service waits while one may come; otherwise it is rejected.

  void set_keeper(ReplicaKeeper* keeper) { keeper_ = keeper; }
  ReplicaKeeper* keeper() const { return keeper_; }
  /// Another model that replicas may serve: one for each pool. Edition 0 is what the pools were made with.
  std::int32_t add_edition(std::vector<std::unique_ptr<ServedModel>> by_pool);
  /// Replicas leave service: what waits there goes elsewhere at once, what runs ends, then each goes down without loss
  /// and `on_empty` is called. A failure that takes one down in between is told to the keeper alone.
  void drain(std::span<const std::int32_t> replicas, const std::function<void(std::int32_t)>& on_empty);
  struct Evacuated {
    std::int64_t restarted = 0;  ///< requests that ran
    std::int64_t tokens = 0;     ///< of answers, that are thrown away
    std::int64_t refused = 0;    ///< of the restarted: no replica can serve them any more
    Evacuated& operator+=(const Evacuated& other);
  };
  /// Replicas go down at once; what runs there starts again elsewhere.
  Evacuated evacuate(std::span<const std::int32_t> replicas);
  /// A replica that is down serves an edition from now on.
  void start(std::int32_t replica, std::int32_t edition = 0);
  bool takes_new(std::int32_t replica) const;
  std::int32_t edition_of(std::int32_t replica) const { return serves_[static_cast<std::size_t>(replica)]; }
  /// A keeper's word has changed: what waits for a replica is looked at again.
  void retry_waiting();

  /// Replicas of a pool: the first, and how many.
  struct Range {
    std::int32_t first = 0, count = 0;
  };
  Range replicas_of(std::size_t pool) const;
  PoolRole role_of(std::size_t pool) const { return pools_[pool].role; }
  std::int64_t load_of(std::int32_t replica) const { return loads_[static_cast<std::size_t>(replica)]; }
  std::int64_t waiting_at(std::int32_t replica) const {
    return replicas_[static_cast<std::size_t>(replica)]->waiting();
  }
  /// Requests that wait for a replica of such a role, at none.
  std::int64_t waiting_for(PoolRole role) const;
  struct KvUse {
    std::int64_t used = 0, blocks = 0;
  };
  /// When the step under way has ended.
  KvUse kv_use_of(std::int32_t replica) const;
  /// Seconds of all replicas in service, and most of them at once.
  double replica_seconds() const;
  std::int64_t most_replicas() const { return most_replicas_; }
  const metrics::LevelSeries& replicas_series() const { return replicas_up_; }

  /// From now on `share` of the arrivals goes to these replicas as they come into service, the rest to the others.
  void split_traffic(std::span<const std::int32_t> replicas, double share);
  TrafficSplit* split() { return split_.get(); }
  /// The router decides alone again.
  void join_traffic();

  /// GPUs of a replica that stand on a node.
  std::int64_t gpus_on_node(std::int32_t replica, std::int64_t node) const;

  /// Settles all books at the end of the run.
  void finish(Picoseconds end);
  /// After that, with `on_ended`: the requests that have not ended, in the order in which they reached the service.
  std::vector<EndedRequest> unfinished(Picoseconds end) const;
  void report(metrics::ServiceResult& result, Picoseconds end) const;
  const ServiceStats& stats() const { return stats_; }
  const std::string& name() const { return setup_.name; }
  std::int64_t gpus() const;
  Femtojoules gpu_energy(Picoseconds now) const;
  /// Empty, or which replicas hold what work.
  std::string describe_work_left() const;

 private:
  friend class Replica;
  friend class KvHandover;

  struct Owner {
    RequestOwner* client = nullptr;
    SenderTraits traits;
    std::int32_t lane = 0;
    RandomEngine random;         // who gives up
    RandomEngine adapters;       // which adapter
    std::int32_t there = -1;     // number at the service that requests overflow to
    bool is_of_another = false;  // whose requests overflow to this one
  };
  /// A request must have its first token, or end, by a date.
  struct Deadline {
    Picoseconds date;
    RequestId request;
    std::int64_t number;  // tells the request from another one in its slot
    Ending ending;
  };
  struct Later {
    bool operator()(const Deadline& a, const Deadline& b) const {
      return a.date != b.date ? a.date > b.date : a.number > b.number;
    }
  };

  void on_timer(std::uint32_t tag) override;
  std::int32_t lane_of(const InFlight& request) const {
    return setup_.lanes.lanes.size() == 1 ? 0 : owners_[static_cast<std::size_t>(request.owner)].lane;
  }
  void draw_adapter(RequestDetails& details, Owner& sender) const;
  RequestId take_in(const Request& request, std::int32_t owner, bool gives_up);
  void submit(const Request& request, std::int32_t owner, bool gives_up);
  std::int32_t add_owner_of_another(RequestOwner* owner, const SenderTraits& traits);
  void set_deadlines(RequestId request, const Owner& owner);
  void add_deadline(RequestId request, Picoseconds date, Ending ending);
  routing::Router& router_of(const Replica& replica) const;
  void load_changed(const Replica& replica, std::int32_t requests, RequestId request);
  void prompt_computed(const Replica& replica, RequestId request);
  void set_in_service(const Replica& replica, bool in_service);
  std::string_view refusal(std::int64_t input_tokens, std::int64_t output_tokens) const;
  std::string_view refusal_now(std::int64_t input_tokens, std::int64_t output_tokens) const;
  void send(RequestId request, bool to_decode);
  void send_again(RequestId request, bool to_decode);
  bool is_decoded(RequestId request) const;
  void start_again(RequestId request, Evacuated& book);
  bool may_come(RequestId request, bool to_decode) const;
  ServedModel& model_of(const Replica& replica, std::int32_t edition) const;
  std::size_t pool_of(std::int32_t replica) const;
  void drained(Replica& replica);
  void came_up(Replica& replica);
  void went_down(Replica& replica);
  routing::Arrival arrival_of(RequestId request) const;
  const ServiceClass& class_of(const InFlight& request) const {
    return setup_
        .classes[static_cast<std::size_t>(owners_[static_cast<std::size_t>(request.owner)].traits.service_class)];
  }
  bool is_local(const InFlight& request) const;
  bool can_decode(const InFlight& request) const;
  bool can_serve(const Replica& replica, const InFlight& request) const;
  Replica* choose_entry(RequestId request);
  void send_or_wait(RequestId request, Replica* replica, bool to_decode);
  void check_nothing_is_left() const;
  bool deadlines_apply_to(std::int32_t owner) const;
  void withdraw(RequestId request, Ending ending);
  void hold_clock(Replica& replica);
  void hold_clocks_on(std::int64_t node);
  const std::vector<std::int32_t>& replicas_on(std::int64_t node) const;
  void report_clock(metrics::ServiceResult& result) const;
  void report_pools(metrics::ServiceResult& result) const;
  void report_pipeline(metrics::ServiceResult& result) const;
  void report_saturation(metrics::ServiceResult& result) const;
  EndedRequest describe(const InFlight& request, Ending ending, std::string_view reason, Picoseconds now) const;
  Replica* choose(RequestId request, routing::Router& router, const std::vector<std::int32_t>& candidates);
  void send_to(RequestId request, Replica& replica);
  void ended(RequestId request, Ending ending, std::string_view reason = {});
  void reject(RequestId request, std::string_view reason);
  void enter(RequestId request);
  void turn_away(RequestId request, std::string_view reason);
  void route(RequestId request);
  void look_for_rooms();
  std::int64_t settle_lost(const std::vector<RequestId>& lost, const std::vector<RequestId>& waiting);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  RunEnd& run_end_;
  Setup setup_;
  std::vector<PoolSetup>& pools_;
  std::vector<std::int32_t> entry_, decode_;  // replicas by place among the candidates of the routers
  engine::TimerId deadline_timer_, rooms_timer_;
  std::priority_queue<Deadline, std::vector<Deadline>, Later> deadlines_;
  bool keeps_prefixes_ = false;
  bool has_serving_pool_ = false;
  bool needs_details_ = false;
  bool swaps_ = false;  // keys and values of what is preempted may go to host memory, now or after a change of model
  bool needs_arrivals_ = true;            // routers look at what prompts say
  std::unique_ptr<KvHandover> handover_;  // null: no decode pool
  std::int32_t number_ = 0;               // by which whoever watches steps knows it
  std::int64_t arrived_ = 0;
  bool spans_domains_ = false;
  Picoseconds sending_time_ = 0, contention_ = 0;  // of all steps between scale-up domains
  std::int64_t adapter_loads_ = 0;
  Picoseconds adapter_load_time_ = 0;
  std::int64_t swapped_out_tokens_ = 0, swapped_in_tokens_ = 0;
  Picoseconds bubble_time_ = 0;  // that steps wait for stages of pipelines
  RingWatch ring_watch_;
  std::function<void(std::int32_t, std::int64_t)> prompt_watch_;
  InFlightPool pool_;
  DetailsPool details_;
  ServiceStats stats_;
  std::vector<Owner> owners_;
  Overflow overflow_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<FinishedDecode> finished_;         // scratch of a replica's step
  std::vector<RequestId> passed_;                // likewise, of forming one
  std::vector<llm::PromptChunk> prompt_chunks_;  // likewise
  ReplicaKeeper* keeper_ = nullptr;              // null: replicas serve unless a failure takes them down
  std::vector<std::vector<std::unique_ptr<ServedModel>>> editions_;    // from 1 on, by pool
  std::vector<std::int32_t> serves_;                                   // edition, by replica
  std::vector<std::int64_t> loads_;                                    // requests waiting or running, by replica
  std::vector<std::function<void(std::int32_t)>> on_empty_;            // by replica, while it drains
  WaitingLine without_replica_, without_decode_replica_;               // nobody takes them now
  std::map<std::int64_t, ClockHold> holds_;                            // by node
  double power_cap_w_ = kNoCap;                                        // of all GPUs
  bool holds_clocks_ = false;                                          // now or before
  mutable std::map<std::int64_t, std::vector<std::int32_t>> on_node_;  // replicas; filled when first asked for
  metrics::LevelSeries replicas_up_;
  std::int64_t most_replicas_ = 0;
  std::unique_ptr<TrafficSplit> split_;  // null: all arrivals are alike
};

}  // namespace tokenworks::jobs
