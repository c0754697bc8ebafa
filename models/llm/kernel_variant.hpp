// Which kernels an inference engine runs where the tables leave a choice: facts about an engine and its version, not
// factors. An engine's file in sim/policies/batching/options states them with their sources.
#pragma once

#include <string>
#include <vector>

#include "models/compute/number_format.hpp"

namespace tokenworks::llm {

struct KernelVariant {
  /// Whose kernel entries go first ("vllm"); the others follow in the order of the GPU's list.
  std::string kernel_library;
  /// Whose all-reduce may be used; the fastest acts.
  std::vector<std::string> collective_libraries;
  /// Activations are quantised inside the kernel before (norm, activation): the pass that the tables of quantised
  /// formats hold falls away, down to 2 us and the stream of the weights.
  bool fused_quantisation = false;
  /// Routed experts in these formats run a kernel that streams the experts met, faster than those tabulated:
  /// 20 us + max(bytes of experts met / (0.75 B), operations / (0.5 F)).
  std::vector<compute::NumberFormat> streaming_formats = {};
  /// ... in models with latent attention only (DeepSeek V3 and its like, for which these kernels were written).
  bool streaming_needs_latent = true;
};

}  // namespace tokenworks::llm
