#include "models/compute/kernel_spec.hpp"

#include <fmt/format.h>

#include <functional>

#include "models/compute/number_format.hpp"

namespace tokenworks::compute {
namespace {

const Rule kAxis = rule().required().at_least(0);
const Rule kTimes = rule().required().above(0);
constexpr std::string_view kKvFormats[] = {"bf16", "fp8"};

void rate_field(FieldVisitor& v, std::string_view key, double& flop_per_s, std::string_view help, const Rule& rule) {
  scaled_field(v, key, flop_per_s, 1e12, help, rule);
}

using Axes = std::vector<const std::vector<double>*>;

/// Checks one table: `times` over `axes`, rising along those whose `grows` is set.
void check_table(const std::string& place, const Axes& axes, const std::vector<std::string>& names,
                 const std::vector<bool>& grows, const std::vector<double>& times, std::vector<TableFault>& faults) {
  std::size_t expected = 1;
  bool good = true;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const std::vector<double>& axis = *axes[a];
    expected *= axis.size();
    if (axis.empty()) {
      faults.push_back({place + "/" + names[a], "is empty; allowed: at least one node"});
      good = false;
    }
    for (std::size_t i = 1; i < axis.size(); ++i) {
      if (axis[i] > axis[i - 1]) continue;
      faults.push_back({fmt::format("{}/{}/{}", place, names[a], i),
                        fmt::format("found {} after {}; nodes of an axis rise", axis[i], axis[i - 1])});
      good = false;
    }
  }
  if (times.size() != expected) {
    faults.push_back({place + "/time_s", fmt::format("found {} times; the axes ask for {}", times.size(), expected)});
    good = false;
  }
  if (!good) return;
  std::size_t stride = expected;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const std::size_t count = axes[a]->size();
    stride /= count;
    if (!grows[a]) continue;
    for (std::size_t i = stride; i < times.size(); ++i) {
      if ((i / stride) % count == 0 || times[i] >= times[i - stride]) continue;
      faults.push_back({fmt::format("{}/time_s/{}", place, i),
                        fmt::format("found {} after {} along {}; more work never takes less time", times[i],
                                    times[i - stride], names[a])});
      return;
    }
  }
}

}  // namespace

void GpuRatings::visit(FieldVisitor& v) {
  scaled_field(v, "memory_bandwidth_gb_per_s", memory_bandwidth, 1e9, "Rated memory bandwidth",
               rule().required().above(0));
  rate_field(v, "bf16_tflop_per_s", bf16_flop_per_s, "Rated dense rate in bf16, 1e12 operations per second",
             rule().required().above(0));
  rate_field(v, "fp8_tflop_per_s", fp8_flop_per_s, "The same in fp8; 0: the GPU has no units for it",
             rule().at_least(0));
  rate_field(v, "fp4_tflop_per_s", fp4_flop_per_s, "The same in fp4; 0: the GPU has no units for it",
             rule().at_least(0));
  scaled_field(v, "scale_up_bandwidth_gb_per_s", scale_up_bandwidth, 1e9,
               "Rated bandwidth of one GPU to its scale-up domain, one direction", rule().required().above(0));
}

void PhysicalForm::visit(FieldVisitor& v) {
  field(v, "fixed_s", fixed, "Fixed part", rule().required().at_least(0));
  field(v, "bandwidth_share", bandwidth_share, "Share of the rated memory bandwidth", rule().required().above(0));
  field(v, "compute_share", compute_share, "Share of the rated dense rate", rule().required().above(0));
  field(v, "blend", blend, "Exponent by which the times of memory and arithmetic blend",
        rule().at_least(1).at_most(64));
}

void MatrixProductTable::visit(FieldVisitor& v) {
  field(v, "format", format, "Number format", rule().required().one_of(kNumberFormatNames));
  field(v, "kernel", kernel, "What ran");
  field(v, "physical", physical, "Form that acts between rows and beyond the grid", rule().required());
  field(v, "rows", rows, "Axis: rows of the activation", kAxis);
  field(v, "columns", columns, "Axis: columns of the weights", kAxis);
  field(v, "inner", inner, "Axis: inner width", kAxis);
  field(v, "time_s", time_s, "Times at the nodes, inner fastest", kTimes);
}

void PromptAttentionTable::visit(FieldVisitor& v) {
  field(v, "format", format, "Number format of the arithmetic", rule().required().one_of(kKvFormats));
  field(v, "kv_format", kv_format, "Number format of the cache", rule().required().one_of(kKvFormats));
  field(v, "head_dim", head_dim, "Values in a head", rule().required().at_least(1));
  field(v, "window_tokens", window_tokens, "Reach of a sliding window; 0: all of the context", rule().at_least(0));
  field(v, "heads", heads, "Axis: query heads of all sequences together", kAxis);
  field(v, "tokens", tokens, "Axis: tokens of one sequence", kAxis);
  field(v, "time_s", time_s, "Times at the nodes, tokens fastest", kTimes);
}

