#include "sim/policies/routing/ordered_router.hpp"

namespace tokenworks::routing {

OrderedRouter::OrderedRouter(std::span<const Candidate> candidates, KeyOf key_of, bool counts_tokens)
    : key_of_(key_of), counts_tokens_(counts_tokens), order_(candidates.size()) {
  for (const Candidate& candidate : candidates) {
    loads_.push_back({.speed = candidate.speed});
    rank(loads_.size() - 1);
  }
}

std::optional<std::int32_t> OrderedRouter::choose(const Arrival&) {
  const std::optional<std::size_t> found = order_.take_least();
  if (!found) return std::nullopt;
  return static_cast<std::int32_t>(*found);
}

void OrderedRouter::load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) {
  const auto r = static_cast<std::size_t>(replica);
  loads_[r].requests += requests;
  loads_[r].prompt_tokens += prompt_tokens;
  rank(r);
}

void OrderedRouter::set_in_service(std::int32_t replica, bool in_service) {
  const auto r = static_cast<std::size_t>(replica);
  loads_[r].in_service = in_service;
  rank(r);
}

void OrderedRouter::rank(std::size_t replica) {
  const ReplicaLoad& load = loads_[replica];
  order_.set(replica, load.in_service ? key_of_(load) : LoadOrder::kOut);
}

}  // namespace tokenworks::routing
