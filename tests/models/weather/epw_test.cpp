#include "models/weather/epw.hpp"

#include <rapidcheck.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "models/weather/weather_option.hpp"
#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::weather;

namespace {

// A header in the 2021 form; every number stands for itself, so that a wrong position shows.
constexpr const char* kDesign =
    "DESIGN CONDITIONS,1,made "
    "up,,Heating,1,-10.1,-7.7,Cooling,7,11.5,35.0,24.8,33.0,24.0,32.3,23.6,26.3,32.3,25.6,31.2,24.9,"
    "30.1,3.0,240,22.0,20.3,29.1,Extremes,10.4,8.5,7.4,-13.8,37.1";

struct Sample {
  std::string design = kDesign;
  std::string end_of_line = "\n";
  std::string periods = "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31";
  bool leap = false;
  /// Replaces fields of the row of an hour counted from 0.
  std::function<void(int hour, std::vector<std::string>& row)> change = [](int, std::vector<std::string>&) {};

  std::string text() const {
    std::ostringstream out;
    out << "LOCATION,Testville,XX,XXX,made,000000,45.0,5.0,1.0,100.0" << end_of_line << design << end_of_line
        << "TYPICAL/EXTREME PERIODS,0" << end_of_line << "GROUND TEMPERATURES,0" << end_of_line
        << "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0" << end_of_line << "COMMENTS 1,x" << end_of_line << "COMMENTS 2,y"
        << end_of_line << periods << end_of_line;
    const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int count = 0;
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= days[month - 1]; ++day) {
        for (int hour = 1; hour <= 24; ++hour, ++count) {
          std::vector<std::string> row = {"2004",
                                          std::to_string(month),
                                          std::to_string(day),
                                          std::to_string(hour),
                                          "0",
                                          "?9?9",
                                          "20.0",
                                          "10.0",
                                          "53",
                                          "100000",
                                          "0",
                                          "0"};
          change(count, row);
          for (std::size_t i = 0; i < row.size(); ++i) out << (i ? "," : "") << row[i];
          out << end_of_line;
        }
      }
    }
    return out.str();
  }
};

EpwYear read(const std::string& text, ValidityNotes& notes) {
  std::istringstream in(text);
  return read_epw(in, notes);
}

