// The whole chain over real typical years, against an independent calculation of the same two designs.
#include <zlib.h>

#include <filesystem>
#include <sstream>

#include "models/weather/weather_option.hpp"
#include "sim/resources/facility.hpp"
#include "sim/resources/sized_facility.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::resources;
using tests::set_field;

namespace {

const std::filesystem::path kFolder = TOKENWORKS_SOURCE_DIR "/../shared/data/weather";

std::string unpacked(const std::filesystem::path& path) {
  std::string text(4'000'000, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  const int size = file ? gzread(file, text.data(), static_cast<unsigned>(text.size())) : 0;
  if (file) gzclose(file);
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

std::unique_ptr<weather::WeatherSeries> weather_of(const std::string& site, ValidityNotes& notes) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().filename().string().rfind(site, 0) != 0) continue;
    Choice<weather::WeatherOption> epw(weather::weather_options(), "epw");
    return epw->load([&](const std::string&) { return std::make_unique<std::istringstream>(unpacked(entry.path())); },
                     notes);
  }
  return nullptr;
}

/// 10 MW of nameplate at a constant 8 MW, 87 % of the heat offered to cold plates.
RackGroup block_of_racks() {
  RackGroup group;
  group.kind.gpus_per_node = 1;
  group.kind.nameplate_power = Watts(10e6);
  group.kind.liquid_heat_share = 0.87;
  group.kind.supply = "titanium_eu";
  group.kind.supply_rated_power = Watts(20e6);
  group.gpu_idle_power_w = 7.64e6;
  group.gpu_max_power_w = 9e6;
  group.racks = 1;
  return group;
}

/// As the independent calculation has it.
void without_spare_units(cooling::CoolingOption& option, std::initializer_list<const char*> parts) {
  for (const char* part : parts) set_field(option, std::string(part) + "/redundancy", std::string("n"));
}

double annual_pue(const weather::WeatherSeries& year, const cooling::CoolingOption& cooling) {
  Choice<power::PowerOption> chain(power::power_options(), "standard_chain");
  set_field(*chain, "redundancy", std::string("2n"));
  set_field(*chain, "house_share", 0.0);
  ValidityNotes notes;
  weather::WeatherPoint design = year.design();
  design.pressure = Pascals(101325);  // the independent calculation has air handlers in air of sea level everywhere
  Facility facility({.groups = {block_of_racks()},
                     .storage = {},
                     .network = {},
                     .power = &*chain,
                     .cooling = &cooling,
                     .weather = year.at(0),
                     .design_weather = design},
                    notes);
  Picoseconds now = 0;  // hours of a millisecond: only their shares count
  for (int hour = 0; hour < 8760; ++hour, now += kPicosecondsPerSecond / 1000)
    facility.set_weather(year.at(hour * 3600.0), now);
  facility.finish(now);
  return to_joules(facility.facility_energy()) / to_joules(facility.it_energy());
}

}  // namespace

TEST_CASE("annual PUE: two designs at ten sites, against an independent model", "[resources][shared]") {
  if (!std::filesystem::exists(kFolder)) {
    WARN("not checked: " << kFolder.string() << " is absent");
    return;
  }
  struct Site {
    const char* file;
    double air, liquid;
  };
  // Air handlers at 20 degC on air-cooled chillers; cold plates on 32 degC water from dry coolers, residual air with
  // chilled water 10 K below. Same coefficients, other code; the differences are pumps and the table.
  const Site site = GENERATE(Site{"USA_VA_Leesburg", 1.357, 1.128}, Site{"USA_IL_Chicago", 1.350, 1.124},
                             Site{"USA_TX_Dallas", 1.380, 1.146}, Site{"USA_AZ_Phoenix", 1.409, 1.176},
                             Site{"USA_AZ_Tucson", 1.387, 1.153}, Site{"USA_CA_San.Jose", 1.350, 1.122},
                             Site{"USA_CA_San.Francisco", 1.341, 1.119}, Site{"USA_CO_Denver", 1.352, 1.126},
                             Site{"SGP_SG_Changi", 1.412, 1.165}, Site{"ITA_ER_Bologna", 1.357, 1.128});
  ValidityNotes notes;
  const auto year = weather_of(site.file, notes);
  REQUIRE(year != nullptr);
  Choice<cooling::CoolingOption> air(cooling::cooling_options(), "air_crah");
  set_field(*air, "sizing_margin", 1.0);
  without_spare_units(*air, {"air_handlers", "facility_pumps"});
  CHECK_THAT(annual_pue(*year, *air), WithinAbs(site.air, 0.01));
  Choice<cooling::CoolingOption> liquid(cooling::cooling_options(), "direct_to_chip");
  set_field(*liquid, "sizing_margin", 1.0);
  without_spare_units(*liquid, {"coolant_units", "facility_pumps", "residual_air/air_handlers"});
  set_field(*liquid, "residual_air/chilled_water_approach_k", 10.0);
  CHECK_THAT(annual_pue(*year, *liquid), WithinAbs(site.liquid, 0.01));
}

