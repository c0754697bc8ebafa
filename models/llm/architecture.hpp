// A language model's architecture as its configuration file states it: what the operator walk needs, and no more.
//
// A model is a stack of layers; each has an attention (or none) and a network (or none). Only how many layers have
// which matters to time and memory, not their order, so each kind is listed with the number of its layers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"

namespace tokenworks::llm {

/// Attention with grouped keys and values.
struct GroupedAttention {
  std::int64_t layers = 0;
  std::int64_t heads = 0, kv_heads = 0;
  std::int64_t head_dim = 0;       ///< values of a query and a key
  std::int64_t value_dim = 0;      ///< values of a head of the values; 0: head_dim
  bool output_gate = false;        ///< the output is multiplied by a gate of its own width, projected from the input
  bool shared_key_value = false;   ///< values are the keys: projected and kept once
  std::int64_t query_rank = 0;     ///< queries are projected through so many values; 0: straight
  std::int64_t output_groups = 0;  ///< the output is projected in so many groups of heads, each ...
  std::int64_t output_rank = 0;    ///< ... through so many values; 0: straight
  std::int64_t window_tokens = 0;  ///< reach of a sliding window (or local chunk); 0: all of the context
  std::int64_t compression = 0;    ///< beside a window: one key is kept for so many tokens of all the context; 0: none
  std::int64_t selected_tokens = 0;  ///< sparse: a query meets at most so many of the keys that reach it; 0: all
  std::int64_t index_heads = 1;      ///< sparse: queries that select
  std::int64_t index_dim = 0;        ///< sparse: values of the key by which one is selected; 0: none
  void visit(FieldVisitor& v);
};

/// Multi-head latent attention, dense or sparse (selected by a lightning indexer).
struct LatentAttention {
  std::int64_t layers = 0;
  std::int64_t heads = 0, query_rank = 0, kv_rank = 0, rope_dim = 0, nope_dim = 0, value_dim = 0;
  std::int64_t selected_tokens = 0;             ///< a query meets at most so many; 0: all
  std::int64_t index_heads = 0, index_dim = 0;  ///< of the indexer that selects
  std::int64_t index_layers = 0;                ///< layers with an indexer of their own; others share
  void visit(FieldVisitor& v);
};

/// Layers whose memory of the past is a state of fixed size, value_heads * value_dim * key_dim values: gated delta
/// networks, Mamba 2 (key heads are its groups, key_dim its state), lightning attention.
struct LinearAttention {
  std::int64_t layers = 0;
  std::int64_t key_heads = 0, key_dim = 0, value_heads = 0, value_dim = 0;
  std::int64_t convolution = 0;       ///< taps of the short convolution over queries, keys and values; 0: none
  std::int64_t projected_values = 0;  ///< columns of all input projections together
  double state_bytes_per_value = 4.0;
  void visit(FieldVisitor& v);
};

/// A network that every token passes.
struct DenseNetwork {
  std::int64_t layers = 0;
  std::int64_t intermediate = 0;
  std::int64_t matrices = 3;  ///< 3: gate, up, down; 2: up, down
  void visit(FieldVisitor& v);
};

/// A mixture of experts.
struct Experts {
  std::int64_t layers = 0;
  std::int64_t count = 0, active = 0;
  std::int64_t intermediate = 0;         ///< inner width of a routed expert
  std::int64_t shared_intermediate = 0;  ///< inner width of what every token passes beside them, all together; 0: none
  std::int64_t width = 0;                ///< width on which routed experts act (a latent); 0: the model's
  std::int64_t matrices = 3;             ///< 3: gate, up, down; 2: up, down
  void visit(FieldVisitor& v);
};

/// A head that drafts tokens for the model to verify (multi-token prediction, EAGLE). Embedding and output head are
/// the model's.
struct Drafter {
  std::int64_t layers = 0;            ///< that one drafted token passes
  double parameters = 0.0;            ///< its own, all of them
  double active_parameters = 0.0;     ///< of these, met by one drafted token
  std::vector<double> mean_accepted;  ///< tokens a verified step yields with 1, 2, ... drafted ones, the model's own
                                      ///< included; empty: not measured
  void visit(FieldVisitor& v);
};

struct LlmSpec {
  std::string title;
  std::int64_t layers = 0, hidden = 0, vocabulary = 0, context_tokens = 0;
  bool tied_embeddings = false;
  std::vector<GroupedAttention> grouped_attention;
  std::vector<LatentAttention> latent_attention;
  std::vector<LinearAttention> linear_attention;
  std::vector<DenseNetwork> dense_networks;
  std::vector<Experts> experts;
  std::vector<Drafter> drafters;        ///< none or one
  std::string fp8_format = "fp8";       ///< fp8: one scale a tensor or channel; fp8_block: one a 128 x 128 block
  std::string fp4_format = "nvfp4";     ///< nvfp4: all matrices of the layers; nvfp4_experts, mxfp4_experts,
                                        ///< int4_experts: routed experts only
  std::string fp4_rest = "bf16";        ///< format of the other matrices of the layers under *_experts
  double published_parameters = 0.0;    ///< for a check against the walk
  std::vector<std::string> precisions;  ///< in which it may be served
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

/// Number formats of weights and computation.
enum class Precision { bf16, fp8, fp4 };
inline constexpr std::string_view kPrecisionNames[] = {"bf16", "fp8", "fp4"};
Precision precision_from_name(std::string_view name);  ///< name is one of kPrecisionNames

/// Number formats of the cache of keys and values.
enum class KvFormat { bf16, fp8 };
inline constexpr std::string_view kKvFormatNames[] = {"bf16", "fp8"};
KvFormat kv_format_from_name(std::string_view name);  ///< name is one of kKvFormatNames
/// Engines serve bf16 models with a bf16 cache and, by the settings that benchmarks publish, quantised ones with fp8.
constexpr KvFormat usual_kv_format(Precision precision) {
  return precision == Precision::bf16 ? KvFormat::bf16 : KvFormat::fp8;
}

}  // namespace tokenworks::llm
