#include "models/power/loss_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::power {
namespace {

struct UpsLoss {
  std::string_view name;
  LossLaw law;
};
constexpr UpsLoss kUpsLosses[] = {{"double_conversion", {0.01072, 0.01113, 0.01761}},
                                  {"silicon_carbide", {0.00618, 0.00868, 0.01380}},
                                  {"eco", {0.00386, 0.00205, 0.00414}},
                                  {"none", {0.0, 0.0, 0.0}}};
constexpr std::string_view kUpsModes[] = {"double_conversion", "silicon_carbide", "eco", "none"};

}  // namespace

double LossLaw::best_load() const { return std::sqrt(idle / square); }

std::span<const std::string_view> ups_modes() { return kUpsModes; }

const LossLaw& ups_loss_law(std::string_view mode) {
  for (const UpsLoss& loss : kUpsLosses) {
    if (loss.name == mode) return loss.law;
  }
  throw std::invalid_argument(fmt::format("UPS mode \"{}\" is unknown", mode));
}

LossLaw converter_loss_law(Watts fixed, double efficiency, Watts rated) {
  if (!(efficiency > 0.0 && efficiency <= 1.0)) {
    throw std::invalid_argument(fmt::format("efficiency {} of a converter is outside (0, 1]", efficiency));
  }
  return {fixed / rated / efficiency, 1.0 / efficiency - 1.0, 0.0};
}

UnitCount whole_units(Watts design, Watts unit) {
  const Watts size = std::min(unit, design);
  if (!(size.value > 0.0)) return {};
  return {static_cast<std::int64_t>(std::ceil(design / size)), size};
}

}  // namespace tokenworks::power
