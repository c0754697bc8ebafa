#include "models/llm/step_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/compute/roofline.hpp"
#include "models/llm/layout.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/network/collective_time.hpp"

namespace tokenworks::llm {
namespace {

using compute::GpuSpec;
using compute::KernelCost;
using compute::OperatorClass;

constexpr double kActivationBytes = 2.0;  // the residual stream and what crosses links is bf16
constexpr double kLogitBytes = 10.0;      // a pass that widens bf16 logits to fp32 (2 + 4), one that samples (4)
constexpr std::int64_t kLargestCheckedTokens = 65'536;  // the kernel tables behind the catalog end there
constexpr std::int64_t kLargestCheckedSequences = 8'192;

std::int64_t whole_picoseconds(double seconds) { return std::llround(seconds * 1e12); }

StepPart to_step_part(const KernelCost& cost) { return {whole_picoseconds(cost.seconds), cost.joules}; }

/// Answers by size, filled when first asked for. References stay valid: pages do not move.
template <class Answer>
class Memo {
 public:
  template <class Compute>
  const Answer& get(std::int64_t size, Compute compute) {
    const auto page = static_cast<std::size_t>(size) / kPageSize;
    const auto slot = static_cast<std::size_t>(size) % kPageSize;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page]) pages_[page] = std::make_unique<Page>();
    Page& entries = *pages_[page];
    if (!entries.known[slot]) {
      entries.answers[slot] = compute(size);
      entries.known[slot] = true;
    }
    return entries.answers[slot];
  }

 private:
  static constexpr std::size_t kPageSize = 512;
  struct Page {
    Answer answers[kPageSize];
    bool known[kPageSize] = {};
  };
  std::vector<std::unique_ptr<Page>> pages_;
};

/// The number format that a class of matrices is multiplied in on a given GPU.
struct Format {
  compute::ComputeRate rate;
  double bytes_per_weight = 2.0;
  double bytes_per_activation = 2.0;
};

/// A GPU without units for a format widens the weights and multiplies in bf16; Blackwell multiplies mxfp4 weights with
/// fp8 activations (vLLM and TensorRT-LLM documentation of gpt-oss).
Format format_of(const GpuSpec& gpu, const LlmSpec& model, Precision precision, MatrixClass matrix) {
  Format format{gpu.bf16, bytes_per_weight(model, precision, matrix), 2.0};
  const bool bf16_here =
      precision == Precision::bf16 || matrix == MatrixClass::unquantised || format.bytes_per_weight == 2.0;
  if (bf16_here) return format;
  const bool mxfp4 = precision == Precision::fp4 && model.fp4_format == "mxfp4_experts";
  if (precision == Precision::fp4 && !mxfp4 && gpu.fp4) {
    format.rate = *gpu.fp4;
    format.bytes_per_activation = format.bytes_per_weight;
  } else if (gpu.fp8 && (precision == Precision::fp8 || (mxfp4 && gpu.fp4))) {
    format.rate = *gpu.fp8;
    format.bytes_per_activation = 1.0;
  }
  return format;
}

}  // namespace

struct StepModel::State {
  State(const GpuSpec& gpu_in, const LlmSpec& model_in, Precision precision_in, const Parallelism& parallelism_in,
        const HostOverhead& host_in, ValidityNotes& notes_in)
      : gpu(gpu_in),
        model(model_in),
        precision(precision_in),
        parallelism(parallelism_in),
        host(host_in),
        notes(notes_in),
        layout(gpu_layout(model, parallelism)),
        layer_format(format_of(gpu, model, precision, MatrixClass::layer)),
        expert_format(format_of(gpu, model, precision, MatrixClass::expert)),
        bf16_format(format_of(gpu, model, precision, MatrixClass::unquantised)),
        in_copy(gpu, parallelism.tensor, notes),
        in_replica(gpu, parallelism.gpus(), notes) {
    if (model.attention) window = layout.window_layers > 0 ? model.attention->window_tokens : 0;
    const double attention_rate = gpu.bf16.peak_flop_per_s * gpu.prefill_attention_share;
    prompt_seconds_per_pair = layout.prompt_values_per_pair / attention_rate / copies();
    const double bytes_per_value = kv_bytes_per_value(precision);
    kv_bandwidth =
        gpu.memory_bandwidth.value * (bytes_per_value == 2.0 ? gpu.kv_bandwidth_share : gpu.fp8_kv_bandwidth_share);
    decode_seconds_per_layer_token = std::max(layout.kv_values_per_token * bytes_per_value / kv_bandwidth,
                                              2.0 * layout.decode_values_per_pair / attention_rate) /
                                     copies();
  }

  double copies() const { return static_cast<double>(parallelism.attention_data); }
  /// Share of the busiest copy of the attention when `count` things are dealt out evenly.
  double per_copy(std::int64_t count) const {
    return static_cast<double>((count + parallelism.attention_data - 1) / parallelism.attention_data);
  }
  double hidden() const { return static_cast<double>(model.hidden); }

