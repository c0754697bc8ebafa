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
std::int64_t acting_gpus(const KernelSpec& entry, const std::string& operation, std::int64_t wanted) {
  std::int64_t covers = 0, largest = 0;
  for (const CollectiveCurve& curve : entry.collectives) {
    if (curve.operation != operation) continue;
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
  const auto measured = [&](const std::string& operation) {
    Measured found;
    for (const KernelSpec* entry : entries) {
      const std::int64_t acting = acting_gpus(*entry, operation, gpus);
      if (acting == 0) continue;
      notes.check("collective_time: GPUs in a collective", static_cast<double>(gpus), 2.0, static_cast<double>(acting));
      if (gpus > acting) found.factor = ring_share(gpus) / ring_share(acting);
      const double rate = entry->ratings.scale_up_bandwidth / gpu.scale_up_bandwidth;
      for (const bool listed_only : {true, false}) {
        for (const CollectiveCurve& curve : entry->collectives) {
          if (curve.operation != operation || curve.gpus != acting) continue;
          if (listed_only && !is_one_of(curve.library, libraries)) continue;
          Curve scaled{curve.bytes, curve.time_s};
          for (double& s : scaled.seconds) s = curve.time_s.front() + (s - curve.time_s.front()) * rate;
          found.curves.push_back(std::move(scaled));
        }
        if (!found.curves.empty()) return found;
      }
    }
    return found;
  };
  all_reduce_ = measured("all_reduce");
  if (all_reduce_.curves.empty()) {
    unmeasured_ = DomainForm{generation_of(gpu), gpus, gpu.scale_up_bandwidth};
    notes.check("domain_form: GPUs in a collective", static_cast<double>(gpus), 2.0, 8.0);
    return;
  }
  all_gather_ = measured("all_gather");
  reduce_scatter_ = measured("reduce_scatter");
  all_to_all_ = measured("all_to_all");
  exchange_seconds_per_byte_ = ring_share(gpus) / (kExchangeBandwidthShare * gpu.scale_up_bandwidth.value);
}

double Collectives::Measured::seconds(double bytes) const {
  double fastest = std::numeric_limits<double>::infinity();
  for (const Curve& curve : curves)
    fastest = std::min(fastest, compute::along_curve(curve.bytes, curve.seconds, bytes));
  return factor * fastest;
}

double Collectives::exchange_s(const Measured& measured, double bytes) const {
  if (gpus_ == 1 || bytes <= 0.0) return 0.0;
  if (!measured.curves.empty()) return measured.seconds(bytes);
  return all_reduce_.seconds(0.0) + bytes * exchange_seconds_per_byte_;
}

double Collectives::all_reduce_s(double bytes) const {
  if (unmeasured_) return unmeasured_->all_reduce_s(bytes);
  return gpus_ == 1 || bytes <= 0.0 ? 0.0 : all_reduce_.seconds(bytes);
}

double Collectives::all_gather_s(double bytes) const {
  return unmeasured_ ? unmeasured_->all_gather_s(bytes) : exchange_s(all_gather_, bytes);
}

double Collectives::reduce_scatter_s(double bytes) const {
  return unmeasured_ ? unmeasured_->reduce_scatter_s(bytes) : exchange_s(reduce_scatter_, bytes);
}

double Collectives::all_to_all_s(double bytes) const {
  return unmeasured_ ? unmeasured_->all_to_all_s(bytes) : exchange_s(all_to_all_, bytes);
}

}  // namespace tokenworks::network
