#include "models/llm/architecture.hpp"

#include <stdexcept>

namespace tokenworks::llm {

void GroupedAttention::visit(FieldVisitor& v) {
  const Rule count = rule().required().at_least(1);
  field(v, "heads", heads, "Query heads", count);
  field(v, "kv_heads", kv_heads, "Heads of keys and values", count);
  field(v, "head_dim", head_dim, "Values in a head", count);
  field(v, "window_tokens", window_tokens, "Reach of sliding-window layers; 0 when there are none", rule().at_least(0));
  field(v, "window_layers", window_layers, "Layers with a sliding window", rule().at_least(0));
}

void LatentAttention::visit(FieldVisitor& v) {
  const Rule count = rule().required().at_least(1);
  field(v, "heads", heads, "Heads", count);
  field(v, "query_rank", query_rank, "Rank of the compressed query", count);
  field(v, "kv_rank", kv_rank, "Rank of the latent that stands for keys and values", count);
  field(v, "rope_dim", rope_dim, "Values of a head with rotary position", count);
  field(v, "nope_dim", nope_dim, "Values of a head without position", count);
  field(v, "value_dim", value_dim, "Values of a head of the values", count);
}

void Experts::visit(FieldVisitor& v) {
  field(v, "count", count, "Routed experts in a layer", rule().required().at_least(1));
  field(v, "active", active, "Routed experts that a token visits", rule().required().at_least(1));
  field(v, "shared", shared, "Experts that every token visits", rule().at_least(0));
  field(v, "intermediate", intermediate, "Inner width of one expert", rule().required().at_least(1));
  field(v, "leading_dense_layers", leading_dense_layers, "First layers that have a dense network instead",
        rule().at_least(0));
}

void LlmSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kFp4Formats[] = {"nvfp4", "mxfp4_experts"};
  const Rule count = rule().required().at_least(1);

  field(v, "title", title, "Name for people", rule().required());
  field(v, "layers", layers, "Transformer layers", count);
  field(v, "hidden", hidden, "Width of the residual stream", count);
  field(v, "vocabulary", vocabulary, "Tokens in the vocabulary", count);
  field(v, "context_tokens", context_tokens, "Longest context that the model is made for", count);
  field(v, "intermediate", intermediate, "Inner width of the dense layers; 0 when there are none", rule().at_least(0));
  field(v, "tied_embeddings", tied_embeddings, "The head uses the matrix of the embedding");
  field(v, "attention", attention, "Attention with grouped keys and values");
  field(v, "latent_attention", latent_attention, "Multi-head latent attention");
  field(v, "experts", experts, "Mixture of experts");
  field(v, "fp4_format", fp4_format,
        "What fp4 means: nvfp4 for all matrices of the layers, or mxfp4 for the experts and bf16 for the rest",
        rule().one_of(kFp4Formats));
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

}  // namespace tokenworks::llm
