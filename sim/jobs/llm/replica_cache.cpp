#include "sim/jobs/llm/replica_cache.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

using resources::Place;

namespace {

Place gpus_of(const placement::Slice& slice) {
  return {.kind = Place::Kind::gpus, .node = slice.node, .first_gpu = slice.first_gpu, .gpus = slice.gpus};
}

}  // namespace

ReplicaCache::ReplicaCache(Setup setup) : PrefixCache(setup.tree), setup_(std::move(setup)) {}

void ReplicaCache::write_through(std::int64_t blocks) {
  if (blocks == 0) return;
  for (const KvTier& tier : setup_.tiers->tiers) {
    written_blocks_ += blocks;
    const double bytes = setup_.block_bytes.value * static_cast<double>(blocks);
    for (const placement::Slice& slice : setup_.slices) {
      setup_.fabric->move(*this, 0, resources::Purpose::kv_offload, gpus_of(slice),
                          {.kind = tier.place, .node = slice.node},
                          Bytes(bytes / static_cast<double>(setup_.slices.size())));
    }
  }
}

void ReplicaCache::read(RequestId request, const ByTier& blocks) {
  auto free = std::find_if(reads_.begin(), reads_.end(), [](const Read& one) { return one.parts == 0; });
  if (free == reads_.end()) free = reads_.insert(reads_.end(), Read{});
  free->request = request;
  const auto tag = static_cast<std::uint32_t>(free - reads_.begin()) + 1;
  for (std::size_t t = 0; t < setup_.tiers->tiers.size(); ++t) {
    const std::int64_t count = blocks[t + 1];
    if (count == 0) continue;
    read_blocks_ += count;
    const double bytes = setup_.block_bytes.value * static_cast<double>(count);
    for (const placement::Slice& slice : setup_.slices) {
      ++free->parts;
      setup_.fabric->move(*this, tag, resources::Purpose::kv_fetch,
                          {.kind = setup_.tiers->tiers[t].place, .node = slice.node}, gpus_of(slice),
                          Bytes(bytes / static_cast<double>(setup_.slices.size())));
    }
  }
}

void ReplicaCache::on_moved(std::uint32_t tag, bool) {
  if (tag == 0) return;
  Read& read = reads_[tag - 1];
  if (--read.parts > 0) return;
  const RequestId request = std::exchange(read.request, kNoRequest);
  if (request != kNoRequest) setup_.on_read(request);
}

void ReplicaCache::abandon_reads() {
  for (Read& read : reads_) read.request = kNoRequest;
}

}  // namespace tokenworks::jobs
