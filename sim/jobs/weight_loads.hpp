// Weights on their way to the nodes of replicas: from storage, from each node's own drives, or from one node to the
// next. Peers fan out: a node that has its part gives it to one other at a time, so that holders double.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

enum class WeightSource : std::uint8_t { storage, local_drives, peers };

/// A service with what each of its GPUs must hold to serve.
struct LoadedService {
  LlmService* service = nullptr;
  std::vector<Bytes> weights_per_gpu_of{};  ///< by replica
  WeightSource source = WeightSource::storage;
  bool at_once = false;  ///< there is nothing that they would have to come from
};

/// Whoever waits for weights.
class WeightClient {
 public:
  /// The node has its part, or never gets it: no path was found in time.
  virtual void on_weights(std::uint32_t tag, bool arrived) = 0;

 protected:
  ~WeightClient() = default;
};

/// One edition of a service's weights and who holds it.
class WeightLoads final : private resources::MoveClient {
 public:
  /// `fabric` is null where there is neither storage nor drives: weights are there at once.
  WeightLoads(resources::Fabric* fabric, const LoadedService& loaded) : fabric_(fabric), loaded_(loaded) {}

  /// Says that a replica's nodes hold their parts and may give them to others.
  void add_holder(std::int32_t replica);
  /// Says that the node does not any more.
  void remove_holder(std::int64_t node);
  /// Brings a node's part of a replica; `client` may hear of it before this returns.
  void load(std::int32_t replica, std::int64_t node, WeightClient& client, std::uint32_t tag);

 private:
  struct Load {
    std::int32_t replica;
    std::int64_t node;
    std::int64_t position;  // of the node in its replica: who holds the same part
    Bytes bytes;
    WeightClient* client;
    std::uint32_t tag;
    std::int64_t giver = -1;  // node, or -1: storage
  };
  struct Holders {
    std::deque<std::int64_t> free;      // nodes that give to nobody now
    std::set<std::int64_t> giving;      // to one other each
    int on_the_way = 0;                 // that will hold it
    std::deque<std::uint32_t> waiting;  // loads that wait for a giver
  };

  void on_moved(std::uint32_t tag, bool arrived) override;
  std::int64_t position_of(std::int32_t replica, std::int64_t node) const;
  void start(std::uint32_t load, std::int64_t giver);
  void serve(Holders& holders);
  static void make_free(Holders& holders, std::int64_t node);

  resources::Fabric* fabric_;
  LoadedService loaded_;
  std::vector<Load> loads_;
  std::map<std::int64_t, Holders> holders_;  // by position
};

}  // namespace tokenworks::jobs
