#include "models/llm/step_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "models/compute/clock.hpp"
#include "models/compute/kernel_times.hpp"
#include "models/llm/attention_times.hpp"
#include "models/llm/layout.hpp"
#include "models/llm/memo.hpp"
#include "models/llm/prompt_curve.hpp"
#include "models/network/expert_exchange.hpp"
#include "models/network/fabric_collective.hpp"

namespace tokenworks::llm {
namespace {

using compute::ExpertShape;
using compute::KernelLoad;
using compute::KernelTimes;
using compute::NumberFormat;
using compute::OperatorClass;
using network::CollectiveTime;

constexpr double kActivationBytes = 2.0;  // the residual stream and what crosses links is bf16
constexpr double kLogitBytes = 10.0;      // a pass that widens bf16 logits to fp32 (2 + 4), one that samples (4)

std::int64_t whole_picoseconds(double seconds) { return std::llround(seconds * 1e12); }

/// Time and energy of one GPU board, and what of it goes to links between scale-up domains.
struct Cost {
  double seconds = 0.0;
  double joules = 0.0;
  double fabric_seconds = 0.0;
  double fabric_bytes = 0.0;

  Cost& operator+=(const Cost& other) {
    seconds += other.seconds;
    joules += other.joules;
    fabric_seconds += other.fabric_seconds;
    fabric_bytes += other.fabric_bytes;
    return *this;
  }
  friend Cost operator+(Cost a, const Cost& b) { return a += b; }
  friend Cost operator*(double factor, const Cost& cost) {
    return {factor * cost.seconds, factor * cost.joules, factor * cost.fabric_seconds, factor * cost.fabric_bytes};
  }
};

StepPart to_step_part(const Cost& cost) {
  return {whole_picoseconds(cost.seconds), cost.joules, whole_picoseconds(cost.fabric_seconds), cost.fabric_bytes};
}

/// What a kernel multiplies for weights kept in `format` on this GPU. Without fp8 units weights are widened to bf16;
/// Blackwell multiplies mxfp4 weights with fp8 activations (vLLM and TensorRT-LLM documentation of gpt-oss).
NumberFormat number_format(const compute::GpuRatings& gpu, WeightFormat format) {
  switch (format) {
    case WeightFormat::bf16:
      return NumberFormat::bf16;
    case WeightFormat::fp8:
      return NumberFormat::fp8;
    case WeightFormat::fp8_block:
      return NumberFormat::fp8_block;
    case WeightFormat::nvfp4:
      return NumberFormat::nvfp4;
    case WeightFormat::mxfp4:
      return gpu.fp4_flop_per_s > 0 ? NumberFormat::mxfp4_fp8 : NumberFormat::mxfp4_bf16;
    case WeightFormat::int4:
      return NumberFormat::int4_bf16;
  }
  return NumberFormat::bf16;
}

}  // namespace

struct StepModel::State {
  State(Setup setup_in, ValidityNotes& notes_in)
      : setup(std::move(setup_in)),
        gpu(setup.gpu),
        model(setup.model),
        parallelism(setup.parallelism),
        notes(notes_in),
        layout(gpu_layout(model, parallelism)),
        kernels(gpu, setup.kernels, notes),
        in_copy(collectives_over(parallelism.tensor)),
        in_replica(collectives_over(parallelism.gpus_per_stage())),
        layer_format(number_format(gpu.ratings, weight_format(model, setup.precision, MatrixClass::layer))),
        expert_format(number_format(gpu.ratings, weight_format(model, setup.precision, MatrixClass::expert))),
        attention(kernels, model, setup.kv_format == KvFormat::fp8, layer_format),
        prompt(static_cast<double>(model.context_tokens), [this](double length) { return prompt_seconds(length); }) {
    for (const AttentionPart& part : layout.attention) {
      if (part.window_tokens > 0) window = static_cast<std::int64_t>(part.window_tokens);
      if (AttentionTimes::is_sparse(part) && !attention.has_block(part))
        window = static_cast<std::int64_t>(part.selected_tokens);
    }
    prompt_power_w = filled_prompt_power_w();
    launch = to_step_part(prompt_launch_cost());
  }

  // ---- Domains ------------------------------------------------------------------------------------------------------

