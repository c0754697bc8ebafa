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
#include <string>
#include <string_view>
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
  /// Layer by layer: a request has come. It goes to a prefill replica once a decode replica has room for it: to
  /// `prefill`, where that is at once, or to the router's choice.
  void arrived(RequestId request, Replica* prefill);
  /// Layer by layer: a step computes a prompt's tokens (from, to], or has computed them. What comes before them was
  /// found in the cache. What the decode replica has got once is not sent again.
  void computing(RequestId request, std::int64_t from, std::int64_t to);
  void computed(RequestId request, std::int64_t to);
  /// A prompt is done; the prefill replica keeps what it computed until handed_over().
  void prompt_done(RequestId request, Replica& prefill);
  /// A decode replica may have got room.
  void room_made(Replica& decode);
  /// Whoever waits first may have become another one, who may find room anywhere.
  void find_rooms();
  /// Replicas have gone or come: who waits for room where no replica is left, and none will come, is turned away, as by
  /// a router without any.
  void turn_away_where_none_is_left();
  /// A request is to end that neither waits nor runs at a replica; false when it is none of these.
  bool withdraw(RequestId request, Ending ending, std::string_view reason = {});
  /// A request has ended: nothing is kept for it any more.
  void forget(std::int32_t passage);
  /// What a replica that goes down was sending is lost, and what was on its way to it.
  void replica_down(const Replica& replica, std::vector<RequestId>& lost);
  std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  /// Nothing waits or moves, but for what moves for nobody any more.
  bool is_clear() const;
  /// Empty, or who waits for what, for the message about a run that is stuck.
  std::string describe() const;
  void report(metrics::HandoverResult& result) const;

 private:
  /// lost: its replica went down, and it is about to end. dead: it has ended; parts are still on their way.
  enum class Stage : std::uint8_t { free, waiting, computing, moving, lost, dead };
  struct Passage {
    Stage stage = Stage::free;
    RequestId request = kNoRequest;
    std::int32_t wanted = -1;  // the router's choice: it goes there, or to another one of this pool
    Replica* prefill = nullptr;
    Replica* decode = nullptr;
    PrefixCache::Pin pin{};  // what the decode replica has of the prompt already
    std::int64_t sent = 0;   // tokens that it has or is being sent
    std::int64_t parts = 0;  // on their way
    bool prompt_done = false;
    bool failed = false;    // a part found no path
    bool lost = false;      // one of its replicas went down, and the request with it
    Picoseconds since = 0;  // it waits, or moves
  };

  void on_moved(std::uint32_t tag, bool arrived) override;
  std::int32_t open(RequestId request);
  Passage& of(RequestId request);
  bool find_room(std::int32_t passage);
  bool aim(std::int32_t passage);
  void wait(std::int32_t passage);
  void restart(std::int32_t passage);
  void turn_away(std::int32_t passage);
  void take_room(std::int32_t passage, Replica& decode);
  void go_on(std::int32_t passage, Replica* prefill = nullptr);
  void send(std::int32_t passage, double tokens);
  void check_done(std::int32_t passage);
  void free(std::int32_t passage);

  LlmService& service_;
  bool layer_by_layer_;
  std::vector<Passage> passages_;
  std::vector<std::int32_t> free_;
  std::deque<std::int32_t> waiting_;  // for room at a decode replica, the most urgent first, then as they came
  std::int64_t transfers_ = 0, failed_ = 0;
  double bytes_ = 0.0, tokens_ = 0.0, reused_tokens_ = 0.0;
  metrics::LatencyHistogram waits_, moves_;
};

}  // namespace tokenworks::jobs
