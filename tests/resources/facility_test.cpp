#include "sim/resources/facility.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

#include "models/weather/psychrometrics.hpp"
#include "tests/catch.hpp"
#include "tests/models/power/lumped_chain.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::resources;
using tests::set_field;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

weather::WeatherPoint at(double dry_bulb) {
  return weather::air_at_relative_humidity(Celsius(dry_bulb), 0.5, Pascals(101325));
}

/// Eight-GPU air-cooled servers, each with power supplies of its own. Round numbers near those of a DGX H100.
RackGroup servers(std::int64_t count) {
  RackGroup group;
  group.kind.nodes = 1;
  group.kind.gpus_per_node = 8;
  group.kind.nameplate_power = Watts(10.2e3);
  group.kind.node_base_power = Watts(1500);
  group.kind.node_power_per_gpu_power = 0.10;
  group.kind.fan_share_of_base = 0.3;
  group.kind.supply_rated_power = Watts(19.8e3);
  group.gpu_idle_power_w = 80;
  group.gpu_max_power_w = 700;
  group.racks = count;
  return group;
}

/// Racks of 18 trays with four GPUs behind one power shelf, most heat to liquid.
RackGroup liquid_racks(std::int64_t count) {
  RackGroup group;
  group.kind.nodes = 18;
  group.kind.gpus_per_node = 4;
  group.kind.liquid_heat_share = 0.87;
  group.kind.nameplate_power = Watts(132e3);
  group.kind.node_base_power = Watts(900);
  group.kind.node_power_per_gpu_power = 0.05;
  group.kind.fan_share_of_base = 0.1;
  group.kind.rack_shared_power = Watts(8e3);
  group.kind.supply = "power_shelf_33kw";
  group.kind.supply_rated_power = Watts(8 * 33e3);
  group.gpu_idle_power_w = 140;
  group.gpu_max_power_w = 1200;
  group.racks = count;
  return group;
}

struct Site {
  std::vector<RackGroup> groups = {servers(4)};
  std::string cooling_kind = "air_crah", heat_rejection;  // empty: the kind's default
  double storage_w = 0.0;
  double dry_bulb = 25.0;
  Picoseconds interval = 10 * kSecond;
  Choice<power::PowerOption> power{power::power_options(), "standard_chain"};
  ValidityNotes notes;
  Choice<cooling::CoolingOption> cooling{cooling::cooling_options()};

  Facility build() {
    cooling.select(cooling_kind);
    if (!heat_rejection.empty()) set_field(*cooling, "heat_rejection", heat_rejection);
    return Facility({.groups = groups,
                     .storage = {storage_w, storage_w},
                     .network = {},
                     .power = &*power,
                     .cooling = &*cooling,
                     .weather = at(dry_bulb),
                     .design_weather = at(35.0),
                     .series_interval = interval},
                    notes);
  }
};

double watts(const Facility& facility, Consumer consumer, Picoseconds span) {
  return to_joules(facility.energy(consumer)) / to_seconds(span);
}

/// Everything that a report takes from a facility, to be compared whole.
struct Numbers {
  std::vector<std::string> values;
  void add(Femtojoules v) {
    values.push_back(std::to_string(static_cast<std::int64_t>(v / 1'000'000'000'000)) + ":" +
                     std::to_string(static_cast<std::int64_t>(v % 1'000'000'000'000)));
  }
  explicit Numbers(const Facility& f) {
    for (int i = 0; i < kConsumers; ++i) add(f.energy(static_cast<Consumer>(i)));
    add(f.it_energy()), add(f.facility_energy()), add(f.heat_to_liquid()), add(f.heat_to_air());
    add(f.it_power()), add(f.facility_power()), add(f.peak_it_power()), add(f.peak_facility_power());
    for (const auto& [name, time] : f.cooling_modes(cooling::Loop::main)) add(time);
    for (std::size_t row = 0; row < f.samples(); ++row) {
      for (int c = 0; c < kConsumers; ++c) add(f.sample(row).mean(static_cast<Consumer>(c)));
      for (int l = 0; l < kFacilityLevels; ++l) add(f.sample(row).mean(static_cast<FacilityLevel>(l)));
    }
  }
  bool operator==(const Numbers& other) const { return values == other.values; }
};

