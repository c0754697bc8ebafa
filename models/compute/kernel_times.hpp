// The kernel times of one GPU, looked up over its kernel entries: the first entry that holds what is asked for answers,
// scaled when it was measured on another GPU. Uses outside a table's axes are noted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/compute/gpu.hpp"
#include "models/compute/kernel_time.hpp"
#include "models/core/validity.hpp"

namespace tokenworks::compute {

/// Grouped attention of one kind on one GPU.
struct AttentionShape {
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;  ///< of one sequence, on this GPU
  std::int64_t window_tokens = 0;                      ///< 0: all of the context
  bool fp8_cache = false;
};

/// Latent attention on one GPU. `matrix_format` absent: the attention kernel alone.
struct LatentShape {
  std::int64_t heads = 0;
  std::vector<std::int64_t> dims;  ///< hidden, query rank, kv rank, rope, nope, value
  bool fp8_cache = false, sparse = false;
  std::optional<NumberFormat> matrix_format;
};

/// Not thread-safe; answers take microseconds and are meant to be kept by who asks.
class KernelTimes {
 public:
  /// `entries` best first; they outlive this. `notes` collects uses outside the axes.
  KernelTimes(const GpuSpec& gpu, std::vector<const KernelSpec*> entries, ValidityNotes& notes);

  /// Throws std::invalid_argument when no entry has matrix products in bf16, to which others fall back.
  double matrix_product_s(NumberFormat format, const MatrixProduct& product) const;
  /// Shortest product of a format in the tables, of a format without a table that of the one that acts for it.
  double smallest_matrix_product_s(NumberFormat format) const;

  /// Time of the attention kernel for prompts of `tokens` tokens each, `sequences` at once.
  double prompt_attention_s(const AttentionShape& shape, double sequences, double tokens) const;
  /// Smallest time of that kernel.
  double smallest_prompt_attention_s(const AttentionShape& shape) const;
  double decode_attention_s(const AttentionShape& shape, double sequences, double context) const;
  /// Contexts between which decode attention is linear, rising.
  std::vector<double> context_nodes(const AttentionShape& shape) const;
  bool has_prompt_window(const AttentionShape& shape) const;

  bool has_latent(const LatentShape& shape) const;
  double latent_prompt_s(const LatentShape& shape, double sequences, double tokens) const;
  double latent_decode_s(const LatentShape& shape, double sequences, double context) const;
  std::vector<double> context_nodes(const LatentShape& shape) const;

  /// The fastest of the kernels that the first entry with this format has; nothing when no entry has it.
  std::optional<double> expert_s(NumberFormat format, const ExpertShape& shape, double tokens) const;

  /// Kernels of a layer with a state, for prompts ("prompt", tokens) or decoding ("decode", sequences); nothing when no
  /// entry has them.
  std::optional<double> linear_attention_s(std::string_view phase, double value_heads, double tokens) const;

  double elementwise_s(double bytes) const;

  const GpuSpec& gpu() const { return gpu_; }
  const std::vector<const KernelSpec*>& entries() const { return entries_; }

 private:
  /// The table that acts for a format, on this GPU; made when first asked for.
  const MatrixProductTable& matrix_products(NumberFormat format) const;

  /// Experts of one shape in one format: the tables of the entry that answers, and their times at the nodes.
  struct KnownExperts {
    NumberFormat format;
    ExpertShape shape;
    std::vector<std::pair<const ExpertTable*, ExpertTimes>> tables;
  };
  const KnownExperts& known_experts(NumberFormat format, const ExpertShape& shape) const;

  GpuSpec gpu_;
  std::vector<const KernelSpec*> entries_;
  ValidityNotes& notes_;
  mutable std::map<NumberFormat, MatrixProductTable> matrix_products_;
  mutable std::vector<KnownExperts> known_experts_;  // few: those of one model
};

}  // namespace tokenworks::compute
