// What crossed the network, by purpose and by link, and how long it took.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/engine/time.hpp"
#include "sim/metrics/latency_histogram.hpp"

namespace tokenworks::resources {

/// Why bytes move.
enum class Purpose : std::uint8_t {
  weights,
  checkpoint,
  dataset,
  kv_offload,
  kv_fetch,
  kv_transfer,
  point_to_point,
  step_traffic,
  count
};
inline constexpr std::size_t kPurposes = static_cast<std::size_t>(Purpose::count);
std::string_view purpose_name(Purpose purpose);

class FabricBooks {
 public:
  explicit FabricBooks(Picoseconds interval) : interval_(interval) {}

  struct PurposeBook {
    std::int64_t transfers = 0;  ///< ended well
    std::int64_t failed = 0;
    double bytes = 0.0;          ///< moved, those of transfers that ended badly or not at all included
    double seconds = 0.0;        ///< of transfers that ended well
    double seconds_alone = 0.0;  ///< that these would have taken with the network to themselves
    metrics::LatencyHistogram durations;
  };
  struct LinkBook {
    double bytes = 0.0;
    double in_interval = 0.0;                                 ///< of the interval that runs
    double peak_bytes_per_s = 0.0;                            ///< mean of the busiest interval
    std::vector<std::pair<std::uint32_t, double>> intervals;  ///< rows with traffic: bytes
  };

  void moved(Purpose purpose, double bytes) { of(purpose).bytes += bytes; }
  void ended(Purpose purpose, Picoseconds duration, Picoseconds alone, bool well);
  /// The same for what comes from or goes to the storage system.
  void moved_storage(bool reads, bool writes, double bytes);
  void ended_storage(bool reads, bool writes, Picoseconds duration, bool well);
  /// Bytes over a link since the last call of close_interval().
  void crossed(std::size_t link, double bytes);
  /// The interval of `row` ends at `end`: where the next begins, or with the run.
  void close_interval(std::uint32_t row, Picoseconds end);

  Picoseconds interval() const { return interval_; }
  const PurposeBook& of(Purpose purpose) const { return purposes_[static_cast<std::size_t>(purpose)]; }
  const PurposeBook& storage_reads() const { return reads_; }
  const PurposeBook& storage_writes() const { return writes_; }
  const std::vector<LinkBook>& links() const { return links_; }

 private:
  /// Rows of all links together that are kept; beyond, peaks alone are.
  static constexpr std::size_t kMostRows = 2'000'000;
  static void end(PurposeBook& book, Picoseconds duration, Picoseconds alone, bool well);
  PurposeBook& of(Purpose purpose) { return purposes_[static_cast<std::size_t>(purpose)]; }

  Picoseconds interval_;
  std::array<PurposeBook, kPurposes> purposes_;
  PurposeBook reads_, writes_;
  std::vector<LinkBook> links_;
  std::size_t rows_ = 0;
};

}  // namespace tokenworks::resources