/// One change at a date: GPU power, a switch, or the weather.
struct Change {
  Picoseconds when = 0;
  int kind = 0;  // 0 GPUs, 1 off, 2 on, 3 weather
  std::int64_t node = 0;
  Milliwatts delta = 0;
  double dry_bulb = 25.0;
  void apply(Facility& f) const {
    if (kind == 0) f.add_gpu_power(node, delta, when);
    if (kind == 1 || kind == 2) f.set_node_on(node, kind == 2, when);
    if (kind == 3) f.set_weather(at(dry_bulb), when);
  }
};

/// Dates and changes as replicas make them: the GPUs of a node go up and down between idle and full.
std::vector<Change> random_changes(const std::vector<RackGroup>& groups) {
  std::vector<Milliwatts> room;  // what may still be added to each node
  std::vector<Milliwatts> added;
  for (const RackGroup& g : groups) {
    for (std::int64_t i = 0; i < g.racks * g.kind.nodes; ++i) {
      room.push_back(
          to_milliwatts((g.gpu_max_power_w - g.gpu_idle_power_w) * static_cast<double>(g.kind.gpus_per_node)));
      added.push_back(0);
    }
  }
  std::vector<bool> touched(room.size(), false);  // switched or changed at this date: one change each keeps order free
  std::vector<Change> changes;
  Picoseconds now = 0;
  const int count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    if (*rc::gen::inRange(0, 3) > 0) {  // a third of the changes share their date with the one before
      now += *rc::gen::oneOf(rc::gen::inRange<Picoseconds>(1, 1000), rc::gen::inRange<Picoseconds>(1, 3 * kSecond),
                             rc::gen::inRange<Picoseconds>(1, 40 * kSecond));
      std::fill(touched.begin(), touched.end(), false);
    }
    Change change;
    change.when = now;
    change.node = *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(room.size()));
    const auto node = static_cast<std::size_t>(change.node);
    change.kind = *rc::gen::weightedElement<int>({{12, 0}, {1, 1}, {1, 2}, {1, 3}});
    if (change.kind == 1 || change.kind == 2) {
      if (touched[node]) continue;
      touched[node] = true;
    }
    if (change.kind == 3) {
      if (!changes.empty() && changes.back().when == now) continue;  // weather changes come alone
      change.dry_bulb = *rc::gen::inRange(-10, 40);
      changes.push_back(change);
      ++now;
      std::fill(touched.begin(), touched.end(), false);
      continue;
    }
    change.delta = *rc::gen::inRange<Milliwatts>(-added[node], room[node] - added[node] + 1);
    if (change.kind == 0) added[node] += change.delta;
    changes.push_back(change);
  }
  return changes;
}

Site random_site() {
  Site site;
  site.groups.clear();
  if (*rc::gen::arbitrary<bool>()) site.groups.push_back(servers(*rc::gen::inRange(1, 6)));
  if (site.groups.empty() || *rc::gen::arbitrary<bool>()) site.groups.push_back(liquid_racks(*rc::gen::inRange(1, 3)));
  site.cooling_kind = *rc::gen::element<std::string>("air_crah", "direct_to_chip");
  site.storage_w = *rc::gen::element(0.0, 3000.0);
  site.interval = *rc::gen::element(Picoseconds{kSecond}, 10 * kSecond, Picoseconds{7'777'777'777'777});
  set_field(*site.power, "ups", *rc::gen::element<std::string>("double_conversion", "none"));
  return site;
}

Picoseconds end_of(const std::vector<Change>& changes) {
  return (changes.empty() ? 0 : changes.back().when) + *rc::gen::inRange<Picoseconds>(1, 30 * kSecond);
}

