// A GPU of the catalog: rated figures, the share of them that kernels achieve, all-reduce curves and board power by
// what the GPU does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/compute/board_power.hpp"
#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::compute {

/// Rated and achieved rates of matrix products in one number format. Arithmetic of m rows runs at
/// peak * achieved_share * m / (m + half_rate_tokens), weights stream at weight_bandwidth_share of the memory
/// bandwidth.
struct ComputeRate {
  double peak_flop_per_s = 0.0;
  double achieved_share = 0.0;    ///< of the peak, for large matrices
  double half_rate_tokens = 0.0;  ///< rows of the activation matrix at which half of it is reached
  double weight_bandwidth_share = 0.0;
  Seconds fixed{0};  ///< added to each product: launch, first and last tile, quantisation of the input
  void visit(FieldVisitor& v);
};

/// Measured time of one all-reduce inside the scale-up domain over `gpus` GPUs.
struct AllReduceCurve {
  std::int64_t gpus = 0;
  std::vector<double> bytes;  ///< rising
  std::vector<double> seconds;
  void visit(FieldVisitor& v);
};

struct GpuSpec {
  std::string title;
  Bytes memory{0};  ///< as the driver reports it
  BytesPerSecond memory_bandwidth{0};
  double kv_bandwidth_share = 0.0;      ///< achieved by decode attention over a bf16 cache
  double fp8_kv_bandwidth_share = 0.0;  ///< the same over an fp8 cache
  double elementwise_bandwidth_share = 0.8;
  double prefill_attention_share = 0.0;  ///< of the bf16 peak, causal attention over long prompts
  double prefill_attention_half_tokens = 0.0;
  double expert_bandwidth_share = 0.0;   ///< achieved by grouped expert products, of the memory bandwidth
  double expert_compute_share = 0.0;     ///< achieved by grouped expert products, of the peak
  double expert_half_rate_tokens = 0.0;  ///< rows an expert at which half of that is reached
  Seconds smallest_decode_attention{0}, smallest_expert_block{0}, elementwise_kernel{0};
  ComputeRate bf16;
  std::optional<ComputeRate> fp8, fp4;
  std::vector<AllReduceCurve> all_reduce;
  BytesPerSecond scale_up_bandwidth{0};  ///< one direction a GPU
  BoardPower power;
  std::string how = "measured_published";  ///< measured_here, measured_published, scaled, rated
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::compute
