#include "sim/policies/routing/load_bound.hpp"

namespace tokenworks::routing {

void LoadBoundSettings::visit(FieldVisitor& v) {
  field(v, "load_factor", load_factor,
        "A replica is overloaded above load_factor * its fair share of all requests + load_slack; shares are by speed",
        rule().at_least(1).default_from(
            'E', "HAProxy configuration manual, hash-balance-factor: reasonable values are from 125 to 200 (percent)"));
  field(v, "load_slack", load_slack, "Requests above load_factor * its fair share that do not overload a replica yet",
        rule().at_least(0).default_from('V', "SGLang router: balance_abs_threshold, 32 requests above the least load"));
}

LoadBound::LoadBound(std::span<const Candidate> candidates, const LoadBoundSettings& settings) : settings_(settings) {
  for (const Candidate& candidate : candidates) {
    replicas_.push_back({.speed = candidate.speed});
    speed_ += candidate.speed;
  }
}

void LoadBound::load_changed(std::int32_t replica, std::int32_t requests) {
  Replica& changed = replicas_[static_cast<std::size_t>(replica)];
  changed.requests += requests;
  if (changed.in_service) requests_ += requests;
}

void LoadBound::set_in_service(std::int32_t replica, bool in_service) {
  Replica& changed = replicas_[static_cast<std::size_t>(replica)];
  if (changed.in_service == in_service) return;
  changed.in_service = in_service;
  requests_ += in_service ? changed.requests : -changed.requests;
  speed_ += in_service ? changed.speed : -changed.speed;
}

bool LoadBound::overloaded(std::int32_t replica) const {
  const Replica& asked = replicas_[static_cast<std::size_t>(replica)];
  const double fair_share = static_cast<double>(requests_) * asked.speed / speed_;
  const double limit = settings_.load_factor * fair_share + static_cast<double>(settings_.load_slack);
  return static_cast<double>(asked.requests) > limit;
}

double LoadBound::load(std::int32_t replica) const {
  const Replica& asked = replicas_[static_cast<std::size_t>(replica)];
  return static_cast<double>(asked.requests) / asked.speed;
}

}  // namespace tokenworks::routing