std::string fault_of(const std::string& text) {
  ValidityNotes notes;
  try {
    read(text, notes);
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string unpacked(const std::filesystem::path& path) {
  std::string text(4'000'000, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  const int size = file ? gzread(file, text.data(), static_cast<unsigned>(text.size())) : 0;
  if (file) gzclose(file);
  text.resize(static_cast<std::size_t>(std::max(size, 0)));
  return text;
}

}  // namespace

TEST_CASE("epw: a plain file is read whole and its design day stands in the header", "[models][weather]") {
  ValidityNotes notes;
  const EpwYear year = read(Sample{}.text(), notes);
  CHECK(year.hours.size() == 8760);
  CHECK(year.place == "Testville");
  CHECK(year.design.dry_bulb.value == 35.0);
  CHECK(year.design.wet_bulb.value == 26.3);
  CHECK(year.design.dew_point.value == 22.0);
  CHECK(notes.all().empty());
}

TEST_CASE("epw: line ends, byte order mark and a blank end make no difference", "[models][weather]") {
  Sample dos;
  dos.end_of_line = "\r\n";
  ValidityNotes notes;
  CHECK(read("\xEF\xBB\xBF" + dos.text() + "\r\n\x1a", notes).hours.size() == 8760);
  CHECK(notes.all().empty());
}

TEST_CASE("epw: a leap year has 8,784 hours", "[models][weather]") {
  Sample leap;
  leap.leap = true;
  ValidityNotes notes;
  CHECK(read(leap.text(), notes).hours.size() == 8784);
}

TEST_CASE("epw: missing values are filled and noted", "[models][weather]") {
  Sample sample;
  sample.change = [](int hour, std::vector<std::string>& row) {
    if (hour == 4) row[6] = "30.0", row[8] = "29";
    if (hour == 5) row[6] = "99.9";                  // dry bulb of the hour before
    if (hour == 6) row[7] = "99.9";                  // dew point from 53 % at 20 degC: 10.1 degC
    if (hour == 7) row[7] = "99.9", row[8] = "999";  // dew point of the hour before
    if (hour == 8) row[9] = "999999";                // standard pressure at 100 m
  };
  ValidityNotes notes;
  const EpwYear year = read(sample.text(), notes);
  CHECK(year.hours[5].dry_bulb.value == 30.0);
  CHECK_THAT(year.hours[6].dew_point.value, WithinAbs(10.1, 0.1));
  CHECK(year.hours[7].dew_point == year.hours[6].dew_point);
  CHECK_THAT(year.hours[8].pressure.value, WithinAbs(100129.0, 5.0));
  CHECK(notes.all().size() == 3);  // a dew point from relative humidity is no guess
}

TEST_CASE("epw: impossible dew points are clipped to the header's value and noted", "[models][weather]") {
  Sample sample;
  sample.change = [](int hour, std::vector<std::string>& row) {
    row[6] = "38.0";
    row[8] = "18.5";
    if (hour == 100) row[7] = "31.0", row[8] = "67.8";
  };
  ValidityNotes notes;
  const EpwYear year = read(sample.text(), notes);
  CHECK(year.hours[100].dew_point.value == 24.0);  // 22.0 + 2
  REQUIRE(notes.all().size() == 1);
  CHECK(notes.all().begin()->second.count == 1);
  CHECK(notes.all().begin()->second.worst == 31.0);
}

TEST_CASE("epw: where humidity is given twice and differs, the dew point counts, and it is noted",
          "[models][weather]") {
  Sample sample;
  sample.change = [](int hour, std::vector<std::string>& row) {
    if (hour == 7) row[8] = "70";  // 14.4 degC at 20 degC, 4.4 K above the dew point of 10 degC
  };
  ValidityNotes notes;
  CHECK(read(sample.text(), notes).hours[7].dew_point.value == 10.0);
  REQUIRE(notes.all().size() == 1);
  CHECK(notes.all().begin()->second.count == 1);
  CHECK_THAT(notes.all().begin()->second.worst, WithinAbs(4.4, 0.2));
}

TEST_CASE("epw: without design conditions the file's own hours size the plant", "[models][weather]") {
  Sample sample;
  sample.design = "DESIGN CONDITIONS,0";
  sample.change = [](int hour, std::vector<std::string>& row) {
    row[6] = std::to_string(15.0 + hour / 1000.0), row[8] = "999";
  };
  ValidityNotes notes;
  const EpwYear year = read(sample.text(), notes);
  // Hours rise from 15.0 to 23.759 degC; 0.4 % of 8,760 hours are 35: 23.72 degC.
  CHECK_THAT(year.design.dry_bulb.value, WithinAbs(23.72, 0.01));
  CHECK(notes.all().size() == 1);
}

TEST_CASE("epw: faults name line and field", "[models][weather]") {
  Sample sample;
  SECTION("not a number") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 0) row[6] = "warm";
    };
    const std::string fault = fault_of(sample.text());
    CHECK(contains(fault, "line 9"));
    CHECK(contains(fault, "dry bulb (field 7): \"warm\""));
  }
  SECTION("infinity") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 3) row[9] = "inf";
    };
    CHECK(contains(fault_of(sample.text()), "line 12: pressure (field 10)"));
  }
  SECTION("out of the format's limits") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 1) row[7] = "-80";
    };
    CHECK(contains(fault_of(sample.text()), "line 10: dew point (field 8)"));
  }
  SECTION("an hour is missing") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 2) row[3] = "4";
    };
    CHECK(contains(fault_of(sample.text()), "line 11: expected month 1, day 1, hour 3"));
  }
  SECTION("too few fields") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 2) row.resize(7);
    };
    CHECK(contains(fault_of(sample.text()), "line 11: 7 fields"));
  }
  SECTION("the first row has nothing to fill from") {
    sample.change = [](int hour, std::vector<std::string>& row) {
      if (hour == 0) row[6] = "99.9";
    };
    CHECK(contains(fault_of(sample.text()), "line 9"));
  }
  SECTION("cut in the middle") {
    const std::string text = sample.text();
    CHECK(contains(fault_of(text.substr(0, text.size() / 2)), "line "));
    CHECK(contains(fault_of(text.substr(0, 200)), "line "));
  }
  SECTION("another year follows") {
    const std::string text = sample.text();
    CHECK(contains(fault_of(text + text.substr(text.rfind("2004,"))), "rows after the end of the year"));
  }
  SECTION("two records an hour") {
    sample.periods = "DATA PERIODS,1,2,Data,Sunday, 1/ 1,12/31";
    CHECK(contains(fault_of(sample.text()), "line 8: DATA PERIODS: one record an hour"));
  }
  SECTION("design conditions end early") {
    sample.design = "DESIGN CONDITIONS,1,made up,,Cooling,7,11.5,35.0,24.8";
    CHECK(contains(fault_of(sample.text()), "line 2: DESIGN CONDITIONS ends before the 0.4 % wet bulb"));
  }
  SECTION("no EPW file at all") {
    CHECK(contains(fault_of("{\"format\": 1}"), "line 1: expected the header line LOCATION"));
    CHECK(contains(fault_of(""), "line 1"));
  }
}

