#include "models/network/collective_time.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::network {
namespace {

constexpr double kExchangeBandwidthShare = 0.7;

const compute::AllReduceCurve* curve_for(const compute::GpuSpec& gpu, std::int64_t gpus) {
  const compute::AllReduceCurve* smallest_that_covers = nullptr;
  const compute::AllReduceCurve* largest = nullptr;
  for (const compute::AllReduceCurve& curve : gpu.all_reduce) {
    if (!largest || curve.gpus > largest->gpus) largest = &curve;
    if (curve.gpus >= gpus && (!smallest_that_covers || curve.gpus < smallest_that_covers->gpus)) {
      smallest_that_covers = &curve;
    }
  }
  return smallest_that_covers ? smallest_that_covers : largest;
}

double ring_share(std::int64_t gpus) { return static_cast<double>(gpus - 1) / static_cast<double>(gpus); }

}  // namespace

Collectives::Collectives(const compute::GpuSpec& gpu, std::int64_t gpus, ValidityNotes& notes) : gpus_(gpus) {
  if (gpus < 1) throw std::invalid_argument("a collective needs at least one GPU");
  if (gpus == 1) return;
  const compute::AllReduceCurve* curve = curve_for(gpu, gpus);
  if (!curve || curve->bytes.size() < 2 || curve->bytes.size() != curve->seconds.size()) {
    throw std::invalid_argument("all_reduce of GPU '" + gpu.title + "': a curve of two or more points is needed");
  }
  notes.check("collective_time: GPUs in a collective", static_cast<double>(gpus), 2.0,
              static_cast<double>(curve->gpus));
  if (gpus > curve->gpus) factor_ = ring_share(gpus) / ring_share(curve->gpus);
  for (std::size_t i = 0; i < curve->bytes.size(); ++i) {
    log_bytes_.push_back(std::log(curve->bytes[i]));
    log_seconds_.push_back(std::log(curve->seconds[i]));
  }
  const std::size_t last = curve->bytes.size() - 1;
  seconds_per_byte_ = (curve->seconds[last] - curve->seconds[last - 1]) / (curve->bytes[last] - curve->bytes[last - 1]);
  exchange_seconds_per_byte_ = 1.0 / (kExchangeBandwidthShare * gpu.scale_up_bandwidth.value);
}

double Collectives::all_reduce_s(double bytes) const {
  if (gpus_ == 1 || bytes <= 0.0) return 0.0;
  const double log_size = std::log(bytes);
  if (log_size <= log_bytes_.front()) return factor_ * std::exp(log_seconds_.front());
  if (log_size >= log_bytes_.back()) {
    return factor_ * (std::exp(log_seconds_.back()) + (bytes - std::exp(log_bytes_.back())) * seconds_per_byte_);
  }
  const auto above = std::upper_bound(log_bytes_.begin(), log_bytes_.end(), log_size) - log_bytes_.begin();
  const auto i = static_cast<std::size_t>(above);
  const double position = (log_size - log_bytes_[i - 1]) / (log_bytes_[i] - log_bytes_[i - 1]);
  return factor_ * std::exp(log_seconds_[i - 1] + position * (log_seconds_[i] - log_seconds_[i - 1]));
}

double Collectives::exchange_s(double bytes) const {
  if (gpus_ == 1 || bytes <= 0.0) return 0.0;
  return factor_ * std::exp(log_seconds_.front()) + bytes * exchange_seconds_per_byte_;
}

}  // namespace tokenworks::network
