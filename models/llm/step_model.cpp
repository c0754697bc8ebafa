#include "models/llm/step_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/compute/kernel_time.hpp"
#include "models/llm/layout.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/network/collective_time.hpp"

namespace tokenworks::llm {
namespace {

using compute::GpuSpec;
using compute::KernelCost;

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
  if (weight_format(model, precision, matrix) == WeightFormat::int4) return format;
  const bool mxfp4 = weight_format(model, precision, matrix) == WeightFormat::mxfp4;
  const bool fp8 = precision == Precision::fp8 || format.bytes_per_weight >= 1.0;
  if (precision == Precision::fp4 && !fp8 && !mxfp4 && gpu.fp4) {
    format.rate = *gpu.fp4;
    format.bytes_per_activation = format.bytes_per_weight;
  } else if (gpu.fp8 && (fp8 || (mxfp4 && gpu.fp4))) {
    format.rate = *gpu.fp8;
    format.bytes_per_activation = 1.0;
  }
  return format;
}

}  // namespace

struct StepModel::State {
  State(const GpuSpec& gpu_in, const LlmSpec& model_in, Precision precision_in, const Parallelism& parallelism_in,
        const HostOverhead& host_in, ValidityNotes& notes_in, KvFormat kv_format)
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
        in_replica(gpu, parallelism.gpus_per_stage(), notes) {
    const double attention_rate = gpu.bf16.peak_flop_per_s * gpu.prefill_attention_share;
    kv_bandwidth = gpu.memory_bandwidth.value *
                   (kv_format == KvFormat::bf16 ? gpu.kv_bandwidth_share : gpu.fp8_kv_bandwidth_share);
    for (const AttentionPart& part : layout.attention) {
      AttentionTime time;
      time.prompt_seconds_per_pair = part.layers * part.prompt_values_per_pair / attention_rate / copies();
      const double key = std::max(kv_bytes_per_key(part, kv_format) / kv_bandwidth,
                                  2.0 * part.decode_values_per_pair / attention_rate);
      const double index =
          std::max(index_bytes_per_key(part) / kv_bandwidth, 2.0 * part.index_values_per_pair / attention_rate);
      const double layers = part.layers / copies();
      if (part.kind == AttentionPart::Kind::linear) continue;
      if (part.sees_all_context()) {
        // A query that meets selected tokens only is taken to meet all of a context no longer than the selection.
        full_seconds_per_token += layers * part.keys_per_token() * (index + (part.selected_tokens > 0 ? 0.0 : key));
      }
      if (part.window_tokens > 0) {
        window_seconds_per_token += layers * key;
        window = std::max(window, static_cast<std::int64_t>(part.window_tokens));
        time.window_tokens = part.window_tokens;
      } else if (part.selected_tokens > 0) {
        window_seconds_per_token += layers * key;
        window = std::max(window, static_cast<std::int64_t>(part.selected_tokens));
        time.window_tokens = part.selected_tokens;
      }
      attention_times.push_back(time);
    }
  }

  double copies() const { return static_cast<double>(parallelism.attention_data); }
  /// Share of the busiest copy of the attention when `count` things are dealt out evenly.
  double per_copy(std::int64_t count) const {
    return static_cast<double>((count + parallelism.attention_data - 1) / parallelism.attention_data);
  }
  double hidden() const { return static_cast<double>(model.hidden); }

  KernelCost communication(double seconds) const { return {seconds, seconds * gpu.power.communication.value}; }

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
  KernelCost routed_experts(double tokens, const ExpertPart& experts) const {
    const double visit_share = experts.active / experts.count;
    const double met = -experts.here * std::expm1(tokens * std::log1p(-visit_share));
    return compute::expert_block(gpu, expert_format.rate,
                                 {.visits = tokens * visit_share * experts.here,
                                  .experts_met = met,
                                  .values_per_expert = experts.values,
                                  .bytes_per_weight = expert_format.bytes_per_weight});
  }

  /// Tokens travel between copies of the attention and the experts and back: all copies gather all tokens and scatter
  /// the sums, or, with experts spread out, each token goes to its experts only; engines take what is faster.
  KernelCost expert_exchange(double tokens, const ExpertPart& experts) const {
    const double token_bytes = hidden() * kActivationBytes;
    const double gather = tokens * token_bytes * (copies() - 1.0) / copies();
    double received = gather;
    if (parallelism.expert > 1) {
      const double groups = static_cast<double>(parallelism.expert);
      const double gpus = static_cast<double>(parallelism.gpus_per_stage());
      const double groups_met = groups * (1.0 - std::pow(1.0 - 1.0 / groups, experts.active));
      received = std::min(gather, tokens / gpus * groups_met * (gpus / groups) * token_bytes);
    }
    return communication(2.0 * in_replica.exchange_s(received));
  }