TEST_CASE("epw: cut or scrambled files end in a fault or a year, never in a crash", "[models][weather][law]") {
  const std::string text = Sample{}.text();
  REQUIRE(rc::check([&] {
    std::string broken = text.substr(0, *rc::gen::inRange<std::size_t>(0, 3000));
    const int changes = *rc::gen::inRange(0, 10);
    for (int i = 0; i < changes && !broken.empty(); ++i) {
      broken[*rc::gen::inRange<std::size_t>(0, broken.size())] = *rc::gen::arbitrary<char>();
    }
    RC_ASSERT(fault_of(broken) != "none");
  }));
}

TEST_CASE("epw option: constant within the hour, repeats after the year", "[models][weather]") {
  Sample sample;
  sample.change = [](int hour, std::vector<std::string>& row) {
    if (hour % 2) row[6] = "25.0";
  };
  Choice<WeatherOption> option(weather_options(), "epw");
  tests::set_field(*option, "path", std::string("a.epw"));
  ValidityNotes notes;
  const auto series = option->load(
      [&](const std::string& path) {
        CHECK(path == "a.epw");
        return std::make_unique<std::istringstream>(sample.text());
      },
      notes);
  CHECK(series->at(0).dry_bulb.value == 20.0);
  CHECK(series->at(3599.9).dry_bulb.value == 20.0);
  CHECK(series->at(3600).dry_bulb.value == 25.0);
  CHECK(series->next_change(0) == 3600.0);
  CHECK(series->next_change(3600) == 7200.0);
  CHECK(series->at(8760 * 3600.0).dry_bulb.value == 20.0);
  CHECK(series->design().dry_bulb.value == 35.0);
}

TEST_CASE("epw: public files of ten sites read whole", "[models][weather][shared]") {
  const std::filesystem::path folder = TOKENWORKS_SOURCE_DIR "/../shared/data/weather";
  if (!std::filesystem::exists(folder)) {
    WARN("not checked: " << folder.string() << " is absent");
    return;
  }
  struct Site {
    const char* name;
    double dry, wet, mean_wet;  // design values of the header, mean wet bulb of the year
  };
  // Design values as the header prints them; means from an independent reading of the same files, to 0.1 K.
  const Site site = GENERATE(Site{"USA_VA_Leesburg", 35.0, 26.3, 10.4}, Site{"USA_AZ_Phoenix", 43.6, 24.2, 13.1},
                             Site{"USA_CO_Denver", 34.6, 18.3, 4.9}, Site{"SGP_SG_Changi", 33.2, 27.7, 25.4},
                             Site{"ITA_ER_Bologna", 34.4, 24.5, 10.9}, Site{"USA_TX_Dallas", 38.6, 25.9, 14.6},
                             Site{"USA_IL_Chicago", 33.3, 25.5, 7.1}, Site{"USA_AZ_Tucson", 40.8, 22.7, 11.6},
                             Site{"USA_CA_San.Jose", 33.0, 20.5, 11.2}, Site{"USA_CA_San.Francisco", 28.3, 18.6, 11.1});
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().rfind(site.name, 0) != 0) continue;
    ValidityNotes notes;
    Choice<WeatherOption> option(weather_options(), "epw");
    const auto series = option->load(
        [&](const std::string&) { return std::make_unique<std::istringstream>(unpacked(entry.path())); }, notes);
    CHECK(series->design().dry_bulb.value == site.dry);
    CHECK(series->design().wet_bulb.value == site.wet);
    double sum = 0.0;
    for (int hour = 0; hour < 8760; ++hour) sum += series->at(hour * 3600.0).wet_bulb.value;
    CHECK_THAT(sum / 8760, WithinAbs(site.mean_wet, 0.1));
    return;
  }
  FAIL("no file for " << site.name);
}
