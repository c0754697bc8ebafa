#include "gpu_calibration/raw/operators.hpp"

namespace tokenworks::gpu_calibration {
namespace {

// Sizes are those of one GPU: heads and widths after a tensor split.
constexpr std::string_view kKernelFormat[] = {"kernel", "format"};
constexpr std::string_view kMatrixSizes[] = {"rows", "columns", "inner"};
constexpr std::string_view kBatchedSizes[] = {"batches", "rows", "columns", "inner"};
constexpr std::string_view kExpertText[] = {"kernel", "format", "distribution"};
constexpr std::string_view kExpertSizes[] = {"tokens", "hidden", "intermediate", "experts",
                                             "active", "tensor", "expert"};
constexpr std::string_view kAttentionText[] = {"kernel", "format", "kv_format"};
constexpr std::string_view kPromptSizes[] = {"sequences", "tokens",   "prefix", "heads",
                                             "kv_heads",  "head_dim", "window"};
constexpr std::string_view kDecodeSizes[] = {"sequences", "context", "heads", "kv_heads", "head_dim", "window"};
constexpr std::string_view kBlockText[] = {"kernel", "format", "kv_format", "matrix_format", "model"};
constexpr std::string_view kLatentPromptSizes[] = {"sequences", "tokens", "prefix", "heads"};
constexpr std::string_view kLatentDecodeSizes[] = {"sequences", "context", "heads"};
constexpr std::string_view kLinearText[] = {"kernel", "phase", "model"};
constexpr std::string_view kLinearSizes[] = {"sequences", "tokens",      "hidden",   "key_heads",
                                             "key_dim",   "value_heads", "value_dim"};
constexpr std::string_view kQuantiseSizes[] = {"rows", "inner"};
constexpr std::string_view kCollectiveText[] = {"library", "operation", "format"};
constexpr std::string_view kCollectiveSizes[] = {"gpus", "bytes"};
constexpr std::string_view kExchangeText[] = {"library", "operation", "mode"};
constexpr std::string_view kExchangeSizes[] = {"nodes", "gpus", "tokens", "hidden", "experts", "active"};
constexpr std::string_view kOperation[] = {"operation"};
constexpr std::string_view kBytes[] = {"bytes"};
constexpr std::string_view kElementwiseSizes[] = {"rows", "width"};
constexpr std::string_view kKernels[] = {"kernels"};
constexpr std::string_view kState[] = {"state"};
constexpr std::string_view kDuty[] = {"duty_percent"};

constexpr Operator kOperators[] = {
    {"matrix_product", "rows x inner times inner x columns", kKernelFormat, kMatrixSizes},
    {"batched_product", "many small matrix products in one call", kKernelFormat, kBatchedSizes},
    {"expert_block", "routed experts of one layer: sorting, both products, summing", kExpertText, kExpertSizes},
    {"prompt_attention", "causal attention of `tokens` new tokens over `prefix` + `tokens`", kAttentionText,
     kPromptSizes},
    {"decode_attention", "one new token a sequence over `context` cached ones", kAttentionText, kDecodeSizes},
    {"latent_prompt_attention", "the attention kernel of MLA, prompts", kAttentionText, kLatentPromptSizes},
    {"latent_decode_attention", "the attention kernel of MLA, decoding", kAttentionText, kLatentDecodeSizes},
    {"latent_prompt_block", "a whole MLA block with its projections, prompts", kBlockText, kLatentPromptSizes},
    {"latent_decode_block", "a whole MLA block with its projections, decoding", kBlockText, kLatentDecodeSizes},
    {"sparse_prompt_block", "a whole block of sparse latent attention, prompts", kBlockText, kLatentPromptSizes},
    {"sparse_decode_block", "a whole block of sparse latent attention, decoding", kBlockText, kLatentDecodeSizes},
    {"linear_attention", "a kernel of gated delta networks or state space layers", kLinearText, kLinearSizes},
    {"quantise", "conversion of activations with their scales", kKernelFormat, kQuantiseSizes},
    {"collective", "a collective inside one scale-up domain", kCollectiveText, kCollectiveSizes},
    {"expert_exchange", "dispatch of tokens to experts and back", kExchangeText, kExchangeSizes},
    {"memory_stream", "device memory, host memory or a peer's", kOperation, kBytes},
    {"elementwise", "norm, rotation, activation, sampling, embedding", kOperation, kElementwiseSizes},
    {"launch", "kernels launched one by one or as a graph", kOperation, kKernels},
    {"board_power", "draw of the board in a steady state", kState, kDuty, false},
};

}  // namespace

std::span<const Operator> operators() { return kOperators; }

const Operator* find_operator(std::string_view name) {
  for (const Operator& candidate : kOperators) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

}  // namespace tokenworks::gpu_calibration