  KernelCost communication(double seconds) const {
    return {seconds, seconds * power_w(OperatorClass::communication, {})};
  }
  double power_w(OperatorClass operator_class, const compute::UnitUse& use) const {
    return compute::board_power_w(gpu.power, operator_class, use);
  }

  KernelCost product(const Format& format, double rows, const Matrix& matrix) const {
    return compute::matrix_product(gpu, format.rate,
                                   {.rows = rows,
                                    .columns = matrix.columns,
                                    .inner = matrix.inner,
                                    .bytes_per_weight = format.bytes_per_weight,
                                    .bytes_per_activation = format.bytes_per_activation});
  }

  KernelCost products(const Format& format, double rows, const std::vector<Matrix>& matrices) const {
    KernelCost sum;
    for (const Matrix& matrix : matrices) sum += product(format, rows, matrix);
    return sum;
  }

  KernelCost all_reduce(double rows) const {
    return communication(in_copy.all_reduce_s(rows * hidden() * kActivationBytes));
  }

  /// Routed experts of one layer, for `tokens` tokens of the whole replica that meet experts at random.
  KernelCost routed_experts(double tokens) const {
    const Experts& experts = *model.experts;
    const double visit_share = static_cast<double>(experts.active) / static_cast<double>(experts.count);
    const double met = -layout.experts * std::expm1(tokens * std::log1p(-visit_share));
    return compute::expert_block(gpu, expert_format.rate,
                                 {.visits = tokens * visit_share * layout.experts,
                                  .experts_met = met,
                                  .values_per_expert = layout.expert_values,
                                  .bytes_per_weight = expert_format.bytes_per_weight});
  }

  /// Tokens travel between copies of the attention and the experts and back: all copies gather all tokens and scatter
  /// the sums, or, with experts spread out, each token goes to its experts only; engines take what is faster.
  KernelCost expert_exchange(double tokens) const {
    const double token_bytes = hidden() * kActivationBytes;
    const double gather = tokens * token_bytes * (copies() - 1.0) / copies();
    double received = gather;
    if (parallelism.expert > 1) {
      const double groups = static_cast<double>(parallelism.expert);
      const double gpus = static_cast<double>(parallelism.gpus());
      const double groups_met =
          groups * (1.0 - std::pow(1.0 - 1.0 / groups, static_cast<double>(model.experts->active)));
      received = std::min(gather, tokens / gpus * groups_met * (gpus / groups) * token_bytes);
    }
    return communication(2.0 * in_replica.exchange_s(received));
  }

  KernelCost elementwise_of_layer(double rows, double activated_values) const {
    const double norm_bytes = rows * hidden() * 4.0 * kActivationBytes;  // sum and its norm: two in, two out
    return 2.0 * compute::elementwise_kernel(gpu, norm_bytes) +
           compute::elementwise_kernel(gpu, rows * layout.rotated_values * 2.0 * kActivationBytes) +
           compute::elementwise_kernel(gpu, activated_values * 3.0 * kActivationBytes);
  }

  StepPart compute_tokens(std::int64_t count) const {
    notes.check("step_model: tokens in a step", static_cast<double>(count), 1.0,
                static_cast<double>(kLargestCheckedTokens));
    const double tokens = static_cast<double>(count);
    const double rows = per_copy(count);
    KernelCost sum = layout.layers * (products(layer_format, rows, layout.attention) + all_reduce(rows));
    if (layout.dense_layers > 0) {
      sum += layout.dense_layers * (products(layer_format, rows, layout.dense) + all_reduce(rows) +
                                    elementwise_of_layer(rows, rows * layout.dense_width));
    }
    if (layout.expert_layers > 0) {
      const double visits = tokens * static_cast<double>(model.experts->active) /
                            static_cast<double>(model.experts->count) * layout.experts;
      sum += layout.expert_layers *
             (product(bf16_format, rows, layout.router) + products(layer_format, rows, layout.shared_expert) +
              routed_experts(tokens) + (parallelism.attention_data > 1 ? expert_exchange(tokens) : all_reduce(rows)) +
              elementwise_of_layer(rows, rows * layout.shared_width + visits * layout.expert_width));
    }
    return to_step_part(sum);
  }

  StepPart compute_head(std::int64_t sequences) const {
    const double rows = per_copy(sequences);
    const double tensor = static_cast<double>(parallelism.tensor);
    const double logits = rows * static_cast<double>(model.vocabulary);
    KernelCost sum = product(bf16_format, rows, layout.head);
    sum += communication(in_copy.exchange_s(logits * kActivationBytes * (tensor - 1.0) / tensor));
    sum += 2.0 * compute::elementwise_kernel(gpu, logits * kLogitBytes / 2.0);
    return to_step_part(sum);
  }

