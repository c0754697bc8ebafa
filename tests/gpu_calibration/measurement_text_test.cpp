#include "gpu_calibration/raw/measurement_text.hpp"

#include <zlib.h>

#include <filesystem>
#include <string>

#include "gpu_calibration/raw/operators.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::gpu_calibration;

namespace {

const char* const kGood = R"({
  "format": "tokenworks.kernel_measurements/1", "origin": "measured_here", "source": "this test",
  "measured_on": "2026-11-24",
  "device": {"name": "A GPU", "gpu": "h100_sxm5", "driver": "1.2", "cuda": "12.4", "multiprocessors": 132},
  "software": {"name": "cublaslt", "version": "12.4"},
  "tables": [
    {"operator": "matrix_product",
     "columns": ["kernel", "format", "rows", "columns", "inner", "time_s", "time_p10_s"],
     "rows": [["cublaslt", "bf16", 1, 4096, 4096, 1.25e-05, 1.2e-05], ["cublaslt", "fp8", 16, 4096, 4096, 8e-06, 7e-06]]},
    {"operator": "memory_stream", "columns": ["operation", "bytes", "time_s"],
     "rows": [["copy", 1024, 1e-06], ["copy", 2048, 2e-06], ["read", 1024, 1e-06]]}]})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string faults_of(const std::string& text) {
  scenario::FaultList faults;
  CHECK_FALSE(read_measurements(text, faults).has_value());
  return faults.text("raw.json");
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("raw results: what is written reads back as the same text", "[calibration]") {
  scenario::FaultList faults;
  const auto first = read_measurements(kGood, faults);
  INFO(faults.text("raw.json"));
  REQUIRE(first.has_value());
  CHECK(first->device.multiprocessors == 132);
  REQUIRE(first->tables.size() == 2);
  CHECK(first->tables[0].at("format").text(1) == "fp8");
  CHECK(first->tables[0].at("time_s").numbers[0] == 1.25e-05);
  const std::string text = write_measurements(*first);
  const auto second = read_measurements(text, faults);
  REQUIRE(second.has_value());
  CHECK(write_measurements(*second) == text);
}

TEST_CASE("raw results: every fault is told with its place", "[calibration]") {
  CHECK(contains(faults_of(replaced(kGood, "measurements/1", "measurements/2")), "/format: "));
  CHECK(contains(faults_of(replaced(kGood, "\"driver\": \"1.2\", ", "")), "/device: the key \"driver\" is missing"));
  CHECK(contains(faults_of(replaced(kGood, "2026-11-24", "24.11.2026")), "/measured_on: "));
  CHECK(contains(faults_of(replaced(kGood, "\"matrix_product\"", "\"matrix_produkt\"")),
                 "did you mean \"matrix_product\""));
  const std::string unit = faults_of(replaced(kGood, "\"inner\", \"time_s\"", "\"inner\", \"time_ms\""));
  CHECK(contains(unit, "/tables/0/columns/5: the column \"time_ms\" is in a unit that is not ours"));
  CHECK(contains(unit, "/tables/0/columns: matrix_product needs the column \"time_s\""));
  CHECK(contains(faults_of(replaced(kGood, "1.25e-05", "-1.25e-05")), "/tables/0/rows/0/5: time_s: "));
  CHECK(contains(faults_of(replaced(kGood, "1.25e-05", "null")), "/tables/0/rows/0/5: time_s: a number, not null"));
  CHECK(contains(faults_of(replaced(kGood, "1.25e-05", "NaN")), "this is no JSON"));
  CHECK(contains(faults_of(replaced(kGood, "1.2e-05", "1.3e-05")), "outside its own time_p10_s"));
  CHECK(contains(faults_of(replaced(kGood, "16, 4096", "16.5, 4096")), "/tables/0/rows/1/2: rows: 16.5 is no whole"));
  CHECK(contains(faults_of(replaced(kGood, "[\"copy\", 2048, 2e-06]", "[\"copy\", 512, 2e-06]")),
                 "/tables/1/rows/1: the bytes of a curve must rise: 512 follows 1024 of row 0"));
  CHECK(contains(faults_of(replaced(kGood, "[\"copy\", 2048, 2e-06]", "[\"copy\", 2048]")),
                 "/tables/1/rows/1: 2 values stand here for 3 columns"));
  CHECK(contains(faults_of(replaced(kGood, "\"software\"", "\"sofware\"")), "did you mean \"sofware\""));
}

TEST_CASE("raw results: all faults of a file are told at once", "[calibration]") {
  std::string text = replaced(kGood, "1.25e-05", "0");
  text = replaced(text, "2e-06", "\"slow\"");
  text = replaced(text, "\"source\": \"this test\"", "\"source\": \"\"");
  scenario::FaultList faults;
  CHECK_FALSE(read_measurements(text, faults).has_value());
  CHECK(faults.total() == 3);
}

TEST_CASE("raw results: a file may be gzip, and damage is a fault", "[calibration]") {
  const std::string path = (std::filesystem::temp_directory_path() / "tokenworks_raw_test.json.gz").string();
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  gzwrite(file, kGood, static_cast<unsigned>(std::string(kGood).size()));
  gzclose(file);
  scenario::FaultList faults;
  CHECK(read_file(path, faults) == std::string(kGood));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  CHECK_FALSE(read_file(path, faults).has_value());
  CHECK(faults.total() == 1);
  std::filesystem::remove(path);
}

TEST_CASE("raw results: every operator has columns that a table can be made of", "[calibration]") {
  for (const Operator& operation : operators()) {
    INFO(operation.name);
    const Table table = make_table(operation.name, {operation.timed ? "time_s" : "power_w"});
    CHECK(table.columns.size() == operation.text.size() + operation.sizes.size() + 1);
  }
  CHECK_THROWS_AS(make_table("no_such_operator", {}), std::out_of_range);
}
