// Question   how long does one engine step of an LLM replica take, and what do its GPUs draw meanwhile
// Equation   T = G(tokens) + H(sampled sequences) + host(sequences)
//                + A0(decoding sequences) + c_full * sum(context) + c_window * sum(min(context, window))
//                + P0 + sum over prompt chunks [P(end) - P(start)]
//            G: everything linear in tokens, with tensor-parallel all-reduce; H: head and sampling; A: decode
//            attention, linear in context between the nodes of its kernel table; P: prompt attention from zero, P0 its
//            launch
// Source     form: models/README.md, "A step of a language model"; kernel times: the catalog's kernel entries
// Valid for  the axes of the kernel tables, contexts of the model; notes say when beyond
// Checked by `tokenworks validate` (published serving measurements); laws: tests/models/llm/step_model_test.cpp
//
// Durations are whole picoseconds, coefficients too: the sum over k decode steps is exact in closed form.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/compute/gpu.hpp"
#include "models/core/validity.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/kernel_variant.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/llm/parallelism.hpp"
#include "models/network/fabric_links.hpp"

namespace tokenworks::llm {

/// A part of a step on each GPU of the replica: its duration, and the energy above nothing that one GPU board uses in
/// it. Where the replica spans scale-up domains: what of it waits for the links between them.
struct StepPart {
  std::int64_t duration_ps = 0;
  double gpu_energy_j = 0.0;
  std::int64_t fabric_ps = 0;  ///< of the duration: stretches when others share those links
  double fabric_bytes = 0.0;   ///< that each GPU sends over its NIC

  StepPart& operator+=(const StepPart& other) {
    duration_ps += other.duration_ps;
    gpu_energy_j += other.gpu_energy_j;
    fabric_ps += other.fabric_ps;
    fabric_bytes += other.fabric_bytes;
    return *this;
  }
};

/// Its duration while the links between domains are `factor` times slower than rated, factor >= 1.
std::int64_t stretched_ps(const StepPart& part, double factor);

/// Cost of decode attention of a batch while its context lies between two nodes of the kernel table: `fixed` once a
/// step, then by token of context held, summed over all sequences of the replica; that copies of the attention
/// (attention_data) read their parts at the same time is in the coefficients.
struct DecodeAttention {
  StepPart fixed;                        ///< its duration alone may be negative
  std::int64_t ps_per_full_token = 0;    ///< a token of context seen by full-attention layers
  std::int64_t ps_per_window_token = 0;  ///< a token of context inside the window, sliding-window layers
  double gpu_power_w = 0.0;              ///< of one GPU while the context is read
  std::int64_t until_full_tokens = 0;    ///< tokens of context, over all sequences, from which on others hold
};

struct HostOverhead {
  double per_step_s = 0.0;
  double per_sequence_s = 0.0;
};

/// What one service's replicas need to know about their steps. Built once; answers are memoised by size and cost some
/// nanoseconds when warm. Not thread-safe.
class StepModel {
 public:
  struct Setup {
    const compute::GpuSpec& gpu;
    std::vector<const compute::KernelSpec*> kernels;  ///< entries of that GPU, best first; outlive the model
    const LlmSpec& model;
    Precision precision = Precision::bf16;
    KvFormat kv_format = KvFormat::bf16;
    Parallelism parallelism;
    KernelVariant variant;
    HostOverhead host;
    /// What links the domains. GPUs fill domains in order: those of a tensor group side by side, then the copies of the
    /// attention, then the stages. Absent, or with a replica that fits into one domain, all links are the domain's.
    std::optional<network::FabricLinks> fabric = std::nullopt;
    /// Of the GPUs, as a share of what boards choose under their default limit (models/compute/clock.hpp). Host and
    /// waiting do not follow it.
    double clock_share = 1.0;
  };

  /// Throws std::invalid_argument when the model cannot be spread so, or an operator has no kernel time at all.
  StepModel(Setup setup, ValidityNotes& notes);
  ~StepModel();

  /// Linear operators and collectives of a step over `tokens` tokens (decoding sequences count one each), tokens >= 1.
  const StepPart& tokens(std::int64_t tokens);
  /// Language-model head and sampling of `sequences` sequences that get a token in this step; 0 gives nothing.
  const StepPart& head(std::int64_t sequences);
  /// Scheduler and launch on the host for a step that touches `sequences` sequences.
  StepPart host(std::int64_t sequences) const;
  /// What a step over `tokens` tokens takes beyond tokens(tokens) when it waits for a copy of the attention that has
  /// `copy_tokens` of them instead of an even share, 1 <= copy_tokens <= tokens: each copy computes all but routed
  /// experts for its own tokens. 0 for an even share, whole tokens; negative for a copy that has less. The other copies
  /// wait: energy is the mean over the copies, work as if even and waiting power for the difference.
  StepPart imbalance(std::int64_t tokens, std::int64_t copy_tokens);
  /// Decode attention of `sequences` sequences, sequences >= 1, that hold `full_tokens` tokens of context together, all
  /// dealt out evenly over the copies of the attention. What a copy with s of the sequences and t tokens of context
  /// takes: arguments, and the sums that the coefficients are multiplied with, of `copies` such copies, (copies * s,
  /// copies * t). So head(copies * s), and prompt_attention times `copies` for a chunk that one copy computes.
  const DecodeAttention& decode_attention(std::int64_t sequences, std::int64_t full_tokens);
  /// Launch of prompt attention, once a step that has any.
  const StepPart& prompt_launch() const;
  /// Prompt attention of a chunk that reaches from token `start` to token `end` of one prompt, 0 <= start < end.
  StepPart prompt_attention(std::int64_t start, std::int64_t end) const;

  /// Tokens that sliding-window (or sparse) layers see at most; 0 when the model has none.
  std::int64_t window_tokens() const;
  /// Draw of one GPU board that holds the model and waits.
  double waiting_gpu_power_w() const;
  /// A stretch in which the GPUs wait.
  StepPart waiting(std::int64_t duration_ps) const;
  const Parallelism& parallelism() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokenworks::llm
