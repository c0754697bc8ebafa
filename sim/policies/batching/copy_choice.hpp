// Which copy of the attention takes a request, where a replica has several: each is a scheduler of its own, with its
// own queue and cache.
#pragma once

#include <cstdint>
#include <span>

namespace tokenworks::batching {

enum class CopyChoice : std::uint8_t {
  /// The least of 4 for each that waits and 1 for each that runs: vLLM (vllm/v1/engine/core_client.py,
  /// DPLBAsyncMPClient, 0.9 to 0.18; its counts are up to 100 ms old, which is left out).
  least_loaded,
  /// In turn: SGLang (python/sglang/srt/managers/data_parallel_controller.py, its default until 2026).
  round_robin,
  /// The fewest prompt tokens of all that it has, then the fewest requests: TensorRT-LLM
  /// (tensorrt_llm/_torch/pyexecutor, attention data parallel; it deals out what waits before each step, here on
  /// arrival).
  fewest_tokens
};

struct CopyLoad {
  std::int64_t waiting = 0, running = 0;  ///< requests
  std::int64_t prompt_tokens = 0;         ///< of both
};

/// Place of the choice among `copies`, which is not empty; `turn` counts the requests that were given away before. Of
/// equals the first.
std::int32_t choose_copy(CopyChoice choice, std::span<const CopyLoad> copies, std::int64_t turn);

}  // namespace tokenworks::batching