  bool spans_domains() const { return setup.fabric && parallelism.gpus() > setup.fabric->domain_gpus; }

  /// Groups of so many neighbouring GPUs of the replica.
  network::FabricCollectives collectives_over(std::int64_t gpus) const {
    std::optional<network::FabricLinks> links;
    if (spans_domains()) {
      links = setup.fabric;
      links->domain_gpus = network::gpus_in_a_domain(gpus, links->domain_gpus);
    }
    return {gpu.ratings, setup.kernels, setup.variant.collective_libraries, gpus, links ? &*links : nullptr, notes};
  }

  /// Hops from stage to stage of which any GPU's leaves its domain.
  std::int64_t hops_between_domains() const {
    if (!spans_domains()) return 0;
    const std::int64_t domain = setup.fabric->domain_gpus, stage = parallelism.gpus_per_stage();
    std::int64_t hops = 0;
    for (std::int64_t first = 0; first + stage < parallelism.gpus(); first += stage) {
      bool leaves = false;
      for (std::int64_t i = first; i < first + stage; ++i) leaves = leaves || i / domain != (i + stage) / domain;
      if (leaves) ++hops;
    }
    return hops;
  }

  // ---- Shares -------------------------------------------------------------------------------------------------------

  double copies() const { return static_cast<double>(parallelism.attention_data); }
  double stages() const { return static_cast<double>(parallelism.pipeline); }
  /// Rows in a kernel of the busiest copy when `count` things are dealt out evenly over copies and the micro-batches
  /// that keep all stages of a pipeline busy.
  double rows_of(double count) const { return std::ceil(count / (copies() * stages())); }
  double hidden() const { return static_cast<double>(model.hidden); }
  bool fp8_cache() const { return setup.kv_format == KvFormat::fp8; }

  // ---- Costs of operators -------------------------------------------------------------------------------------------

  Cost kernel(OperatorClass operator_class, KernelLoad load, compute::Arithmetic arithmetic) const {
    load.units = arithmetic;
    const compute::KernelRun run =
        compute::run_at_clock(gpu.power, operator_class, load, gpu.ratings.memory_bandwidth,
                              compute::rated_flop_per_s(gpu.ratings, arithmetic), setup.clock_share);
    return {run.seconds, run.seconds * run.watts};
  }
  Cost prompt_attention(double seconds) const { return {seconds, seconds * prompt_power_w}; }
  Cost communication(double seconds) const {
    return {seconds, seconds * compute::board_power_at_clock_w(gpu.power, OperatorClass::communication, {},
                                                               gpu.ratings.memory_bandwidth, setup.clock_share)};
  }
  Cost communication(const CollectiveTime& time) const {
    Cost cost = communication(time.seconds);
    cost.fabric_seconds = time.fabric_seconds;
    cost.fabric_bytes = time.fabric_bytes_per_gpu;
    return cost;
  }
  Cost elementwise(double bytes) const {
    return kernel(OperatorClass::elementwise, {.seconds = kernels.elementwise_s(bytes), .bytes = bytes},
                  compute::Arithmetic::bf16);
  }

  Cost product(NumberFormat format, double rows, const Matrix& matrix) const {
    if (matrix.columns <= 0.0 || matrix.inner <= 0.0) return {};
    const compute::MatrixProduct size{rows, matrix.columns, matrix.inner};
    double seconds = kernels.matrix_product_s(format, size);
    if (setup.variant.fused_quantisation && format != NumberFormat::bf16) {
      constexpr double kShortestKernel = 2e-6, kStreamShare = 0.92;
      const double apart =
          kernels.smallest_matrix_product_s(format) - kernels.smallest_matrix_product_s(NumberFormat::bf16);
      const double floor = kShortestKernel + matrix.values() * compute::bytes_per_weight(format) /
                                                 (kStreamShare * gpu.ratings.memory_bandwidth.value);
      seconds = std::max(std::min(seconds, floor), seconds - std::max(0.0, apart));
    }
    return kernel(
        OperatorClass::matrix_product,
        {.seconds = seconds, .bytes = compute::bytes_of(size, format), .operations = compute::operations_of(size)},
        compute::arithmetic_of(format));
  }

