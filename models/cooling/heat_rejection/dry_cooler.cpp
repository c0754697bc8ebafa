// Question   what finned coils with fans draw to cool the water to its set point, and what is left for a trim chiller
// Equation   cross-flow effectiveness; 1/UA = 1/hA_water + 1/hA_air, hA_water ~ flow^0.85, hA_air ~ flow^0.8; the fan
//            share y that just meets the set point, P = P_rated y^3; what full fans leave goes to an air-cooled chiller
//            in series
// Source     exponents, hA ratio 0.5 and natural convection 12.5 %: LBNL Buildings library, DryCoolers; approach 5.6 K
//            and fan power 4.0 % of heat: BAC TDFS1238N selection (35 degC air, 46.1 to 40.6 degC fluid), in the same
//            library
// Valid for  clean coils, air at the site's own density (fan and coil are sized there)
// Checked by tests/models/cooling/dry_cooler_test.cpp
#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

#include "models/cooling/chiller.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/heat_exchanger.hpp"
#include "models/cooling/heat_rejection.hpp"

namespace tokenworks::cooling {
namespace {

constexpr double kAirToWaterConductance = 0.5;  // hA_air / hA_water at rated flows
constexpr double kWaterExponent = 0.85, kAirExponent = 0.8;
constexpr double kFlowTolerance = 1e-13;
constexpr std::size_t kFree = 0, kTrim = 1;

struct Spec {
  KelvinDelta approach{5.6};
  double fan_share_of_heat = 0.04;
  double natural_convection_share = 0.125;
  double water_to_air_capacity = 0.8;

  void visit(FieldVisitor& v) {
    field(v, "approach_k", approach, "Leaving water above outdoor dry bulb at rated heat and full fans",
          rule().above(0).default_from('V', "BAC TDFS1238N, record in LBNL Buildings c4117cc"));
    field(v, "fan_share_of_heat", fan_share_of_heat, "Rated fan power of rated heat",
          rule().share().default_from('V', "BAC TDFS1238N, record in LBNL Buildings c4117cc"));
    field(v, "natural_convection_share", natural_convection_share, "Of the heat at full fans, moved without fans",
          rule().share().default_from('V', "LBNL Buildings c4117cc, dry cooler defaults"));
    field(v, "water_to_air_capacity", water_to_air_capacity,
          "Heat capacity flow of the water over that of the air, rated",
          rule().above(0).at_most(1).default_from('E', "Not published for the reference unit"));
  }
};

/// The coil, in units of the rated water's heat capacity flow.
class Coil {
 public:
  Coil(const Spec& spec, KelvinDelta rise) : air_capacity_(1.0 / spec.water_to_air_capacity) {
    const double effectiveness = rise / (rise + spec.approach);
    const double conductance = cross_flow_transfer_units(effectiveness, spec.water_to_air_capacity);
    water_ = conductance * (1.0 + kAirToWaterConductance) / kAirToWaterConductance;
    air_ = water_ * kAirToWaterConductance;
  }

  /// Heat moved per kelvin between entering water and air, at shares of rated flow.
  double heat_per_kelvin(double water_flow, double air_flow) const {
    if (water_flow <= 0.0 || air_flow <= 0.0) return 0.0;
    const double conductance =
        1.0 / (1.0 / (water_ * std::pow(water_flow, kWaterExponent)) + 1.0 / (air_ * std::pow(air_flow, kAirExponent)));
    const double water = water_flow, air = air_flow * air_capacity_;
    const double smaller = std::min(water, air), larger = std::max(water, air);
    return smaller * cross_flow_effectiveness(conductance / smaller, smaller / larger);
  }

  /// Air flow at which `wanted` is reached, which full flow does and none does not.
  double air_flow_for(double wanted, double water_flow) const {
    const auto excess = [&](double air_flow) { return heat_per_kelvin(water_flow, air_flow) - wanted; };
    const double at_full = excess(1.0);
    if (at_full <= 0.0) return 1.0;
    std::uintmax_t iterations = 100;
    const auto close = [](double a, double b) { return std::abs(b - a) < kFlowTolerance; };
    const auto bracket = boost::math::tools::toms748_solve(excess, 0.0, 1.0, -wanted, at_full, close, iterations);
    return bracket.second;
  }

