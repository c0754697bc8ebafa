#include "models/llm/architecture.hpp"

#include <stdexcept>

namespace tokenworks::llm {
namespace {

// Far above any model, far below where products of three counts leave a double's whole numbers.
constexpr double kMostLayers = 1e4;
constexpr double kWidest = 1e7;

Rule layer_count() { return rule().required().at_least(1).at_most(kMostLayers); }
Rule required_width() { return rule().required().at_least(1).at_most(kWidest); }
Rule optional_width() { return rule().at_least(0).at_most(kWidest); }
Rule optional_tokens() { return rule().at_least(0).at_most(1e9); }
Rule matrix_count() { return rule().at_least(2).at_most(3); }

}  // namespace

void GroupedAttention::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that have it", layer_count());
  field(v, "heads", heads, "Query heads", required_width());
  field(v, "kv_heads", kv_heads, "Heads of keys and values", required_width());
  field(v, "head_dim", head_dim, "Values in a head of queries and keys", required_width());
  field(v, "value_dim", value_dim, "Values in a head of the values; 0: as head_dim", optional_width());
  field(v, "output_gate", output_gate, "The output is multiplied by a gate that is projected from the input");
  field(v, "shared_key_value", shared_key_value, "Values are the keys: projected and kept once");
  field(v, "query_rank", query_rank, "Queries are projected through so many values; 0: straight", optional_width());
  field(v, "output_groups", output_groups, "Groups of heads that are projected out separately; 0: none",
        optional_width());
  field(v, "output_rank", output_rank, "Values that each such group is projected through; 0: straight",
        optional_width());
  field(v, "window_tokens", window_tokens, "Reach of a sliding window or local chunk; 0: all of the context",
        optional_tokens());
  field(v, "compression", compression,
        "Beside a window, one key is kept for so many tokens of all the context; 0: none is", optional_tokens());
  field(v, "selected_tokens", selected_tokens, "Sparse attention: keys that a query meets at most; 0: all",
        optional_tokens());
  field(v, "index_heads", index_heads, "Sparse attention: queries that select", rule().at_least(1).at_most(kWidest));
  field(v, "index_dim", index_dim, "Sparse attention: values of the key by which a token is selected; 0: no such key",
        optional_width());
}

void LatentAttention::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that have it", layer_count());
  field(v, "heads", heads, "Heads", required_width());
  field(v, "query_rank", query_rank, "Rank of the compressed query", required_width());
  field(v, "kv_rank", kv_rank, "Rank of the latent that stands for keys and values", required_width());
  field(v, "rope_dim", rope_dim, "Values of a head with rotary position", required_width());
  field(v, "nope_dim", nope_dim, "Values of a head without position", required_width());
  field(v, "value_dim", value_dim, "Values of a head of the values", required_width());
  field(v, "selected_tokens", selected_tokens, "Sparse attention: tokens that a query meets at most; 0: all",
        optional_tokens());
  field(v, "index_heads", index_heads, "Heads of the indexer that selects", optional_width());
  field(v, "index_dim", index_dim, "Values of a head of the indexer, and of the key it keeps", optional_width());
  field(v, "index_layers", index_layers, "Layers with an indexer of their own; the others use its choice",
        rule().at_least(0).at_most(kMostLayers));
}

void LinearAttention::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that have it", layer_count());
  field(v, "key_heads", key_heads, "Heads of queries and keys (groups of Mamba 2)", required_width());
  field(v, "key_dim", key_dim, "Values in a head of queries and keys (state of Mamba 2)", required_width());
  field(v, "value_heads", value_heads, "Heads of the values, each with a state", required_width());
  field(v, "value_dim", value_dim, "Values in a head of the values", required_width());
  field(v, "convolution", convolution, "Taps of the short convolution over queries, keys and values; 0: none",
        rule().at_least(0).at_most(1000));
  field(v, "projected_values", projected_values, "Columns of all input projections together", required_width());
  field(v, "state_bytes_per_value", state_bytes_per_value, "Bytes that a value of the state is kept in",
        rule().above(0).at_most(8).default_from('R', "fp32, as engines keep states unless told otherwise"));
}

