// Typical years made from normals: against the figures that they were made from, and against whole weather files of the
// same places.
#include "models/weather/climate_year.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "models/weather/epw.hpp"
#include "models/weather/psychrometrics.hpp"
#include "models/weather/weather_option.hpp"
#include "tests/catch.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::weather;

namespace {

constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
const std::filesystem::path kFolder = TOKENWORKS_SOURCE_DIR "/../shared/data/weather";

double dry(const WeatherPoint& hour) { return hour.dry_bulb.value; }
double wet(const WeatherPoint& hour) { return hour.wet_bulb.value; }

using Year = std::vector<WeatherPoint>;
using Value = double (*)(const WeatherPoint&);

double mean(const Year& year, Value value, std::size_t from = 0, std::size_t to = 8760) {
  double sum = 0;
  for (std::size_t h = from; h < to; ++h) sum += value(year[h]);
  return sum / static_cast<double>(to - from);
}

double share_at_or_below(const Year& year, Value value, double limit) {
  const auto count = std::count_if(year.begin(), year.end(), [&](const auto& hour) { return value(hour) <= limit; });
  return static_cast<double>(count) / static_cast<double>(year.size());
}

double exceeded_by(const Year& year, Value value, double share) {
  std::vector<double> values;
  for (const WeatherPoint& hour : year) values.push_back(value(hour));
  std::sort(values.begin(), values.end(), std::greater<>());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size()))];
}

/// The largest errors of a year against its entry.
struct Errors {
  double month_dry_k = 0, month_wet_k = 0, range_k = 0, humidity = 0, dry_share = 0, wet_share = 0, tail_k = 0;
};

Errors errors_of(const Year& year, const SiteClimate& site) {
  Errors e;
  const auto worst = [](double& known, double error) { known = std::max(known, std::abs(error)); };
  std::size_t hour = 0;
  for (std::size_t m = 0; m < 12; ++m) {
    const std::size_t end = hour + static_cast<std::size_t>(kDays[m]) * 24;
    worst(e.month_dry_k, mean(year, dry, hour, end) - site.months[m].dry_bulb.value);
    worst(e.month_wet_k, mean(year, wet, hour, end) - site.months[m].wet_bulb.value);
    const auto humidity = [](const WeatherPoint& p) {
      return saturation_pressure(p.dew_point) / saturation_pressure(p.dry_bulb);
    };
    worst(e.humidity, mean(year, humidity, hour, end) - site.months[m].relative_humidity);
    double range = 0;
    for (std::size_t day = hour; day < end; day += 24) {
      double low = 100, high = -100;
      for (std::size_t h = day; h < day + 24; ++h) {
        low = std::min(low, dry(year[h]));
        high = std::max(high, dry(year[h]));
      }
      range += (high - low) / kDays[m];
    }
    worst(e.range_k, range - site.months[m].daily_range.value);
    hour = end;
  }
  for (const ShareOfHours& s : site.dry_bulb_shares)
    worst(e.dry_share, share_at_or_below(year, dry, s.at_or_below.value) - s.share);
  for (const ShareOfHours& s : site.wet_bulb_shares)
    worst(e.wet_share, share_at_or_below(year, wet, s.at_or_below.value) - s.share);
  worst(e.tail_k, exceeded_by(year, dry, 0.004) - site.dry_bulb_0_4_percent.value);
  worst(e.tail_k, exceeded_by(year, dry, 0.996) - site.dry_bulb_99_6_percent.value);
  return e;
}

SiteClimate entry(const std::string& id) { return tests::catalog_entry<SiteClimate>("sites", id); }

