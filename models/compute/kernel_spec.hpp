// Fitted kernel times of one GPU under one kernel library: a catalog entry that `tokenworks calibrate fit` writes.
//
// A table holds times at the nodes of a stated grid. Between nodes the time is interpolated so that it never falls when
// work grows (kernel_time.hpp says how), because the nodes never fall: the fit sees to it and the reader checks it.
// Flat lists run through the axes in the order of their members, the last one fastest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::compute {

/// Rated figures that kernels are bound by. A rate of 0: the GPU has no units for it.
struct GpuRatings {
  BytesPerSecond memory_bandwidth{0};
  double bf16_flop_per_s = 0.0, fp8_flop_per_s = 0.0, fp4_flop_per_s = 0.0;  ///< dense
  BytesPerSecond scale_up_bandwidth{0};                                      ///< to its domain, one direction
  void visit(FieldVisitor& v);
};

/// Physical form of a kernel: t = fixed + ((bytes / (B s))^q + (operations / (F e))^q)^(1/q).
struct PhysicalForm {
  Seconds fixed{0};
  double bandwidth_share = 0.0;  ///< s, of the rated memory bandwidth
  double compute_share = 0.0;    ///< e, of the rated dense rate
  double blend = 3.0;            ///< q
  void visit(FieldVisitor& v);
};

/// Products of a (rows x inner) activation with an (inner x columns) weight matrix.
struct MatrixProductTable {
  std::string format;  ///< of number_format.hpp
  std::string kernel;  ///< what ran
  PhysicalForm physical;
  std::vector<double> rows, columns, inner;  ///< axes
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// Causal attention of prompts. Axes: heads of all sequences together, tokens of one sequence.
struct PromptAttentionTable {
  std::string format, kv_format;
  std::int64_t head_dim = 0;
  std::int64_t window_tokens = 0;  ///< 0: all of the context
  std::vector<double> heads, tokens;
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// One new token a sequence. Axes: query heads a KV head, KV heads of all sequences together, cached tokens of one
/// sequence.
struct DecodeAttentionTable {
  std::string kv_format;
  std::int64_t head_dim = 0;
  std::int64_t window_tokens = 0;
  std::vector<double> heads_per_kv_head, kv_heads, context;
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// Whole blocks of multi-head latent attention, projections included, of one model's dimensions; or, with
/// `matrix_format` empty, the attention kernel alone.
struct LatentPromptTable {
  std::string kv_format, matrix_format;
  bool sparse = false;             ///< with a lightning indexer
  std::vector<std::int64_t> dims;  ///< hidden, query rank, kv rank, rope, nope, value
  std::vector<double> heads, sequences, tokens;
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};
struct LatentDecodeTable {
  std::string kv_format, matrix_format;
  bool sparse = false;
  std::vector<std::int64_t> dims;
  std::vector<double> heads, sequences, context;
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// Routed experts of one layer: sorting, both products, summing. Curves over tokens, one a shape and split, under the
/// power law of 1.01 by which the published tables spread visits over experts.
struct ExpertCurve {
  std::int64_t hidden = 0, intermediate = 0, experts = 0, active = 0;
  std::int64_t tensor = 1, expert = 1;
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};
struct ExpertTable {
  std::string format, kernel;
  PhysicalForm physical;
  double half_rate_rows = 0.0;  ///< rows that each expert met multiplies in vain
  std::vector<double> tokens;   ///< axis of all curves; tokens of the whole layer
  std::vector<ExpertCurve> curves;
  double visit_passes = 0.0;  ///< how often a visit's two-byte values, outer and inner, pass through memory
  double token_passes = 0.0;  ///< how often those of every token do, visiting or not
  void visit(FieldVisitor& v);
};

/// Kernels of layers with a state: time = fixed + per token and state value, prompts and decoding apart.
struct LinearAttentionTable {
  std::string phase;                        ///< "prompt" or "decode"
  std::vector<double> value_heads, tokens;  ///< axes: heads on this GPU; prompt: tokens, decode: sequences
  std::int64_t value_dim = 0;
  std::vector<double> time_s;  ///< of all kernels of a layer between its projections
  void visit(FieldVisitor& v);
};

/// A collective inside the scale-up domain.
struct CollectiveCurve {
  std::string library;    ///< "tensorrt_llm", "vllm", "sglang", "nccl"
  std::string operation;  ///< "all_reduce", "all_gather", "reduce_scatter", "all_to_all"
  std::int64_t gpus = 0;
  std::vector<double> bytes;  ///< of the whole buffer
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// Tokens sent to experts on other GPUs and back (dispatch and combine together).
struct ExchangeCurve {
  std::string library, mode;  ///< "deepep": "low_latency", "normal"
  std::int64_t nodes = 1, gpus = 1, hidden = 0, experts = 0, active = 0;
  std::vector<double> tokens;  ///< of one rank
  std::vector<double> time_s;
  void visit(FieldVisitor& v);
};

/// How well the fit met rows that it had not seen.
struct FitQuality {
  std::string operator_name;  ///< key: operator
  std::string group;          ///< format, head size, ...
  std::int64_t rows = 0, unseen_rows = 0, excluded_rows = 0, constants = 0;
  double median_error = 0.0, p90_error = 0.0;            ///< of unseen shapes
  double tail_median_error = 0.0, tail_p90_error = 0.0;  ///< of sizes beyond those seen; 0 rows: 0
  void visit(FieldVisitor& v);
};

struct KernelSpec {
  std::string title;
  std::string gpu;                         ///< catalog id of the GPU that was measured
  std::string library, version;            ///< whose kernels
  std::string how = "measured_published";  ///< measured_here, measured_published
  GpuRatings ratings;                      ///< of the GPU that was measured
  std::vector<MatrixProductTable> matrix_products;
  std::vector<PromptAttentionTable> prompt_attention;
  std::vector<DecodeAttentionTable> decode_attention;
  std::vector<LatentPromptTable> latent_prompt;
  std::vector<LatentDecodeTable> latent_decode;
  std::vector<ExpertTable> experts;
  std::vector<LinearAttentionTable> linear_attention;
  std::vector<CollectiveCurve> collectives;
  std::vector<ExchangeCurve> exchanges;  ///< steps read those between nodes
  std::vector<FitQuality> quality;
  std::vector<SourceNote> sources;
  void visit(FieldVisitor& v);
};

/// What is wrong with the tables, each with its place ("matrix_products/0/time_s"): axes that do not rise, lists of
/// the wrong length, times that are not positive or fall along an axis.
struct TableFault {
  std::string place, message;
};
std::vector<TableFault> table_faults(const KernelSpec& kernels);

}  // namespace tokenworks::compute
