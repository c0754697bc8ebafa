// Question   what an air-side economiser draws to cool a hall with outside air, with a direct evaporative stage and
//            back-up chillers, and how much water it takes
// Equation   outside air, mixed with return air, comes at the supply set point; warmer air is cooled along its wet-bulb
//            line by the stage's efficiency, not beyond the dew point of the class; what is still too warm leaves a
//            share of the heat to chillers, which work alone where the air is too humid or within 2 K of the return
// Source     modes and 2 K: common practice of air-side economisers; dew points: ASHRAE classes; stage efficiency,
//            fans, dead bands: estimates
// Valid for  sensible loads; the loop is the hall's air, so there is no chilled-water loop beside that of the back-up;
//            air drier than the class allows is humidified, whose cooling is left out
// Checked by tests/models/cooling/heat_rejection_test.cpp
#include <algorithm>

#include "models/cooling/chiller.hpp"
#include "models/cooling/equipment_class.hpp"
#include "models/cooling/fluid_machines.hpp"
#include "models/cooling/fluids.hpp"
#include "models/cooling/heat_rejection.hpp"
#include "models/weather/psychrometrics.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::size_t kAirAlone = 0, kEvaporative = 1, kPartial = 2, kMechanical = 3;

struct Spec {
  std::string air_class = "a1";
  double fan_share_of_heat = 0.02;
  bool evaporative = true;
  double stage_efficiency = 0.85;
  double bleed_share = 0.3;
  double back_up_share = 1.0;
  std::string curves = "air_cooled_path_a";
  std::int64_t chillers = 1, spare_chillers = 0, air_units = 8, spare_air_units = 1;
  KelvinDelta coil_approach{12.0};
  KelvinDelta least_difference{2.0};
  KelvinDelta dead_band{1.0};

