#include <algorithm>

#include "sim/policies/capping/options/options.hpp"

namespace tokenworks::capping {

void CappingOption::visit_common(FieldVisitor& v) {
  const auto lag = [](double least) {
    return rule().at_least(least).at_most(3600).default_from(
        'E', "Telemetry and actuation take seconds (Patel et al., POLCA, 2023)");
  };
  field(v, "interval_s", interval, "From one look at the node's power to the next", lag(0.1));
  field(v, "window_s", window, "Over which the power that it sees is averaged", lag(0.1));
  field(v, "delay_s", delay, "From a decision until its caps act", lag(0));
  field(v, "brake_share", brake_share,
        "Share of the limit above which the hardware brakes at once: every GPU under the node at its least cap",
        rule().above(0).at_most(2).default_from('E', "At the limit itself"));
}

bool Decision::caps_any(const Snapshot& now) const {
  for (std::size_t i = 0; i < caps_w.size(); ++i) {
    if (caps_w[i] < now.classes[i].most_w) return true;
  }
  return false;
}

Decision brake(const CappingOption& option, const Snapshot& now) {
  Decision decision{.caps_w = {}, .stage = option.decide(now).stage};
  for (const GpuLoad& load : now.classes) decision.caps_w.push_back(std::min(load.least_w, load.most_w));
  return decision;
}

bool brakes(const CappingOption& option, double power_w, double limit_w) {
  return power_w > option.brake_share * limit_w;
}

Options<CappingOption> capping_options() {
  static constexpr Option<CappingOption> kOptions[] = {
      {"polca", "By two thresholds of the limit: above the first batch is capped, above the second all is", make_polca},
      {"proportional", "What the limit leaves is filled up, batch giving way first", make_proportional},
      {"static_cap", "Every GPU has the same cap all the time", make_static_cap},
  };
  return kOptions;
}

}  // namespace tokenworks::capping
