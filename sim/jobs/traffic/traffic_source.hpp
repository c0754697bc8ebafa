// Bytes that move without a request: checkpoints, data sets, caches that are put away, messages between nodes. A
// family; its members are made here and live in files of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/core/random.hpp"
#include "models/core/units.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/resources/fabric.hpp"

namespace tokenworks::jobs {

class TrafficSource {
 public:
  virtual ~TrafficSource() = default;
  /// To be called once, before the run.
  virtual void start() = 0;
  virtual metrics::TrafficResult report() const = 0;
};

/// What every source needs.
struct TrafficContext {
  engine::Simulation& simulation;
  resources::Fabric& fabric;
  RunEnd& run_end;
  std::string name;
  std::vector<std::int64_t> nodes;  ///< that take part
  Picoseconds duration = 0;         ///< nothing begins after it
  engine::Rank rank = 0;
  std::uint64_t seed = 0;
};

enum class CheckpointTarget : std::uint8_t { storage, local_drives };

struct Checkpoint {
  Bytes bytes_per_node{0};
  Picoseconds interval = 0, first = 0;
  CheckpointTarget target = CheckpointTarget::storage;
  bool through_host = false;  ///< to host memory first, which is all that the work waits for
};
/// Every node writes at the same dates. A round that is due while the one before runs is skipped and counted.
std::unique_ptr<TrafficSource> make_checkpoint_source(const TrafficContext& context, const Checkpoint& checkpoint);

struct DatasetRead {
  BytesPerSecond rate_per_node{0};
  Bytes block{0};
  bool from_local_drives = false;
};
/// Every node reads block after block, each due `block / rate` after the one before; late blocks do not pile up.
std::unique_ptr<TrafficSource> make_dataset_source(const TrafficContext& context, const DatasetRead& read);

struct KvOffload {
  enum class Target : std::uint8_t { host, local_drives, storage };
  LlmService* service = nullptr;
  Bytes bytes_per_token{0};
  double share = 1.0;  ///< of the tokens of each finished prompt
  Target target = Target::host;
};
/// The cache of every finished prompt is copied away, each node of the replica its part.
std::unique_ptr<TrafficSource> make_kv_offload_source(const TrafficContext& context, const KvOffload& offload);

struct PointToPoint {
  std::int64_t concurrency = 1;
  std::int64_t transfers = 0;  ///< 0: until the duration
  Bytes bytes{0};
  double spread = 0.0;  ///< sizes lie evenly within bytes * (1 +- spread)
};
/// Transfers between random pairs of nodes, so many at a time.
std::unique_ptr<TrafficSource> make_point_to_point_source(const TrafficContext& context, const PointToPoint& traffic);

}  // namespace tokenworks::jobs