Numbers run(Site& site, const std::vector<Change>& changes, Picoseconds end) {
  Facility facility = site.build();
  for (const Change& change : changes) change.apply(facility);
  facility.finish(end);
  return Numbers(facility);
}

}  // namespace

TEST_CASE("facility: an idle server, by hand", "[resources]") {
  Site site;
  site.groups = {servers(1)};
  Facility facility = site.build();
  facility.finish(10 * kSecond);
  // 8 x 80 W = 640 W of GPUs, 1,500 W besides (fans 450 W): 2,140 W direct current, 10.8 % of 19.8 kW.
  // Efficiency at 10.8 %: 0.90 + 0.808 / 10 * 0.04 = 0.90323, so 2,369.3 W at the wall.
  CHECK_THAT(watts(facility, Consumer::gpu, 10 * kSecond), WithinAbs(640.0, 1e-9));
  CHECK_THAT(watts(facility, Consumer::server_fans, 10 * kSecond), WithinAbs(450.0, 2e-3));
  CHECK_THAT(watts(facility, Consumer::host, 10 * kSecond), WithinAbs(1050.0, 2e-3));
  CHECK_THAT(to_watts(facility.it_power()), WithinAbs(2369.3, 0.3));
  CHECK_THAT(watts(facility, Consumer::house, 10 * kSecond), WithinAbs(102.0, 1e-9));
  CHECK(facility.peak_it_power() == facility.it_power());
}

TEST_CASE("facility: what GPUs add is carried by the rest of the server", "[resources]") {
  Site site;
  site.groups = {servers(1)};
  Facility facility = site.build();
  facility.add_gpu_power(0, to_milliwatts(8 * 620.0), 0);
  facility.finish(kSecond);
  // 5,600 W of GPUs, 1,500 + 0.10 * 4,960 = 1,996 W besides: 7,596 W, 38.4 % of 19.8 kW at 0.94 + 0.6121 * 0.02 =
  // 0.95224.
  CHECK_THAT(watts(facility, Consumer::gpu, kSecond), WithinAbs(5600.0, 1e-9));
  CHECK_THAT(watts(facility, Consumer::host, kSecond) + watts(facility, Consumer::server_fans, kSecond),
             WithinAbs(1996.0, 2e-3));
  CHECK_THAT(to_watts(facility.it_power()), WithinAbs(7596 / 0.95224, 0.5));
}

TEST_CASE("facility: a node that is off draws nothing and remembers its GPUs", "[resources]") {
  Site site;
  site.groups = {servers(2)};
  Facility facility = site.build();
  const Milliwatts both = facility.it_power();
  facility.set_node_on(1, false, kSecond);
  CHECK(2 * facility.it_power() == both);
  facility.add_gpu_power(1, to_milliwatts(1000), 2 * kSecond);
  CHECK(2 * facility.it_power() == both);
  facility.set_node_on(1, true, 3 * kSecond);
  const Milliwatts loaded = facility.it_power();
  facility.add_gpu_power(0, to_milliwatts(1000), 3 * kSecond);
  CHECK(facility.it_power() - loaded == loaded - both);
}

TEST_CASE("facility: trays of a rack share their power shelf", "[resources]") {
  Site site;
  site.groups = {liquid_racks(1)};
  site.cooling_kind = "direct_to_chip";
  Facility facility = site.build();
  REQUIRE(facility.nodes() == 18);
  for (int node = 0; node < 18; ++node) facility.add_gpu_power(node, to_milliwatts(4 * 860.0), 0);
  facility.finish(kSecond);
  // 18 x (4,000 + 900 + 0.05 * 3,440) + 8,000 W = 99,296 W, 37.6 % of 264 kW: 0.961 + 0.5871 * 0.014 = 0.96922.
  CHECK_THAT(to_watts(facility.it_power()), WithinRel(99296 / 0.96922, 1e-4));
  CHECK_THAT(watts(facility, Consumer::rack_shared, kSecond), WithinAbs(8000.0, 1e-9));
  CHECK_THAT(to_joules(facility.heat_to_liquid()) / to_joules(facility.it_energy()), WithinAbs(0.87, 1e-6));
}

