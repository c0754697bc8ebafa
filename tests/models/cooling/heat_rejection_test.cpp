// Laws that every kind of heat rejection keeps, and what is particular to each.
#include "models/cooling/heat_rejection.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "models/weather/psychrometrics.hpp"
#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;
using tests::set_field;

namespace {

weather::WeatherPoint air(double dry_bulb, double humidity, double pressure = 101325) {
  return weather::air_at_relative_humidity(Celsius(dry_bulb), humidity, Pascals(pressure));
}

struct Kind {
  const char* name;
  std::unique_ptr<HeatRejection> (*make)();
  double coldest_loop, warmest_loop;
  bool holds_mode;  // that the caller gives
};
constexpr Kind kKinds[] = {
    {"adiabatic", make_adiabatic, 18, 46, false},
    {"air_cooled_chiller", make_air_cooled_chiller, 6, 32, false},
    {"cooling_tower", make_cooling_tower, 20, 46, false},
    {"dry_cooler", make_dry_cooler, 18, 46, false},
    {"outside_air", make_outside_air, 18, 30, true},
    {"water_cooled_chiller", make_water_cooled_chiller, 7, 24, true},
};

Watts total(const RejectionEffort& e) { return e.chillers + e.fans + e.pumps; }

/// Warms the loop until it carries the heat, in the mode that is held; false where nothing carries it.
bool settle(const HeatRejectionPlant& plant, RejectionPoint& point) {
  ValidityNotes notes;
  for (int round = 0; round < 60; ++round) {
    const Capability can = plant.effort(point, notes).capability;
    double warmer = 0.0;
    if (can.at_set_point < point.heat) {
      if (can.beyond.value <= 0.0) return false;
      warmer = std::min(((point.heat - can.at_set_point) / can.beyond).value, 200.0);
    }
    const bool settled = std::abs(warmer - point.warmer.value) < 1e-7;
    point.warmer = KelvinDelta(warmer);
    if (settled) return warmer < 100.0;
  }
  return false;
}

struct Case {
  const Kind* kind;
  std::unique_ptr<HeatRejection> option;
  WaterLoop loop;
  std::unique_ptr<HeatRejectionPlant> plant;
  RejectionPoint point;
  double humidity;
};
Case random_case() {
  Case c;
  c.kind = &kKinds[*rc::gen::inRange<std::size_t>(0, std::size(kKinds))];
  c.option = c.kind->make();
  c.loop.supply =
      Celsius(c.kind->coldest_loop + *rc::gen::inRange(0, 11) / 10.0 * (c.kind->warmest_loop - c.kind->coldest_loop));
  c.loop.rise = KelvinDelta(*rc::gen::inRange(4, 13));
  c.plant = c.option->size(Watts(1e6), c.loop, air(*rc::gen::inRange(25, 44), *rc::gen::inRange(10, 60) / 100.0));
  c.humidity = *rc::gen::inRange(5, 100) / 100.0;
  c.point.heat = Watts(*rc::gen::inRange(10, 1300) * 1e3);
  c.point.outside = air(*rc::gen::inRange(-200, 430) / 10.0, c.humidity);
  c.point.mode = *rc::gen::inRange<std::size_t>(0, c.plant->modes().size());
  c.point.chillers = *rc::gen::inRange(0, 14) / 10.0;
  c.point.outdoor = *rc::gen::inRange(0, 14) / 10.0;
  return c;
}

double rating(const HeatRejectionPlant& plant, const std::string& name) {
  for (const auto& [key, value] : plant.ratings()) {
    if (key == name) return value;
  }
  return -1.0;
}

/// Settles mode and temperature as a caller would.
RejectionEffort settled(const HeatRejectionPlant& plant, RejectionPoint& point, ValidityNotes& notes) {
  for (int round = 0; round < 8; ++round) point.mode = plant.effort(point, notes).wanted_mode;
  return plant.effort(point, notes);
}

}  // namespace