  /// Sum and its norm: two in, two out.
  KernelCost norm(double rows) const {
    return compute::elementwise_kernel(gpu, rows * hidden() * 4.0 * kActivationBytes);
  }

  KernelCost attention_tokens(const AttentionPart& part, double rows) const {
    KernelCost sum = products(layer_format, rows, part.matrices) + all_reduce(rows) + norm(rows) +
                     compute::elementwise_kernel(gpu, rows * part.rotated_values * 2.0 * kActivationBytes);
    // A state is read and written once for each sequence; as many as tokens when decoding.
    const double state_bytes = 2.0 * part.state_values * part.state_bytes_per_value;
    if (state_bytes > 0) sum += compute::elementwise_kernel(gpu, rows * state_bytes);
    return sum;
  }

  KernelCost network_tokens(const NetworkPart& part, double tokens, double rows) const {
    double activated = rows * part.activated_values;
    KernelCost sum = products(layer_format, rows, part.matrices) + norm(rows);
    if (part.experts) {
      const ExpertPart& experts = *part.experts;
      activated += tokens * experts.active / experts.count * experts.here * experts.inner;
      sum += product(bf16_format, rows, experts.router) + routed_experts(tokens, experts);
    }
    sum += part.experts && parallelism.attention_data > 1 ? expert_exchange(tokens, *part.experts) : all_reduce(rows);
    return sum + compute::elementwise_kernel(gpu, activated * 3.0 * kActivationBytes);
  }

  StepPart compute_tokens(std::int64_t count) const {
    notes.check("step_model: tokens in a step", static_cast<double>(count), 1.0,
                static_cast<double>(kLargestCheckedTokens));
    const double tokens = static_cast<double>(count);
    const double rows = per_copy(count);
    KernelCost sum;
    for (const AttentionPart& part : layout.attention) sum += part.layers * attention_tokens(part, rows);
    for (const NetworkPart& part : layout.networks) sum += part.layers * network_tokens(part, tokens, rows);
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
    double fixed = 0.0;
    for (const AttentionPart& part : layout.attention) {
      const double query_bytes = per_copy(sequences) * part.decode_values_per_pair * kActivationBytes;
      fixed += part.layers * (gpu.smallest_decode_attention.value + query_bytes / kv_bandwidth);
    }
    DecodeAttention attention;
    attention.gpu_power_w = gpu.power.attention.value;
    attention.fixed = to_step_part({fixed, fixed * attention.gpu_power_w});
    attention.ps_per_full_token = whole_picoseconds(full_seconds_per_token);
    attention.ps_per_window_token = whole_picoseconds(window_seconds_per_token);
    return attention;
  }

  /// Attention of a whole prompt: twice the pairs of query and key, plus as if each query met `half` more keys, which
  /// is the same as a rate of L / (L + half).
  double prompt_seconds(double length) const {
    const double start_up = length * gpu.prefill_attention_half_tokens;
    double sum = 0.0;
    for (const AttentionTime& part : attention_times) {
      const double reach = part.window_tokens;
      const double pairs = reach == 0.0 || length <= reach ? length * length : reach * (2.0 * length - reach);
      sum += part.prompt_seconds_per_pair * (pairs + start_up);
    }
    return sum;
  }

  struct AttentionTime {
    double window_tokens = 0.0;  ///< keys that a query meets at most; 0: all
    double prompt_seconds_per_pair = 0.0;
  };

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
  double full_seconds_per_token = 0.0, window_seconds_per_token = 0.0;
  std::vector<AttentionTime> attention_times;
  Memo<StepPart> tokens_memo, head_memo;
  Memo<DecodeAttention> decode_memo;
};

StepModel::StepModel(const GpuSpec& gpu, const LlmSpec& model, Precision precision, const Parallelism& parallelism,
                     const HostOverhead& host, ValidityNotes& notes, std::optional<KvFormat> kv_format)
    : state_(std::make_unique<State>(gpu, model, precision, parallelism, host, notes,
                                     kv_format.value_or(usual_kv_format(precision)))) {}

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
          (until_end - until_start) * state_->gpu.power.compute_bound.value};
}

std::int64_t StepModel::window_tokens() const { return state_->window; }

double StepModel::waiting_gpu_power_w() const { return state_->gpu.power.waiting.value; }

}  // namespace tokenworks::llm
