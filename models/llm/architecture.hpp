// A language model's architecture as its configuration file states it: what the operator walk needs, and no more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::llm {

/// Attention with grouped keys and values; heads of `head_dim`.
struct GroupedAttention {
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;
  std::int64_t window_tokens = 0;  ///< reach of sliding-window layers; 0: none
  std::int64_t window_layers = 0;  ///< how many of the layers slide
  void visit(FieldVisitor& v);
};

/// Multi-head latent attention.
struct LatentAttention {
  std::int64_t heads = 0, query_rank = 0, kv_rank = 0, rope_dim = 0, nope_dim = 0, value_dim = 0;
  void visit(FieldVisitor& v);
};

/// Mixture of experts in all layers but the first `leading_dense_layers`.
struct Experts {
  std::int64_t count = 0, active = 0, shared = 0, intermediate = 0, leading_dense_layers = 0;
  void visit(FieldVisitor& v);
};

struct LlmSpec {
  std::string title;
  std::int64_t layers = 0, hidden = 0, vocabulary = 0, context_tokens = 0;
  std::int64_t intermediate = 0;  ///< of dense layers; 0 when there are none
  bool tied_embeddings = false;
  std::optional<GroupedAttention> attention;  ///< exactly one of attention and latent_attention
  std::optional<LatentAttention> latent_attention;
  std::optional<Experts> experts;
  std::string fp4_format = "nvfp4";     ///< nvfp4: all matrices; mxfp4_experts: experts only, rest bf16
  double published_parameters = 0.0;    ///< for a check against the walk
  std::vector<std::string> precisions;  ///< in which it may be served
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

/// Number formats of weights and computation.
enum class Precision { bf16, fp8, fp4 };
inline constexpr std::string_view kPrecisionNames[] = {"bf16", "fp8", "fp4"};
Precision precision_from_name(std::string_view name);  ///< name is one of kPrecisionNames

}  // namespace tokenworks::llm
