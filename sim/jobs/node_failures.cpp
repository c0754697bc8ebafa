#include "sim/jobs/node_failures.hpp"

#include <utility>

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kStrike, kRepair };

}  // namespace

NodeFailures::NodeFailures(engine::Simulation& simulation, NodeOutages& outages, std::vector<NodeFailure> failures,
                           metrics::RunWatch* watch)
    : simulation_(simulation),
      outages_(outages),
      watch_(watch),
      failures_(std::move(failures)),
      struck_(failures_.size()) {
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    const NodeFailure& failure = failures_[i];
    const auto tag = static_cast<std::uint32_t>(2 * i);
    const auto number = static_cast<std::uint64_t>(2 * i);
    const engine::TimerId strike = simulation.add_timer(*this, tag, engine::rank(engine::RankClass::incident, number));
    simulation.set_timer(strike, failure.at);
    if (!failure.repair_after) continue;
    const engine::TimerId repair =
        simulation.add_timer(*this, tag + kRepair, engine::rank(engine::RankClass::incident, number + 1));
    simulation.set_timer(repair, failure.at + *failure.repair_after);
  }
}

void NodeFailures::on_timer(std::uint32_t tag) {
  const std::size_t failure = tag / 2;
  const bool begins = tag % 2 == kStrike;
  if (watch_ != nullptr) {
    watch_->on_incident("node_failure", failures_[failure].target, begins, simulation_.now());
  }
  if (begins) {
    struck_[failure] = outages_.begin({&failures_[failure].node, 1});
  } else {
    outages_.end(*struck_[failure]);
  }
}

std::vector<metrics::IncidentResult> NodeFailures::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    metrics::IncidentResult result;
    result.kind = "node_failure";
    result.target = failures_[i].target;
    result.at_s = to_seconds(failures_[i].at);
    const NodeOutages::Progress progress = struck_[i] ? outages_.progress(*struck_[i]) : NodeOutages::Progress();
    if (progress.done) result.repaired_at_s = to_seconds(*progress.done);
    result.effects = {{"happened", struck_[i] ? 1.0 : 0.0},
                      {"replicas_down", static_cast<double>(progress.replicas_down)},
                      {"requests_failed", static_cast<double>(progress.requests_failed)}};
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
