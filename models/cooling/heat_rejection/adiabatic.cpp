// Question   what dry coolers draw, and how much water they take, with wetted pads that cool their air on hot days
// Equation   air into the coil = dry bulb - e (dry bulb - wet bulb) above the switch-over dry bulb; water = air flow of
//            the coil x rise of humidity along the wet-bulb line x (1 + bleed); the rest as in dry_coil.hpp
// Source     pad efficiency 0.7 to 0.9, bleed 0.2 to 0.5 and switch-over 20 to 30 degC: estimates; dry_coil.hpp
// Valid for  pads without a pressure drop of their own; air flow follows from the coil's ratio of heat capacity flows
// Checked by tests/models/cooling/heat_rejection_test.cpp
#include "models/cooling/dry_coil.hpp"
#include "models/cooling/fluids.hpp"
#include "models/weather/psychrometrics.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::size_t kWet = 1, kTrim = 2;  // added; neither: dry

struct Spec {
  DryCoilSpec coil;
  double pad_efficiency = 0.8;
  Celsius switch_over{24.0};
  double bleed_share = 0.3;

  void visit(FieldVisitor& v) {
    coil.visit(v);
    field(v, "pad_efficiency", pad_efficiency, "Of the difference between dry and wet bulb, taken by the pads",
          rule().share().default_from('E', "0.7 to 0.9 are common"));
    field(v, "switch_over_c", switch_over, "Dry bulb above which the pads are wetted",
          rule().at_least(-20).at_most(60).default_from('E', "20 to 30 degC are common"));
    field(v, "bleed_share", bleed_share, "Water drained, of the water evaporated",
          rule().at_least(0).at_most(10).default_from('E', "0.2 to 0.5 are common"));
  }
  bool is_wet(const weather::WeatherPoint& air) const { return air.dry_bulb > switch_over; }
  Celsius entering(const weather::WeatherPoint& air) const {
    return is_wet(air) ? air.dry_bulb - (air.dry_bulb - air.wet_bulb) * pad_efficiency : air.dry_bulb;
  }
};

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec), coil_(spec.coil, capacity, loop, spec.entering(design), design.dry_bulb) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const weather::WeatherPoint& outside = point.outside;
    const Celsius entering = spec_.entering(outside);
    const DryCoilEffort work = coil_.effort(point, entering, notes);
    RejectionEffort effort = work.rejection;
    effort.mode = effort.wanted_mode = (work.trims ? kTrim : 0) + (spec_.is_wet(outside) ? kWet : 0);
    if (spec_.is_wet(outside) && work.air_share > 0.0) {
      const double taken_up = weather::humidity_ratio_at_wet_bulb(entering, outside.wet_bulb, outside.pressure) -
                              weather::humidity_ratio_at_wet_bulb(outside.dry_bulb, outside.wet_bulb, outside.pressure);
      const double air =
          coil_.air_capacity().value / kMoistAir.heat_capacity.value * work.air_share * point.outdoor;  // kg/s
      effort.water.evaporation = KilogramsPerSecond(air * taken_up);
      effort.water.blow_down = effort.water.evaporation * spec_.bleed_share;
    }
    return effort;
  }
  std::vector<std::string> modes() const override { return {"dry", "wet", "dry_trim", "wet_trim"}; }
  std::vector<std::pair<std::string, double>> ratings() const override { return coil_.ratings(); }
  RejectionUnits units() const override { return coil_.units(); }

 private:
  Spec spec_;
  DryCoil coil_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_adiabatic() { return std::make_unique<HeatRejectionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