  bool streams_experts() const {
    const std::vector<NumberFormat>& formats = setup.variant.streaming_formats;
    return std::find(formats.begin(), formats.end(), expert_format) != formats.end() &&
           (!model.latent_attention.empty() || !setup.variant.streaming_needs_latent);
  }

  Cost products(NumberFormat format, double rows, const std::vector<Matrix>& matrices) const {
    Cost sum;
    for (const Matrix& matrix : matrices) sum += product(format, rows, matrix);
    return sum;
  }

  Cost all_reduce(double rows) const { return communication(in_copy.all_reduce(rows * hidden() * kActivationBytes)); }

  // ---- Everything linear in tokens ----------------------------------------------------------------------------------

  /// Routed experts of one layer, for `tokens` tokens of the whole replica.
  Cost routed_experts(const ExpertPart& experts, double tokens) const {
    const ExpertShape shape{
        static_cast<std::int64_t>(experts.width),          static_cast<std::int64_t>(experts.intermediate),
        static_cast<std::int64_t>(experts.count),          static_cast<std::int64_t>(experts.active),
        parallelism.gpus_per_stage() / parallelism.expert, parallelism.expert};
    const double bytes = compute::expert_bytes(shape, expert_format, tokens) * experts.matrices / 3.0;
    const double operations = compute::expert_operations(shape, tokens) * experts.matrices / 3.0;
    const auto with_energy = [&](double seconds) {
      return kernel(OperatorClass::expert_block, {.seconds = seconds, .bytes = bytes, .operations = operations},
                    compute::arithmetic_of(expert_format));
    };
    if (streams_experts()) {
      constexpr double kFixed = 20e-6, kBandwidthShare = 0.75, kComputeShare = 0.5;
      const double memory = bytes / (kBandwidthShare * gpu.ratings.memory_bandwidth.value);
      const double arithmetic =
          operations / (kComputeShare * compute::rated_flop_per_s(gpu.ratings, compute::arithmetic_of(expert_format)));
      return with_energy(kFixed + std::max(memory, arithmetic));
    }
    return with_energy(tabulated_experts_s(shape, tokens) * experts.matrices / 3.0);
  }

  /// Experts with three matrices by the kernel tables. A format without a table acts through the nearest one by its
  /// bytes.
  double tabulated_experts_s(const ExpertShape& shape, double tokens) const {
    if (const auto seconds = kernels.expert_s(expert_format, shape, tokens)) {
      if (expert_format != NumberFormat::mxfp4_bf16) return *seconds;
      // Its smallest measured time is the host's, 71 us on Hopper where other formats take 14 to 33; engines replay a
      // graph.
      constexpr double kReplayed = 25e-6;
      return *seconds - std::max(0.0, *kernels.expert_s(expert_format, shape, 1.0) - kReplayed);
    }
    for (const NumberFormat acting :
         {NumberFormat::fp8_block, NumberFormat::fp8, NumberFormat::mxfp4_bf16, NumberFormat::bf16}) {
      const auto seconds = kernels.expert_s(acting, shape, tokens);
      if (!seconds) continue;
      return *seconds * compute::expert_bytes(shape, expert_format, tokens) /
             compute::expert_bytes(shape, acting, tokens);
    }
    throw std::invalid_argument("GPU '" + gpu.title + "': no kernel entry has routed experts");
  }

  /// Tokens travel between copies of the attention and the experts and back: all copies gather all tokens and scatter
  /// the sums, or, with experts spread out, each token goes to its experts only; engines take what is faster.
  Cost expert_exchange(const ExpertPart& experts, double tokens) const {
    const double bytes = tokens * (experts.width * kActivationBytes);
    CollectiveTime time = in_replica.all_gather(bytes) + in_replica.reduce_scatter(bytes);
    if (parallelism.expert > 1) {
      const CollectiveTime visits = expert_visits(experts, tokens);
      if (visits.seconds < time.seconds) time = visits;
    }
    return communication(time);
  }

