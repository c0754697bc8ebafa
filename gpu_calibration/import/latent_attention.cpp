// Multi-head latent attention: the kernels alone, and whole blocks with their projections. `num_heads` are those of one
// GPU (tables with a tensor split give both, and their product is the model's 64 or 128).
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<double> decode_context(const ImportSource& source);

namespace {

/// What kernels and blocks have in common.
void add_sizes(ImportRows& rows, const ImportSource& source, bool prompts) {
  rows.format("format", "mla_dtype").format("kv_format", "kv_cache_dtype").size("sequences", "batch_size");
  if (prompts) {
    rows.size("tokens", "isl");
    if (source.csv.has("step")) {
      rows.size("prefix", "step");
    } else {
      rows.constant_size("prefix", 0);
    }
  } else {
    rows.size("context", decode_context(source));
  }
  rows.size("heads", "num_heads").latency_and_power();
}

std::vector<Table> import_kernels(const ImportSource& source, std::string_view operation, bool prompts) {
  ImportRows rows(source, operation);
  rows.text("kernel", "kernel_source");
  add_sizes(rows, source, prompts);
  return {rows.take()};
}

std::vector<Table> import_blocks(const ImportSource& source, std::string_view operation, bool prompts) {
  ImportRows rows(source, operation);
  rows.text("kernel", "kernel_source").text("model", "model").format("matrix_format", "gemm_type");
  add_sizes(rows, source, prompts);
  return {rows.take()};
}

}  // namespace

std::vector<Table> import_latent_prompt_attention(const ImportSource& source) {
  return import_kernels(source, "latent_prompt_attention", true);
}
std::vector<Table> import_latent_decode_attention(const ImportSource& source) {
  return import_kernels(source, "latent_decode_attention", false);
}
std::vector<Table> import_latent_prompt_blocks(const ImportSource& source) {
  return import_blocks(source, "latent_prompt_block", true);
}
std::vector<Table> import_latent_decode_blocks(const ImportSource& source) {
  return import_blocks(source, "latent_decode_block", false);
}
std::vector<Table> import_sparse_prompt_blocks(const ImportSource& source) {
  return import_blocks(source, "sparse_prompt_block", true);
}
std::vector<Table> import_sparse_decode_blocks(const ImportSource& source) {
  return import_blocks(source, "sparse_decode_block", false);
}

}  // namespace tokenworks::gpu_calibration