TEST_CASE("facility: peaks are means over whole seconds", "[resources]") {
  Site site;
  site.groups = {servers(1)};
  Facility facility = site.build();
  const Milliwatts idle = facility.it_power();
  const auto half = kSecond / 2;
  facility.add_gpu_power(0, to_milliwatts(1000), kSecond + half);  // across the second 1..2 and 2..3
  const Milliwatts high = facility.it_power();
  facility.add_gpu_power(0, -to_milliwatts(1000), 2 * kSecond + half);
  facility.finish(2 * kSecond + half + 1);
  CHECK(facility.peak_it_power() == (idle + high + 1) / 2);
  facility.finish(100 * kSecond);
  CHECK(facility.peak_it_power() == (idle + high + 1) / 2);
}

TEST_CASE("facility: a run shorter than a second has its mean as peak", "[resources]") {
  Site site;
  Facility facility = site.build();
  facility.finish(kSecond / 4);
  CHECK(facility.peak_it_power() == facility.it_power());
  CHECK(facility.peak_facility_power() == facility.facility_power());
}

TEST_CASE("facility: PUE of an air-cooled hall and of a liquid-cooled one", "[resources]") {
  // Published: halls on air-cooled chillers 1.3 to 1.4 over temperate years; liquid-cooled halls on dry coolers 1.05 to
  // 1.15 by vendors, 1.15 to 1.25 as advice for design. Ten MW-class halls at 80 % of the nameplates' load, 2n UPS.
  struct Hall {
    const char* cooling;
    RackGroup racks;
    double gpu_w, low, high;
  };
  const Hall hall = GENERATE(Hall{"air_crah", servers(1000), 570, 1.28, 1.42},
                             Hall{"direct_to_chip", liquid_racks(80), 1100, 1.08, 1.20});
  Site site;
  site.groups = {hall.racks};
  site.cooling_kind = hall.cooling;
  set_field(*site.power, "redundancy", std::string("2n"));
  site.dry_bulb = 15.0;
  Facility facility = site.build();
  const Milliwatts delta =
      to_milliwatts((hall.gpu_w - hall.racks.gpu_idle_power_w) * static_cast<double>(hall.racks.kind.gpus_per_node));
  for (std::int64_t node = 0; node < facility.nodes(); ++node) facility.add_gpu_power(node, delta, 0);
  facility.finish(kSecond);
  const double pue = to_joules(facility.facility_energy()) / to_joules(facility.it_energy());
  CHECK(pue > hall.low);
  CHECK(pue < hall.high);
  CHECK(site.notes.all().empty());
}

TEST_CASE("facility: the cooling table follows the plant", "[resources]") {
  // The same hall at loads that fall between the table's knots; the plant itself is asked beside it.
  Site site;
  site.groups = {liquid_racks(10)};
  site.cooling_kind = "direct_to_chip";
  site.dry_bulb = 27.0;
  set_field(*site.power, "ups", std::string("none"));
  set_field(*site.power, "busway_loss_share", 0.0);
  Facility facility = site.build();
  const double nameplate = 10 * 132e3;
  const auto plant = site.cooling->size({Watts(0.87 * nameplate), Watts(0.13 * nameplate)}, at(35.0));
  cooling::PlantCondition condition;
  for (const cooling::PartUnits& units : plant->parts()) {
    condition.of(units.part) = static_cast<double>(units.installed) / static_cast<double>(units.needed);
  }
  ValidityNotes notes;
  const double house = 0.01 * nameplate;
  power::ChainDesign design;
  design.ups = "none";
  design.busway_loss_share = 0.0;
  design.racks = {{"racks", Watts(nameplate), Watts(0)}};
  design.mechanical =
      plant->effort({.load = {Watts(0.87 * nameplate), Watts(0.13 * nameplate)}, .outside = at(35.0)}, notes).total();
  design.house = Watts(house);
  const power::tests::LumpedChain chain(design);
  int at_steps = 0;
  for (int step = 0; step < 40; ++step) {
    facility.add_gpu_power(step % 180, to_milliwatts(3777.0), step);
    const double it = to_watts(facility.it_power());
    const double expected =
        plant
            ->effort({.load = {Watts(0.87 * it), Watts(0.13 * it)}, .outside = at(27.0), .condition = condition}, notes)
            .total()
            .value;
    facility.finish(step);  // moves nothing at its own date
    const double transformer = chain.losses(Watts(it), Watts(expected + house)).transformer.value;
    const double found = to_watts(facility.facility_power()) - it - house - transformer;
    CHECK_THAT(found, WithinRel(expected, 0.02));
    // Between two knots where a unit is switched on, the table rises along its step.
    if (std::abs(found - expected) > 1e-3 * expected) ++at_steps;
  }
  CHECK(at_steps <= 1);
}