  /// Each token goes to its experts and back. Between domains, with whole experts on every GPU, libraries made for it.
  CollectiveTime expert_visits(const ExpertPart& experts, double tokens) const {
    const double groups = static_cast<double>(parallelism.expert);
    const double gpus = static_cast<double>(parallelism.gpus_per_stage());
    if (in_replica.spans_domains() && parallelism.expert == parallelism.gpus_per_stage()) {
      const network::ExpertExchange exchange({.gpus = parallelism.gpus_per_stage(),
                                              .domain_gpus = in_replica.shape().domain_gpus,
                                              .hidden = experts.width,
                                              .active = experts.active,
                                              .link = in_replica.shape().link,
                                              .nic = in_replica.shape().nic},
                                             setup.kernels);
      return exchange.time(tokens / gpus);
    }
    const double token_bytes = experts.width * kActivationBytes;
    const double groups_met = groups * (1.0 - std::pow(1.0 - 1.0 / groups, experts.active));
    const double sent = tokens / gpus * groups_met * (gpus / groups) * token_bytes;
    const CollectiveTime one_way = in_replica.all_to_all(sent);
    return one_way + one_way;
  }

  Cost elementwise_of_layer(double rows, double rotated_values, double activated_values) const {
    const double norm_bytes = rows * hidden() * 4.0 * kActivationBytes;  // sum and its norm: two in, two out
    return 2.0 * elementwise(norm_bytes) + elementwise(rows * rotated_values * 2.0 * kActivationBytes) +
           elementwise(activated_values * 3.0 * kActivationBytes);
  }

  /// `with_experts`: routed experts and their exchange, which all copies of the attention share, are counted too.
  Cost tokens_cost(double count, bool with_experts) const {
    const double tokens = std::ceil(count / stages());
    const double rows = rows_of(count);
    Cost sum;
    double rotated = 0.0, attention_layers = 0.0;
    for (const AttentionPart& part : layout.attention) {
      rotated += part.layers * part.rotated_values;
      attention_layers += part.layers;
      sum += part.layers * all_reduce(rows);
      if (!attention.has_block(part)) sum += part.layers * products(layer_format, rows, part.matrices);
    }
    if (attention_layers > 0) rotated /= attention_layers;
    for (const NetworkPart& part : layout.networks) {
      double activated = rows * part.activated_values;
      Cost layer = products(layer_format, rows, part.matrices);
      if (part.experts) {
        const ExpertPart& experts = *part.experts;
        if (with_experts) activated += tokens * experts.active / experts.count * experts.here * experts.inner;
        Cost blocks = product(NumberFormat::bf16, rows, experts.router);
        if (with_experts) blocks += routed_experts(experts, tokens);
        layer += blocks;
        if (parallelism.attention_data == 1) {
          layer += all_reduce(rows);
        } else if (with_experts) {
          layer += expert_exchange(experts, tokens);
        }
      } else {
        layer += all_reduce(rows);
      }
      sum += part.layers * (layer + elementwise_of_layer(rows, rotated, activated));
    }
    return sum + stage_hops(rows);
  }

  /// Exact up to 256 tokens, beyond straight between 32 sizes an octave: prompts give a step every size there is, and
  /// the walk takes microseconds.
  StepPart tokens_part(std::int64_t count, bool with_experts) {
    constexpr std::int64_t kExact = 256;
    std::int64_t grain = 1;
    while (count / grain >= 2 * kExact / 8) grain *= 2;  // 32 .. 63 grains
    const std::int64_t low = count / grain * grain;
    const auto exact = [&](std::int64_t at) {
      return to_step_part(tokens_cost(static_cast<double>(at), with_experts));
    };
    if (count <= kExact || low == count) return exact(count);
    Memo<StepPart>& memo = with_experts ? tokens_memo : copies_memo;
    const auto part = [&](std::int64_t size) { return memo.get(size, exact); };
    const StepPart below = part(low), above = part(low + grain);
    const double share = static_cast<double>(count - low) / static_cast<double>(grain);
    return {below.duration_ps + (above.duration_ps - below.duration_ps) * (count - low) / grain,
            below.gpu_energy_j + share * (above.gpu_energy_j - below.gpu_energy_j),
            below.fabric_ps + (above.fabric_ps - below.fabric_ps) * (count - low) / grain,
            below.fabric_bytes + share * (above.fabric_bytes - below.fabric_bytes)};
  }

