// Host memory that a replica moves the keys and values of preempted requests to, and reads them back from: vLLM's
// preemption by swapping (0.2 to 0.10: vllm/core/scheduler.py, PreemptionMode.SWAP, swap_space; its engine of 2025
// recomputes, and so did the older one for requests with one answer unless told otherwise).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/core/units.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

class SwapSpace final : private resources::MoveClient {
 public:
  struct Setup {
    resources::Fabric* fabric = nullptr;
    std::vector<placement::Slice> slices;  ///< of the replica: each moves an even share
    Bytes block_bytes{0};                  ///< over all of them
    std::int64_t blocks = 0;               ///< room
    std::function<void(RequestId)> on_read;
  };
  explicit SwapSpace(Setup setup) : setup_(std::move(setup)) {}

  bool has_room_for(std::int64_t blocks) const { return used_blocks_ + blocks <= setup_.blocks; }
  /// Takes room and begins to copy the blocks of a request there. Precondition: there is room.
  void write(RequestId request, std::int64_t blocks);
  /// Reads them back, not before their copy is complete; then on_read is called, never before this returns, and the
  /// room is free.
  void read(RequestId request);
  /// The room of a request that was written is free; nobody hears of what is under way.
  void forget(RequestId request);
  void forget_all();

 private:
  enum class Stage : std::uint8_t { free, writing, kept, wanted, reading, forgotten };
  struct Entry {
    Stage stage = Stage::free;
    RequestId request = kNoRequest;
    std::int64_t blocks = 0, parts = 0;  // parts: on their way
  };
  void on_moved(std::uint32_t tag, bool arrived) override;
  Entry& of(RequestId request);
  void move(Entry& entry, Stage stage);
  void forget(Entry& entry);

  Setup setup_;
  std::vector<Entry> entries_;  // by tag
  std::int64_t used_blocks_ = 0;
};

}  // namespace tokenworks::jobs