namespace {

struct Year {
  double pue = 0, free_hours = 0;
};

/// The same two designs by the hour, in settled modes. Free: the first mode of the main loop.
Year settled_year(const weather::WeatherSeries& year, const cooling::CoolingOption& cooling) {
  Choice<power::PowerOption> chain(power::power_options(), "standard_chain");
  set_field(*chain, "redundancy", std::string("2n"));
  ValidityNotes notes;
  SizedFacility facility({.groups = {block_of_racks()},
                          .storage = {},
                          .network = {},
                          .power = &*chain,
                          .cooling = &cooling,
                          .weather = year.at(0),
                          .design_weather = year.design()},
                         notes);
  Year result;
  for (int hour = 0; hour < 8760; ++hour) {
    const FacilityPower power = facility.settle(Watts(8e6), 0.87, year.at(hour * 3600.0), notes);
    result.pue += power.facility() / power.it / 8760;
    if (power.effort.loops[cooling::Loop::main].mode == 0) result.free_hours += 1;
  }
  return result;
}

}  // namespace

TEST_CASE("annual PUE: climate normals against the weather files of the same places", "[resources][shared]") {
  if (!std::filesystem::exists(kFolder)) {
    WARN("not checked: " << kFolder.string() << " is absent");
    return;
  }
  const std::pair<const char*, const char*> sites[] = {
      {"leesburg_va", "USA_VA_Leesburg"},      {"chicago_il", "USA_IL_Chicago"},
      {"dallas_tx", "USA_TX_Dallas"},          {"phoenix_az", "USA_AZ_Phoenix"},
      {"tucson_az", "USA_AZ_Tucson"},          {"san_jose_ca", "USA_CA_San.Jose"},
      {"san_francisco_ca", "USA_CA_San.Fran"}, {"denver_co", "USA_CO_Denver"},
      {"singapore", "SGP_SG_Changi"},          {"bologna", "ITA_ER_Bologna"}};
  std::string table =
      "\nsite              PUE air: file, normals   PUE liquid: file, normals   first mode, hours: file, normals\n";
  for (const auto& [id, file] : sites) {
    CAPTURE(id);
    ValidityNotes notes;
    const auto measured = weather_of(file, notes);
    REQUIRE(measured != nullptr);
    const auto entry = tests::catalog_entry<weather::SiteClimate>("sites", id);
    Choice<weather::WeatherOption> normals(weather::weather_options(), "climate_normals");
    set_field(*normals, "site", std::string(id));
    const auto made = normals->load(
        {}, [&](const std::string&) { return &entry; }, notes);
    char line[200];
    Year years[2][2];
    for (int design = 0; design < 2; ++design) {
      Choice<cooling::CoolingOption> cooling(cooling::cooling_options(), design == 0 ? "air_crah" : "direct_to_chip");
      years[design][0] = settled_year(*measured, *cooling);
      years[design][1] = settled_year(*made, *cooling);
      CHECK_THAT(years[design][1].pue, WithinAbs(years[design][0].pue, 0.003));
    }
    std::snprintf(line, sizeof line, "%-20s %.4f %.4f              %.4f %.4f              %.0f %.0f\n", id,
                  years[0][0].pue, years[0][1].pue, years[1][0].pue, years[1][1].pue, years[1][0].free_hours,
                  years[1][1].free_hours);
    table += line;
    CHECK_THAT(years[1][1].free_hours, WithinAbs(years[1][0].free_hours, 450));  // Singapore; 160 at all others
  }
  WARN(table);
}
