// The adapters (LoRA) in the GPU memory of one copy of a model. Engines keep a fixed number of places; a request is
// admitted when its adapter is in one of them, or when there is one that no running request needs: the adapter in it
// that was used least recently leaves. vLLM skips a request until then and lets others pass (vllm/v1/core/sched,
// max_loras of the requests in a step); it loads what is new from host memory before the step that first needs it,
// and the whole step waits (vllm/lora/worker_manager.py, LRUCacheWorkerLoRAManager, set_active_adapters). SGLang and
// TensorRT-LLM do likewise (lora_manager.py, prepare_lora_batch; peftCacheManager).
#pragma once

#include <cstdint>
#include <vector>

namespace tokenworks::jobs {

class AdapterSlots {
 public:
  AdapterSlots() = default;  ///< none: for models without adapters
  explicit AdapterSlots(std::int64_t places) : places_(static_cast<std::size_t>(places)) {}

  bool has_places() const { return !places_.empty(); }
  /// Whether a request with this adapter could run now.
  bool can_take(std::int32_t adapter) const;
  /// A request with it runs from now on; whether it must be loaded first. Precondition: can_take().
  bool take(std::int32_t adapter);
  /// The request runs no more.
  void release(std::int32_t adapter);
  /// A running request joins or leaves the decoding batch.
  void joins(std::int32_t adapter) { ++of(adapter).decoding; }
  void leaves(std::int32_t adapter) { --of(adapter).decoding; }

  /// Distinct adapters of a step: of the decoding batch, if it is in it, and of prompts, which are named one by one.
  void begin_step(bool with_decodes);
  void add_to_step(std::int32_t adapter);
  std::int64_t distinct_in_step() const { return distinct_; }

  /// GPU memory is lost.
  void clear();

 private:
  struct Place {
    std::int32_t adapter = -1;
    std::int64_t running = 0, decoding = 0;
    std::int64_t used = 0, step = 0;  // numbers of the last use, and of the last step that it was counted in
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  Place& of(std::int32_t adapter) { return places_.at(find(adapter)); }
  std::size_t find(std::int32_t adapter) const;
  std::size_t to_evict() const;

  std::vector<Place> places_;
  std::int64_t uses_ = 0, steps_ = 0, distinct_ = 0;
};

}  // namespace tokenworks::jobs