 private:
  double air_capacity_;
  double water_ = 0.0, air_ = 0.0;
};

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec),
        capacity_(capacity),
        loop_(loop),
        coil_(spec, loop.rise),
        fan_{capacity * spec.fan_share_of_heat, 0.0},
        chiller_(air_cooled_path_a(), remaining_heat(capacity, design.dry_bulb), loop.supply, design.dry_bulb) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const Watts heat = point.heat;
    const weather::WeatherPoint& outside = point.outside;
    RejectionEffort effort;
    if (heat.value <= 0.0 || capacity_.value <= 0.0) return effort;
    notes.check("dry cooler: heat [share of capacity]", heat / capacity_, 0.0, 1.0);
    const Watts remaining = remaining_heat(heat, outside.dry_bulb);
    if (remaining.value <= 0.0) {
      effort.fans = fan_.power(fan_share(heat, outside.dry_bulb));
      return effort;
    }
    if (chiller_.capacity().value <= 0.0) {  // sized for free cooling alone: the water gets warmer
      const double warmer = remaining / heat * loop_.rise.value;
      notes.check("dry cooler without trim chiller: supply water above set point [K]", warmer, 0.0, 0.0);
      effort.fans = fan_.rated;
      return effort;
    }
    // The fans help the chiller while they save more than they draw.
    ValidityNotes unused;
    const Watts assisted = fan_.rated + chiller_.power(remaining, loop_.supply, outside.dry_bulb, unused);
    const Watts alone = chiller_.power(heat, loop_.supply, outside.dry_bulb, unused);
    const bool fans_help = assisted <= alone;
    effort.chillers = chiller_.power(fans_help ? remaining : heat, loop_.supply, outside.dry_bulb, notes);
    effort.fans = fans_help ? fan_.rated : Watts(0);
    effort.mode = effort.wanted_mode = kTrim;
    return effort;
  }

  std::vector<std::string> modes() const override { return {"free", "trim"}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    return {{"dry_cooler_capacity_w", capacity_.value},
            {"dry_cooler_fans_w", fan_.rated.value},
            {"trim_chiller_capacity_w", chiller_.capacity().value}};
  }

 private:
  double water_flow(Watts heat) const { return heat / capacity_; }
  /// Heat that the coil must move per kelvin to reach the set point, in the coil's unit.
  double wanted(Watts heat, Celsius dry_bulb) const {
    return water_flow(heat) * (loop_.rise / (loop_.supply + loop_.rise - dry_bulb));
  }

  /// What full fans leave of `heat`.
  Watts remaining_heat(Watts heat, Celsius dry_bulb) const {
    if (heat.value <= 0.0) return Watts(0);
    if (dry_bulb >= loop_.supply + loop_.rise) return heat;
    const double moved = coil_.heat_per_kelvin(water_flow(heat), 1.0) / wanted(heat, dry_bulb);
    return heat * std::max(0.0, 1.0 - moved);
  }

  /// Fan speed that just meets the set point, which full speed does.
  double fan_share(Watts heat, Celsius dry_bulb) const {
    const double target = wanted(heat, dry_bulb), flow = water_flow(heat);
    if (target <= spec_.natural_convection_share * coil_.heat_per_kelvin(flow, 1.0)) return 0.0;
    return coil_.air_flow_for(target, flow);
  }

  Spec spec_;
  Watts capacity_;
  WaterLoop loop_;
  Coil coil_;
  Fan fan_;
  Chiller chiller_;
};

class DryCooler final : public HeatRejection {
 public:
  void visit(FieldVisitor& v) override { spec_.visit(v); }
  std::unique_ptr<HeatRejectionPlant> size(Watts capacity, const WaterLoop& loop,
                                           const weather::WeatherPoint& design_weather) const override {
    return std::make_unique<Plant>(spec_, capacity, loop, design_weather);
  }

 private:
  Spec spec_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_dry_cooler() { return std::make_unique<DryCooler>(); }

}  // namespace tokenworks::cooling
