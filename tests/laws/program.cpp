#include "tests/laws/program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/laws/random_scenario.hpp"

namespace tokenworks::testing {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "tokenworks-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

}  // namespace

ProgramRun run_program(const nlohmann::json& scenario, const std::vector<std::string>& arguments, bool quiet) {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "scenario.json") << scenario.dump(1);
  write_drawn_traces(scenario, folder.path);
  // Names relative to the folder: the report tells which files were read, and must not differ from folder to folder.
  std::string command =
      "cd '" + folder.path.string() + "' && '" TOKENWORKS_BINARY_DIR "/bin/tokenworks' run scenario.json --out out";
  if (quiet) command += " --quiet";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  command += " >output 2>messages";
  const int status = std::system(command.c_str());
  ProgramRun run;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.messages = read_file(folder.path / "messages");
  run.report_text = read_file(folder.path / "out" / "report.json");
  run.output = read_file(folder.path / "output");
  run.max_rate = read_file(folder.path / "out" / "max_rate.json");
  run.series = read_file(folder.path / "out" / "series.csv");
  run.requests = read_file(folder.path / "requests.csv");
  run.request_lines = read_file(folder.path / "requests.jsonl");
  run.timeline = read_file(folder.path / "timeline.json");
  if (!run.report_text.empty()) run.report = nlohmann::json::parse(run.report_text);
  return run;
}

}  // namespace tokenworks::testing