TEST_CASE("facility: a change-over waits for its dwell and comes at its end, whoever asks", "[resources]") {
  // Towers cool the loop alone at 0 degC. At 600 s it gets too warm for that, and the exchanger is left with what it
  // still can; chillers alone would be better, but for 1,200 s the modes stay.
  Site site;
  site.heat_rejection = "water_cooled_chiller";
  site.dry_bulb = 0.0;
  Facility facility = site.build();
  facility.set_weather(at(32.0), 600 * kSecond);
  const bool looks = GENERATE(false, true);
  if (looks) {
    for (Picoseconds now = 601 * kSecond; now < 3600 * kSecond; now += 77 * kSecond) {
      facility.add_gpu_power(0, to_milliwatts(1.0), now);
    }
  }
  facility.finish(3600 * kSecond);
  const auto modes = facility.cooling_modes(cooling::Loop::main);
  REQUIRE(modes.size() == 3);
  const auto seconds = [&](std::size_t mode) { return to_seconds(modes[mode].second); };
  CHECK(modes[0].first == "free");
  CHECK(seconds(0) == 600.0);
  CHECK(modes[1].first == "partial");
  CHECK(seconds(1) == 1200.0);
  CHECK(modes[2].first == "mechanical");
  CHECK(seconds(2) == 1800.0);
}

TEST_CASE("facility: loads beyond the nameplates are answered and noted", "[resources]") {
  Site site;
  site.groups = {servers(1)};
  Facility facility = site.build();
  facility.add_gpu_power(0, to_milliwatts(12e3), 0);
  facility.add_gpu_power(0, to_milliwatts(-12e3), 1);
  facility.finish(kSecond);
  CHECK(facility.energy(Consumer::gpu) > 0);
  bool chain_noted = false;
  for (const auto& [subject, note] : site.notes.all()) chain_noted |= subject.rfind("power chain", 0) == 0;
  CHECK(chain_noted);
}

TEST_CASE("facility: a constant year costs a row an interval", "[resources]") {
  Site site;
  site.interval = 3600 * kSecond;
  Facility facility = site.build();
  facility.finish(100 * 24 * 3600 * kSecond);
  CHECK(facility.samples() == 2400);
  CHECK(facility.sample(0).mean(Consumer::gpu) == facility.sample(2399).mean(Consumer::gpu));
  CHECK(facility.peak_facility_power() == facility.facility_power());
}