TEST_CASE("heat rejection: laws of every kind", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const Case c = random_case();
    ValidityNotes notes;
    const RejectionEffort here = c.plant->effort(c.point, notes);
    RC_ASSERT(here.mode < c.plant->modes().size() && here.wanted_mode < c.plant->modes().size());
    RC_ASSERT(here.chillers.value >= 0 && here.fans.value >= 0 && here.pumps.value >= 0);
    RC_ASSERT(here.water.evaporation.value >= 0 && here.water.drift.value >= 0 && here.water.blow_down.value >= 0);
    RC_ASSERT(here.capability.at_set_point.value >= 0 && here.capability.beyond.value >= 0);
    RC_ASSERT(std::isfinite(total(here).value) && std::isfinite(here.water.total().value));
    if (c.point.chillers <= 0) RC_ASSERT(here.chillers.value == 0);
    if (c.point.outdoor <= 0) RC_ASSERT(here.fans.value + here.pumps.value == 0);

    const RejectionEffort again = c.plant->effort(c.point, notes);  // a pure function
    RC_ASSERT(total(again) == total(here) && again.water.total() == here.water.total());
    RC_ASSERT(again.capability.at_set_point == here.capability.at_set_point && again.mode == here.mode);

    // In one mode, more heat and warmer air never take less power.
    const double slack = 1e-9 * (total(here).value + 1.0);
    RejectionPoint more = c.point, warmer = c.point;
    more.heat *= 1.0 + *rc::gen::inRange(1, 50) / 100.0;
    warmer.outside = air(c.point.outside.dry_bulb.value + *rc::gen::inRange(1, 80) / 10.0, c.humidity);
    const RejectionEffort at_more = c.plant->effort(more, notes), at_warmer = c.plant->effort(warmer, notes);
    if (at_more.mode == here.mode) RC_ASSERT(total(at_more).value >= total(here).value - slack);
    if (at_warmer.mode == here.mode) RC_ASSERT(total(at_warmer).value >= total(here).value - slack);
  }));
}

TEST_CASE("heat rejection: what can be carried says whether the loop gets warmer, and by how much",
          "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const Case c = random_case();
    RejectionPoint point = c.point;
    ValidityNotes notes;
    const bool holds = c.plant->effort(point, notes).capability.at_set_point >= point.heat;
    if (!settle(*c.plant, point)) {
      RC_ASSERT(!holds);
      return;
    }
    RC_ASSERT(holds == (point.warmer.value == 0.0));
    const RejectionEffort there = c.plant->effort(point, notes);
    if (!holds) {
      const Watts carried = there.capability.at_set_point + there.capability.beyond * point.warmer;
      RC_ASSERT(std::abs(carried / point.heat - 1.0) < 1e-5);
    }
    // Second law: without a chiller nothing gets colder than what takes its heat.
    if (there.chillers.value == 0.0) {
      const double supply = (c.loop.supply + point.warmer).value + 1e-6;
      const bool is_dry = std::string_view(c.kind->name) == "dry_cooler";
      RC_ASSERT(supply >= (is_dry ? point.outside.dry_bulb : point.outside.wet_bulb).value);
      RC_ASSERT(std::string_view(c.kind->name) != "air_cooled_chiller");
    }
  }));
}

TEST_CASE("heat rejection: idle plants say what they could carry", "[models][cooling]") {
  for (const Kind& kind : kKinds) {
    const auto plant = kind.make()->size(Watts(1e6), {Celsius(kind.coldest_loop + 4), KelvinDelta(8)}, air(35, 0.4));
    ValidityNotes notes;
    for (std::size_t mode = 0; mode < plant->modes().size(); ++mode) {
      const RejectionEffort idle = plant->effort({.outside = air(10, 0.5), .mode = mode}, notes);
      CHECK(total(idle).value == 0.0);
      CHECK(idle.water.total().value == 0.0);
      CHECK(std::isfinite(idle.capability.at_set_point.value));
      CHECK(idle.capability.at_set_point.value > 0.0);
    }
    CHECK(notes.all().empty());
    // None at all is none at any time.
    const auto none = kind.make()->size(Watts(0), {Celsius(20), KelvinDelta(8)}, air(35, 0.4));
    CHECK(total(none->effort({.outside = air(10, 0.5)}, notes)).value == 0.0);
  }
}

