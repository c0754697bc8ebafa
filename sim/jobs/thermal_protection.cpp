#include "sim/jobs/thermal_protection.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/compute/clock.hpp"
#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kApply, kRestart };
// Temperatures act between events; what follows from them comes a picosecond later, before steps that begin then.
constexpr Picoseconds kNextDate = 1;
constexpr Picoseconds kRestartLook = 60 * kPicosecondsPerSecond;

}  // namespace

ThermalProtection::ThermalProtection(Setup setup) : setup_(std::move(setup)), logs_(setup_.groups.size()) {
  for (std::size_t group = 0; group < logs_.size(); ++group) {
    const auto tag = static_cast<std::uint32_t>(2 * group);
    const auto timer = [&](std::uint32_t what) {
      return setup_.simulation.add_timer(*this, tag + what,
                                         incident_rank(IncidentPlace::thermal_protection, tag + what));
    };
    logs_[group].apply = timer(kApply);
    logs_[group].restart = timer(kRestart);
    setup_.simulation.set_idle(logs_[group].restart);
  }
  resources::RackTemperatureClient& self = *this;
  if (setup_.facility.temperatures() != nullptr) setup_.facility.temperatures()->set_client(&self);
}

void ThermalProtection::on_clock_limit(std::size_t group, double share) {
  logs_[group].next_share = share;
  setup_.simulation.set_timer(logs_[group].apply, setup_.simulation.now() + kNextDate);
}

void ThermalProtection::on_overheated(std::size_t group) {
  logs_[group].overheats = true;
  setup_.simulation.set_timer(logs_[group].apply, setup_.simulation.now() + kNextDate);
}

void ThermalProtection::on_timer(std::uint32_t tag) {
  if (tag % 2 == kApply) {
    apply(tag / 2);
  } else {
    try_restart(tag / 2);
  }
}

void ThermalProtection::apply(std::size_t group) {
  Log& log = logs_[group];
  const Picoseconds now = setup_.simulation.now();
  const auto [first, end] = setup_.facility.nodes_of(group);
  if (log.overheats && !log.outage) {
    std::vector<std::int64_t> nodes(static_cast<std::size_t>(end - first));
    std::iota(nodes.begin(), nodes.end(), first);
    if (setup_.watch != nullptr) setup_.watch->on_incident("overheated", setup_.groups[group], true, now);
    log.outage = setup_.outages.begin(nodes);
    log.entries.push_back({now, 0.0, log.outage});
    setup_.simulation.set_timer(log.restart, now + setup_.restart_after);
  }
  if (log.outage) return;
  if (setup_.watch != nullptr) {
    const bool was = !log.entries.empty() && log.entries.back().clock_share < 1.0;
    const bool is = log.next_share < 1.0;
    if (was != is) setup_.watch->on_incident("slowed_by_heat", setup_.groups[group], is, now);
  }
  log.entries.push_back({now, log.next_share, std::nullopt});
  const compute::ClockLevel level = log.next_share >= 1.0 ? compute::kFullClock : compute::level_within(log.next_share);
  for (LlmService* service : setup_.services) {
    for (std::int64_t node = first; node < end; ++node) service->set_clock_limit(node, level);
  }
}

void ThermalProtection::try_restart(std::size_t group) {
  Log& log = logs_[group];
  const Picoseconds now = setup_.simulation.now();
  if (!setup_.facility.temperatures()->may_restart(group)) {
    setup_.simulation.set_timer(log.restart, now + kRestartLook);
    return;
  }
  const NodeOutages::Id outage = *log.outage;
  log.overheats = false;
  log.outage.reset();
  log.next_share = 1.0;
  if (setup_.watch != nullptr) setup_.watch->on_incident("overheated", setup_.groups[group], false, now);
  setup_.facility.temperatures()->restore(group);
  apply(group);
  setup_.outages.end(outage);
}

ThermalProtection::Story ThermalProtection::story(std::size_t group, Picoseconds from, Picoseconds until) const {
  Story story;
  const std::vector<Entry>& entries = logs_[group].entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Picoseconds start = std::max(entries[i].at, from);
    const Picoseconds end = std::min(i + 1 < entries.size() ? entries[i + 1].at : until, until);
    if (start >= end) continue;
    const double share = entries[i].clock_share;
    story.least_clock_share = std::min(story.least_clock_share, share);
    if (share > 0.0 && share < 1.0) {
      if (!story.slowed) story.slowed = start;
      story.slow_time += end - start;
    }
    if (share == 0.0) {
      if (!story.dark) story.dark = start;
      story.dark_time += end - start;
    }
    if (entries[i].outage && entries[i].at >= from) {
      story.replicas_down += setup_.outages.progress(*entries[i].outage).replicas_down;
      story.requests_failed += setup_.outages.progress(*entries[i].outage).requests_failed;
    }
  }
  return story;
}

}  // namespace tokenworks::jobs
