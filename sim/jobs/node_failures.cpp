#include "sim/jobs/node_failures.hpp"

#include <utility>

namespace tokenworks::jobs {

NodeFailures::NodeFailures(engine::Simulation& simulation, NodeOutages& outages, std::vector<NodeFailure> failures,
                           metrics::RunWatch* watch)
    : outages_(outages),
      failures_(std::move(failures)),
      struck_(failures_.size()),
      calendar_(
          simulation, IncidentPlace::node_failures, plans_of(failures_),
          [this](std::size_t failure, bool begins) {
            if (begins) {
              struck_[failure] = outages_.begin({&failures_[failure].node, 1});
            } else {
              outages_.end(*struck_[failure]);
            }
          },
          watch) {}

std::vector<metrics::IncidentResult> NodeFailures::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < calendar_.size(); ++i) {
    metrics::IncidentResult result = calendar_.result(i);
    const NodeOutages::Progress progress = struck_[i] ? outages_.progress(*struck_[i]) : NodeOutages::Progress();
    result.repaired_at_s = std::nullopt;  // it is when its replicas serve again
    if (progress.done) result.repaired_at_s = to_seconds(*progress.done);
    result.effects.emplace_back("replicas_down", static_cast<double>(progress.replicas_down));
    result.effects.emplace_back("requests_failed", static_cast<double>(progress.requests_failed));
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