  DecodeAttention compute_decode_attention(std::int64_t sequences) const {
    notes.check("step_model: decoding sequences", static_cast<double>(sequences), 1.0,
                static_cast<double>(kLargestCheckedSequences));
    // A query is read and an output written for each head, besides the context.
    const double query_bytes = per_copy(sequences) * layout.decode_values_per_pair * kActivationBytes;
    const double fixed = layout.layers * (gpu.smallest_decode_attention.value + query_bytes / kv_bandwidth);
    DecodeAttention attention;
    attention.gpu_power_w =
        power_w(OperatorClass::decode_attention, {.memory = kv_bandwidth / gpu.memory_bandwidth.value});
    attention.fixed = to_step_part({fixed, fixed * attention.gpu_power_w});
    attention.ps_per_full_token = whole_picoseconds(layout.full_layers * decode_seconds_per_layer_token);
    attention.ps_per_window_token = whole_picoseconds(layout.window_layers * decode_seconds_per_layer_token);
    return attention;
  }

  /// Attention of a whole prompt: twice the pairs of query and key, plus as if each query met `half` more keys, which
  /// is the same as a rate of L / (L + half).
  double prompt_seconds(double length) const {
    const double reach = static_cast<double>(window);
    const double full_pairs = length * length;
    const double window_pairs = length <= reach ? full_pairs : reach * (2.0 * length - reach);
    const double start_up = length * gpu.prefill_attention_half_tokens;
    return prompt_seconds_per_pair *
           (layout.full_layers * (full_pairs + start_up) + layout.window_layers * (window_pairs + start_up));
  }

  GpuSpec gpu;
  LlmSpec model;
  Precision precision;
  Parallelism parallelism;
  HostOverhead host;
  ValidityNotes& notes;
  GpuLayout layout;
  Format layer_format, expert_format, bf16_format;
  network::Collectives in_copy, in_replica;
  std::int64_t window = 0;
  double kv_bandwidth = 0.0;
  double prompt_seconds_per_pair = 0.0;
  double decode_seconds_per_layer_token = 0.0;
  Memo<StepPart> tokens_memo, head_memo;
  Memo<DecodeAttention> decode_memo;
};

StepModel::StepModel(const GpuSpec& gpu, const LlmSpec& model, Precision precision, const Parallelism& parallelism,
                     const HostOverhead& host, ValidityNotes& notes)
    : state_(std::make_unique<State>(gpu, model, precision, parallelism, host, notes)) {}

StepModel::~StepModel() = default;

const StepPart& StepModel::tokens(std::int64_t tokens) {
  if (tokens < 1) throw std::invalid_argument("step model: a step has at least 1 token, not " + std::to_string(tokens));
  return state_->tokens_memo.get(tokens, [this](std::int64_t count) { return state_->compute_tokens(count); });
}

const StepPart& StepModel::head(std::int64_t sequences) {
  if (sequences < 0) {
    throw std::invalid_argument("step model: " + std::to_string(sequences) + " sequences at the head");
  }
  return state_->head_memo.get(
      sequences, [this](std::int64_t count) { return count == 0 ? StepPart{} : state_->compute_head(count); });
}

StepPart StepModel::host(std::int64_t sequences) const {
  const double seconds = state_->host.per_step_s + state_->host.per_sequence_s * static_cast<double>(sequences);
  return to_step_part({seconds, seconds * waiting_gpu_power_w()});
}

const DecodeAttention& StepModel::decode_attention(std::int64_t sequences) {
  if (sequences < 1) {
    throw std::invalid_argument("step model: decode attention of " + std::to_string(sequences) + " sequences");
  }
  return state_->decode_memo.get(sequences,
                                 [this](std::int64_t count) { return state_->compute_decode_attention(count); });
}

StepPart StepModel::prompt_attention(std::int64_t start, std::int64_t end) const {
  if (start < 0 || end <= start) {
    throw std::invalid_argument("step model: prompt chunk from token " + std::to_string(start) + " to " +
                                std::to_string(end));
  }
  state_->notes.check("step_model: context [tokens]", static_cast<double>(end), 1.0,
                      static_cast<double>(state_->model.context_tokens));
  const double until_start = state_->prompt_seconds(static_cast<double>(start));
  const double until_end = state_->prompt_seconds(static_cast<double>(end));
  // Rounded before the difference: chunks of a prompt add up to the whole prompt exactly.
  return {whole_picoseconds(until_end) - whole_picoseconds(until_start),
          (until_end - until_start) *
              state_->power_w(OperatorClass::prompt_attention, {.arithmetic = state_->gpu.prefill_attention_share})};
}

std::int64_t StepModel::window_tokens() const { return state_->window; }

double StepModel::waiting_gpu_power_w() const { return state_->gpu.power.waiting.value; }

}  // namespace tokenworks::llm
