#include "tools/validation/csv_table.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/validation/written_file.hpp"

namespace tokenworks::validation {
namespace {

using testing::MeasurementFolder;

std::string faults_of(const std::string& content, const std::vector<std::string>& columns) {
  const MeasurementFolder folder;
  scenario::FaultList faults;
  const auto table = CsvTable::read(folder.write("t.csv", content), columns, faults);
  CHECK_FALSE(table.has_value());
  std::string text = faults.text("");
  for (std::size_t at; (at = text.find(folder.path() + "/")) != std::string::npos;) {
    text.erase(at, folder.path().size() + 1);
  }
  return text;
}

TEST_CASE("csv table: fields by column name, quotes, CR LF, an empty field", "[validation]") {
  const MeasurementFolder folder;
  scenario::FaultList faults;
  const auto table = CsvTable::read(folder.write("t.csv", "\xEF\xBB\xBFname,value\r\n\"a, \"\"b\"\"\",1.5\r\n\nc,\r\n"),
                                    {"value", "name"}, faults);
  REQUIRE(table.has_value());
  REQUIRE(table->rows() == 2);
  CHECK(table->row(0).text("name") == "a, \"b\"");
  CHECK(table->row(0).number("value", kPositive) == 1.5);
  CHECK(table->row(1).name("name") == "c");
  CHECK(table->row(1).line() == 4);
  CHECK_FALSE(table->row(1).optional_number("value", kPositive).has_value());
  CHECK(faults.empty());
}

TEST_CASE("csv table: missing columns and rows of another width are all told, with their places", "[validation]") {
  CHECK(faults_of("a,b\n1,2\n", {"a", "ttft_ms", "bb"}) ==
        "t.csv:1:1: column \"ttft_ms\" is missing; found: a, b\n"
        "t.csv:1:1: column \"bb\" is missing; found: a, b (did you mean \"b\"?)\n");
  CHECK(faults_of("a,b\n1\n1,2\n1,2,3\n", {"a"}) ==
        "t.csv:2:1: found 1 fields; allowed: 2, as the header has\n"
        "t.csv:4:1: found 3 fields; allowed: 2, as the header has\n");
  CHECK(faults_of("a,a\n1,2\n", {"a"}) == "t.csv:1:3: column \"a\" stands twice\n");
}

TEST_CASE("csv table: an empty file, a header alone, no file", "[validation]") {
  CHECK(faults_of("", {"a", "b"}) == "t.csv:1:1: found an empty file; allowed: a header line with the columns a, b\n");
  CHECK(faults_of("a,b\n", {"a"}) == "t.csv:1:1: found no line after the header; allowed: at least one\n");
  scenario::FaultList faults;
  CHECK_FALSE(CsvTable::read("/no/such/file.csv", {"a"}, faults).has_value());
  CHECK(faults.text("").find("/no/such/file.csv") != std::string::npos);
}

TEST_CASE("csv table: what is no number or beyond its limits is a fault with line and column", "[validation]") {
  const MeasurementFolder folder;
  scenario::FaultList faults;
  const std::string path = folder.write("t.csv", "name,value\nx,1e3\ny,fast\nz,-2\n,nan\nv,2.5\n");
  const auto table = CsvTable::read(path, {"name", "value"}, faults);
  REQUIRE(table.has_value());
  CHECK(table->row(0).number("value", kPositiveWhole) == 1000);
  for (std::size_t i = 1; i < table->rows(); ++i) CHECK(std::isnan(table->row(i).number("value", kPositiveWhole)));
  table->row(3).name("name");
  std::string expected;
  for (const std::string fault : {":3:3: value: found \"fast\"", ":4:3: value: found \"-2\"",
                                  ":5:2: value: found \"nan\"", ":6:3: value: found \"2.5\""}) {
    expected += path + fault + "; allowed: a whole number of at least 1\n";
  }
  CHECK(faults.text("") == expected + path + ":5:1: name: found nothing; allowed: a name\n");
}

}  // namespace
}  // namespace tokenworks::validation
