// Question   how long does one kernel of an LLM step run on one GPU
// Equation   tables of kernel_spec.hpp, between their nodes:
//            matrix product     along rows linear in the physical form's time, along columns and inner straight in
//                               log(size), log(time); below the grid as at its edge, beyond it plus what the physical
//                               form adds (more rows: times its ratio)
//            prompt attention   P(L) = [T(W, L) - T0] * heads / W, with W = heads * max(1, 8192 / L): a prompt's share
//            of
//                               a well-filled kernel; a chunk costs the difference of its ends
//            decode attention   linear in KV heads and context, straight in log(query heads a KV head)
//            experts            straight in log(tokens), log(time); a split without a curve: physical form of the
//                               busiest GPU times the ratio of curve to form, averaged in logs over the curves of this
//                               shape (of all shapes where it has none), each weighted by its log distance ^ -4
//            On another GPU than the one measured: nodes times the ratio of physical forms with each GPU's ratings;
//            attention: what exceeds the smallest time scales with memory bandwidth (decode) or the bf16 rate
//            (prompts). elementwise        t = fixed + bytes / (0.8 B)
// Source     tables: the catalog's kernel entries. Elementwise: ai-dynamo/aiconfigurator commit 095f58a, system files
// Valid for  the axes of the tables; beyond them the result stands and a validity note says how far
// Checked by tests/models/compute/kernel_time_test.cpp (laws), tests/gpu_calibration/fit_test.cpp (published tables)
#pragma once

#include <cstdint>
#include <vector>

#include "models/compute/kernel_spec.hpp"
#include "models/compute/number_format.hpp"

namespace tokenworks::compute {

double physical_time_s(const PhysicalForm& form, const GpuRatings& ratings, NumberFormat format, double bytes,
                       double operations);
double rated_flop_per_s(const GpuRatings& ratings, Arithmetic arithmetic);

struct MatrixProduct {
  double rows = 0.0, columns = 0.0, inner = 0.0;
};
double bytes_of(const MatrixProduct& product, NumberFormat format);
double operations_of(const MatrixProduct& product);
double physical_matrix_product_s(const MatrixProductTable& table, const GpuRatings& ratings,
                                 const MatrixProduct& product);
/// `ratings`: of the GPU of the table.
double matrix_product_s(const MatrixProductTable& table, const GpuRatings& ratings, const MatrixProduct& product);
/// The table for a GPU of other ratings, or for `format` where it has none of its own: times the ratio of physical
/// forms.
MatrixProductTable on_gpu(const MatrixProductTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                          NumberFormat format);

/// Time of the kernel for `heads` query heads over all sequences, each with `tokens` tokens from zero.
double prompt_attention_s(const PromptAttentionTable& table, double heads, double tokens);
/// Smallest time of the table: what a kernel costs whatever it does.
double smallest_s(const PromptAttentionTable& table);
double smallest_s(const DecodeAttentionTable& table);

double decode_attention_s(const DecodeAttentionTable& table, double heads_per_kv_head, double kv_heads, double context);

double latent_prompt_s(const LatentPromptTable& table, double heads, double sequences, double tokens);
double latent_decode_s(const LatentDecodeTable& table, double heads, double sequences, double context);

/// A layer's routed experts and how they are split.
struct ExpertShape {
  std::int64_t hidden = 0, intermediate = 0, experts = 0, active = 0;
  std::int64_t tensor = 1, expert = 1;
  bool operator==(const ExpertShape&) const = default;
};
/// Bytes and operations of a GPU that gets its even share of visits.
double expert_bytes(const ExpertShape& shape, NumberFormat format, double tokens);
double expert_operations(const ExpertShape& shape, double tokens);
/// What the busiest of the groups that experts are spread over gets, when the popularity of experts is spread evenly in
/// logs (a power law of exponent 1) from 1 to 0.8 tokens.
struct ExpertLoad {
  double visits = 0.0;
  double met = 0.0;  ///< experts that any token visits
};
ExpertLoad busiest_group(const ExpertShape& shape, double tokens);
double physical_expert_s(const ExpertTable& table, const GpuRatings& ratings, const ExpertShape& shape, double tokens);
/// Times of one shape and split at the nodes of its table, found once for many sizes. `measured`: the GPU of the table,
/// `ratings`: the one that they are wanted for.
struct ExpertTimes {
  std::vector<double> tokens, seconds;
};
ExpertTimes expert_times(const ExpertTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                         const ExpertShape& shape);
double expert_s(const ExpertTable& table, const GpuRatings& ratings, const ExpertShape& shape, const ExpertTimes& times,
                double tokens);
/// Both in one.
double expert_s(const ExpertTable& table, const GpuRatings& measured, const GpuRatings& ratings,
                const ExpertShape& shape, double tokens);

double linear_attention_s(const LinearAttentionTable& table, double value_heads, double tokens);

/// Straight in log(x), log(y) between points; constant below the first, linear by the last slope beyond the last.
double along_curve(const std::vector<double>& x, const std::vector<double>& y, double at);

}  // namespace tokenworks::compute