  /// Activations move from stage to stage, each GPU's to its counterpart: all of a tensor group send at once.
  Cost stage_hops(double rows) const {
    if (parallelism.pipeline == 1) return {};
    const double bytes = rows * hidden() * kActivationBytes;
    const double leaving = static_cast<double>(hops_between_domains());
    const Cost near = communication((stages() - 1.0 - leaving) *
                                    (gpu.elementwise_kernel.value + bytes / gpu.ratings.scale_up_bandwidth.value));
    if (leaving == 0.0) return near;
    CollectiveTime far = network::fabric_send(*setup.fabric, bytes);
    far.seconds += gpu.elementwise_kernel.value;
    return near + leaving * communication(far);
  }

  Cost head_cost(double sequences) const {
    const double rows = rows_of(sequences);
    const double logits = rows * static_cast<double>(model.vocabulary);
    Cost sum = product(NumberFormat::bf16, rows, layout.head);
    sum += communication(in_copy.all_gather(logits * kActivationBytes));
    return sum + 2.0 * elementwise(logits * kLogitBytes / 2.0);
  }

  // ---- Attention ----------------------------------------------------------------------------------------------------

  /// Decode attention of a layer: one copy reads the context of `sequences` sequences with `context` tokens each.
  Cost decode_cost(const AttentionPart& part, double sequences, double context) const {
    const double met = sequences * AttentionTimes::keys_met(part, context);
    const double cached = met * part.kv_values_per_token * (fp8_cache() ? 1.0 : 2.0);
    const double state = 2.0 * sequences * part.state_values * part.state_bytes_per_value;
    return kernel(OperatorClass::decode_attention,
                  {.seconds = attention.decode_s(part, sequences, context),
                   .bytes = cached + state,
                   .operations = 2.0 * met * part.decode_values_per_pair},
                  compute::Arithmetic::bf16);
  }

  /// Board power meanwhile.
  double decode_power_w(double sequences, double context) const {
    Cost sum;
    for (const AttentionPart& part : layout.attention) sum += part.layers * decode_cost(part, sequences, context);
    return sum.seconds > 0.0 ? sum.joules / sum.seconds : waiting_power_w();
  }

  double decode_seconds(const AttentionPart& part, double sequences, double context) const {
    if (setup.clock_share == 1.0) return attention.decode_s(part, sequences, context);
    return decode_cost(part, sequences, context).seconds;
  }
  /// The scan by which sparse layers select, for one query and key.
  double selection_seconds(const AttentionPart& part) const {
    const compute::KernelLoad load = attention.selection(part, 1.0);
    return compute::seconds_at_clock(
        load.seconds,
        compute::unit_use(load, gpu.ratings.memory_bandwidth,
                          compute::rated_flop_per_s(gpu.ratings, compute::Arithmetic::fp8)),
        setup.clock_share);
  }

  /// Board power in prompt attention of prompts that fill a kernel by themselves.
  double filled_prompt_power_w() const {
    const double tokens = std::min(AttentionTimes::kFilledKernelTokens, static_cast<double>(model.context_tokens));
    Cost sum;
    for (const AttentionPart& part : layout.attention) {
      double pairs = 0.5 * tokens * tokens;
      if (part.window_tokens > 0) pairs = std::min(pairs, tokens * part.window_tokens);
      if (AttentionTimes::is_sparse(part)) pairs = std::min(pairs, tokens * part.selected_tokens);
      sum += part.layers * kernel(OperatorClass::prompt_attention,
                                  {.seconds = attention.prompt_s(part, tokens),
                                   .operations = 2.0 * pairs * part.prompt_values_per_pair},
                                  compute::Arithmetic::bf16);
    }
    return sum.seconds > 0.0 ? sum.joules / sum.seconds : waiting_power_w();
  }

  double waiting_power_w() const { return gpu.power.waiting.value; }

  struct DecodeSize {
    std::vector<double> nodes;               // mean context of a sequence
    std::vector<DecodeAttention> intervals;  // one between two nodes, the last one beyond
  };

