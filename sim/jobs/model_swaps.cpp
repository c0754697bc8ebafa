#include "sim/jobs/model_swaps.hpp"

#include <algorithm>
#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {
namespace {

std::vector<std::int32_t> all_of(const Fleet& fleet) {
  std::vector<std::int32_t> replicas;
  for (std::int32_t replica = 0; replica < fleet.size(); ++replica) replicas.push_back(replica);
  return replicas;
}

std::optional<double> ratio(std::optional<double> one, std::optional<double> other) {
  if (!one || !other || *other <= 0) return std::nullopt;
  return *one / *other;
}

}  // namespace

ModelSwaps::ModelSwaps(engine::Simulation& simulation, std::vector<ModelSwap> swaps, metrics::RunWatch* watch)
    : simulation_(simulation), watch_(watch), swaps_(std::move(swaps)), progress_(swaps_.size()) {
  const auto rank = [](std::size_t number) { return incident_rank(IncidentPlace::model_swaps, number); };
  for (std::size_t i = 0; i < swaps_.size(); ++i) {
    progress_[i].timer = simulation.add_timer(*this, static_cast<std::uint32_t>(i), rank(i));
    simulation.set_timer(progress_[i].timer, swaps_[i].at);
    swaps_[i].fleet->set_client(this);
    current_[swaps_[i].fleet] = 0;
  }
  look_again_ = simulation.add_timer(*this, static_cast<std::uint32_t>(swaps_.size()), rank(swaps_.size()));
}

void ModelSwaps::on_timer(std::uint32_t tag) {
  if (tag == swaps_.size()) {
    for (std::size_t i = 0; i < swaps_.size(); ++i) go_on(i);
    return;
  }
  Progress& progress = progress_[tag];
  if (progress.stage == Stage::canary) return judge(tag);
  progress.stage = Stage::due;
  begin(tag);
}

/// Looks again when whatever happens now is over.
void ModelSwaps::on_fleet_changed() { simulation_.set_timer(look_again_, simulation_.now()); }

void ModelSwaps::begin(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  if (under_way_.contains(what.fleet)) return;  // begins when that is over
  under_way_[what.fleet] = swap;
  if (watch_ != nullptr) watch_->on_incident("model_swap", what.service, true, simulation_.now());
  progress.before = current_[what.fleet];
  progress.at_start = what.fleet->tally();
  progress.began = simulation_.now();
  if (what.canary) return begin_canary(swap);
  promote(swap);
}

/// The first replicas that serve try the new model.
void ModelSwaps::begin_canary(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  for (std::int32_t replica = 0; replica < what.fleet->size(); ++replica) {
    const bool enough = static_cast<std::int64_t>(progress.canaries.size()) == what.canary->replicas;
    if (enough || !counts(*what.fleet, replica)) continue;
    progress.canaries.push_back(replica);
    what.fleet->set_pinned(replica, true);
  }
  progress.stage = Stage::canary_starting;
  what.fleet->service().split_traffic(progress.canaries, what.canary->traffic_share);
  what.fleet->use(progress.canaries, what.edition, what.drains);
  go_on(swap);
}

bool ModelSwaps::all_serve(const Fleet& fleet, const std::vector<std::int32_t>& replicas) const {
  return std::all_of(replicas.begin(), replicas.end(),
                     [&](std::int32_t replica) { return !counts(fleet, replica) || fleet.is_serving(replica); });
}

void ModelSwaps::go_on(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  switch (progress.stage) {
    case Stage::canary_starting:
      if (!all_serve(*what.fleet, progress.canaries)) return;
      progress.stage = Stage::canary;
      what.fleet->service().split()->compare(simulation_.now());
      simulation_.set_timer(progress.timer, simulation_.now() + what.canary->duration);
      return;
    case Stage::promoting:
      return roll(swap);
    case Stage::going_back:
      if (all_serve(*what.fleet, progress.canaries)) end(swap);
      return;
    case Stage::due:
      return begin(swap);
    case Stage::to_come:
    case Stage::canary:
    case Stage::done:
      return;
  }
}

