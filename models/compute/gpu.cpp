#include "models/compute/gpu.hpp"

namespace tokenworks::compute {
namespace {

constexpr double kTera = 1e12;
constexpr double kGiga = 1e9;
constexpr double kGibi = 1073741824.0;

/// Like `scaled_field`, for a plain number.
void tera_field(FieldVisitor& v, std::string_view key, double& value, std::string_view help, const Rule& rule) {
  const double before = value / kTera;
  double in_unit = before;
  field(v, key, in_unit, help, rule);
  if (in_unit != before) value = in_unit * kTera;
}

}  // namespace

void ComputeRate::visit(FieldVisitor& v) {
  tera_field(v, "peak_tflop_per_s", peak_flop_per_s, "Rated dense rate, 1e12 operations per second",
             rule().required().above(0));
  field(v, "achieved_share", achieved_share, "Share of the rated rate that large matrix products achieve",
        rule().required().above(0).at_most(1));
  field(v, "half_rate_tokens", half_rate_tokens, "Rows of a matrix product at which half of that rate is reached",
        rule().required().at_least(0));
  field(v, "weight_bandwidth_share", weight_bandwidth_share,
        "Share of the memory bandwidth while weights stream through matrix products of few rows",
        rule().required().above(0).at_most(1));
  field(v, "fixed_s", fixed, "Fixed part of a matrix product", rule().required().above(0));
}

void AllReduceCurve::visit(FieldVisitor& v) {
  field(v, "gpus", gpus, "GPUs that take part", rule().required().at_least(2));
  field(v, "bytes", bytes, "Size of the whole buffer, rising", rule().required().above(0));
  field(v, "time_s", seconds, "Time of one all-reduce of that size", rule().required().above(0));
}

void GpuSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kHow[] = {"measured_here", "measured_published", "scaled", "rated"};
  const Rule share = rule().required().above(0).at_most(1);
  const Rule duration = rule().required().above(0);

  field(v, "title", title, "Name for people", rule().required());
  scaled_field(v, "memory_gib", memory, kGibi, "Memory as the driver reports it", rule().required().above(0));
  scaled_field(v, "memory_bandwidth_gb_per_s", memory_bandwidth, kGiga, "Rated memory bandwidth",
               rule().required().above(0));
  field(v, "kv_bandwidth_share", kv_bandwidth_share, "Share of the memory bandwidth in decode attention, bf16 cache",
        share);
  field(v, "fp8_kv_bandwidth_share", fp8_kv_bandwidth_share,
        "Share of the memory bandwidth in decode attention, fp8 cache", share);
  field(v, "elementwise_bandwidth_share", elementwise_bandwidth_share,
        "Share of the memory bandwidth in norms, activations and the like",
        rule().above(0).at_most(1).default_from('V', "ai-dynamo/aiconfigurator commit 095f58a, system files"));
  field(v, "prefill_attention_share", prefill_attention_share,
        "Share of the bf16 peak in causal attention over long prompts", share);
  field(v, "prefill_attention_half_tokens", prefill_attention_half_tokens,
        "Prompt length at which prompt attention reaches half of that rate", rule().required().at_least(0));
  field(v, "expert_bandwidth_share", expert_bandwidth_share,
        "Share of the memory bandwidth while the weights of routed experts are read", share);
  field(v, "expert_compute_share", expert_compute_share, "Share of the peak in grouped products of routed experts",
        share);
  field(v, "expert_half_rate_tokens", expert_half_rate_tokens,
        "Rows that one expert multiplies at which half of that is reached", rule().required().at_least(0));
  field(v, "smallest_decode_attention_s", smallest_decode_attention, "Fixed part of decode attention of one layer",
        duration);
  field(v, "smallest_expert_block_s", smallest_expert_block,
        "Fixed part of a layer's routed experts: sorting, both products, summing", duration);
  field(v, "elementwise_kernel_s", elementwise_kernel, "Fixed part of a norm, activation or the like", duration);
  field(v, "bf16", bf16, "Rates in bf16", rule().required());
  field(v, "fp8", fp8, "Rates in fp8; absent when the GPU computes fp8 weights in bf16");
  field(v, "fp4", fp4, "Rates in fp4; absent when the GPU computes fp4 weights in bf16");
  field(v, "all_reduce", all_reduce, "Times of all-reduce inside the scale-up domain", rule().required());
  scaled_field(v, "scale_up_bandwidth_gb_per_s", scale_up_bandwidth, kGiga,
               "Rated bandwidth of one GPU to its scale-up domain, one direction", rule().required().above(0));
  field(v, "power", power, "Board power by what the GPU does", rule().required());
  field(v, "how", how, "How the achieved figures were obtained", rule().required().one_of(kHow));
  field(v, "sources", sources, "Who vouches for which field; a nested field is written with a dot", rule().required());
}

}  // namespace tokenworks::compute
