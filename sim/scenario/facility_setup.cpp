#include "sim/scenario/facility_setup.hpp"

#include "sim/scenario/factory_parts.hpp"

namespace tokenworks::scenario {

resources::Facility::Setup facility_setup(ReadOutcome& scenario, const resources::SharedPower& network,
                                          const weather::WeatherSeries& weather, double start_s) {
  const FactorySpec& factory = scenario.spec.factory;
  resources::Facility::Setup setup;
  for (const RackGroupSpec* rack :
       sorted_by_name(factory.racks, [](const RackGroupSpec& group) { return group.name; })) {
    const compute::RackSpec& listed = *scenario.catalog.rack(rack->kind, scenario.faults);
    const compute::GpuSpec& gpu = *scenario.catalog.gpu(listed.gpu, scenario.faults);
    const compute::RackSpec kind =
        compute::without_fans(listed, factory.cooling->server_fan_share_removed(), gpu.power.idle, gpu.power.limit);
    setup.groups.push_back({rack->name, kind, gpu.power.idle.value, gpu.power.limit.value, rack->count,
                            gpu.temperature_limits, factory.gpu_throttle, rack->power_smoothing});
  }
  if (factory.storage) {
    const storage::StorageProfile profile = (*factory.storage)->profile();
    setup.storage = {profile.idle_power.value, profile.full_power.value};
  }
  setup.network = network;
  setup.power = &*factory.power;
  setup.seed = static_cast<std::uint64_t>(scenario.spec.seed);
  setup.coolant_pumps_on_ups = factory.cooling_restart.coolant_pumps_on_ups;
  setup.cooling = &*factory.cooling;
  setup.weather = weather.at(start_s);
  setup.design_weather = weather.design();
  return setup;
}

}  // namespace tokenworks::scenario