std::string unpacked(const std::filesystem::path& path) {
  std::string text(4'000'000, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  const int size = file ? gzread(file, text.data(), static_cast<unsigned>(text.size())) : 0;
  if (file) gzclose(file);
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

}  // namespace

TEST_CASE("climate year: means, distribution and tails are those of the entry, at every place", "[models][weather]") {
  std::string table = "\nsite                month DB K  month WB K  range K   RH  DB share  WB share  DB tail K\n";
  for (const std::string& id : tests::catalog_ids("sites")) {
    CAPTURE(id);
    const SiteClimate site = entry(id);
    REQUIRE(climate_faults(site).empty());
    const Errors e = errors_of(climate_year(site, id), site);
    table += fmt::format("{:<20}{:>10.2f}{:>12.2f}{:>9.1f}{:>5.2f}{:>10.3f}{:>10.3f}{:>11.2f}\n", id, e.month_dry_k,
                         e.month_wet_k, e.range_k, e.humidity, e.dry_share, e.wet_share, e.tail_k);
    CHECK(e.month_dry_k < 0.5);
    CHECK(e.month_wet_k < 0.5);
    CHECK(e.range_k < 0.5);
    CHECK(e.dry_share < 0.035);
    CHECK(e.wet_share < 0.03);
    CHECK(e.tail_k < 1.2);
    CHECK(e.humidity < 0.15);
  }
  WARN("largest errors against the entries:" << table);
}

TEST_CASE("climate year: the same bytes again, other days for another name, never super-saturated",
          "[models][weather]") {
  const SiteClimate site = entry("leesburg_va");
  const Year year = climate_year(site, "leesburg_va"), again = climate_year(site, "leesburg_va");
  const Year other = climate_year(site, "elsewhere");
  REQUIRE(year.size() == 8760);
  double difference = 0;
  for (std::size_t h = 0; h < year.size(); ++h) {
    CHECK(dry(year[h]) == dry(again[h]));
    CHECK(wet(year[h]) == wet(again[h]));
    difference += std::abs(dry(year[h]) - dry(other[h])) / 8760;
    // Each point is consistent: dew point below wet bulb below dry bulb, and the three belong together.
    const WeatherPoint& p = year[h];
    const bool ordered = p.dew_point <= p.wet_bulb + KelvinDelta(1e-3) && p.wet_bulb <= p.dry_bulb;
    if (!ordered) FAIL("hour " << h << ": " << p.dew_point.value << " " << p.wet_bulb.value << " " << p.dry_bulb.value);
    const Pascals vapour = saturation_pressure(p.dew_point);
    if (h % 97 == 0) CHECK_THAT(dew_point(vapour).value, WithinAbs(p.dew_point.value, 1e-3));
    if (h % 97 == 0) {  // the equations over ice and water part at 0 degC
      CHECK_THAT(wet_bulb(p.dry_bulb, p.dew_point, p.pressure).value, WithinAbs(p.wet_bulb.value, 0.1));
    }
    CHECK(p.pressure.value == site.mean_pressure.value);
  }
  CHECK(difference > 1.0);
}

TEST_CASE("climate year: afternoons are warmer than nights, and hours change slowly", "[models][weather]") {
  for (const std::string id : {"singapore", "denver_co", "frankfurt"}) {
    CAPTURE(id);
    const Year year = climate_year(entry(id), id);
    double afternoon = 0, night = 0, step = 0;
    for (std::size_t day = 0; day < 365; ++day) {
      afternoon += dry(year[day * 24 + 15]) / 365;
      night += dry(year[day * 24 + 4]) / 365;
    }
    for (std::size_t h = 1; h < year.size(); ++h) step = std::max(step, std::abs(dry(year[h]) - dry(year[h - 1])));
    CHECK(afternoon > night + 2);
    CHECK(step < 6);  // files of real years step by up to 14.5 K
  }
}

TEST_CASE("climate year: entries at fault are told apart", "[models][weather]") {
  SiteClimate site = entry("denver_co");
  site.months.pop_back();
  REQUIRE(climate_faults(site).size() == 1);
  CHECK(climate_faults(site)[0].key == "months");
  CHECK_THROWS_AS(climate_year(site, "x"), std::invalid_argument);
  site = entry("denver_co");
  site.months[3].wet_bulb = site.months[3].dry_bulb + KelvinDelta(1);
  CHECK(climate_faults(site)[0].key == "months/3/wet_bulb_c");
  site = entry("denver_co");
  site.dry_bulb_shares[2].share = 0.1;
  CHECK(climate_faults(site)[0].key == "dry_bulb_shares/2");
  site = entry("denver_co");
  site.highest_dry_bulb = Celsius(0);
  CHECK(climate_faults(site)[0].key == "mean_dry_bulb_c");
}

TEST_CASE("climate normals: design day and site come from the catalog", "[models][weather]") {
  Choice<WeatherOption> option(weather_options(), "climate_normals");
  REQUIRE(option.has_value());
  tests::set_field(*option, "site", std::string("denver_co"));
  CHECK(option->site() == "denver_co");
  const SiteClimate site = entry("denver_co");
  const FindSite find = [&](const std::string& id) { return id == "denver_co" ? &site : nullptr; };
  ValidityNotes notes;
  const auto series = option->load({}, find, notes);
  CHECK(series->design().dry_bulb.value == 34.6);
  CHECK(series->design().wet_bulb.value == 18.3);
  CHECK(series->next_change(3599.0) == 3600.0);
  CHECK(series->at(8760 * 3600.0 + 1).dry_bulb == series->at(1).dry_bulb);  // a leap year's last day
  CHECK_THROWS_AS(option->load({}, notes), std::invalid_argument);
}

TEST_CASE("climate year: against whole weather files of the same places", "[models][weather][shared]") {
  if (!std::filesystem::exists(kFolder)) {
    WARN("not checked: " << kFolder.string() << " is absent");
    return;
  }
  const std::map<std::string, std::string> files = {
      {"leesburg_va", "USA_VA_Leesburg"}, {"chicago_il", "USA_IL_Chicago"},      {"dallas_tx", "USA_TX_Dallas"},
      {"phoenix_az", "USA_AZ_Phoenix"},   {"tucson_az", "USA_AZ_Tucson"},        {"san_jose_ca", "USA_CA_San.Jose"},
      {"denver_co", "USA_CO_Denver"},     {"san_francisco_ca", "USA_CA_San.Fr"}, {"singapore", "SGP_SG_Changi"},
      {"bologna", "ITA_ER_Bologna"}};
  std::string table =
      "\nsite                 DB mean  WB mean   DB<=26.4  DB<=33.8   WB<=12    WB<=22   both<=(26.4,18)   (normals "
      "less "
      "file: K, % of hours)\n";
  for (const auto& [id, prefix] : files) {
    CAPTURE(id);
    Year file;
    for (const auto& found : std::filesystem::directory_iterator(kFolder)) {
      if (found.path().filename().string().rfind(prefix, 0) != 0) continue;
      std::istringstream in(unpacked(found.path()));
      ValidityNotes notes;
      for (const EpwHour& hour : read_epw(in, notes).hours) {
        file.push_back(air_at_dew_point(hour.dry_bulb, hour.dew_point, hour.pressure));
      }
    }
    REQUIRE(file.size() == 8760);
    const Year made = climate_year(entry(id), id);
    const auto share = [&](Value value, double limit) {
      return 100 * (share_at_or_below(made, value, limit) - share_at_or_below(file, value, limit));
    };
    const auto both = [](const Year& year) {
      return 100.0 / 8760 * static_cast<double>(std::count_if(year.begin(), year.end(), [](const WeatherPoint& p) {
               return dry(p) <= 26.4 && wet(p) <= 18;
             }));
    };
    const double dry_mean = mean(made, dry) - mean(file, dry), wet_mean = mean(made, wet) - mean(file, wet);
    table +=
        fmt::format("{:<20}{:>8.2f}{:>9.2f}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>12.1f}\n", id, dry_mean, wet_mean,
                    share(dry, 26.4), share(dry, 33.8), share(wet, 12), share(wet, 22), both(made) - both(file));
    CHECK(std::abs(dry_mean) < 0.25);
    CHECK(std::abs(wet_mean) < 0.4);
    CHECK(std::abs(share(dry, 26.4)) < 4);
    CHECK(std::abs(share(dry, 33.8)) < 3);
    CHECK(std::abs(share(wet, 12)) < 4);
    CHECK(std::abs(both(made) - both(file)) < 5);
  }
  WARN("normals against weather files:" << table);
}