  DecodeSize decode_size(std::int64_t count) const {
    const double all = static_cast<double>(count);
    const double sequences = rows_of(all);
    DecodeSize size;
    size.nodes = {0.0};
    for (const AttentionPart& part : layout.attention) {
      if (!attention.follows_context(part)) continue;
      const std::vector<double> nodes = attention.context_nodes(part);
      size.nodes.insert(size.nodes.end(), nodes.begin(), nodes.end());
    }
    std::sort(size.nodes.begin(), size.nodes.end());
    size.nodes.erase(std::unique(size.nodes.begin(), size.nodes.end()), size.nodes.end());
    if (size.nodes.size() == 1) size.nodes.push_back(static_cast<double>(model.context_tokens));

    // Sliding layers: from an empty window to a full one, straight.
    double window_fixed = 0.0, window_slope = 0.0, selection_slope = 0.0;
    for (const AttentionPart& part : layout.attention) {
      if (attention.follows_context(part)) continue;
      const double empty = part.layers * decode_seconds(part, sequences, 0.0);
      window_fixed += empty;
      if (window > 0 && part.kind != AttentionPart::Kind::linear) {
        const double full = part.layers * decode_seconds(part, sequences, static_cast<double>(window));
        window_slope += std::max(0.0, full - empty) / (all * static_cast<double>(window));
      }
      selection_slope += part.layers * selection_seconds(part) / (copies() * stages());
      if (part.compression > 0) {
        selection_slope += part.layers * part.kv_values_per_token * (fp8_cache() ? 1.0 : 2.0) / part.compression /
                           (0.75 * gpu.ratings.memory_bandwidth.value) / (copies() * stages());
      }
    }
    const auto at_context = [&](double context) {
      double seconds = 0.0;
      for (const AttentionPart& part : layout.attention) {
        if (attention.follows_context(part)) seconds += part.layers * decode_seconds(part, sequences, context);
      }
      return seconds;
    };
    std::vector<double> times;
    for (const double node : size.nodes) times.push_back(at_context(node));
    for (std::size_t i = 0; i < size.nodes.size(); ++i) {
      const std::size_t low = std::min(i, size.nodes.size() - 2);
      const double slope = std::max(0.0, times[low + 1] - times[low]) / ((size.nodes[low + 1] - size.nodes[low]) * all);
      DecodeAttention interval;
      interval.ps_per_full_token = whole_picoseconds(slope + selection_slope);
      interval.ps_per_window_token = whole_picoseconds(window_slope);
      // In whole picoseconds the line goes through the interval's lower node.
      const auto start_tokens = static_cast<std::int64_t>(std::ceil(size.nodes[low] * all));
      const double start_s = times[low] + slope * (static_cast<double>(start_tokens) - size.nodes[low] * all);
      const double fixed_s = window_fixed + start_s;
      interval.gpu_power_w = decode_power_w(sequences, 0.5 * (size.nodes[low] + size.nodes[low + 1]));
      interval.fixed.duration_ps = whole_picoseconds(fixed_s) - whole_picoseconds(slope) * start_tokens;
      interval.fixed.gpu_energy_j =
          interval.gpu_power_w * fixed_s -
          interval.gpu_power_w * 1e-12 * static_cast<double>(whole_picoseconds(slope) * start_tokens);
      interval.until_full_tokens = i + 1 < size.nodes.size()
                                       ? static_cast<std::int64_t>(std::ceil(size.nodes[i + 1] * all))
                                       : std::numeric_limits<std::int64_t>::max();
      size.intervals.push_back(interval);
    }
    return size;
  }

  /// Attention of a whole prompt over all layers, its share of well-filled kernels: bound by arithmetic.
  double prompt_seconds(double length) const {
    double seconds = 0.0;
    for (const AttentionPart& part : layout.attention) seconds += part.layers * attention.prompt_s(part, length);
    return seconds / (copies() * stages() * setup.clock_share);
  }

  Cost prompt_launch_cost() const {
    double seconds = 0.0;
    for (const AttentionPart& part : layout.attention) seconds += part.layers * attention.prompt_launch_s(part);
    return prompt_attention(seconds);
  }