void ModelSwaps::judge(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  LlmService& service = what.fleet->service();
  const TrafficSplit::Side canary = service.split()->chosen_side(), others = service.split()->other_side();
  progress.judged = simulation_.now();
  progress.canary_requests = canary.requests;
  progress.other_requests = others.requests;
  progress.ttft_ratio = ratio(canary.mean_ttft(), others.mean_ttft());
  progress.tpot_ratio = ratio(canary.mean_tpot(), others.mean_tpot());
  const auto keeps = [](std::optional<double> worst, std::optional<double> found) {
    return !worst || (found && *found <= *worst);  // what nobody could measure is not kept
  };
  const bool passes = what.canary->verdict.value_or(keeps(what.canary->worst_ttft_ratio, progress.ttft_ratio) &&
                                                    keeps(what.canary->worst_tpot_ratio, progress.tpot_ratio));
  service.join_traffic();
  for (const std::int32_t replica : progress.canaries) what.fleet->set_pinned(replica, false);
  if (passes) return promote(swap);
  progress.stage = Stage::going_back;
  what.fleet->use(progress.canaries, progress.before, what.drains);
  go_on(swap);
}

/// All others follow. What is down takes the new model when it comes.
void ModelSwaps::promote(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  progress.promoted = true;
  progress.stage = Stage::promoting;
  current_[what.fleet] = what.edition;
  if (!what.max_unavailable) {
    what.fleet->use(all_of(*what.fleet), what.edition, what.drains);
  } else {
    std::vector<std::int32_t> absent;
    for (const std::int32_t replica : all_of(*what.fleet)) {
      if (!counts(*what.fleet, replica)) absent.push_back(replica);
    }
    what.fleet->use(absent, what.edition, what.drains);
  }
  go_on(swap);
}

/// The next ones go as soon as enough of the others serve.
void ModelSwaps::roll(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Fleet& fleet = *what.fleet;
  std::int64_t unavailable = 0, left = 0;
  for (std::int32_t replica = 0; replica < fleet.size(); ++replica) {
    if (!counts(fleet, replica)) continue;
    const bool is_new = fleet.edition_to_come(replica) == what.edition;
    if (!fleet.is_serving(replica)) ++unavailable;
    if (!is_new || !fleet.is_serving(replica)) ++left;
  }
  if (left == 0) return end(swap);
  for (std::int32_t replica = 0; replica < fleet.size() && what.max_unavailable; ++replica) {
    if (unavailable >= *what.max_unavailable) return;
    if (!counts(fleet, replica) || fleet.edition_to_come(replica) == what.edition) continue;
    if (fleet.is_serving(replica)) ++unavailable;
    fleet.use({&replica, 1}, what.edition, what.drains);
  }
}

void ModelSwaps::end(std::size_t swap) {
  const ModelSwap& what = swaps_[swap];
  Progress& progress = progress_[swap];
  progress.stage = Stage::done;
  progress.done = simulation_.now();
  progress.at_end = what.fleet->tally();
  if (watch_ != nullptr) watch_->on_incident("model_swap", what.service, false, simulation_.now());
  under_way_.erase(what.fleet);
  on_fleet_changed();  // the next may be due
}

std::vector<metrics::IncidentResult> ModelSwaps::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < swaps_.size(); ++i) {
    const ModelSwap& swap = swaps_[i];
    const Progress& progress = progress_[i];
    metrics::IncidentResult result{.kind = "model_swap",
                                   .target = swap.service,
                                   .at_s = to_seconds(swap.at),
                                   .repaired_at_s = std::nullopt,
                                   .effects = {}};
    const bool happened = progress.stage != Stage::to_come && progress.stage != Stage::due;
    auto& effects = result.effects;
    effects.emplace_back("happened", happened ? 1.0 : 0.0);
    if (happened) {
      const Fleet::Tally now = progress.done ? progress.at_end : swap.fleet->tally();
      const LlmService::Evacuated &before = progress.at_start.evacuated, &after = now.evacuated;
      const auto count = [&effects](const char* name, std::int64_t value) {
        effects.emplace_back(name, static_cast<double>(value));
      };
      count("promoted", progress.promoted ? 1 : 0);
      count("replicas_swapped", now.swapped - progress.at_start.swapped);
      effects.emplace_back("replica_seconds_out_of_service", to_seconds(now.out - progress.at_start.out));
      count("requests_restarted", after.restarted - before.restarted);
      count("tokens_discarded", after.tokens - before.tokens);
      count("requests_failed", after.refused - before.refused);
      if (swap.canary) {
        count("canary_requests", progress.canary_requests);
        count("other_requests", progress.other_requests);
        if (progress.ttft_ratio) effects.emplace_back("ttft_ratio", *progress.ttft_ratio);
        if (progress.tpot_ratio) effects.emplace_back("tpot_ratio", *progress.tpot_ratio);
        if (progress.judged) effects.emplace_back("canary_s", to_seconds(*progress.judged - progress.began));
      }
      if (progress.done) {
        result.repaired_at_s = to_seconds(*progress.done);
        effects.emplace_back("duration_s", to_seconds(*progress.done - progress.began));
      }
    }
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
