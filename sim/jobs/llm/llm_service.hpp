// A language-model endpoint: pools of replicas, a router before them, and what they count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/replica.hpp"
#include "sim/jobs/llm/request_details.hpp"
#include "sim/jobs/llm/served_model.hpp"
#include "sim/jobs/llm/service_stats.hpp"
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
};

/// Replicas that are alike.
struct PoolSetup {
  std::string name;
  std::unique_ptr<ServedModel> model;
  std::vector<std::vector<placement::Slice>> replicas;
  double idle_gpu_power_w = 0.0;  ///< that the facility counts for a GPU by itself
};

class LlmService {
 public:
  struct Setup {
    std::string name;
    std::vector<PoolSetup> pools;
    std::unique_ptr<routing::Router> router;
    resources::Fabric* fabric = nullptr;  ///< null: replicas lie in one scale-up domain each
    Window window;
    Promise promise;
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
  Picoseconds request_overhead() const { return pools_.front().model->request_overhead(); }

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

  struct Owner {
    RequestOwner* client = nullptr;
    SenderTraits traits;
  };

  void ended(RequestId request, Ending ending, std::string_view reason = {});
  EndedRequest describe(RequestId request, Ending ending, Picoseconds now) const;
  void reject(RequestId request, std::string_view reason);
  void route(RequestId request);
  void route_elsewhere(const std::vector<RequestId>& lost, const std::vector<RequestId>& waiting);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  RunEnd& run_end_;
  Setup setup_;
  std::vector<PoolSetup>& pools_;
  std::int32_t number_ = 0;  // by which whoever watches steps knows it
  std::int64_t arrived_ = 0;
  bool spans_domains_ = false;
  Picoseconds sending_time_ = 0, contention_ = 0;  // of all steps between scale-up domains
  RingWatch ring_watch_;
  std::function<void(std::int32_t, std::int64_t)> prompt_watch_;
  InFlightPool pool_;
  DetailsPool details_;
  ServiceStats stats_;
  std::vector<Owner> owners_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<FinishedDecode> finished_;  // scratch of a replica's step
};

}  // namespace tokenworks::jobs
