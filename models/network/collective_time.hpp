// Question   how long does a collective over the GPUs of one scale-up domain take
// Equation   all-reduce: the measured curve of the fastest library that the engine may use, straight lines in
//            log(bytes), log(time); constant below its first point, linear in bytes by the last slope beyond its last
//            point; more GPUs than measured: times [(n - 1) / n] / [(n' - 1) / n'] of the largest measured n'; curves
//            of another GPU: what exceeds the smallest time scales with the links' rated bandwidth all-gather,
//            reduce-scatter, all-to-all: t_min(n) + bytes received / (0.7 B)
// Source     curves: the catalog's kernel entries. 0.7: all-gather, reduce-scatter and all-to-all of 512 MiB reach
//            0.63..0.74 of the NVLink bandwidth in one direction (ai-dynamo/aiconfigurator commit 095f58a, NCCL 2.29.2
//            tables)
// Valid for  one scale-up domain
// Checked by tests/models/network/collective_time_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/compute/kernel_spec.hpp"
#include "models/core/validity.hpp"

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
  /// Every GPU receives `bytes` from the others: all-gather, reduce-scatter, all-to-all.
  double exchange_s(double bytes) const;

 private:
  struct Curve {
    std::vector<double> bytes, seconds;
  };
  std::int64_t gpus_ = 1;
  double factor_ = 1.0;
  double smallest_ = 0.0;
  double exchange_seconds_per_byte_ = 0.0;
  std::vector<Curve> curves_;
};

}  // namespace tokenworks::network
