#include "sim/scenario/field_units.hpp"

namespace tokenworks::scenario {
namespace {

struct Ending {
  std::string_view ending;
  std::string_view unit;
};

// The longest ending that fits counts: "_usd_per_kwh" before "_kwh".
constexpr Ending kEndings[] = {
    {"_s", "s"},
    {"_ms", "ms"},
    {"_us", "µs"},
    {"_h", "h"},
    {"_hours", "h"},
    {"_w", "W"},
    {"_kw", "kW"},
    {"_mw", "MW"},
    {"_j", "J"},
    {"_kwh", "kWh"},
    {"_k", "K"},
    {"_c", "°C"},
    {"_pa", "Pa"},
    {"_kg", "kg"},
    {"_l", "l"},
    {"_m", "m"},
    {"_m3", "m³"},
    {"_hz", "Hz"},
    {"_usd", "USD"},
    {"_bytes", "B"},
    {"_gb", "GB (1e9 B)"},
    {"_mb", "MB (1e6 B)"},
    {"_gib", "GiB"},
    {"_tokens", "tokens"},
    {"_per_s", "1/s"},
    {"_per_h", "1/h"},
    {"_per_k", "1/K"},
    {"_usd_per_kwh", "USD/kWh"},
    {"_kg_per_kwh", "kg/kWh"},
    {"_l_per_kwh", "l/kWh"},
    {"_gb_per_s", "GB/s (1e9 B)"},
    {"_gbit_per_s", "Gbit/s (1e9 bit)"},
    {"_bytes_per_s", "B/s"},
    {"_flop_per_s", "FLOP/s"},
    {"_tflop_per_s", "TFLOP/s"},
    {"_tokens_per_s", "tokens/s"},
    {"_kg_per_s", "kg/s"},
    {"_m3_per_s", "m³/s"},
    {"_w_per_k", "W/K"},
    {"_w_per_min", "W/min"},
    {"_k_per_w", "K/W"},
    {"_j_per_k", "J/K"},
    {"_w_per_m3_per_s", "W/(m³/s)"},
    {"_j_per_token", "J/token"},
};

}  // namespace

std::string_view unit_of_key(std::string_view key) {
  const Ending* best = nullptr;
  for (const Ending& entry : kEndings) {
    const bool fits = key.ends_with(entry.ending) || key == entry.ending.substr(1);
    if (fits && (best == nullptr || entry.ending.size() > best->ending.size())) best = &entry;
  }
  return best == nullptr ? std::string_view() : best->unit;
}

}  // namespace tokenworks::scenario