  Setup setup;
  compute::GpuSpec gpu;
  LlmSpec model;
  Parallelism parallelism;
  ValidityNotes& notes;
  GpuLayout layout;
  KernelTimes kernels;
  network::FabricCollectives in_copy, in_replica;
  NumberFormat layer_format, expert_format;
  AttentionTimes attention;
  std::int64_t window = 0;
  PromptCurve prompt;
  double prompt_power_w = 0.0;
  StepPart launch;
  Memo<StepPart> tokens_memo, copies_memo, head_memo;
  Memo<DecodeSize> decode_memo;
};

std::int64_t stretched_ps(const StepPart& part, double factor) {
  if (!(factor >= 1.0)) {
    throw std::invalid_argument("step model: links between domains cannot be " + std::to_string(factor) +
                                " times slower than rated, at least 1");
  }
  return part.duration_ps + std::llround((factor - 1.0) * static_cast<double>(part.fabric_ps));
}

StepModel::StepModel(Setup setup, ValidityNotes& notes) : state_(std::make_unique<State>(std::move(setup), notes)) {}

StepModel::~StepModel() = default;

const StepPart& StepModel::tokens(std::int64_t tokens) {
  if (tokens < 1) throw std::invalid_argument("step model: a step has at least 1 token, not " + std::to_string(tokens));
  return state_->tokens_memo.get(tokens, [this](std::int64_t count) { return state_->tokens_part(count, true); });
}

StepPart StepModel::imbalance(std::int64_t tokens, std::int64_t copy_tokens) {
  if (copy_tokens < 1 || copy_tokens > tokens) {
    throw std::invalid_argument("step model: a copy of the attention with " + std::to_string(copy_tokens) + " of " +
                                std::to_string(tokens) + " tokens");
  }
  const std::int64_t copies = state_->parallelism.attention_data;
  if (copy_tokens == (tokens + copies - 1) / copies) return {};
  const auto part = [this](std::int64_t count) {
    return state_->copies_memo.get(count, [this](std::int64_t at) { return state_->tokens_part(at, false); });
  };
  const StepPart even = part(tokens), busiest = part(copies * copy_tokens);
  StepPart more = waiting(busiest.duration_ps - even.duration_ps);
  more.fabric_ps = busiest.fabric_ps - even.fabric_ps;
  return more;
}

const StepPart& StepModel::head(std::int64_t sequences) {
  if (sequences < 0) {
    throw std::invalid_argument("step model: " + std::to_string(sequences) + " sequences at the head");
  }
  return state_->head_memo.get(sequences, [this](std::int64_t count) {
    return count == 0 ? StepPart{} : to_step_part(state_->head_cost(static_cast<double>(count)));
  });
}

StepPart StepModel::host(std::int64_t sequences) const {
  const HostOverhead& host = state_->setup.host;
  const double seconds = host.per_step_s + host.per_sequence_s * static_cast<double>(sequences);
  return to_step_part({seconds, seconds * waiting_gpu_power_w()});
}

const DecodeAttention& StepModel::decode_attention(std::int64_t sequences, std::int64_t full_tokens) {
  if (sequences < 1) {
    throw std::invalid_argument("step model: decode attention of " + std::to_string(sequences) + " sequences");
  }
  const State::DecodeSize& size =
      state_->decode_memo.get(sequences, [this](std::int64_t count) { return state_->decode_size(count); });
  std::size_t i = 0;
  while (full_tokens >= size.intervals[i].until_full_tokens) ++i;
  return size.intervals[i];
}

const StepPart& StepModel::prompt_launch() const { return state_->launch; }

StepPart StepModel::prompt_attention(std::int64_t start, std::int64_t end) const {
  if (start < 0 || end <= start) {
    throw std::invalid_argument("step model: prompt chunk from token " + std::to_string(start) + " to " +
                                std::to_string(end));
  }
  state_->notes.check("step_model: context [tokens]", static_cast<double>(end), 1.0,
                      static_cast<double>(state_->model.context_tokens));
  const double until_start = state_->prompt.seconds(static_cast<double>(start));
  const double until_end = state_->prompt.seconds(static_cast<double>(end));
  // Rounded before the difference: chunks of a prompt add up to the whole prompt exactly.
  return {whole_picoseconds(until_end) - whole_picoseconds(until_start),
          state_->prompt_attention(until_end - until_start).joules};
}

std::int64_t StepModel::window_tokens() const { return state_->window; }

double StepModel::waiting_gpu_power_w() const { return state_->waiting_power_w(); }

StepPart StepModel::waiting(std::int64_t duration_ps) const {
  return {.duration_ps = duration_ps, .gpu_energy_j = static_cast<double>(duration_ps) * 1e-12 * waiting_gpu_power_w()};
}

const Parallelism& StepModel::parallelism() const { return state_->parallelism; }

}  // namespace tokenworks::llm
