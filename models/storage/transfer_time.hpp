// Question   how long nodes take that read the same files, pass them on to each other, or write a checkpoint
// Equation   read, write  t = latency + bytes / min(shared / nodes, node's limit at the storage, node's link to it)
//            fan-out      t = read by one node + ceil(log2(nodes)) * bytes / peer bandwidth
//            checkpoint   blocking = bytes / host link, then write of all nodes at once
// Source     equal shares of a fluid link; broadcast by recursive doubling: Thakur, Rabenseifner and Gropp,
// Optimization
//            of Collective Communication Operations in MPICH, 2005; two-phase checkpoint: MegaScale, arXiv 2402.15627
// Valid for  equal nodes that start at once, nothing else on the links, a fabric that blocks no pair of nodes, whole
//            copies passed on (no pipelining in parts)
// Checked by tests/models/storage/transfer_time_test.cpp
#pragma once

#include <cstdint>

#include "models/core/units.hpp"
#include "models/storage/storage_option.hpp"

namespace tokenworks::storage {

/// What one node brings to a transfer, one direction.
struct NodeLinks {
  BytesPerSecond storage = kUnlimited;  ///< towards shared storage: its north-south NICs
  BytesPerSecond peer{0};               ///< to other nodes: all NICs of the compute fabric together
  BytesPerSecond host{0};               ///< between the GPUs and host memory: all GPUs together
  BytesPerSecond local_read{0};         ///< of its drives together; acts where the storage is local
  BytesPerSecond local_write{0};
};

struct CheckpointTime {
  Seconds blocking{0};  ///< the GPUs stand still: their memory is copied to the host
  Seconds flushing{0};  ///< the host writes while the GPUs work on
  Seconds durable() const { return blocking + flushing; }
};

/// Each of `nodes` reads `bytes` from the storage, all at once. Nothing to read takes no time.
/// All functions throw std::invalid_argument for a negative size, fewer than one node, or a path without bandwidth.
Seconds read_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes);

/// Each of `nodes` writes `bytes` to the storage, all at once.
Seconds write_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes);

/// One node reads `bytes`, then every node that has them serves one that has not, round by round.
Seconds fan_out_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes);

/// Each of `nodes` saves `bytes` of its GPUs' memory.
CheckpointTime checkpoint_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes);

}  // namespace tokenworks::storage