// Sequences of changes as rich as the cases above ask for: several nodes, dates in common, switches, weather.
TEST_CASE("facility laws: consumers sum to the facility, which never takes less than the IT", "[resources][law]") {
  int with_switch = 0, with_weather = 0, with_shared_date = 0, cases = 0;
  REQUIRE(rc::check([&] {
    Site site = random_site();
    const std::vector<Change> changes = random_changes(site.groups);
    const Picoseconds end = end_of(changes);
    Facility facility = site.build();
    Picoseconds last = -1;
    bool switches = false, weathers = false, shares = false;
    for (const Change& change : changes) {
      switches |= change.kind == 1;
      weathers |= change.kind == 3;
      shares |= change.when == last;
      last = change.when;
      change.apply(facility);
      RC_ASSERT(facility.facility_power() > facility.it_power());
    }
    ++cases, with_switch += switches, with_weather += weathers, with_shared_date += shares;
    facility.finish(end);

    Femtojoules sum = 0, it = 0;
    for (int i = 0; i < kConsumers; ++i) {
      const auto consumer = static_cast<Consumer>(i);
      RC_ASSERT(facility.energy(consumer) >= 0);
      sum += facility.energy(consumer);
      if (is_it(consumer)) it += facility.energy(consumer);
    }
    RC_ASSERT(sum == facility.facility_energy());
    RC_ASSERT(it == facility.it_energy());
    RC_ASSERT(facility.facility_energy() >= facility.it_energy());
    const Femtojoules rooms = facility.energy(Consumer::busway_loss) + facility.energy(Consumer::ups_loss);
    RC_ASSERT(facility.heat_to_liquid() + facility.heat_to_air() == it + rooms);
    RC_ASSERT(facility.heat_to_liquid() >= 0 && facility.heat_to_air() >= 0);
    Picoseconds in_modes = 0;
    for (const auto& [name, time] : facility.cooling_modes(cooling::Loop::main)) in_modes += time;
    RC_ASSERT(in_modes == end);
  }));
  CHECK(20 * with_switch > cases);
  CHECK(20 * with_weather > cases);
  CHECK(20 * with_shared_date > cases);
}

TEST_CASE("facility laws: the order of changes at one date changes no number", "[resources][law]") {
  REQUIRE(rc::check([] {
    Site site = random_site();
    std::vector<Change> changes = random_changes(site.groups);
    const Picoseconds end = end_of(changes);
    const Numbers straight = run(site, changes, end);
    std::vector<Change> reversed = changes;
    std::reverse(reversed.begin(), reversed.end());
    std::stable_sort(reversed.begin(), reversed.end(),
                     [](const Change& a, const Change& b) { return a.when < b.when; });
    RC_ASSERT(run(site, reversed, end) == straight);
  }));
}

TEST_CASE("facility laws: finishing in parts changes no number", "[resources][law]") {
  REQUIRE(rc::check([] {
    Site site = random_site();
    const std::vector<Change> changes = random_changes(site.groups);
    const Picoseconds end = end_of(changes);
    const Numbers straight = run(site, changes, end);
    Facility facility = site.build();
    for (const Change& change : changes) {
      facility.finish(change.when);
      change.apply(facility);
    }
    facility.finish(end - (end - (changes.empty() ? 0 : changes.back().when)) / 2);
    facility.finish(end);
    RC_ASSERT(Numbers(facility) == straight);
  }));
}

TEST_CASE("facility laws: the integral of the samples is the total", "[resources][law]") {
  REQUIRE(rc::check([] {
    Site site = random_site();
    const std::vector<Change> changes = random_changes(site.groups);
    const Picoseconds end = end_of(changes);
    Facility facility = site.build();
    for (const Change& change : changes) change.apply(facility);
    facility.finish(end);
    const std::size_t rows = facility.samples();
    RC_ASSERT(static_cast<Picoseconds>(rows) == (end + site.interval - 1) / site.interval);
    const Picoseconds last = end - static_cast<Picoseconds>(rows - 1) * site.interval;
    for (int i = 0; i < kConsumers; ++i) {
      Femtojoules integral = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        integral += static_cast<Femtojoules>(facility.sample(row).mean(static_cast<Consumer>(i))) *
                    (row + 1 < rows ? site.interval : last);
      }
      const Femtojoules difference = integral - facility.energy(static_cast<Consumer>(i));
      // Half a milliwatt over one interval, however many rows there are, and half over the last row.
      RC_ASSERT(difference <= site.interval && -difference <= site.interval);
    }
  }));
}
