// The adapters of a replica's requests: places in GPU memory, and what they add to steps. All functions do nothing
// where the service has none.
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

std::int32_t Replica::adapter_of(RequestId id) const { return service_.details_[service_.pool_[id].details].adapter; }

bool Replica::can_take_adapter(RequestId id) const { return adapters_.can_take(adapter_of(id)); }

/// The request runs from now on; when its adapter has to be loaded, the next step waits for it.
void Replica::take_adapter(RequestId id) {
  if (!adapters_.take(adapter_of(id))) return;
  loading_ += model_->adapter_load();
  ++service_.adapter_loads_;
  service_.adapter_load_time_ += model_->adapter_load();
}

/// Distinct adapters of what has been formed of a step of the copy.
std::int64_t Replica::adapters_in_step(bool with_decodes) {
  adapters_.begin_step(with_decodes);
  for (const Chunk& chunk : chunks_) adapters_.add_to_step(adapter_of(chunk.request));
  return adapters_.distinct_in_step();
}

/// What adapters add to a step: their products, and the wait for those that are loaded.
llm::StepPart Replica::adapters_part(const StepContents& contents) const {
  const std::int64_t tokens = contents.prompt_tokens + model_->decode_tokens(contents.decodes);
  llm::StepPart part = model_->adapters()->step(tokens, contents.adapters, compute::clock_share(costs_->level()));
  part += costs_->steps().waiting(contents.loading);
  return part;
}

}  // namespace tokenworks::jobs