  void visit(FieldVisitor& v) {
    field(v, "air_class", air_class, "ASHRAE class whose allowable dew points hold", rule().one_of(air_classes()));
    field(v, "fan_share_of_heat", fan_share_of_heat, "Rated power of the outside-air and relief fans, of rated heat",
          rule().share().default_from('E', "Filters, stage and relief beside the air handlers' own fans"));
    field(v, "evaporative", evaporative, "There is a direct evaporative stage");
    field(v, "stage_efficiency", stage_efficiency, "Of the difference between dry and wet bulb, taken by the stage",
          rule().share().default_from('E', "0.8 to 0.9 are common"));
    field(v, "bleed_share", bleed_share, "Water drained, of the water evaporated",
          rule().at_least(0).at_most(10).default_from('E', "0.2 to 0.5 are common"));
    field(v, "back_up_share", back_up_share, "Capacity of the back-up chillers, of the rated heat",
          rule().share().default_from('E', "Chillers carry all heat in smoke and on humid days"));
    field(v, "curves", curves, "Published curves of the back-up chillers", rule().one_of(kAirCooledChillers));
    field(v, "chillers", chillers, "Machines that carry the back-up capacity",
          rule().at_least(1).at_most(1000).default_from('E', "One stands for the yard: no staging"));
    field(v, "spare_chillers", spare_chillers, "Machines beyond the need", rule().at_least(0).at_most(1000));
    field(v, "air_units", air_units, "Units of fans, filters and stage that carry the design load",
          rule().at_least(1).at_most(1000).default_from('E', "A common number"));
    field(v, "spare_air_units", spare_air_units, "Units beyond the need",
          rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
    field(v, "coil_approach_k", coil_approach, "Supply air above the back-up's chilled water",
          rule().above(0).at_most(40).default_from('E', "Between 10 K (LBNL Buildings) and 13 K (STULZ CRS 560 CW)"));
    field(v, "least_difference_k", least_difference, "Outside air is used while so much colder than the return",
          rule().at_least(0).at_most(20).default_from('E', "Common setting of air-side economisers"));
    field(v, "dead_band_k", dead_band, "A mode with less machinery begins with so much to spare",
          rule().at_least(0).at_most(10).default_from('E', "Keeps controls from going to and fro"));
  }
};

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec),
        dew_points_(allowable_dew_points(spec.air_class)),
        capacity_(capacity),
        loop_(loop),
        fan_{capacity * spec.fan_share_of_heat, 0.0},
        air_flow_(capacity.value / (kMoistAir.heat_capacity.value * loop.rise.value)),
        chiller_(chiller_curves(spec.curves), capacity * spec.back_up_share, loop.supply - spec.coil_approach,
                 design.dry_bulb, spec.chillers) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const std::size_t mode = std::min(point.mode, kMechanical);
    const Celsius supply = loop_.supply + point.warmer, returning = supply + loop_.rise;
    const Outside air = outside(point.outside, KelvinDelta(0));
    RejectionEffort effort;
    effort.mode = mode;
    effort.wanted_mode = wanted(mode, point.outside, air);
    effort.capability =
        capability_at([&](KelvinDelta warmer) { return most_heat(mode, point, air, warmer); }, point.warmer);
    if (point.heat.value <= 0.0 || capacity_.value <= 0.0) return effort;
    notes.check("outside air: heat [share of capacity]", point.heat / capacity_, 0.0, 1.0);

    double carried = 0.0;  // of the heat, by outside air
    if (mode != kMechanical && point.outdoor > 0.0) {
      // The stage works down to the set point, and air that is colder is mixed with return air.
      const Celsius delivered = std::max(coldest(mode, point.outside, air), supply);
      const Celsius entering = std::min(delivered, point.outside.dry_bulb);  // behind the stage, before mixing
      carried = std::clamp((returning - delivered).value / loop_.rise.value, 0.0, 1.0);
      const double mixed = std::min(1.0, loop_.rise.value / std::max((returning - entering).value, 1e-9));
      const double flow = std::min(point.heat / capacity_ / point.outdoor, 1.0) * mixed;
      effort.fans = fan_.power(flow) * point.outdoor;
      const double humid =
          entering < point.outside.dry_bulb
              ? weather::humidity_ratio_at_wet_bulb(entering, point.outside.wet_bulb, point.outside.pressure)
              : air.humidity;
      const double taken_up = std::max(std::max(humid, air.least_humidity) - air.humidity, 0.0);
      effort.water.evaporation = KilogramsPerSecond(air_flow_ * flow * point.outdoor * taken_up);
      effort.water.blow_down = effort.water.evaporation * spec_.bleed_share;
    }
    if (mode >= kPartial) {
      effort.chillers = chiller_
                            .work(point.heat * (1.0 - carried), supply - spec_.coil_approach, point.outside.dry_bulb,
                                  point.chillers, notes)
                            .power;
    }
    return effort;
  }
  std::vector<std::string> modes() const override { return {"outside_air", "evaporative", "partial", "mechanical"}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    return {{"outside_air_capacity_w", capacity_.value},
            {"outside_air_fans_w", fan_.rated.value},
            {"chiller_capacity_w", chiller_.capacity().value}};
  }
  RejectionUnits units() const override {
    RejectionUnits units{.outdoor_needed = spec_.air_units,
                         .outdoor_installed = spec_.air_units + spec_.spare_air_units};
    if (has_chillers()) {
      units.chillers_needed = spec_.chillers;
      units.chillers_installed = spec_.chillers + spec_.spare_chillers;
    }
    return units;
  }

 private:
  struct Outside {
    double humidity, least_humidity, most_humidity;
    Celsius evaporated;  // coldest behind the stage, within the class
  };

  bool has_chillers() const { return chiller_.capacity().value > 0.0; }

  Outside outside(const weather::WeatherPoint& at, KelvinDelta drier) const {
    Outside air{};
    air.humidity = weather::humidity_ratio(at);
    air.least_humidity = weather::saturated_humidity_ratio(dew_points_.lowest, at.pressure);
    air.most_humidity = weather::saturated_humidity_ratio(dew_points_.highest - drier, at.pressure);
    air.evaporated = at.dry_bulb;
    if (spec_.evaporative && at.dry_bulb > at.wet_bulb) {
      const Celsius reached = at.dry_bulb - (at.dry_bulb - at.wet_bulb) * spec_.stage_efficiency;
      const Celsius allowed = weather::dry_bulb_at_wet_bulb(at.wet_bulb, air.most_humidity, at.pressure);
      air.evaporated = std::min(std::max(reached, allowed), at.dry_bulb);
    }
    return air;
  }
  Celsius coldest(std::size_t mode, const weather::WeatherPoint& at, const Outside& air) const {
    return mode == kAirAlone ? at.dry_bulb : air.evaporated;
  }

  Watts most_heat(std::size_t mode, const RejectionPoint& point, const Outside& air, KelvinDelta warmer) const {
    const Celsius supply = loop_.supply + warmer;
    Watts heat(0);
    if (mode != kMechanical && point.outdoor > 0.0) {
      const Watts at = point.heat.value > 0.0 ? point.heat : capacity_;
      const double share = (supply + loop_.rise - coldest(mode, point.outside, air)).value / loop_.rise.value;
      heat = std::clamp(at * share, Watts(0), capacity_ * point.outdoor);
    }
    if (mode >= kPartial)
      heat += chiller_.available(supply - spec_.coil_approach, point.outside.dry_bulb) * point.chillers;
    return heat;
  }

  /// The mode with the least machinery that holds the set point with `spare` to spare.
  std::size_t least_mode(const weather::WeatherPoint& at, const Outside& air, KelvinDelta spare) const {
    const Celsius supply = loop_.supply - spare;
    const bool is_humid = air.humidity > air.most_humidity;
    if (has_chillers()) {
      const Celsius useful = loop_.supply + loop_.rise - spec_.least_difference - spare;
      if (is_humid || air.evaporated >= useful) return kMechanical;
      if (air.evaporated > supply) return kPartial;
    }
    return at.dry_bulb <= supply || !spec_.evaporative ? kAirAlone : kEvaporative;
  }
  std::size_t wanted(std::size_t mode, const weather::WeatherPoint& at, const Outside& air) const {
    const std::size_t needed = least_mode(at, air, KelvinDelta(0));
    if (needed >= mode) return needed;
    return std::min(mode, least_mode(at, outside(at, spec_.dead_band), spec_.dead_band));
  }

  Spec spec_;
  TemperatureRange dew_points_;
  Watts capacity_;
  WaterLoop loop_;
  Fan fan_;
  double air_flow_;  // kg/s, rated
  Chiller chiller_;
};

class OutsideAir final : public HeatRejectionOf<Spec, Plant> {
 public:
  Medium medium() const override { return Medium::air; }
};

}  // namespace

std::unique_ptr<HeatRejection> make_outside_air() { return std::make_unique<OutsideAir>(); }

}  // namespace tokenworks::cooling
