#include "sim/jobs/llm/swap_space.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

using resources::Place;

SwapSpace::Entry& SwapSpace::of(RequestId request) {
  return *std::find_if(entries_.begin(), entries_.end(),
                       [request](const Entry& entry) { return entry.request == request; });
}

void SwapSpace::write(RequestId request, std::int64_t blocks) {
  auto entry = std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.stage == Stage::free; });
  if (entry == entries_.end()) entry = entries_.insert(entries_.end(), Entry{});
  *entry = {.request = request, .blocks = blocks};
  used_blocks_ += blocks;
  move(*entry, Stage::writing);
}

void SwapSpace::read(RequestId request) {
  Entry& entry = of(request);
  if (entry.stage == Stage::kept) {
    move(entry, Stage::reading);
  } else {
    entry.stage = Stage::wanted;
  }
}

void SwapSpace::move(Entry& entry, Stage stage) {
  entry.stage = stage;
  const bool writes = stage == Stage::writing;
  const auto tag = static_cast<std::uint32_t>(&entry - entries_.data());
  const double bytes = setup_.block_bytes.value * static_cast<double>(entry.blocks);
  for (const placement::Slice& slice : setup_.slices) {
    ++entry.parts;
    const Place gpus{.kind = Place::Kind::gpus, .node = slice.node, .first_gpu = slice.first_gpu, .gpus = slice.gpus};
    const Place host{.kind = Place::Kind::host, .node = slice.node};
    setup_.fabric->move(*this, tag, writes ? resources::Purpose::kv_offload : resources::Purpose::kv_fetch,
                        writes ? gpus : host, writes ? host : gpus,
                        Bytes(bytes / static_cast<double>(setup_.slices.size())));
  }
}

void SwapSpace::on_moved(std::uint32_t tag, bool) {
  Entry& entry = entries_[tag];
  if (--entry.parts > 0) return;
  switch (entry.stage) {
    case Stage::writing:
      entry.stage = Stage::kept;
      return;
    case Stage::wanted:
      return move(entry, Stage::reading);
    case Stage::reading: {
      used_blocks_ -= entry.blocks;
      const RequestId request = std::exchange(entry, {}).request;
      return setup_.on_read(request);
    }
    case Stage::forgotten:
      entry = {};
      return;
    case Stage::free:
    case Stage::kept:
      return;
  }
}

void SwapSpace::forget(Entry& entry) {
  used_blocks_ -= entry.blocks;
  entry = {.stage = entry.parts > 0 ? Stage::forgotten : Stage::free, .parts = entry.parts};
}

void SwapSpace::forget(RequestId request) { forget(of(request)); }

void SwapSpace::forget_all() {
  for (Entry& entry : entries_) {
    if (entry.stage != Stage::free && entry.stage != Stage::forgotten) forget(entry);
  }
}

}  // namespace tokenworks::jobs
