#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {

void visit_scheduler(FieldVisitor& v, EngineSettings& settings) {
  field(v, "max_batch_tokens", settings.max_batch_tokens, "Most tokens of one step; the engine's default when absent",
        rule().at_least(1).at_most(262144));
  field(v, "max_sequences", settings.max_sequences, "Most requests running at once; the engine's default when absent",
        rule().at_least(1).at_most(65536));
  field(v, "kv_block_tokens", settings.kv_block_tokens, "Tokens of one KV cache block; the engine's default when absent",
        rule().at_least(1).at_most(256));
  field(v, "memory_share", settings.memory_share,
        "Share of GPU memory for the engine (tensorrt_llm: of what weights leave free); its default when absent",
        rule().above(0).at_most(1));
  scaled_field(v, "runtime_reserve_gb", settings.runtime_reserve, 1e9, "Memory of a GPU for activations and libraries",
               rule().at_least(0).default_from('C', "fitted to InferenceX runs with known KV capacity"));
  field(v, "max_waiting", settings.max_waiting,
        "Requests waiting at one replica beyond which more are rejected; 0: no limit", rule().at_least(0));
}

void visit_chunking(FieldVisitor& v, EngineSettings& settings) {
  field(v, "chunked_prompts", settings.chunked_prompts, "A prompt may be split over steps; on when absent");
  field(v, "max_prompt_chunk_tokens", settings.max_prompt_chunk_tokens,
        "Longest piece of one prompt in a step; the engine's default when absent", rule().at_least(1).at_most(262144));
}

void visit_host_overhead(FieldVisitor& v, EngineSettings& settings) {
  field(v, "host_per_step_s", settings.host_per_step, "Host time of every step",
        rule().at_least(0).at_most(1).default_from('C', "pooled fit to 1,229 InferenceX points, range 0.09-0.15 ms"));
  field(v, "host_per_sequence_s", settings.host_per_sequence, "Host time of a step for each sequence in it",
        rule().at_least(0).at_most(1).default_from('E', "pooled fit to InferenceX points, not identified: 0.2-11 us"));
  field(v, "request_overhead_s", settings.request_overhead, "Request path outside the engine, before the first step",
        rule().at_least(0).at_most(60).default_from('E', "pooled fit to InferenceX points, not identified: 0.4-26 ms"));
}

EngineProfile resolve(const EngineSettings& settings, const EngineDefaults& defaults) {
  EngineProfile profile;
  profile.max_batch_tokens = settings.max_batch_tokens.value_or(defaults.max_batch_tokens);
  profile.max_sequences = settings.max_sequences.value_or(defaults.max_sequences);
  profile.kv_block_tokens = settings.kv_block_tokens.value_or(defaults.kv_block_tokens);
  profile.max_prompt_chunk_tokens = settings.max_prompt_chunk_tokens.value_or(0);
  profile.memory_share = settings.memory_share.value_or(defaults.memory_share);
  profile.runtime_reserve = settings.runtime_reserve;
  profile.max_waiting = settings.max_waiting;
  profile.host_per_step_s = settings.host_per_step.value;
  profile.host_per_sequence_s = settings.host_per_sequence.value;
  profile.request_overhead_s = settings.request_overhead.value;
  return profile;
}

}  // namespace tokenworks::batching
