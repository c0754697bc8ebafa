#include "models/power/supply_efficiency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tokenworks::power {
namespace {

using Point = SupplyEfficiency::Point;

constexpr Point kTitaniumRedundant[] = {{0.1, 0.90}, {0.2, 0.94}, {0.5, 0.96}, {1.0, 0.91}};
constexpr Point kTitaniumEu[] = {{0.1, 0.90}, {0.2, 0.94}, {0.5, 0.96}, {1.0, 0.94}};
constexpr Point kPlatinumRedundant[] = {{0.2, 0.90}, {0.5, 0.94}, {1.0, 0.91}};
// Six 5.5 kW rectifiers. Published: 97.5 % at best, near half load. The other points: loss 0.00806 - 0.00546 x +
// 0.03034 x^2 of rated output, an estimate; a table, because that parabola turns upwards below 9 % load.
constexpr Point kPowerShelf[] = {{0.1, 0.927}, {0.2, 0.961}, {0.5, 0.975}, {1.0, 0.968}};

struct Table {
  std::string_view name;
  std::span<const Point> points;
  char evidence;
};
constexpr Table kTables[] = {{"titanium_redundant", kTitaniumRedundant, 'S'},
                             {"titanium_eu", kTitaniumEu, 'S'},
                             {"platinum_redundant", kPlatinumRedundant, 'S'},
                             {"power_shelf_33kw", kPowerShelf, 'E'}};
constexpr std::array<std::string_view, std::size(kTables)> kNames = [] {
  std::array<std::string_view, std::size(kTables)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kTables[i].name;
  return names;
}();

const Table& table_named(std::string_view name) {
  for (const Table& table : kTables) {
    if (table.name == name) return table;
  }
  throw std::invalid_argument(fmt::format("power supply table \"{}\" is unknown", name));
}

}  // namespace

SupplyEfficiency::SupplyEfficiency(std::string_view table) : points_(table_named(table).points) {}

Watts SupplyEfficiency::input(Watts output, Watts rated) const {
  const double load = output / rated;
  const Point& first = points_.front();
  if (load <= first.load_share) return output + rated * (first.load_share * (1.0 / first.efficiency - 1.0));
  if (load >= points_.back().load_share) return output / points_.back().efficiency;
  const auto above = std::find_if(points_.begin(), points_.end(), [&](const Point& p) { return p.load_share > load; });
  const Point &right = *above, &left = *(above - 1);
  const double weight = (load - left.load_share) / (right.load_share - left.load_share);
  return output / (left.efficiency + weight * (right.efficiency - left.efficiency));
}

std::span<const std::string_view> supply_tables() { return kNames; }

char supply_evidence(std::string_view table) { return table_named(table).evidence; }

}  // namespace tokenworks::power
