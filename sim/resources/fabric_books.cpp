#include "sim/resources/fabric_books.hpp"

#include <algorithm>

namespace tokenworks::resources {
namespace {

constexpr std::string_view kPurposeNames[] = {"weights",  "checkpoint",  "dataset",        "kv_offload",
                                              "kv_fetch", "kv_transfer", "point_to_point", "step_traffic"};
static_assert(std::size(kPurposeNames) == kPurposes);

}  // namespace

std::string_view purpose_name(Purpose purpose) { return kPurposeNames[static_cast<std::size_t>(purpose)]; }

void FabricBooks::end(PurposeBook& book, Picoseconds duration, Picoseconds alone, bool well) {
  if (!well) {
    ++book.failed;
    return;
  }
  ++book.transfers;
  book.seconds += to_seconds(duration);
  book.seconds_alone += to_seconds(std::min(alone, duration));
  book.durations.add(duration);
}

void FabricBooks::ended(Purpose purpose, Picoseconds duration, Picoseconds alone, bool well) {
  end(of(purpose), duration, alone, well);
}

void FabricBooks::moved_storage(bool reads, bool writes, double bytes) {
  if (reads) reads_.bytes += bytes;
  if (writes) writes_.bytes += bytes;
}

void FabricBooks::ended_storage(bool reads, bool writes, Picoseconds duration, bool well) {
  if (reads) end(reads_, duration, duration, well);
  if (writes) end(writes_, duration, duration, well);
}

void FabricBooks::crossed(std::size_t link, double bytes) {
  if (link >= links_.size()) links_.resize(link + 1);
  links_[link].in_interval += bytes;
}

void FabricBooks::close_interval(std::uint32_t row, Picoseconds end) {
  const double seconds = to_seconds(end - static_cast<Picoseconds>(row) * interval_);
  for (LinkBook& link : links_) {
    if (link.in_interval <= 0.0) continue;
    link.bytes += link.in_interval;
    if (seconds > 0.0) link.peak_bytes_per_s = std::max(link.peak_bytes_per_s, link.in_interval / seconds);
    if (rows_ < kMostRows) {
      link.intervals.emplace_back(row, link.in_interval);
      ++rows_;
    }
    link.in_interval = 0.0;
  }
}

}  // namespace tokenworks::resources