void DecodeAttentionTable::visit(FieldVisitor& v) {
  field(v, "kv_format", kv_format, "Number format of the cache", rule().required().one_of(kKvFormats));
  field(v, "head_dim", head_dim, "Values in a head", rule().required().at_least(1));
  field(v, "window_tokens", window_tokens, "Reach of a sliding window; 0: all of the context", rule().at_least(0));
  field(v, "heads_per_kv_head", heads_per_kv_head, "Axis: query heads a KV head", kAxis);
  field(v, "kv_heads", kv_heads, "Axis: KV heads of all sequences together", kAxis);
  field(v, "context", context, "Axis: cached tokens of one sequence", kAxis);
  field(v, "time_s", time_s, "Times at the nodes, context fastest", kTimes);
}

namespace {
template <class Table>
void visit_latent(FieldVisitor& v, Table& table) {
  field(v, "kv_format", table.kv_format, "Number format of the cache", rule().required().one_of(kKvFormats));
  field(v, "matrix_format", table.matrix_format,
        "Number format of the projections that the times contain; absent: the attention kernel alone");
  field(v, "sparse", table.sparse, "With a lightning indexer");
  field(v, "dims", table.dims, "Hidden width, query rank, latent rank, rope, nope and value dimension",
        rule().required().at_least(0));
  field(v, "heads", table.heads, "Axis: heads on this GPU", kAxis);
  field(v, "sequences", table.sequences, "Axis: sequences", kAxis);
}
}  // namespace

void LatentPromptTable::visit(FieldVisitor& v) {
  visit_latent(v, *this);
  field(v, "tokens", tokens, "Axis: tokens of one sequence", kAxis);
  field(v, "time_s", time_s, "Times at the nodes, tokens fastest", kTimes);
}

void LatentDecodeTable::visit(FieldVisitor& v) {
  visit_latent(v, *this);
  field(v, "context", context, "Axis: cached tokens of one sequence", kAxis);
  field(v, "time_s", time_s, "Times at the nodes, context fastest", kTimes);
}

void ExpertCurve::visit(FieldVisitor& v) {
  const Rule count = rule().required().at_least(1);
  field(v, "hidden", hidden, "Width of a token", count);
  field(v, "intermediate", intermediate, "Inner width of one expert", count);
  field(v, "experts", experts, "Routed experts", count);
  field(v, "active", active, "Experts that a token visits", count);
  field(v, "tensor", tensor, "GPUs that an expert is split over", rule().at_least(1));
  field(v, "expert", expert, "Groups that the experts are spread over", rule().at_least(1));
  field(v, "time_s", time_s, "Times at the nodes of `tokens`", kTimes);
}

void ExpertTable::visit(FieldVisitor& v) {
  field(v, "format", format, "Number format", rule().required().one_of(kNumberFormatNames));
  field(v, "kernel", kernel, "What ran");
  field(v, "physical", physical, "Form for shapes and splits without a curve", rule().required());
  field(v, "half_rate_rows", half_rate_rows, "Rows that each expert met multiplies in vain", rule().at_least(0));
  field(v, "visit_passes", visit_passes, "How often the values of a visit, two bytes each, pass through memory",
        rule().at_least(0));
  field(v, "token_passes", token_passes, "How often those of every token do, visiting or not", rule().at_least(0));
  field(v, "tokens", tokens, "Axis of all curves: tokens of the whole layer", kAxis);
  field(v, "curves", curves, "Measured shapes and splits", rule().required());
}

void LinearAttentionTable::visit(FieldVisitor& v) {
  static constexpr std::string_view kPhases[] = {"prompt", "decode"};
  field(v, "phase", phase, "prompt or decode", rule().required().one_of(kPhases));
  field(v, "value_dim", value_dim, "Values in a head", rule().required().at_least(1));
  field(v, "value_heads", value_heads, "Axis: value heads on this GPU", kAxis);
  field(v, "tokens", tokens, "Axis: tokens of a prompt, or sequences", kAxis);
  field(v, "time_s", time_s, "Times of a layer's kernels between its projections, tokens fastest", kTimes);
}

void CollectiveCurve::visit(FieldVisitor& v) {
  static constexpr std::string_view kOperations[] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"};
  field(v, "library", library, "Whose kernel", rule().required());
  field(v, "operation", operation, "Collective", rule().required().one_of(kOperations));
  field(v, "gpus", gpus, "GPUs that take part", rule().required().at_least(2));
  field(v, "bytes", bytes, "Size of the whole buffer, rising", kTimes);
  field(v, "time_s", time_s, "Times at these sizes", kTimes);
}

void ExchangeCurve::visit(FieldVisitor& v) {
  const Rule count = rule().required().at_least(1);
  field(v, "library", library, "Whose kernel", rule().required());
  field(v, "mode", mode, "low_latency or normal", rule().required());
  field(v, "nodes", nodes, "Nodes that take part", count);
  field(v, "gpus", gpus, "GPUs that take part, over all nodes", count);
  field(v, "hidden", hidden, "Width of a token", count);
  field(v, "experts", experts, "Routed experts", count);
  field(v, "active", active, "Experts that a token visits", count);
  field(v, "tokens", tokens, "Axis: tokens of one rank", kAxis);
  field(v, "time_s", time_s, "Times of dispatch and combine together", kTimes);
}

