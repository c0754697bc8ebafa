#include "sim/jobs/power_caps.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {

PowerCaps::PowerCaps(engine::Simulation& simulation, std::vector<PlannedPowerCap> caps, std::vector<PowerCap> always,
                     metrics::RunWatch* watch)
    : always_(std::move(always)),
      caps_(std::move(caps)),
      calendar_(
          simulation, IncidentPlace::power_caps, plans_of(caps_),
          [this](std::size_t number, bool) { apply(*caps_[number].cap.service); }, watch) {
  for (const PowerCap& cap : always_) apply(*cap.service);
}

void PowerCaps::apply(LlmService& service) const {
  double watts = LlmService::kNoCap;
  const auto lower = [&](const PowerCap& cap) {
    if (cap.service == &service) watts = std::min(watts, cap.watts_per_gpu);
  };
  for (const PowerCap& cap : always_) lower(cap);
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    if (calendar_.acts(i)) lower(caps_[i].cap);
  }
  service.set_power_cap(watts);
}

std::vector<metrics::IncidentResult> PowerCaps::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    list.push_back(calendar_.result(i));
    list.back().effects.emplace_back("gpu_power_cap_w", caps_[i].cap.watts_per_gpu);
  }
  return list;
}

}  // namespace tokenworks::jobs