TEST_CASE("heat rejection: every kind carries its load on the design day", "[models][cooling]") {
  for (const Kind& kind : kKinds) {
    for (const auto& design : {air(35, 0.45), air(43, 0.15), air(33, 0.65), air(20, 0.5)}) {
      const auto plant = kind.make()->size(Watts(1e6), {Celsius(kind.coldest_loop), KelvinDelta(8)}, design);
      ValidityNotes notes;
      RejectionPoint point{.heat = Watts(1e6 * (1 - 1e-9)), .outside = design, .mode = plant->modes().size() - 1};
      if (kind.holds_mode) settled(*plant, point, notes);
      INFO(kind.name << " at " << design.dry_bulb.value);
      CHECK(plant->effort(point, notes).capability.at_set_point >= point.heat);
    }
  }
}

TEST_CASE("air_cooled_chiller: half the machines, half the heat", "[models][cooling]") {
  const auto option = make_air_cooled_chiller();
  set_field(*option, "chillers", 4.0);
  set_field(*option, "spare_chillers", 1.0);
  set_field(*option, "curves", std::string("york_ycal_100kw_scroll"));
  const auto plant = option->size(Watts(1e6), {Celsius(8), KelvinDelta(6)}, air(35, 0.4));
  CHECK(plant->units() == RejectionUnits{.chillers_needed = 4, .chillers_installed = 5});
  ValidityNotes notes;
  const auto effort = plant->effort({.heat = Watts(4e5), .outside = air(35, 0.4), .chillers = 0.5}, notes);
  CHECK_THAT(effort.capability.at_set_point.value, WithinRel(5e5, 1e-9));
  CHECK(effort.capability.beyond.value > 0.0);
}

TEST_CASE("water_cooled_chiller: modes follow the weather with dead bands", "[models][cooling]") {
  const auto plant = make_water_cooled_chiller()->size(Watts(1e6), {Celsius(14), KelvinDelta(6)}, air(35, 0.5));
  CHECK(plant->modes() == std::vector<std::string>{"free", "partial", "mechanical"});
  ValidityNotes notes;
  const auto mode_at = [&](double dry_bulb, std::size_t from) {
    RejectionPoint point{.heat = Watts(8e5), .outside = air(dry_bulb, 0.6), .mode = from};
    settled(*plant, point, notes);
    return point.mode;
  };
  for (const std::size_t from : {0, 1, 2}) {
    CHECK(mode_at(0, from) == 0);
    CHECK(mode_at(15, from) == 1);
    CHECK(mode_at(30, from) == 2);
  }
  // Between, the mode depends on where it came from, and each change-over has such a band.
  int free_or_partial = 0, partial_or_mechanical = 0;
  for (double dry_bulb = 0; dry_bulb < 30; dry_bulb += 0.1) {
    const std::size_t from_free = mode_at(dry_bulb, 0), from_mechanical = mode_at(dry_bulb, 2);
    CHECK(from_free <= from_mechanical);
    free_or_partial += from_free == 0 && from_mechanical == 1;
    partial_or_mechanical += from_free == 1 && from_mechanical == 2;
  }
  CHECK(free_or_partial > 0);
  CHECK(partial_or_mechanical > 0);
  // No compressor in free mode, and the economiser saves power in the others.
  CHECK(plant->effort({.heat = Watts(8e5), .outside = air(0, 0.6), .mode = 0}, notes).chillers.value == 0.0);
  CHECK(total(plant->effort({.heat = Watts(8e5), .outside = air(12, 0.6), .mode = 1}, notes)) <
        total(plant->effort({.heat = Watts(8e5), .outside = air(12, 0.6), .mode = 2}, notes)));
  // A free mode that is held in the heat warms the loop until it carries.
  RejectionPoint held{.heat = Watts(8e5), .outside = air(20, 0.6), .mode = 0};
  REQUIRE(settle(*plant, held));
  CHECK(held.warmer.value > 3.0);
  CHECK(plant->effort(held, notes).wanted_mode == 1);
}

