#include "sim/jobs/llm/traffic_split.hpp"

#include <cmath>
#include <utility>

namespace tokenworks::jobs {

std::optional<double> TrafficSplit::Side::mean_ttft() const {
  if (requests == 0) return std::nullopt;
  return static_cast<double>(ttft) * 1e-12 / static_cast<double>(requests);
}

std::optional<double> TrafficSplit::Side::mean_tpot() const {
  if (with_tpot == 0) return std::nullopt;
  return static_cast<double>(tpot) * 1e-12 / static_cast<double>(with_tpot);
}

TrafficSplit::TrafficSplit(std::vector<bool> chosen, double share) : chosen_(std::move(chosen)), share_(share) {
  const std::vector<routing::Candidate> candidates(chosen_.size());
  router_ = Choice<routing::RouterOption>(routing::router_options(), "least_loaded")->make({.candidates = candidates});
  for (std::size_t i = 0; i < chosen_.size(); ++i) router_->set_in_service(static_cast<std::int32_t>(i), false);
}

bool TrafficSplit::next_goes_to_chosen() {
  const auto by = [this](std::int64_t arrivals) { return std::floor(static_cast<double>(arrivals) * share_); };
  ++arrivals_;
  return by(arrivals_) > by(arrivals_ - 1);
}

void TrafficSplit::completed(std::int32_t candidate, const InFlight& request, Picoseconds now) {
  if (!from_ || request.arrival < *from_) return;
  Side& side = sides_[is_chosen(candidate) ? 1 : 0];
  ++side.requests;
  side.ttft += request.first_token - request.arrival;
  if (request.output_tokens < 2) return;
  ++side.with_tpot;
  side.tpot += (now - request.first_token) / (request.output_tokens - 1);
}

}  // namespace tokenworks::jobs
