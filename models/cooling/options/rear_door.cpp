// Question   what a hall draws whose air-cooled racks have water in their rear doors; what the doors leave goes to air
//            handlers
// Equation   Q = effectiveness C_air (server outlet - water), by transfer units away from the rating, throttled where
//            the air would leave colder than the room; where doors and handlers together are too small the room gets
//            warmer until the doors take the rest
// Source     effectiveness 0.6..0.8, fans of active doors 1..2 % of heat, dew point + 2 K: estimates of good practice;
//            20..80 kW a rack, second hand
// Valid for  sensible heat, servers that hold their temperature rise; fans of servers behind passive doors draw what
//            their data say (15..30 Pa more are not added)
// Checked by tests/models/cooling/cooling_options_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "models/cooling/air_path.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/cooling/equipment_class.hpp"
#include "models/cooling/plant_loop.hpp"

namespace tokenworks::cooling {
namespace {

constexpr Option<HeatRejection> kHeatRejections[] = {kAirCooledChiller, kDryCooler, kWaterCooledChiller};

constexpr std::string_view kDoors[] = {"active", "passive"};
constexpr KelvinDelta kAboveDewPoint{2.0};
constexpr double kLeastDoorFlow = 0.2;      // fans of active doors: estimate
constexpr double kMostOfARack = 80e3;       // W
constexpr KelvinDelta kWarmestRoom{200.0};  // above its set point

struct Spec {
  Celsius facility_supply{18.0};
  KelvinDelta facility_rise{6.0};
  Pascals facility_pump_head{250e3};
  Celsius room_air{24.0};
  std::optional<std::string> equipment_class;
  Celsius room_dew_point{12.0};
  KelvinDelta server_air_rise{14.0};
  double effectiveness = 0.7;
  std::string doors = "active";
  double fan_share_of_heat = 0.015;
  double least_room_share = 0.05;
  AirPathSpec residual_air;
  double sizing_margin = 1.1;
  Choice<HeatRejection> heat_rejection{kHeatRejections, "air_cooled_chiller"};
  UnitsSpec facility_pumps{Watts(2e6), 'E', "One for each large chiller"};
  LoopVolumeSpec volume;

  void visit(FieldVisitor& v) {
    field(v, "facility_supply_c", facility_supply, "Set point of the water to the doors",
          rule().at_least(5).at_most(45));
    field(v, "facility_rise_k", facility_rise, "Temperature rise of that water",
          rule().above(0).at_most(40).default_from('E', "As of chilled water"));
    field(v, "facility_pump_head_pa", facility_pump_head, "Head of the facility water pumps",
          rule().at_least(0).default_from('E', "200 to 350 kPa are common"));
    field(v, "room_air_c", room_air, "Air that enters the servers", rule().at_least(5).at_most(45));
    field(v, "equipment_class", equipment_class, "ASHRAE class that the server inlet air has to keep to",
          rule().one_of(air_classes()));
    field(v, "room_dew_point_c", room_dew_point, "Dew point of the room; doors stay 2 K above it",
          rule().at_least(-20).at_most(30).default_from('E', "Within ASHRAE's recommended -9 to 15 degC"));
    field(v, "server_air_rise_k", server_air_rise, "Air temperature rise through the servers",
          rule().above(0).at_most(60).default_from('E', "DGX H100 at full power: 16 K"));
    field(v, "effectiveness", effectiveness, "Share of the difference between server outlet and water, at rated flows",
          rule().above(0).at_most(0.95).default_from('E', "0.6 to 0.8"));
    field(v, "doors", doors, "With fans of their own, or on those of the servers", rule().one_of(kDoors));
    field(v, "fan_share_of_heat", fan_share_of_heat, "Rated power of the fans of active doors, of rated heat",
          rule().share().default_from('E', "1 to 2 %"));
    field(v, "least_room_share", least_room_share, "Heat that the room's air handlers carry at least, of rated heat",
          rule().share().default_from('E', "What leaks past the doors, and the doors' fans"));
    field(v, "residual_air", residual_air, "Air handlers for what the doors leave, on a chiller of their own");
    field(v, "sizing_margin", sizing_margin, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection, "How the heat of the doors' water leaves the site");
    field(v, "facility_pumps", facility_pumps, "Facility and chilled water pumps");
    volume.visit(v);
  }

