#include "models/network/collective_time.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "models/compute/kernel_time.hpp"

namespace tokenworks::network {
namespace {

using compute::CollectiveCurve;
using compute::KernelSpec;

constexpr double kExchangeBandwidthShare = 0.7;

double ring_share(std::int64_t gpus) { return static_cast<double>(gpus - 1) / static_cast<double>(gpus); }

bool is_one_of(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The measured number of GPUs that stands for `wanted`: the smallest that covers it, else the largest; 0: none.
std::int64_t acting_gpus(const KernelSpec& entry, std::int64_t wanted) {
  std::int64_t covers = 0, largest = 0;
  for (const CollectiveCurve& curve : entry.collectives) {
    if (curve.operation != "all_reduce") continue;
    largest = std::max(largest, curve.gpus);
    if (curve.gpus >= wanted && (covers == 0 || curve.gpus < covers)) covers = curve.gpus;
  }
  return covers > 0 ? covers : largest;
}

}  // namespace

Collectives::Collectives(const compute::GpuRatings& gpu, const std::vector<const KernelSpec*>& entries,
                         const std::vector<std::string>& libraries, std::int64_t gpus, ValidityNotes& notes)
    : gpus_(gpus) {
  if (gpus < 1) throw std::invalid_argument("a collective needs at least one GPU");
  if (gpus == 1) return;
  const KernelSpec* entry = nullptr;
  for (const KernelSpec* candidate : entries) {
    if (entry == nullptr && acting_gpus(*candidate, gpus) > 0) entry = candidate;
  }
  if (entry == nullptr) throw std::invalid_argument("no kernel entry of this GPU has a curve of all-reduce");
  const std::int64_t acting = acting_gpus(*entry, gpus);
  notes.check("collective_time: GPUs in a collective", static_cast<double>(gpus), 2.0, static_cast<double>(acting));
  if (gpus > acting) factor_ = ring_share(gpus) / ring_share(acting);
  const double rate = entry->ratings.scale_up_bandwidth / gpu.scale_up_bandwidth;
  for (const bool listed_only : {true, false}) {
    for (const CollectiveCurve& curve : entry->collectives) {
      if (curve.operation != "all_reduce" || curve.gpus != acting) continue;
      if (listed_only && !is_one_of(curve.library, libraries)) continue;
      Curve scaled{curve.bytes, curve.time_s};
      for (double& seconds : scaled.seconds) seconds = curve.time_s.front() + (seconds - curve.time_s.front()) * rate;
      curves_.push_back(std::move(scaled));
    }
    if (!curves_.empty()) break;
  }
  smallest_ = std::numeric_limits<double>::infinity();
  for (const Curve& curve : curves_) smallest_ = std::min(smallest_, curve.seconds.front());
  exchange_seconds_per_byte_ = 1.0 / (kExchangeBandwidthShare * gpu.scale_up_bandwidth.value);
}

double Collectives::all_reduce_s(double bytes) const {
  if (gpus_ == 1 || bytes <= 0.0) return 0.0;
  double fastest = std::numeric_limits<double>::infinity();
  for (const Curve& curve : curves_)
    fastest = std::min(fastest, compute::along_curve(curve.bytes, curve.seconds, bytes));
  return factor_ * fastest;
}

double Collectives::exchange_s(double bytes) const {
  if (gpus_ == 1 || bytes <= 0.0) return 0.0;
  return factor_ * smallest_ + bytes * exchange_seconds_per_byte_;
}

}  // namespace tokenworks::network
