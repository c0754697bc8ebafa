// `tokenworks validate` as a user calls it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.hpp"
#include "tests/validation/written_file.hpp"
#include "tools/validation/cases/case_files.hpp"

namespace tokenworks::validation {
namespace {

using Catch::Matchers::Contains;
using testing::MeasurementFolder;

const std::string kProgram = std::string(TOKENWORKS_BINARY_DIR) + "/bin/tokenworks";

const std::string kHeader =
    "origin,measured_date,engine,engine_version,model,system,precision,mode,isl_nominal,osl_nominal,concurrency,tp,"
    "attn_dp,moe_tp,moe_ep,ttft_ms_mean,tpot_ms_mean\n";

std::string row(const std::string& model, const std::string& system, const std::string& engine, int users,
                double tpot_ms) {
  std::ostringstream text;
  text << "InferenceX,2025-10-29," << engine << ",," << model << ',' << system << ",fp8,agg,1024,1024," << users
       << ",4,1,1,1," << 80 + users << ',' << tpot_ms << '\n';
  return text.str();
}

/// Four cases in two groups, a row of a model that nobody has, a copy of the first row, and one of another mode.
std::string sound_measurements() {
  const std::string llama = "meta-llama/Llama-3.1-70B", first = row(llama, "h100_sxm", "vllm", 4, 12);
  std::string disaggregated = first;
  disaggregated.replace(disaggregated.find(",agg,"), 5, ",disagg,");
  return kHeader + first + row(llama, "h100_sxm", "vllm", 8, 13) + row(llama, "h200_sxm", "trtllm", 4, 9) +
         row(llama, "h200_sxm", "trtllm", 16, 11) + row("nobody/Knows", "h100_sxm", "vllm", 32, 10) + first +
         disaggregated;
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Output {
  int exit_code = -1;
  std::string out, err;
};

Output validate(const MeasurementFolder& scratch, const std::string& arguments) {
  const std::string out = scratch.path() + "/stdout", err = scratch.path() + "/stderr";
  const int status = std::system((kProgram + " validate " + arguments + " >" + out + " 2>" + err).c_str());
  return {WEXITSTATUS(status), contents(out), contents(err)};
}

TEST_CASE("validate: no folder, an empty folder, a set that is not there", "[validation]") {
  const MeasurementFolder folder;
  const Output no_folder = validate(folder, "--data /no/such/folder");
  CHECK(no_folder.exit_code == 2);
  CHECK_THAT(no_folder.err, Contains("/no/such/folder: there is no such folder"));
  const Output empty = validate(folder, "--data " + folder.path());
  CHECK(empty.exit_code == 2);
  CHECK_THAT(empty.err, Contains("holds none of the files of measurements"));
  const Output absent = validate(folder, "--only splitwise --data " + folder.path());
  CHECK(absent.exit_code == 2);
  CHECK_THAT(absent.err, Contains("splitwise_perf_model.csv: there is no such file"));
  const Output unknown = validate(folder, "--only inferencx --data " + folder.path());
  CHECK(unknown.exit_code == 2);
  CHECK_THAT(unknown.err, Contains("did you mean \"inferencex\"?"));
}

TEST_CASE("validate: without measurements beside the source tree the message says what to do", "[validation]") {
  const MeasurementFolder folder;
  const std::string catalog = folder.path() + "/tree/models/catalog";
  std::filesystem::create_directories(catalog);
  setenv("TOKENWORKS_CATALOG", catalog.c_str(), 1);
  const Output output = validate(folder, "");
  unsetenv("TOKENWORKS_CATALOG");
  CHECK(output.exit_code == 2);
  CHECK_THAT(output.err, Contains("/shared/data/validation: there is no such folder") && Contains("--data DIR"));
}

TEST_CASE("validate: sets that need no file run without measurements, when they are named", "[validation]") {
  const MeasurementFolder folder;
  const Output output = validate(folder, "--only facility --filter 'no chiller' --data /no/such/folder");
  CHECK(output.err.empty());
  CHECK(output.exit_code == 0);
  CHECK_THAT(output.out, Contains("facility (figures in the program)") && Contains("NREL ESIF, denver_co: pue 1.0") &&
                             Contains("published 1.036") && Contains("facility_supply_c 24") &&
                             Contains("PUE, sites cooled by liquid"));
}

TEST_CASE("validate: all faults of all files are told with line and column, and nothing is run", "[validation]") {
  const MeasurementFolder folder;
  std::string broken = sound_measurements();
  broken.replace(broken.find(",13\n"), 4, ",soon\n");
  folder.write("inferencex_points.csv", broken + kHeader);
  folder.write("mlenergy_llm.csv", "");
  folder.write("trtllm_perf_overview.csv", "model,gpu,precision,isl,osl,output_tok_s_per_gpu\nx,H100,FP8,1,1,1\n");
  const Output output = validate(folder, "--data " + folder.path());
  CHECK(output.exit_code == 2);
  CHECK(output.out.empty());
  CHECK_THAT(output.err,
             Contains("inferencex_points.csv:3:94: tpot_ms_mean: found \"soon\"; allowed: a number above 0"));
  CHECK_THAT(output.err, Contains("inferencex_points.csv:9:67: mode: found \"mode\"; allowed: agg, disagg"));
  CHECK_THAT(output.err, Contains("mlenergy_llm.csv:1:1: found an empty file"));
  CHECK_THAT(output.err, Contains("trtllm_perf_overview.csv:1:1: column \"parallelism\" is missing"));
}

TEST_CASE("validate: cases, counts and errors of made-up measurements, the same bytes at every call", "[validation]") {
  const MeasurementFolder folder, first, second;
  folder.write("inferencex_points.csv", sound_measurements());
  const auto call = [&](const MeasurementFolder& scratch, int jobs) {
    return validate(scratch, "--data " + folder.path() + " --jobs " + std::to_string(jobs) + " --json " +
                                 scratch.path() + "/v.json --points " + scratch.path() + "/v.csv");
  };
  const Output output = call(first, 1);
  CHECK(output.exit_code == 0);
  CHECK(output.err.empty());
  CHECK_THAT(output.out, Contains("7 rows, 4 cases, 4 predicted"));
  CHECK_THAT(output.out, Contains("1  disaggregated serving") && Contains("1  rule duplicates") &&
                             Contains("1  unknown model nobody/Knows"));

  const auto json = nlohmann::json::parse(contents(first.path() + "/v.json"));
  CHECK(json["format"] == "tokenworks.validation/1");
  const auto& file = json["files"][0];
  CHECK(file["predicted"] == 4);
  std::size_t left_out = 0;
  for (const auto& reason : file["rows_left_out"]) left_out += reason["count"].get<std::size_t>();
  CHECK(left_out + file["cases"].get<std::size_t>() == file["rows"].get<std::size_t>());
  const auto& errors = file["judge_part"]["by_group"];
  REQUIRE(errors.size() == 9);  // two groups and all, three metrics
  CHECK(errors[0]["label"] == "h100_sxm llama_3_1_70b vllm agg fp8");
  CHECK(errors[0]["metric"] == "tpot_s");
  CHECK(errors[0]["count"] == 2);
  CHECK(errors[0]["median_error"].get<double>() < 1);
  CHECK(json["goals"][0]["count"] == 4);

  const Output again = call(second, 2);
  CHECK(again.out == output.out);
  CHECK(contents(second.path() + "/v.json") == contents(first.path() + "/v.json"));
  const std::string points = contents(first.path() + "/v.csv");
  CHECK(contents(second.path() + "/v.csv") == points);
  CHECK(std::count(points.begin(), points.end(), '\n') == 1 + 4 * 3);
}

TEST_CASE("validate: whole groups are judged or fitted on, and never both", "[validation]") {
  const MeasurementFolder folder;
  folder.write("inferencex_points.csv", sound_measurements());
  const std::string data = "--data " + folder.path();
  const auto counts = [&](const std::string& arguments) {
    REQUIRE(validate(folder, data + " --json " + folder.path() + "/v.json " + arguments).exit_code == 0);
    const auto file = nlohmann::json::parse(contents(folder.path() + "/v.json"))["files"][0];
    const auto count = [](const auto& part) {
      return part["by_group"].empty() ? 0 : part["by_group"].back()["count"].template get<int>();
    };
    return std::pair(count(file["fit_part"]), count(file["judge_part"]));
  };
  CHECK(counts("") == std::pair(0, 4));
  CHECK(counts("--fit-part h100") == std::pair(2, 2));
  CHECK(counts("--judge-part nothing") == std::pair(4, 0));
  const auto zero = counts("--folds 2 --judge-fold 0"), one = counts("--folds 2 --judge-fold 1");
  CHECK(zero.second + one.second == 4);
  CHECK(zero.first == one.second);
  CHECK(counts("--filter h200").second == 2);
  CHECK(counts("--limit 3").second == 3);
  CHECK(validate(folder, data + " --folds 2 --judge-fold 2").exit_code == 2);
  CHECK(validate(folder, data + " --fit-part a --judge-part b").exit_code == 2);
  CHECK_THAT(validate(folder, data + " --by version").out, Contains("vllm agg fp8 | (no version)"));
  CHECK_THAT(validate(folder, data + " --fit-part h100").out, Contains("judge part") && Contains("fit part"));
}

TEST_CASE("validate: Ctrl-C keeps what is finished and says so", "[validation]") {
  const MeasurementFolder folder;
  std::string many = kHeader;
  for (int i = 0; i < 3000; ++i) many += row("meta-llama/Llama-3.1-70B", "h100_sxm", "vllm", 200, 20 + 0.01 * i);
  folder.write("inferencex_points.csv", many);
  const std::string out = folder.path() + "/stdout";
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    if (freopen(out.c_str(), "w", stdout) == nullptr) _exit(9);
    execl(kProgram.c_str(), "tokenworks", "validate", "--data", folder.path().c_str(), "--jobs", "1", nullptr);
    _exit(9);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  kill(-child, SIGINT);  // a terminal sends it to the whole group
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
  const std::string text = contents(out);
  CHECK_THAT(text, Contains("cases were not run") && Contains("Interrupted"));
  CHECK_THAT(text, !Contains(" 0 predicted") && !Contains("FAILED"));
}

TEST_CASE("validate: the published measurements, a few of each set", "[validation][slow]") {
  const std::string data = std::string(TOKENWORKS_SOURCE_DIR) + "/../shared/data/validation";
  if (!std::filesystem::is_directory(data)) {
    WARN("left out: there is no " << data);
    return;
  }
  const MeasurementFolder folder;
  const Output output = validate(folder, "--limit 4 --data " + data + " --json " + folder.path() + "/v.json");
  CHECK(output.exit_code == 0);
  CHECK(output.err.empty());
  const auto json = nlohmann::json::parse(contents(folder.path() + "/v.json"));
  const auto files = case_files();
  CHECK(static_cast<std::ptrdiff_t>(json["files"].size()) ==
        std::count_if(files.begin(), files.end(), [](const CaseFile& file) { return file.has_file(); }));
  for (const auto& file : json["files"]) {
    INFO(file["name"]);
    CHECK(file["failed"].empty());
    CHECK(file["cases"].get<int>() > 0);
  }
}

}  // namespace
}  // namespace tokenworks::validation