void FitQuality::visit(FieldVisitor& v) {
  const Rule count = rule().at_least(0);
  field(v, "operator", operator_name, "Operator", rule().required());
  field(v, "group", group, "Format, head size and the like", rule().required());
  field(v, "rows", rows, "Measured rows", count);
  field(v, "unseen_rows", unseen_rows, "Rows of shapes that the judged fit had not seen", count);
  field(v, "excluded_rows", excluded_rows, "Rows left out by rule", count);
  field(v, "constants", constants, "Numbers in the fit", count);
  field(v, "median_error", median_error, "Median of |predicted / measured - 1| on unseen shapes", count);
  field(v, "p90_error", p90_error, "Its 90th percentile", count);
  field(v, "tail_median_error", tail_median_error, "The median beyond the largest sizes that the judged fit had seen",
        count);
  field(v, "tail_p90_error", tail_p90_error, "Its 90th percentile", count);
}

void KernelSpec::visit(FieldVisitor& v) {
  static constexpr std::string_view kHow[] = {"measured_here", "measured_published"};
  field(v, "title", title, "Name for people", rule().required());
  field(v, "gpu", gpu, "GPU that was measured", rule().required().from_catalog("gpus"));
  field(v, "library", library, "Whose kernels", rule().required());
  field(v, "version", version, "Version of the library", rule().required());
  field(v, "how", how, "How the times were obtained", rule().required().one_of(kHow));
  field(v, "ratings", ratings, "Rated figures of the GPU that was measured", rule().required());
  field(v, "matrix_products", matrix_products, "Matrix products by number format");
  field(v, "prompt_attention", prompt_attention, "Attention of prompts");
  field(v, "decode_attention", decode_attention, "Attention of decoding sequences");
  field(v, "latent_prompt", latent_prompt, "Multi-head latent attention of prompts");
  field(v, "latent_decode", latent_decode, "Multi-head latent attention of decoding sequences");
  field(v, "experts", experts, "Routed experts");
  field(v, "linear_attention", linear_attention, "Layers with a state of fixed size");
  field(v, "collectives", collectives, "Collectives inside the scale-up domain");
  field(v, "exchanges", exchanges, "Tokens sent to experts on other GPUs and back");
  field(v, "quality", quality, "How well the fit met rows that it had not seen");
  field(v, "sources", sources, "Who vouches for which field; a nested field is written with a dot", rule().required());
}

std::vector<TableFault> table_faults(const KernelSpec& kernels) {
  std::vector<TableFault> faults;
  const auto each = [&](const std::string& list, const auto& tables, const auto& check) {
    for (std::size_t i = 0; i < tables.size(); ++i) check(fmt::format("{}/{}", list, i), tables[i]);
  };
  each("matrix_products", kernels.matrix_products, [&](const std::string& place, const MatrixProductTable& t) {
    check_table(place, {&t.rows, &t.columns, &t.inner}, {"rows", "columns", "inner"}, {true, true, true}, t.time_s,
                faults);
  });
  each("prompt_attention", kernels.prompt_attention, [&](const std::string& place, const PromptAttentionTable& t) {
    check_table(place, {&t.heads, &t.tokens}, {"heads", "tokens"}, {true, true}, t.time_s, faults);
  });
  each("decode_attention", kernels.decode_attention, [&](const std::string& place, const DecodeAttentionTable& t) {
    check_table(place, {&t.heads_per_kv_head, &t.kv_heads, &t.context}, {"heads_per_kv_head", "kv_heads", "context"},
                {false, true, true}, t.time_s, faults);
  });
  each("latent_prompt", kernels.latent_prompt, [&](const std::string& place, const LatentPromptTable& t) {
    check_table(place, {&t.heads, &t.sequences, &t.tokens}, {"heads", "sequences", "tokens"}, {true, true, true},
                t.time_s, faults);
  });
  each("latent_decode", kernels.latent_decode, [&](const std::string& place, const LatentDecodeTable& t) {
    check_table(place, {&t.heads, &t.sequences, &t.context}, {"heads", "sequences", "context"}, {true, true, true},
                t.time_s, faults);
  });
  each("experts", kernels.experts, [&](const std::string& place, const ExpertTable& t) {
    each(place + "/curves", t.curves, [&](const std::string& at, const ExpertCurve& curve) {
      check_table(at, {&t.tokens}, {"tokens"}, {true}, curve.time_s, faults);
    });
  });
  each("linear_attention", kernels.linear_attention, [&](const std::string& place, const LinearAttentionTable& t) {
    check_table(place, {&t.value_heads, &t.tokens}, {"value_heads", "tokens"}, {true, true}, t.time_s, faults);
  });
  each("collectives", kernels.collectives, [&](const std::string& place, const CollectiveCurve& t) {
    check_table(place, {&t.bytes}, {"bytes"}, {true}, t.time_s, faults);
  });
  each("exchanges", kernels.exchanges, [&](const std::string& place, const ExchangeCurve& t) {
    check_table(place, {&t.tokens}, {"tokens"}, {true}, t.time_s, faults);
  });
  return faults;
}

}  // namespace tokenworks::compute
