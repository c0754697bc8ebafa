#include "gpu_calibration/import/table_kinds.hpp"

#include <string>

namespace tokenworks::gpu_calibration {

std::vector<Table> import_batched_products(const ImportSource&);
std::vector<Table> import_collectives(const ImportSource&);
std::vector<Table> import_decode_attention(const ImportSource&);
std::vector<Table> import_expert_blocks(const ImportSource&);
std::vector<Table> import_exchange_low_latency(const ImportSource&);
std::vector<Table> import_exchange_normal(const ImportSource&);
std::vector<Table> import_exchange_nvlink(const ImportSource&);
std::vector<Table> import_gated_delta_networks(const ImportSource&);
std::vector<Table> import_latent_decode_attention(const ImportSource&);
std::vector<Table> import_latent_decode_blocks(const ImportSource&);
std::vector<Table> import_latent_prompt_attention(const ImportSource&);
std::vector<Table> import_latent_prompt_blocks(const ImportSource&);
std::vector<Table> import_matrix_products(const ImportSource&);
std::vector<Table> import_prompt_attention(const ImportSource&);
std::vector<Table> import_quantise(const ImportSource&);
std::vector<Table> import_sparse_decode_blocks(const ImportSource&);
std::vector<Table> import_sparse_prompt_blocks(const ImportSource&);
std::vector<Table> import_state_space_models(const ImportSource&);

namespace {

constexpr TableKind kKinds[] = {
    {"gemm", "matrix products (m, n, k)", false, import_matrix_products},
    {"mla_bmm", "the two batched products of absorbed MLA", false, import_batched_products},
    {"moe", "routed experts of one layer", false, import_expert_blocks},
    {"context_attention", "causal attention of prompts", false, import_prompt_attention},
    {"generation_attention", "attention of one new token a sequence", false, import_decode_attention},
    {"context_mla", "the attention kernel of MLA, prompts", false, import_latent_prompt_attention},
    {"generation_mla", "the attention kernel of MLA, decoding", false, import_latent_decode_attention},
    {"mla_context_module", "whole MLA blocks, prompts", false, import_latent_prompt_blocks},
    {"mla_generation_module", "whole MLA blocks, decoding", false, import_latent_decode_blocks},
    {"dsa_context_module", "whole blocks of sparse latent attention, prompts", false, import_sparse_prompt_blocks},
    {"dsa_generation_module", "whole blocks of sparse latent attention, decoding", false, import_sparse_decode_blocks},
    {"gdn", "kernels of gated delta networks", false, import_gated_delta_networks},
    {"mamba2", "kernels of state space layers", false, import_state_space_models},
    {"scale_matrix", "conversion of activations to FP8", false, import_quantise},
    {"collectives_intranode", "collectives inside one node, all systems in one file", true, import_collectives},
    {"wideep_deepep_ll", "DeepEP, low-latency kernels", true, import_exchange_low_latency},
    {"wideep_deepep_normal", "DeepEP, high-throughput kernels", true, import_exchange_normal},
    {"trtllm_alltoall", "exchange of tokens by NVLink kernels", true, import_exchange_nvlink},
};

}  // namespace

std::span<const TableKind> table_kinds() { return kKinds; }

const TableKind* kind_of_file(std::string_view path) {
  std::string_view name = path.substr(path.find_last_of('/') + 1);
  for (const std::string_view ending : {".gz", ".csv", "_perf"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  const TableKind* best = nullptr;
  for (const TableKind& kind : kKinds) {
    if (!name.ends_with(kind.name)) continue;
    const std::string_view before = name.substr(0, name.size() - kind.name.size());
    if (!before.empty() && before.back() != '_') continue;  // "context_mla" is no "mla"
    if (best == nullptr || kind.name.size() > best->name.size()) best = &kind;
  }
  return best;
}

}  // namespace tokenworks::gpu_calibration