  KelvinDelta span() const { return room_air + server_air_rise - facility_supply; }  // server outlet above water
  ExchangerRating door() const { return {span() * effectiveness, facility_rise, span() * (1.0 - effectiveness)}; }

  OptionFaults faults() const {
    OptionFaults faults;
    if (facility_supply < room_dew_point + kAboveDewPoint) {
      faults.emplace_back("/facility_supply_c",
                          fmt::format("is {:.4g} degC, needs at least {:.4g} degC: 2 K above the room's dew point",
                                      facility_supply.value, (room_dew_point + kAboveDewPoint).value));
    }
    if (facility_supply >= room_air) {
      faults.emplace_back("/facility_supply_c", fmt::format("is {:.4g} degC, needs to be below the room's {:.4g} degC",
                                                            facility_supply.value, room_air.value));
    } else {
      check_rise(door(), "water and server outlet air", "/facility_rise_k", faults);
    }
    check_class(equipment_class, room_air, "/room_air_c", faults);
    residual_air.add_faults(faults, "/residual_air");
    return faults;
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const Spec& spec, const HeatLoad& design, const weather::WeatherPoint& weather)
      : facility_supply_(spec.facility_supply),
        room_air_(spec.room_air),
        span_(spec.span()),
        server_air_rise_(spec.server_air_rise),
        capacity_((design.liquid + design.air) * spec.sizing_margin),
        fullest_rack_(design.fullest_rack),
        door_(spec.door()),
        fan_{spec.doors == "active" ? capacity_ * spec.fan_share_of_heat : Watts(0), kLeastDoorFlow},
        rated_door_heat_(capacity_ * most_share(1.0, 1.0, span_)),
        pump_(water_pump(rated_door_heat_, spec.facility_rise, spec.facility_pump_head)),
        air_(spec.residual_air, std::max(capacity_ - rated_door_heat_ + fan_.rated, capacity_ * spec.least_room_share),
             Watts(0), weather.pressure),
        rejection_(spec.heat_rejection->size(rated_door_heat_ + pump_.rated, {spec.facility_supply, spec.facility_rise},
                                             weather)),
        air_rejection_(make_air_cooled_chiller()->size(air_.water_heat(), air_.water_loop(), weather)),
        path_(air_.thermal_path()) {
    path_.zone_per_k = 1.0 / (spec.room_air - spec.facility_supply).value;
    path_.loop_s = spec.volume.heat_capacity(design.liquid + design.air);
    add_units(parts_, spec.residual_air.air_handlers.units_of(Part::air_handlers, air_.handler_capacity()));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, rated_door_heat_));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, air_.water_heat()));
    add_units(parts_, *rejection_, rated_door_heat_);
    add_units(parts_, *air_rejection_, air_.water_heat());
  }

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const Watts heat = point.load.liquid + point.load.air;
    CoolingEffort effort;
    LoopEffort& loop = effort.loops[Loop::main];
    loop.supply = effort.rack_supply = facility_supply_ + point.warmer[Loop::main];
    effort.server_inlet = room_air_ + point.warmer[Loop::residual_air];
    if (capacity_.value <= 0.0) return effort;
    const double load = heat / capacity_;
    const double pumps = std::max(point.condition.of(Part::facility_pumps), 0.0);
    // Doors have no units of their own: their fans stand where neither handlers nor pumps run, without power.
    const bool has_power = pumps > 0.0 || point.condition.of(Part::air_handlers) > 0.0;
    const Watts fans = has_power ? fan_.power(load) : Watts(0);

    // What the doors take with their valves open; the room's handlers take the rest as far as they can.
    const KelvinDelta room_warmer = point.warmer[Loop::residual_air];
    const KelvinDelta span = span_ + room_warmer - point.warmer[Loop::main];
    const double water = std::min(1.0, pumps);
    Watts by_doors = heat * most_share(load, water, span);
    const Watts by_room = air_.capacity() * std::max(point.condition.of(Part::air_handlers), 0.0);
    if (heat + fans - by_doors > by_room) {
      by_doors = heat + fans - by_room;
      const double effectiveness = door_effectiveness(load, water);
      const double wanted = effectiveness > 0.0 ? by_doors / heat * server_air_rise_.value / effectiveness : 1e9;
      const double warmer = std::min(wanted - span.value, kWarmestRoom.value);
      effort.server_inlet = effort.server_inlet + KelvinDelta(std::max(warmer, 0.0));
    }

    const AirEffort air = air_.effort({.heat = heat + fans - by_doors,
                                       .air_handlers = point.condition.of(Part::air_handlers),
                                       .pumps = pumps,
                                       .warmer = room_warmer},
                                      notes);
    effort.air_handler_fans = air.fans + fans;
    effort.pumps = air.pumps;
    effort.loops[Loop::residual_air].supply = air.water_supply;
    effort.loops[Loop::residual_air].heat = air.water_heat;
    give_off(*air_rejection_, point, Loop::residual_air, effort, notes);

    const Watts pump = pumps > 0.0 ? pump_.power(std::min(by_doors / rated_door_heat_, pumps)) : Watts(0);
    effort.pumps += pump;
    effort.heat_to_liquid = std::min(by_doors, heat);
    loop.heat = by_doors + pump;
    notes.check("rear doors: heat [share of capacity]", load, 0.0, 1.0);
    notes.check("rear doors: heat of one rack [W]", fullest_rack_.value, 0.0, kMostOfARack);
    notes.check("server inlet air [degC]", effort.server_inlet.value, -60.0, kHighestServerInlet);
    give_off(*rejection_, point, Loop::main, effort, notes);
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    return loop == Loop::main ? rejection_->modes() : air_rejection_->modes();
  }
  std::vector<PartUnits> parts() const override { return parts_; }
  ThermalPath thermal_path(bool) const override { return path_; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all;
    for (const auto& [name, value] : rejection_->ratings()) all.emplace_back("door_" + name, value);
    for (const auto& [name, value] : air_rejection_->ratings()) all.emplace_back("residual_air_" + name, value);
    all.emplace_back("door_fans_w", fan_.rated.value);
    all.emplace_back("facility_pumps_w", pump_.rated.value);
    all.emplace_back("chilled_water_pumps_w", air_.rated_pumps().value);
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  /// Air flow follows the heat.
  double door_effectiveness(double air_flow, double water_flow) const {
    constexpr double kLeastFlow = 1e-3;
    if (water_flow < kLeastFlow) return 0.0;
    return door_.hot_effectiveness(std::clamp(air_flow, kLeastFlow, 1.0), water_flow);
  }
  /// Of the racks' heat, at server outlets `span` above the water. Air that leaves as cold as it entered is the end.
  double most_share(double air_flow, double water_flow, KelvinDelta span) const {
    const double share = door_effectiveness(air_flow, water_flow) * (span / server_air_rise_);
    return std::clamp(share, 0.0, 1.0);
  }

  Celsius facility_supply_, room_air_;
  KelvinDelta span_, server_air_rise_;
  Watts capacity_, fullest_rack_;
  CounterFlowExchanger door_;
  Fan fan_;
  Watts rated_door_heat_;
  Pump pump_;
  AirPath air_;
  std::unique_ptr<HeatRejectionPlant> rejection_, air_rejection_;
  ThermalPath path_;
  std::vector<PartUnits> parts_;
};

}  // namespace

std::unique_ptr<CoolingOption> make_rear_door() { return std::make_unique<CoolingOptionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
