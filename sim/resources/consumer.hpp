// Component classes of the facility's energy, in the order of the report.
#pragma once

#include <string_view>

namespace tokenworks::resources {

enum class Consumer {
  gpu,
  host,
  server_fans,
  rack_shared,
  storage,
  network,
  power_supply_loss,
  busway_loss,
  ups_loss,
  transformer_loss,
  battery_loss,
  air_handler_fans,
  pumps,
  chillers,
  heat_rejection_fans,
  house,
  count
};
inline constexpr int kConsumers = static_cast<int>(Consumer::count);
constexpr int index(Consumer consumer) { return static_cast<int>(consumer); }
inline constexpr int kFirstOutsideIt = index(Consumer::busway_loss);  ///< the IT boundary: racks meet the busway

std::string_view consumer_name(Consumer consumer);  ///< key in the report's energy_by_j, without the unit
constexpr bool is_it(Consumer consumer) { return index(consumer) < kFirstOutsideIt; }

}  // namespace tokenworks::resources
