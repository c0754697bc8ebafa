#include "sim/report/report_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/report/sample_run.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using namespace tokenworks::report;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const WriteError& error) {
    return error.what();
  }
  return "no WriteError";
}

}  // namespace

TEST_CASE("report files: the three files of a run and nothing else", "[sim][report]") {
  const TemporaryFolder home;
  const fs::path folder = home.path() / "new" / "deeper";
  prepare_folder(folder);
  CHECK(names_in(folder).empty());
  write_report(folder, sample_run(), {.wall_s = 1}, {{"name", "x"}}, sample_provenance());
  CHECK(names_in(folder) == std::vector<std::string>{"report.json", "run.json", "series.csv"});
  CHECK(nlohmann::json::parse(content_of(folder / "report.json"))["summary"]["pue"] == 1.25);
  CHECK(nlohmann::json::parse(content_of(folder / "run.json"))["wall_s"] == 1.0);

  const std::string first = content_of(folder / "report.json");
  write_report(folder, sample_run(), {.wall_s = 2}, {{"name", "x"}}, sample_provenance());
  CHECK(content_of(folder / "report.json") == first);
}

TEST_CASE("report files: names that are not UTF-8 still give a valid report", "[sim][report]") {
  const TemporaryFolder home;
  Provenance provenance = sample_provenance();
  provenance.inputs[0].path = "caf\xe9.csv";  // Latin-1
  write_report(home.path(), sample_run(), {}, {}, provenance);
  CHECK(nlohmann::json::parse(content_of(home.path() / "report.json"))["provenance"]["seed"] == 7);
}

TEST_CASE("report files: what cannot be written is named, and nothing is left behind", "[sim][report]") {
  const TemporaryFolder home;
  SECTION("a file stands where the folder should be") {
    write_file(home.path() / "taken", "x");
    const std::string message = message_of([&] { prepare_folder(home.path() / "taken"); });
    CHECK(message.find("cannot make the folder " + (home.path() / "taken").string()) == 0);
    CHECK(content_of(home.path() / "taken") == "x");
  }
  SECTION("a folder stands where the file should be") {
    fs::create_directory(home.path() / "report.json");
    write_file(home.path() / "report.json" / "keep", "x");
    const std::string message = message_of([&] { write_file(home.path() / "report.json", "{}"); });
    CHECK(message == "cannot write " + (home.path() / "report.json").string() + ": Is a directory");
    CHECK(names_in(home.path()) == std::vector<std::string>{"report.json"});
  }
  SECTION("a folder that does not exist") {
    const std::string message = message_of([&] { write_file(home.path() / "no" / "x.json", "{}"); });
    CHECK(message == "cannot write " + (home.path() / "no" / "x.json").string() + ": No such file or directory");
  }
  SECTION("a full device keeps what stood there") {
    if (!fs::exists("/dev/full")) return;
    fs::create_symlink("/dev/full", home.path() / ("x.json." + std::to_string(::getpid()) + ".partial"));
    write_file(home.path() / "other.json", "old");
    const std::string message = message_of([&] { write_file(home.path() / "x.json", "{}"); });
    CHECK(message == "cannot write " + (home.path() / "x.json").string() + ": No space left on device");
    CHECK(names_in(home.path()) == std::vector<std::string>{"other.json"});
  }
}
