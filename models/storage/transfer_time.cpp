#include "models/storage/transfer_time.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace tokenworks::storage {
namespace {

void require_possible(std::int64_t nodes, Bytes bytes) {
  if (nodes < 1) throw std::invalid_argument(fmt::format("a transfer needs at least 1 node, not {}", nodes));
  if (!std::isfinite(bytes.value) || bytes.value < 0.0) {
    throw std::invalid_argument(fmt::format("a transfer needs a finite size of at least 0 bytes, not {}", bytes.value));
  }
}

Seconds time_at(BytesPerSecond rate, Bytes bytes, const char* path) {
  if (bytes.value == 0.0) return Seconds(0);
  if (!(rate.value > 0.0)) {
    throw std::invalid_argument(fmt::format("{} needs more than 0 bytes/s, not {}", path, rate.value));
  }
  return bytes / rate;
}

/// Of each of `nodes` that use a shared system at once.
BytesPerSecond share(BytesPerSecond shared, BytesPerSecond limit, BytesPerSecond link, std::int64_t nodes) {
  return std::min({shared / static_cast<double>(nodes), limit, link});
}

Seconds request_time(const StorageProfile& profile, BytesPerSecond rate, Bytes bytes) {
  if (bytes.value == 0.0) return Seconds(0);
  return profile.request_latency + time_at(rate, bytes, "the path between a node and its storage");
}

}  // namespace

Seconds read_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes) {
  require_possible(nodes, bytes);
  const BytesPerSecond rate =
      profile.is_local ? links.local_read : share(profile.read_bandwidth, profile.reader_limit, links.storage, nodes);
  return request_time(profile, rate, bytes);
}

Seconds write_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes) {
  require_possible(nodes, bytes);
  const BytesPerSecond rate =
      profile.is_local ? links.local_write : share(profile.write_bandwidth, profile.writer_limit, links.storage, nodes);
  return request_time(profile, rate, bytes);
}

Seconds fan_out_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes) {
  require_possible(nodes, bytes);
  const Seconds first_copy = read_time(profile, links, 1, bytes);
  if (nodes == 1) return first_copy;
  const int rounds = std::bit_width(static_cast<std::uint64_t>(nodes - 1));  // ceil(log2(nodes))
  return first_copy + rounds * time_at(links.peer, bytes, "the path between two nodes");
}

CheckpointTime checkpoint_time(const StorageProfile& profile, const NodeLinks& links, std::int64_t nodes, Bytes bytes) {
  require_possible(nodes, bytes);
  return {time_at(links.host, bytes, "the path between GPUs and host memory"),
          write_time(profile, links, nodes, bytes)};
}

}  // namespace tokenworks::storage
