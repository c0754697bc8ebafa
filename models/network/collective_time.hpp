// Question   how long does a collective over the GPUs of one scale-up domain take
// Equation   the measured curve of the fastest library that the engine may use, straight lines in log(bytes),
//            log(time); constant below its first point, linear in bytes by the last slope beyond its last point; more
//            GPUs than measured: times [(n - 1) / n] / [(n' - 1) / n'] of the largest measured n'; curves of another
//            GPU: what exceeds the smallest time scales with the links' rated bandwidth.
//            All-gather, reduce-scatter and all-to-all without a curve: the smallest time of an all-reduce and
//            [(n - 1) / n] * bytes / (0.7 B). Without any curve of all-reduce: closed forms (domain_form.hpp)
// Source     curves: the catalog's kernel entries. 0.7: all-gather, reduce-scatter and all-to-all of 512 MiB reach
//            0.63..0.74 of the NVLink bandwidth in one direction (ai-dynamo/aiconfigurator commit 095f58a, NCCL 2.29.2
//            tables)
// Valid for  one scale-up domain
// Checked by tests/models/network/collective_time_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/kernel_spec.hpp"
#include "models/core/validity.hpp"
#include "models/network/domain_form.hpp"

namespace tokenworks::network {

/// Collectives over a fixed number of GPUs.
class Collectives {
 public:
  /// `entries`: kernel entries of the GPU, best first; `libraries`: whose curves may be used (the others only when none
  /// of these is there). Notes when `gpus` lies beyond what was measured. A curve between two measured numbers is that
  /// of the larger.
  Collectives(const compute::GpuRatings& gpu, const std::vector<const compute::KernelSpec*>& entries,
              const std::vector<std::string>& libraries, std::int64_t gpus, ValidityNotes& notes);

  /// Every GPU holds `bytes` and gets their sum.
  double all_reduce_s(double bytes) const;
  /// Every GPU holds a share of `bytes` and gets all of them.
  double all_gather_s(double bytes) const;
  /// Every GPU holds `bytes` and gets its share of their sum.
  double reduce_scatter_s(double bytes) const;
  /// Every GPU holds `bytes` and sends an equal share to each.
  double all_to_all_s(double bytes) const;

 private:
  struct Curve {
    std::vector<double> bytes, seconds;
  };
  /// One operation as it was measured.
  struct Measured {
    double factor = 1.0;        ///< for more GPUs than measured
    std::vector<Curve> curves;  ///< empty: not measured
    double seconds(double bytes) const;
  };
  double exchange_s(const Measured& measured, double bytes) const;

  std::int64_t gpus_ = 1;
  Measured all_reduce_, all_gather_, reduce_scatter_, all_to_all_;
  double exchange_seconds_per_byte_ = 0.0;
  std::optional<DomainForm> unmeasured_;  ///< no all-reduce was measured
};

}  // namespace tokenworks::network