TEST_CASE("water_cooled_chiller: without economiser there is one mode", "[models][cooling]") {
  const auto option = make_water_cooled_chiller();
  set_field(*option, "economiser", 0.0);
  const auto plant = option->size(Watts(1e6), {Celsius(8), KelvinDelta(6)}, air(35, 0.5));
  CHECK(plant->modes() == std::vector<std::string>{"mechanical"});
  ValidityNotes notes;
  const auto cold = plant->effort({.heat = Watts(8e5), .outside = air(-10, 0.5)}, notes);
  CHECK(cold.chillers.value > 0.0);
  CHECK(cold.mode == 0);
  CHECK(cold.wanted_mode == 0);
  // Tower heat is the loop's and the compressors'.
  CHECK(rating(*plant, "tower_capacity_w") > 1.1e6);
  CHECK(rating(*plant, "tower_capacity_w") < 1.3e6);
  CHECK(plant->units() == RejectionUnits{4, 5, 4, 5});
}

TEST_CASE("water_cooled_chiller: a failed tower limits what chillers can move", "[models][cooling]") {
  const auto plant = make_water_cooled_chiller()->size(Watts(1e6), {Celsius(8), KelvinDelta(6)}, air(35, 0.5));
  ValidityNotes notes;
  const RejectionPoint whole{.heat = Watts(9e5), .outside = air(30, 0.5), .mode = 2};
  RejectionPoint failed = whole;
  failed.outdoor = 0.5;
  CHECK(plant->effort(whole, notes).capability.at_set_point.value >= 9e5);
  CHECK(plant->effort(failed, notes).capability.at_set_point.value < 6.5e5);
  failed.outdoor = 0.0;
  CHECK(plant->effort(failed, notes).capability.at_set_point.value == 0.0);
}

TEST_CASE("cooling_tower: direct is colder than through an exchanger", "[models][cooling]") {
  const auto direct = make_cooling_tower(), apart = make_cooling_tower();
  set_field(*direct, "plate_exchanger", 0.0);
  for (const auto* option : {direct.get(), apart.get()})
    set_field(const_cast<HeatRejection&>(*option), "trim_chiller", 0.0);
  const WaterLoop loop{Celsius(28), KelvinDelta(8)};
  // 25 degC of wet bulb + 4 K = 29 degC of tower water.
  const auto design = weather::air_at_dew_point(Celsius(25), Celsius(25), Pascals(101325));
  ValidityNotes notes;
  RejectionPoint a{.heat = Watts(1e6), .outside = design}, b = a;
  const auto plant_a = direct->size(Watts(1e6), loop, design), plant_b = apart->size(Watts(1e6), loop, design);
  REQUIRE(settle(*plant_a, a));
  REQUIRE(settle(*plant_b, b));
  CHECK_THAT(a.warmer.value, WithinAbs(1.0, 1e-3));
  CHECK_THAT(b.warmer.value, WithinAbs(3.0, 1e-3));
  CHECK(plant_a->effort(a, notes).fans.value == Approx(14e3));
  CHECK(notes.all().count("cooling tower without trim chiller: supply water above set point [K]") == 1);
  // With a trim chiller the set point is held.
  const auto trimmed = make_cooling_tower()->size(Watts(1e6), loop, design);
  const auto effort = trimmed->effort({.heat = Watts(1e6 * (1 - 1e-9)), .outside = design}, notes);
  CHECK(effort.mode == 1);
  CHECK(effort.chillers.value > 0.0);
  CHECK(effort.capability.at_set_point.value >= 0.999e6);
}