void DenseNetwork::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that have it", layer_count());
  field(v, "intermediate", intermediate, "Inner width", required_width());
  field(v, "matrices", matrices, "3: gate, up and down; 2: up and down", matrix_count());
}

void Experts::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that have them", layer_count());
  field(v, "count", count, "Routed experts in a layer", required_width());
  field(v, "active", active, "Routed experts that a token visits", required_width());
  field(v, "intermediate", intermediate, "Inner width of one routed expert", required_width());
  field(v, "shared_intermediate", shared_intermediate,
        "Inner width of what every token passes beside them, all together; 0: nothing", optional_width());
  field(v, "width", width, "Width on which routed experts act; 0: the model's", optional_width());
  field(v, "matrices", matrices, "3: gate, up and down; 2: up and down", matrix_count());
}

void Drafter::visit(FieldVisitor& v) {
  field(v, "layers", layers, "Layers that one drafted token passes", layer_count());
  field(v, "parameters", parameters, "Parameters of its own", rule().required().above(0));
  field(v, "active_parameters", active_parameters, "Parameters of its own that one drafted token meets",
        rule().required().above(0));
  field(v, "mean_accepted", mean_accepted,
        "Tokens that a verified step yields with 1, 2, ... drafted ones, the model's own included", rule().at_least(1));
}

void LlmSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kFp8Formats[] = {"fp8", "fp8_block"};
  static constexpr std::string_view kFp4Formats[] = {"nvfp4", "nvfp4_experts", "mxfp4_experts", "int4_experts"};
  static constexpr std::string_view kRestFormats[] = {"bf16", "fp8", "fp8_block"};

  field(v, "title", title, "Name for people", rule().required());
  field(v, "layers", layers, "Layers, each with an attention, a network or both", layer_count());
  field(v, "hidden", hidden, "Width of the residual stream", required_width());
  field(v, "vocabulary", vocabulary, "Tokens in the vocabulary", required_width());
  field(v, "context_tokens", context_tokens, "Longest context that the model is made for",
        rule().required().at_least(1).at_most(1e9));
  field(v, "tied_embeddings", tied_embeddings, "The head uses the matrix of the embedding");
  field(v, "grouped_attention", grouped_attention, "Layers of attention with grouped keys and values, by kind");
  field(v, "latent_attention", latent_attention, "Layers of multi-head latent attention, by kind");
  field(v, "linear_attention", linear_attention, "Layers that keep a state of fixed size instead of keys and values");
  field(v, "dense_networks", dense_networks, "Layers with a network that every token passes, by inner width");
  field(v, "experts", experts, "Layers with a mixture of experts, by kind");
  field(v, "drafters", drafters, "What drafts tokens for the model to verify: none or one");
  field(v, "fp8_format", fp8_format, "What fp8 means: fp8, a scale a tensor or channel; fp8_block, a 128 x 128 block",
        rule().one_of(kFp8Formats));
  field(v, "fp4_format", fp4_format,
        "What fp4 means: nvfp4 for all matrices of the layers, or a format for the routed experts only",
        rule().one_of(kFp4Formats));
  field(v, "fp4_rest", fp4_rest, "Format of the layers' other matrices where fp4 is for routed experts only",
        rule().one_of(kRestFormats));
  field(v, "published_parameters", published_parameters, "Published number of parameters", rule().required().above(0));
  field(v, "precisions", precisions, "Number formats in which it may be served",
        rule().required().one_of(kPrecisionNames));
  field(v, "sources", sources, "Who vouches for which field; a nested field is written with a dot", rule().required());
}

Precision precision_from_name(std::string_view name) {
  if (name == "bf16") return Precision::bf16;
  if (name == "fp8") return Precision::fp8;
  if (name == "fp4") return Precision::fp4;
  throw std::invalid_argument("precision '" + std::string(name) + "' is none of bf16, fp8, fp4");
}

KvFormat kv_format_from_name(std::string_view name) {
  if (name == "bf16") return KvFormat::bf16;
  if (name == "fp8") return KvFormat::fp8;
  throw std::invalid_argument("format of the KV cache '" + std::string(name) + "' is none of bf16, fp8");
}

}  // namespace tokenworks::llm
