// What stores weights and checkpoints: a family, one file an option, listed in storage_options.cpp.
#pragma once

#include <limits>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::storage {

/// No limit of this kind.
constexpr BytesPerSecond kUnlimited{std::numeric_limits<double>::infinity()};

/// What a storage system offers, as plain data for the simulation.
struct StorageProfile {
  BytesPerSecond read_bandwidth{0};          ///< shared by all that read; 0: nothing is shared (node-local)
  BytesPerSecond write_bandwidth{0};         ///< shared by all that write; 0: nothing is shared (node-local)
  BytesPerSecond reader_limit = kUnlimited;  ///< of one node that reads
  BytesPerSecond writer_limit = kUnlimited;  ///< of one node that writes
  Seconds request_latency{0};                ///< before the first byte: metadata, first byte of an object
  Watts idle_power{0};                       ///< of the whole system at rest
  Watts full_power{0};                       ///< at full bandwidth; linear between
  bool is_local = false;                     ///< drives of the nodes: their bandwidths come from the rack kind
};

class StorageOption {
 public:
  virtual ~StorageOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual StorageProfile profile() const = 0;
};

/// `parallel_file_system`, `object_store`, `local_nvme`.
Options<StorageOption> storage_options();

}  // namespace tokenworks::storage