TEST_CASE("dry_cooler: the loop gets as much warmer as the hot air asks", "[models][cooling]") {
  // Sized for 5.6 K at full heat: without a trim chiller 40 degC air makes 45.6 degC water.
  const auto option = make_dry_cooler();
  set_field(*option, "trim_chiller", 0.0);
  const auto plant = option->size(Watts(1e6), {Celsius(42), KelvinDelta(10)}, air(35, 0.3));
  RejectionPoint point{.heat = Watts(1e6), .outside = air(40, 0.3)};
  REQUIRE(settle(*plant, point));
  CHECK_THAT(point.warmer.value, WithinAbs(3.6, 1e-4));
  ValidityNotes notes;
  CHECK(plant->effort(point, notes).fans.value == Approx(40e3));
  CHECK(notes.all().count("dry cooler without trim chiller: supply water above set point [K]") == 1);
  // Of four units one has failed.
  point = {.heat = Watts(1e6), .outside = air(36, 0.3), .outdoor = 0.75};
  REQUIRE(settle(*plant, point));
  CHECK(point.warmer.value > 1.0);
  CHECK(plant->effort(point, notes).fans.value == Approx(30e3));
}

TEST_CASE("adiabatic: pads cool the air above the switch-over and take water", "[models][cooling]") {
  const WaterLoop loop{Celsius(32), KelvinDelta(10)};
  const auto wet = make_adiabatic()->size(Watts(1e6), loop, air(38, 0.2));
  const auto dry = make_dry_cooler()->size(Watts(1e6), loop, air(38, 0.2));
  ValidityNotes notes;
  const RejectionPoint cool{.heat = Watts(1e6), .outside = air(20, 0.5)},
      hot{.heat = Watts(9e5), .outside = air(36, 0.2)};
  CHECK(wet->effort(cool, notes).water.total().value == 0.0);
  CHECK(total(wet->effort(cool, notes)) == total(dry->effort(cool, notes)));
  const RejectionEffort effort = wet->effort(hot, notes);
  CHECK(effort.mode == 1);
  CHECK(effort.chillers.value == 0.0);
  CHECK(dry->effort(hot, notes).chillers.value > 0.0);
  CHECK(effort.water.blow_down == effort.water.evaporation * 0.3);
  CHECK(effort.water.drift.value == 0.0);
  // Air: 1e6 / 10 / 0.8 / 1014.5 = 123 kg/s at full fans; 80 % of 36 - 19.5 K evaporate about 0.0055 kg/kg.
  const double fan_share = std::cbrt(effort.fans.value / 40e3);
  const double per_air = effort.water.evaporation.value / (123.2 * fan_share);
  CHECK_THAT(per_air, WithinAbs(0.0055, 0.0004));
  CHECK(rating(*wet, "trim_chiller_capacity_w") < rating(*dry, "trim_chiller_capacity_w"));
}

