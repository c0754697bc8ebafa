#include "tools/compare/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/catch.hpp"
#include "tests/report/temporary_folder.hpp"
#include "tests/scenario/schema_check.hpp"
#include "tests/tools/compare/sample_reports.hpp"
#include "tools/compare/comparison_json.hpp"
#include "tools/compare/comparison_page.hpp"
#include "tools/compare/comparison_table.hpp"
#include "tools/compare/svg_charts.hpp"

namespace tokenworks::compare {
namespace {

using scenario::Json;

std::vector<ReportInput> inputs(std::vector<Json> documents) {
  std::vector<ReportInput> reports;
  for (Json& document : documents) reports.push_back(sample_input(std::move(document)));
  REQUIRE(name_reports(reports, {}).empty());
  return reports;
}

const Row& row(const Comparison& comparison, std::string_view id) {
  for (const Row& one : comparison.rows) {
    if (one.id == id) return one;
  }
  throw std::runtime_error("no row " + std::string(id));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::size_t widest(const std::string& text) {
  std::size_t most = 0, begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    most = std::max(most, width(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return most;
}

TEST_CASE("comparison: differences are against the first report, the best of a row is marked", "[compare]") {
  const auto comparison =
      compare(inputs({sample_report("a", 1.25), sample_report("b", 1.1, "tower"), sample_report("c", 1.4)}));
  const Row& pue = row(comparison, "pue");
  CHECK_FALSE(pue.differences[0].has_value());
  CHECK(*pue.differences[1] == Approx(-0.15));
  CHECK(*pue.shares[2] == Approx(0.12));
  CHECK(pue.best == std::vector<bool>{false, true, false});
  CHECK(row(comparison, "output_tokens_per_joule").best == std::vector<bool>{false, true, false});
  const Row& tokens = row(comparison, "output_tokens_per_s");
  CHECK(tokens.is_same());
  CHECK(tokens.best == std::vector<bool>{false, false, false});
  CHECK(*tokens.differences[1] == 0.0);
  CHECK(row(comparison, "mean_it_w").better == Better::neither);
  CHECK(comparison.settings.size() == 1);
  CHECK(comparison.warnings.empty());
}

TEST_CASE("comparison: a date that came in one report alone is never in the others, and never is best", "[compare]") {
  Json hot = sample_report("hot", 1.2);
  hot["incidents"][0]["effects"]["time_to_throttle_s"] = 25.0;
  hot["incidents"][0]["target"] = "row_b";
  const auto comparison = compare(inputs({hot, sample_report("cold", 1.3)}));
  const Row& date = row(comparison, "cooling_pump_failure/row_b/1/time_to_throttle_s");
  CHECK(date.section == "cooling_pump_failure row_b / row_a");
  CHECK(*date.values[0] == 25.0);
  CHECK(std::isinf(*date.values[1]));
  CHECK(date.best == std::vector<bool>{false, true});
  CHECK_FALSE(date.differences[1].has_value());
}

TEST_CASE("comparison: incidents of equal target stay apart by their order", "[compare]") {
  const MeasuredIncident first{"link", "x", 1, true, {}}, second{"link", "x", 2, true, {}},
      other{"link", "y", 3, true, {}};
  const std::vector<MeasuredIncident> a = {first, second}, b = {first, other};
  const auto matched = match_incidents({&a, &b});
  REQUIRE(matched.size() == 2);
  CHECK(matched[0].title == "link x");
  CHECK(matched[0].of_reports[1]->at_s == 1);
  CHECK(matched[1].title == "link x / y, no. 2");
  CHECK(matched[1].of_reports[1]->at_s == 3);
}

TEST_CASE("comparison: what makes figures hard to compare is told", "[compare]") {
  Json other = sample_report("b", 1.1, "tower");
  other["scenario"]["seed"] = 8;
  other["provenance"]["inputs"][1]["sha256"] = "22";
  other["provenance"]["git_revision"] = "def";
  other["outcome"] = {{"status", "interrupted"}, {"simulated_s", 1800.0}};
  const auto comparison = compare(inputs({sample_report("a", 1.25), other}));
  std::string all;
  for (const std::string& warning : comparison.warnings) all += warning + "\n";
  CHECK(has(all, "Traffic differs as well as the facility"));
  CHECK(has(all, "/seed"));
  CHECK(has(all, "trace.csv did not hold the same"));
  CHECK(has(all, "different versions"));
  CHECK(has(all, "b: the run was interrupted"));
  CHECK(has(all, "different spans of time"));
  // Traffic alone may differ: that is what is compared then.
  Json traffic = sample_report("b", 1.25);
  traffic["scenario"]["seed"] = 8;
  CHECK(compare(inputs({sample_report("a", 1.25), traffic})).warnings.empty());
}

TEST_CASE("comparison: what batteries hold less at the end is told, for it was not bought", "[compare]") {
  Json other = sample_report("b", 1.25);
  const double used = other["power"]["facility_energy_j"].get<double>();
  other["power"]["sources"] = {{"stored_j", -0.004 * used}};
  CHECK(compare(inputs({sample_report("a", 1.25), other})).warnings.empty());
  other["power"]["sources"]["stored_j"] = -0.04 * used;
  const auto warnings = compare(inputs({sample_report("a", 1.25), other})).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(has(warnings[0], "b: its batteries end with"));
  CHECK(has(warnings[0], "less than they began with"));
  CHECK(has(warnings[0], "lower by that"));
}

TEST_CASE("comparison: assumptions are told where they differ, notes always", "[compare]") {
  Json other = sample_report("b", 1.25);
  other["assumptions"].push_back({{"subject", "z"}, {"value", "2"}, {"evidence", "R"}, {"source", "memory"}});
  other["validity"].push_back(
      {{"subject", "chiller"}, {"worst", 50.0}, {"minimum", nullptr}, {"maximum", 40.0}, {"count", 3}});
  const auto comparison = compare(inputs({sample_report("a", 1.25), other}));
  REQUIRE(comparison.assumptions.size() == 1);
  CHECK(comparison.assumptions[0].subject == "z");
  CHECK_FALSE(comparison.assumptions[0].of_reports[0].has_value());
  CHECK(*comparison.assumptions[0].of_reports[1] == "2 (R: memory)");
  REQUIRE(comparison.validity.size() == 1);
  CHECK(*comparison.validity[0].of_reports[1] == "3 times, at worst 50.0; made for none to 40.0");
}

TEST_CASE("comparison: the table keeps to its columns, and colour adds no character", "[compare]") {
  const std::string two = comparison_table(
      compare(
          inputs({sample_report("a name that is much too long for a column", 1.25), sample_report("b", 1.1, "tower")})),
      {});
  INFO(two);
  CHECK(widest(two) <= 100);  // paths and settings; the rows themselves 80
  CHECK(has(two, "PUE"));
  CHECK(has(two, "1.1000*"));
  CHECK(has(two, "-12.0 %"));
  CHECK_FALSE(has(two, "\033"));
  const auto four = compare(
      inputs({sample_report("a", 1.25), sample_report("b", 1.1), sample_report("c", 1.2), sample_report("d", 1.3)}));
  CHECK(widest(comparison_table(four, {.all = true})) <= 112);
  CHECK(has(comparison_table(four, {.colour = true}), "\033[32m"));
}

TEST_CASE("comparison: the table of two sample reports, as approved", "[compare]") {
  Json hot = sample_report("towers", 1.1, "tower");
  hot["incidents"][0]["effects"]["time_to_throttle_s"] = 25.0;
  hot["water"] = {{"used_l", 41'000.0}, {"wue_l_per_kwh", 1.25}};
  const std::string table = comparison_table(compare(inputs({sample_report("dry coolers", 1.25), hot})), {});
  const std::string approved =
      content_of(std::string(TOKENWORKS_SOURCE_DIR) + "/tests/tools/compare/table.expected.txt");
  // To approve a change, copy the file that this writes.
  if (table != approved) std::ofstream(std::string(TOKENWORKS_BINARY_DIR) + "/comparison_table.txt") << table;
  CHECK(table == approved);
}

TEST_CASE("comparison: text from files can neither steer the terminal nor the page", "[compare]") {
  Json evil = sample_report("</title><script>alert(1)</script>\033[2J\u009b", 1.1, "<u>\"tower'");
  evil["assumptions"][0]["source"] = "<img src=x onerror=alert(1)>";
  evil["incidents"][0]["target"] = "\033]0;x\007<em>";
  const auto reports = inputs({sample_report("a", 1.25), evil});
  const Comparison comparison = compare(reports);
  const std::string page = comparison_page(comparison, reports);
  for (const char* tag : {"<script", "<img", "<u>", "<em>", "</title><script"}) CHECK_FALSE(has(page, tag));
  CHECK(has(page, "&lt;script&gt;"));
  CHECK_FALSE(has(page, "http://"));
  CHECK_FALSE(has(page, "https://"));
  CHECK_FALSE(has(page, "\033"));
  const std::string table = comparison_table(comparison, {});
  CHECK_FALSE(has(table, "\033"));
  CHECK_FALSE(has(table, "\007"));
  CHECK_FALSE(has(table, "\u009b"));
}

TEST_CASE("comparison: the document has the keys that its schema requires, and no others", "[compare]") {
  Json hot = sample_report("b", 1.1, "tower");
  hot["incidents"][0]["effects"]["time_to_throttle_s"] = 25.0;
  const Json document = comparison_json(compare(inputs({sample_report("a", 1.25), hot})));
  CHECK(tokenworks::scenario::schema_fault(comparison_schema(), document) == "");
  CHECK(document["format"] == "tokenworks.comparison/1");
  CHECK(document["same_traffic"] == true);
  CHECK(document["same_factory"] == false);
  CHECK(document["topics"].back()["rows"][0]["values"] == Json({"never", 25.0}));
}

TEST_CASE("reports: all faults of all files are told at once", "[compare]") {
  const TemporaryFolder folder;
  const auto write = [&](const char* name, const std::string& text) {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name) << text;
    return (folder.path() / name).string();
  };
  const std::string good = write("good/report.json", sample_report("a", 1.2).dump());
  write("both/report.json", "{}");
  write("both/year.json", "{}");
  std::filesystem::create_directories(folder.path() / "empty");
  const std::string newer = write("newer.json", R"({"format": "tokenworks.report/2"})");
  const std::string broken = write("broken.json", "{\"format\": \"tokenworks.report/1\",\n");
  const auto read = read_reports({good, (folder.path() / "both").string(), (folder.path() / "empty").string(), newer,
                                  broken, (folder.path() / "absent.json").string()},
                                 {"x", "x"});
  INFO(read.faults);
  CHECK(has(read.faults, "both: found a folder with both report.json and year.json"));
  CHECK(has(read.faults, "empty: found a folder with neither"));
  CHECK(has(read.faults, "newer.json: /format: found \"tokenworks.report/2\"; allowed: \"tokenworks.report/1\""));
  CHECK(has(read.faults, "broken.json:2"));
  CHECK(has(read.faults, "absent.json"));
  CHECK(has(read.faults, "--names: found 2; allowed: 6, one for each report"));
  CHECK(has(read.faults, "--names: found \"x\" twice"));
  CHECK(has(read_reports({good}, {}).faults, "found 1; allowed: at least two"));
}

TEST_CASE("reports: names come from the scenarios, else from folders, else they are numbered", "[compare]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& scenario) {
    std::filesystem::create_directories(folder.path() / name);
    std::ofstream(folder.path() / name / "report.json") << sample_report(scenario, 1.2).dump();
    return (folder.path() / name).string();
  };
  const auto names = [](const ReadReports& read) {
    std::vector<std::string> list;
    for (const ReportInput& report : read.reports) list.push_back(report.name);
    return list;
  };
  using Names = std::vector<std::string>;
  const std::string one = write("one", "s"), two = write("two", "t"), three = write("three", "s");
  CHECK(names(read_reports({one, two}, {})) == Names{"s", "t"});
  CHECK(names(read_reports({one, three}, {})) == Names{"one", "three"});
  CHECK(names(read_reports({one, one}, {})) == Names{"one (1)", "one (2)"});
  CHECK(names(read_reports({one, two}, {"x", "y"})) == Names{"x", "y"});
}

TEST_CASE("reports: a series that is not of the report is left out with a note", "[compare]") {
  const TemporaryFolder folder;
  Json report = sample_report("a", 1.2);
  report["series"] = {{"rows", 2}};
  std::ofstream(folder.path() / "report.json") << report.dump();
  std::ofstream(folder.path() / "series.csv") << "time_s\r\n0\r\n10\r\n";
  auto read = read_reports({folder.path().string(), folder.path().string()}, {});
  CHECK(read.faults.empty());
  CHECK(read.reports[0].series.has_value());
  std::ofstream(folder.path() / "series.csv") << "time_s\r\n0\r\n";
  read = read_reports({folder.path().string(), folder.path().string()}, {});
  CHECK_FALSE(read.reports[0].series.has_value());
  CHECK(has(read.reports[0].series_note, "has 1 rows, its report speaks of 2"));
}

TEST_CASE("charts: no peak is lost where a line has more points than pixels", "[compare]") {
  Line line{"a", {}, {}, 0, {}, {}};
  for (int i = 0; i < 100'000; ++i) {
    line.x.push_back(i);
    line.y.push_back(i == 54'321 ? 10.0 : 0.0);
  }
  const std::string svg = line_chart({"t", "s", "W", 1.0, {line}});
  CHECK(svg.size() < 60'000);
  CHECK(has(svg, " 34.0L"));  // the top of the chart: the peak
  CHECK(line_chart({"t", "s", "W", 1.0, {}}).empty());
}

TEST_CASE("charts: a band stands behind its line, and its span is in the chart", "[compare]") {
  const Line line{"a", {0, 1, 2}, {5, 5, 5}, 1, {0, 1, 0}, {10, 9, 10}};
  const std::string svg = line_chart({"t", "days", "W", 1.0, {line}});
  CHECK(has(svg, "class=\"band series-1\""));
  CHECK(has(svg, ">10</text>"));
  CHECK(has(svg, ">0</text>"));
  CHECK_FALSE(has(line_chart({"t", "s", "W", 1.0, {{"a", {0, 1}, {5, 6}, 0, {}, {}}}}), "class=\"band"));
}

TEST_CASE("quantities: columns of rack groups keep the group's name", "[compare]") {
  CHECK(spoken_column("row_a.hottest_chip_c") == "row_a: hottest chip");
  CHECK(spoken_column("a.b.clock_share") == "a.b: clock share");
  CHECK(spoken_column("facility_power_w") == "Facility power");
}

TEST_CASE("charts: ticks are round and cover the span", "[compare]") {
  CHECK(round_ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  const auto close = round_ticks(1.31, 1.32, 5);
  CHECK(close.front() <= 1.31);
  CHECK(close.back() >= 1.32);
  CHECK(round_ticks(7, 7, 4).size() >= 2);
}

TEST_CASE("quantities: as they are read", "[compare]") {
  CHECK(shown(91'579.0, Unit::watts) == "91.6 kW");
  CHECK(shown(std::nullopt, Unit::watts) == "-");
  CHECK(shown(std::numeric_limits<double>::infinity(), Unit::seconds) == "never");
  CHECK(shown(7.2e9, Unit::joules) == "2.00 MWh");
  CHECK(shown(0.9912, Unit::share) == "99.12 %");
  CHECK(shown(12'345.0, Unit::litres) == "12.3 m3");
  CHECK(shown(138'099'393.0, Unit::litres) == "138,099 m3");  // and not km3, which is something else
  CHECK(shown(1'723'068.0, Unit::per_second) == "1.72 M/s");
  CHECK(shown_change(-0.123) == "-12.3 %");
  CHECK(shown_change(0.0) == "=");
  CHECK(shown_difference(-0.15, Unit::ratio) == "-0.1500");
  CHECK(unit_of_name("time_to_throttle_s") == Unit::seconds);
  CHECK(without_unit("time_to_throttle_s") == "time_to_throttle");
  CHECK(fitted("abcdefgh", 6) == "abc...");
}

}  // namespace
}  // namespace tokenworks::compare
