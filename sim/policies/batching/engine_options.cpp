#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {

Options<EngineOption> engine_options() {
  static constexpr Option<EngineOption> kOptions[] = {
      {"vllm", "vLLM: decodes first, then prompt chunks up to the token budget, in one step", make_vllm},
      {"sglang", "SGLang: prompt-only steps while a prompt waits; decodes stall meanwhile", make_sglang},
      {"tensorrt_llm", "TensorRT-LLM: whole prompts join a step, their KV cache is reserved for the full length",
       make_tensorrt_llm},
  };
  return kOptions;
}

}  // namespace tokenworks::batching
