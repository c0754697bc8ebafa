#include "sim/jobs/power_caps.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

PowerCaps::PowerCaps(engine::Simulation& simulation, std::vector<PowerCap> caps, const std::vector<PowerCap>& always,
                     metrics::RunWatch* watch)
    : simulation_(simulation), watch_(watch), caps_(std::move(caps)), always_(always), progress_(caps_.size()) {
  constexpr std::uint64_t kAfterAutoscalers = std::uint64_t{6} << 32;
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    progress_[i].timer = simulation.add_timer(*this, static_cast<std::uint32_t>(i),
                                              engine::rank(engine::RankClass::incident, kAfterAutoscalers + i));
    simulation.set_timer(progress_[i].timer, caps_[i].at);
  }
  for (const PowerCap& cap : always_) apply(*cap.service);
}

void PowerCaps::on_timer(std::uint32_t tag) {
  const PowerCap& cap = caps_[tag];
  Progress& progress = progress_[tag];
  const Picoseconds now = simulation_.now();
  progress.happened = true;
  progress.acts = !progress.acts;
  if (watch_ != nullptr) watch_->on_incident("gpu_power_cap", cap.service->name(), progress.acts, now);
  if (!progress.acts) {
    progress.lifted = now;
  } else if (cap.repair_after) {
    simulation_.set_timer(progress.timer, now + *cap.repair_after);
  }
  apply(*cap.service);
}

void PowerCaps::apply(LlmService& service) const {
  double watts = LlmService::kNoCap;
  for (const PowerCap& cap : always_) {
    if (cap.service == &service) watts = std::min(watts, cap.watts_per_gpu);
  }
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    if (progress_[i].acts && caps_[i].service == &service) watts = std::min(watts, caps_[i].watts_per_gpu);
  }
  service.set_power_cap(watts);
}

std::vector<metrics::IncidentResult> PowerCaps::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    metrics::IncidentResult result{
        .kind = "gpu_power_cap",
        .target = caps_[i].service->name(),
        .at_s = to_seconds(caps_[i].at),
        .repaired_at_s = std::nullopt,
        .effects = {{"happened", progress_[i].happened ? 1.0 : 0.0}, {"gpu_power_cap_w", caps_[i].watts_per_gpu}}};
    if (progress_[i].lifted) result.repaired_at_s = to_seconds(*progress_[i].lifted);
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