TEST_CASE("outside_air: modes by temperature and humidity", "[models][cooling]") {
  const auto option = make_outside_air();
  CHECK(option->medium() == Medium::air);
  CHECK(make_dry_cooler()->medium() == Medium::water);
  const auto plant = option->size(Watts(1e6), {Celsius(24), KelvinDelta(12)}, air(38, 0.3));
  ValidityNotes notes;
  const auto mode_at = [&](double dry_bulb, double humidity) {
    RejectionPoint point{.heat = Watts(8e5), .outside = air(dry_bulb, humidity)};
    settled(*plant, point, notes);
    return plant->modes().at(point.mode);
  };
  CHECK(mode_at(10, 0.5) == "outside_air");
  CHECK(mode_at(30, 0.2) == "evaporative");
  CHECK(mode_at(33, 0.33) == "partial");
  CHECK(mode_at(30, 0.7) == "mechanical");  // dew point 23.9 degC, class A1 allows 17
  CHECK(mode_at(22, 0.95) == "mechanical");
  // Cold air is mixed with return air: less of it, less fan power; no water but to humidify very dry air.
  const auto cold = plant->effort({.heat = Watts(1e6), .outside = air(0, 0.6)}, notes);
  const auto mild = plant->effort({.heat = Watts(1e6), .outside = air(23, 0.4)}, notes);
  CHECK(cold.fans < mild.fans);
  CHECK(mild.water.total().value == 0.0);
  CHECK(cold.chillers.value == 0.0);
  CHECK(plant->effort({.heat = Watts(1e6), .outside = air(-25, 0.6)}, notes).water.evaporation.value > 0.0);
  // Evaporation from 30 degC to 24 degC takes about 6 K * 1014.5 / 2.43e6 = 0.0025 kg/kg of 82 kg/s.
  const auto hot = plant->effort({.heat = Watts(1e6), .outside = air(30, 0.2), .mode = 1}, notes);
  CHECK_THAT(hot.water.evaporation.value, WithinAbs(82.1 * 0.0025, 0.01));
  CHECK(hot.capability.at_set_point.value >= 1e6 * (1 - 1e-12));
  // Held in outside air, 30 degC makes 30 degC of supply.
  RejectionPoint held{.heat = Watts(8e5), .outside = air(30, 0.2)};
  REQUIRE(settle(*plant, held));
  CHECK_THAT(held.warmer.value, WithinAbs(6.0, 1e-6));
}

TEST_CASE("heat reuse: taken first while the loop is warm", "[models][cooling]") {
  const WaterLoop warm{Celsius(42), KelvinDelta(10)};
  const auto plain = make_dry_cooler()->size(Watts(1e6), warm, air(35, 0.3));
  const HeatReuseSpec spec{Watts(3e5), 0.5, Celsius(50)};
  const auto reused = with_heat_reuse(spec, warm, make_dry_cooler()->size(Watts(1e6), warm, air(35, 0.3)));
  ValidityNotes notes;
  const RejectionPoint point{.heat = Watts(1e6), .outside = air(30, 0.3)},
      little{.heat = Watts(4e5), .outside = air(30, 0.3)};
  CHECK(reused->effort(point, notes).heat_reused.value == 3e5);
  CHECK(reused->effort(little, notes).heat_reused.value == 2e5);
  RejectionPoint rest = point;
  rest.heat = Watts(7e5);
  CHECK(total(reused->effort(point, notes)) == total(plain->effort(rest, notes)));
  CHECK(reused->effort(point, notes).capability.at_set_point ==
        plain->effort(rest, notes).capability.at_set_point + Watts(3e5));
  // 28 + 10 degC are too cold for it.
  const WaterLoop cool{Celsius(28), KelvinDelta(10)};
  const auto cold = with_heat_reuse(spec, cool, make_dry_cooler()->size(Watts(1e6), cool, air(35, 0.3)));
  CHECK(cold->effort(point, notes).heat_reused.value == 0.0);
  CHECK(plain->effort(point, notes).heat_reused.value == 0.0);
  // Every kind takes it as a field.
  for (const Kind& kind : kKinds) {
    const auto option = kind.make();
    set_field(*option, "heat_reuse/demand_w", 1e5);
    set_field(*option, "heat_reuse/least_temperature_c", 10.0);
    const auto plant = option->size(Watts(1e6), {Celsius(kind.coldest_loop + 4), KelvinDelta(8)}, air(35, 0.4));
    CHECK(plant->effort({.heat = Watts(5e5), .outside = air(10, 0.4)}, notes).heat_reused.value == 1e5);
    CHECK(rating(*plant, "heat_reuse_demand_w") == 1e5);
  }
}
