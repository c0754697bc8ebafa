// Keys and values on their way from the replica that computed a prompt to the one that writes the answer. A request
// waits until a decode replica has room for it; its cache then crosses the fabric, and its first token comes out when
// all of it is there.
//
// At once: the prompt is computed first, stays in the prefill replica's memory until there is room, and moves as a
// whole (vLLM with NIXL). Layer by layer: room is taken before the prompt is computed, and what a step computes moves
// while it runs, but for the last layer's part, which follows it (SGLang, TensorRT-LLM).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/prefix_cache.hpp"
#include "sim/jobs/request.hpp"
#include "sim/metrics/latency_histogram.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

class LlmService;
class Replica;

class KvHandover final : private resources::MoveClient {
 public:
  KvHandover(LlmService& service, bool layer_by_layer) : service_(service), layer_by_layer_(layer_by_layer) {}

  bool layer_by_layer() const { return layer_by_layer_; }
  /// Layer by layer: a request has come. It goes to a prefill replica once a decode replica has room for it.
  void arrived(RequestId request);
  /// Layer by layer: a step computes so many tokens of a prompt, or has computed them.
  void computing(RequestId request, std::int64_t tokens);
  void computed(RequestId request, std::int64_t tokens);
  /// A prompt is done; the prefill replica keeps what it computed until handed_over().
  void prompt_done(RequestId request, Replica& prefill);
  /// A decode replica may have got room.
  void room_made(Replica& decode);
  /// A request is to end that neither waits nor runs at a replica; false when it is none of these.
  bool withdraw(RequestId request, Ending ending);
  /// A request has ended: nothing is kept for it any more.
  void forget(std::int32_t passage);
  /// What a replica that goes down was sending is lost, and what was on its way to it.
  void replica_down(const Replica& replica, std::vector<RequestId>& lost);
  std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  /// Empty, or which requests wait for what between pools.
  std::string describe_work_left() const;
  void report(metrics::HandoverResult& result) const;

 private:
  enum class Stage : std::uint8_t { free, waiting, computing, moving, dead };
  struct Passage {
    Stage stage = Stage::free;
    RequestId request = kNoRequest;
    Replica* prefill = nullptr;
    Replica* decode = nullptr;
    PrefixCache::Pin pin{};  // what the decode replica has of the prompt already
    std::int64_t parts = 0;  // on their way
    bool prompt_done = false;
    bool failed = false;    // a part found no path
    Picoseconds since = 0;  // it waits, or moves
  };

  void on_moved(std::uint32_t tag, bool arrived) override;
  std::int32_t open(RequestId request);
  Passage& of(RequestId request);
  bool find_room(std::int32_t passage);
  void take_room(std::int32_t passage, Replica& decode);
  void go_on(std::int32_t passage);
  void send(std::int32_t passage, double tokens);
  void check_done(std::int32_t passage);
  void free(std::int32_t passage);

  LlmService& service_;
  bool layer_by_layer_;
  std::vector<Passage> passages_;
  std::vector<std::int32_t> free_;
  std::deque<std::int32_t> waiting_;  // for room at a decode replica, in order
  std::int64_t transfers_ = 0, failed_ = 0;
  double bytes_ = 0.0, tokens_ = 0.0, reused_tokens_ = 0.0;
  metrics::LatencyHistogram waits_, moves_;
};

}  // namespace tokenworks::jobs
