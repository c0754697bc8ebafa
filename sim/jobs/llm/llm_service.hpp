// A language-model endpoint: pools of replicas, a router before them, and what they count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "models/core/random.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/replica.hpp"
#include "sim/jobs/llm/request_details.hpp"
#include "sim/jobs/llm/served_model.hpp"
#include "sim/jobs/llm/service_stats.hpp"
#include "sim/jobs/llm/waiting_line.hpp"
#include "sim/jobs/request.hpp"
#include "sim/jobs/run_end.hpp"
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
  std::string stream;             ///< name of its stream of random numbers
  std::string adapter_stream;     ///< of that which draws the adapters of its requests
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

/// Replicas that are alike.
struct PoolSetup {
  std::string name;
  PoolRole role = PoolRole::serve;
  std::unique_ptr<ServedModel> model;
  std::vector<std::vector<placement::Slice>> replicas;
  double idle_gpu_power_w = 0.0;  ///< that the facility counts for a GPU by itself
  bool keeps_prefixes = false;    ///< requests may begin alike, and its engine makes use of that
  KvTiers tiers;
};

/// How keys and values get from a prefill pool to a decode pool.
struct Disaggregation {
  bool layer_by_layer = false;           ///< while the prompt is computed, not after it
  std::int64_t local_prompt_tokens = 0;  ///< prompts up to this are computed where they are decoded
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
    metrics::RunWatch* watch = nullptr;                 ///< null: nobody watches single steps
    bool plans_after_completions = false;  ///< let answers of a closed loop arrive before the next step is formed
  };

  LlmService(engine::Simulation& simulation, resources::Facility& facility, RunEnd& run_end, Setup setup);
  ~LlmService();

  /// Registers who hears of the end of requests submitted with the returned number; null hears nothing.
  std::int32_t add_owner(RequestOwner* owner, const SenderTraits& traits = {});
  /// A request reaches the service now; it may have arrived earlier (request path).
  void submit(const Request& request, std::int32_t owner);
  /// Time from a request's arrival to its submission.
  Picoseconds request_overhead() const { return pools_.front().model->request_overhead(); }  // of the first pool

  /// Replicas on `node` go down with it; returns how many requests were lost. They come up one by one.
  std::int64_t take_down(std::int64_t node, std::vector<std::int32_t>& replicas);
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
  Femtojoules gpu_energy() const;
  /// Empty, or which replicas hold what work.
  std::string describe_work_left() const;

 private:
  friend class Replica;
  friend class KvHandover;

  struct Owner {
    RequestOwner* client = nullptr;
    SenderTraits traits;
    std::int32_t lane = 0;
    RandomEngine random;    // who gives up
    RandomEngine adapters;  // which adapter
  };
  /// A request must have its first token, or end, by a date.
  struct Deadline {
    Picoseconds date;
    RequestId request;
    Picoseconds arrival;  // with it, tells the request from another one in its slot
    std::int32_t owner;
    Ending ending;
  };
  struct Later {
    bool operator()(const Deadline& a, const Deadline& b) const {
      return a.date != b.date ? a.date > b.date : a.request > b.request;
    }
  };

  void on_timer(std::uint32_t tag) override;
  std::int32_t lane_of(const InFlight& request) const {
    return setup_.lanes.lanes.size() == 1 ? 0 : owners_[static_cast<std::size_t>(request.owner)].lane;
  }
  void draw_adapter(RequestDetails& details, Owner& sender) const;
  RequestId take_in(const Request& request, std::int32_t owner);
  void set_deadlines(RequestId request, const Owner& owner);
  void add_deadline(RequestId request, Picoseconds date, Ending ending);
  routing::Router& router_of(const Replica& replica) const;
  void load_changed(const Replica& replica, std::int32_t requests, RequestId request);
  void prompt_computed(const Replica& replica, RequestId request);
  void set_in_service(const Replica& replica, bool in_service);
  std::string_view refusal(const Request& request) const;
  routing::Arrival arrival_of(RequestId request) const;
  const ServiceClass& class_of(const InFlight& request) const {
    return setup_
        .classes[static_cast<std::size_t>(owners_[static_cast<std::size_t>(request.owner)].traits.service_class)];
  }
  bool deadlines_apply_to(std::int32_t owner) const;
  void withdraw(RequestId request, Ending ending);
  void report_pools(metrics::ServiceResult& result) const;
  void report_pipeline(metrics::ServiceResult& result) const;
  void report_saturation(metrics::ServiceResult& result) const;
  EndedRequest describe(const InFlight& request, Ending ending, std::string_view reason, Picoseconds now) const;
  Replica* choose(RequestId request, routing::Router& router, const std::vector<std::int32_t>& candidates);
  void send_to(RequestId request, Replica& replica);
  void ended(RequestId request, Ending ending, std::string_view reason = {});
  void reject(RequestId request, std::string_view reason);
  void route(RequestId request);
  std::int64_t settle_lost(const std::vector<RequestId>& lost, const std::vector<RequestId>& waiting);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  RunEnd& run_end_;
  Setup setup_;
  std::vector<PoolSetup>& pools_;
  std::vector<std::int32_t> entry_, decode_;  // replicas by place among the candidates of the routers
  engine::TimerId deadline_timer_;
  std::priority_queue<Deadline, std::vector<Deadline>, Later> deadlines_;
  bool keeps_prefixes_ = false;
  bool needs_details_ = false;
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
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<FinishedDecode> finished_;         // scratch of a replica's step
  std::vector<RequestId> passed_;                // likewise, of forming one
  std::vector<llm::PromptChunk> prompt_chunks_;  // likewise
};

}  // namespace tokenworks::jobs
