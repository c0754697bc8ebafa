#include "tests/laws/random_facility_events.hpp"

#include <string>

namespace tokenworks::testing {

using nlohmann::json;

void random_facility_events(FeatureDraw& draw, json& scenario, json& incidents, double duration) {
  json& factory = scenario["factory"];
  const auto strike = [&](const std::string& kind) -> json& {
    incidents.push_back({{"kind", kind}, {"at_s", draw.real(0, duration)}});
    if (draw.chance(0.8)) incidents.back()["repair_after_s"] = draw.real(0, duration / 2);
    return incidents.back();
  };
  factory["restart_after_s"] = draw.real(0, 20);
  factory["cooling_restart"] = {{"coolant_pumps_on_ups", draw.chance(0.5)},
                                {"pumps_after_s", draw.real(0, 10)},
                                {"chillers_after_s", draw.real(10, 40)}};
  if (draw.feature("cooling_pump_failure", 0.25)) {
    json& pump = strike("cooling_pump_failure");
    pump["target"] = "row_a";
    pump["flow_share"] = draw.chance(0.6) ? 0.0 : draw.real(0, 0.5);
  }
  if (draw.feature("failed units of the plant", 0.2)) {
    const std::string kind = draw.chance(0.5) ? "chiller_failure" : "air_handler_failure";
    if (factory["cooling"]["kind"] == "air_crah") strike(kind)["units"] = draw.whole(1, 2);
  }
  const bool has_ups = factory["power"]["ups"] != "none";
  if (draw.feature("utility_loss", 0.2)) {
    strike("utility_loss");
    if (draw.chance(0.5)) factory["power"]["generators"] = false;
    if (has_ups && draw.feature("batteries that run down", 0.6)) {
      factory["power"]["battery"] = {{"ride_through_s", draw.real(1, 20)}, {"walk_in_s", draw.real(0, 10)}};
    }
    factory["power"]["generator"] = {{"start_time_s", draw.real(1, 10)}, {"retransfer_delay_s", draw.real(1, 20)}};
  }
  if (draw.feature("power_path_down", 0.2)) {
    const std::string redundancy = factory["power"]["redundancy"];
    const std::string side = redundancy == "2n" ? "_a" : redundancy == "block_redundant" ? "_1" : "";
    strike("power_path_down")["target"] = (has_ups && draw.chance(0.5) ? "ups" : "transformer") + side;
  }
  json control = json::object();
  if (draw.feature("power limit", 0.2)) {
    control["limits"] = {{{"node", "meter"}, {"limit_w", draw.real(4e3, 3e4)}}};
    if (draw.chance(0.4)) control["limits"][0]["ramp_w_per_min"] = draw.real(1e2, 1e5);
  }
  if (draw.feature("demand_response", 0.2)) {
    incidents.push_back({{"kind", "demand_response"},
                         {"at_s", draw.real(0, duration)},
                         {"reduction_share", draw.real(0.05, 0.5)},
                         {"baseline_s", draw.real(1, duration)},
                         {"ramp_s", draw.real(0, 10)},
                         {"duration_s", draw.real(1, duration)}});
  }
  if (!control.empty() || draw.chance(0.2)) {
    control["policy"] = {{"kind", draw.one_of("policy", {"polca", "proportional"})},
                         {"interval_s", draw.real(0.5, 3)},
                         {"delay_s", draw.real(0, 3)}};
    factory["power_control"] = control;
  }
  if (draw.feature("grid_storage", 0.25)) {
    json shaping = {{"reserve_share", draw.real(0, 0.4)}, {"target_share", draw.real(0.5, 1)}};
    if (draw.chance(0.7)) shaping["limit_w"] = draw.real(4e3, 3e4);
    if (!shaping.contains("limit_w") || draw.chance(0.5)) shaping["ramp_w_per_min"] = draw.real(1e3, 1e6);
    factory["power"]["grid_storage"] = {{"ride_through_s", draw.real(1, 60)}, {"shaping", shaping}};
    if (draw.chance(0.5)) factory["power"]["grid_storage"]["power_w"] = draw.real(1e3, 2e4);
  }
  if (draw.feature("power_smoothing", 0.25)) {
    json& smoothing = factory["racks"][0]["power_smoothing"];
    smoothing = {{"energy_per_gpu_j", draw.real(0, 200)}, {"ramp_share_per_s", draw.real(0.05, 2)}};
    if (draw.feature("power floor", 0.5)) {
      smoothing["floor_share"] = draw.real(0.1, 1);
      smoothing["floor_hold_s"] = draw.real(0, 5);
    }
  }
  for (json& service : scenario["services"]) {
    if (draw.chance(0.3)) service["power_class"] = "batch";
  }
}

}  // namespace tokenworks::testing
