// What a replica keeps of prompts and answers that have ended: the tree of its prefix cache, and what is on its way
// between GPU memory and the tiers below.
//
// Blocks are written through: a copy goes to every tier below when they are computed, so that leaving GPU memory takes
// no time. What GPU memory holds takes no room in the tiers below (E: engines that write through hold it twice).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/core/units.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/prefix_cache.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

/// Room for keys and values below GPU memory.
struct KvTier {
  resources::Place::Kind place = resources::Place::Kind::host;
  Bytes room{0};                ///< of one replica
  BytesPerSecond bandwidth{0};  ///< of one replica when nothing else moves, to decide whether fetching pays
  Picoseconds latency = 0;
};

struct KvTiers {
  std::vector<KvTier> tiers;  ///< fastest first
  bool fetch_always = false;  ///< otherwise when it takes less time than computing again
};

/// What of a prompt need not be computed.
struct Found {
  std::int64_t in_gpu_memory = 0;    ///< leading tokens
  std::int64_t unpinned_blocks = 0;  ///< of these, that nobody holds now
  std::int64_t with_fetch = 0;       ///< leading tokens when lower tiers are read, too; as in_gpu_memory when that does
                                     ///< not pay
};

class ReplicaCache final : public PrefixCache, private resources::MoveClient {
 public:
  struct Setup {
    PrefixCache::Setup tree;
    const KvTiers* tiers = nullptr;
    resources::Fabric* fabric = nullptr;
    std::vector<placement::Slice> slices;  ///< of the replica
    Bytes block_bytes{0};
    bool when_scheduled = false;  ///< blocks can be shared from the step that computes them on, not only after it
    std::function<void(RequestId)> on_read;
  };
  explicit ReplicaCache(Setup setup);

  bool when_scheduled() const { return setup_.when_scheduled; }
  const KvTiers& tiers() const { return *setup_.tiers; }
  Bytes block_bytes() const { return setup_.block_bytes; }
  /// Copies blocks that were computed to all tiers below.
  void write_through(std::int64_t blocks);
  /// Reads blocks for a request; on_read is called when they are there, never before this returns.
  void read(RequestId request, const ByTier& blocks);
  /// The replica is down: nobody hears of what is being read.
  void abandon_reads();

  std::int64_t read_blocks() const { return read_blocks_; }
  std::int64_t written_blocks() const { return written_blocks_; }

 private:
  struct Read {
    RequestId request = kNoRequest;  // kNoRequest: free, or abandoned
    std::int64_t parts = 0;          // on their way
  };
  void on_moved(std::uint32_t tag, bool arrived) override;

  Setup setup_;
  std::vector<Read> reads_;  // by tag - 1; tag 0 are writes
  std::int64_t read_blocks_ = 0, written_blocks_ = 0;
};

}  // namespace tokenworks::jobs
