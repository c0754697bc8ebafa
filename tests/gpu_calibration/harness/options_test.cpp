#include "gpu_calibration/harness/options.hpp"

#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr std::string_view kBenches[] = {"memory", "power", "launches"};

ParsedOptions parsed(std::vector<std::string_view> arguments) { return parse_options(arguments, kBenches); }

TEST_CASE("options: all of them are read", "[gpu_calibration]") {
  const auto [options, faults] = parsed(
      {"--out", "a b.json", "--only", "memory", "power,launches", "--device", "3", "--budget-s", "90.5", "--quick"});
  CHECK(faults.empty());
  CHECK(options.out == "a b.json");
  CHECK(options.only == std::vector<std::string>{"memory", "power", "launches"});
  CHECK(options.device == 3);
  CHECK(options.budget_s == 90.5);
  CHECK(options.quick);
  CHECK_FALSE(options.list);
  CHECK(parsed({"--list"}).options.list);
  CHECK(parsed({"-h"}).options.help);
}

TEST_CASE("options: without any, everything runs in less than eight minutes", "[gpu_calibration]") {
  const auto [options, faults] = parsed({});
  CHECK(faults.empty());
  CHECK(options.only.empty());
  CHECK(options.out.empty());
  CHECK(options.budget_s < 480);
}

TEST_CASE("options: all faults are told at once, with what is allowed", "[gpu_calibration]") {
  const auto [options, faults] = parsed({"--fast", "--only", "memry", "--device", "-1", "--budget-s", "nan", "--out"});
  REQUIRE(faults.size() == 5);
  CHECK(faults[0].find("--quick") != std::string::npos);
  CHECK(faults[1].find("memry") != std::string::npos);
  CHECK(faults[1].find("memory, power, launches") != std::string::npos);
  CHECK(faults[2].find("-1") != std::string::npos);
  CHECK(faults[3].find("nan") != std::string::npos);
  CHECK(faults[4] == "--out needs a value");
  CHECK(parsed({"--device", "1x"}).faults.size() == 1);
  CHECK(parsed({"--budget-s", "0"}).faults.size() == 1);
  CHECK(parsed({"--only"}).faults.size() == 1);
  CHECK(parsed({"--device", "99999999999999"}).faults.size() == 1);
}

TEST_CASE("options: the help names every option", "[gpu_calibration]") {
  for (const char* option : {"--out", "--only", "--device", "--budget-s", "--quick", "--list", "--help"}) {
    CHECK(usage().find(option) != std::string::npos);
  }
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
