// Many random scenarios, one after another, each as a run of the program in a process of its own with a time limit:
// none may hang, crash, leak (in builds with sanitizers) or lose a request.
//
//   small_scenarios [--first SEED] [--count N] [--usual] [--compare] [--limit-s S] [--show SEED FOLDER]
//
// Prints each failure with its seed, and the features that occurred in fewer than 5 % of the scenarios; exit code 1
// when anything failed. --usual takes scenarios of the size that the laws take; --compare runs each a second time, step
// by step, which must change no byte of report and lines of requests; --show writes the files of one.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/laws/random_scenario.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace tokenworks::testing;

struct Options {
  std::uint64_t first = 0;
  std::int64_t count = 300;
  ScenarioSize size = ScenarioSize::tiny;
  bool compare = false;
  double limit_s = 60;
  std::string show_folder;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_scenario(const json& scenario, const fs::path& folder) {
  std::ofstream(folder / "scenario.json") << scenario.dump(1) << "\n";
  write_drawn_traces(scenario, folder);
}

/// Seeds take turns in how they are run.
std::vector<std::string> arguments_for(std::uint64_t seed) {
  std::vector<std::string> arguments = {
      TOKENWORKS_BINARY_DIR "/bin/tokenworks", "run", "scenario.json", "--out", "out", "--quiet"};
  if (seed % 2 == 1) arguments.insert(arguments.end(), {"--requests", "requests.csv"});
  if (seed % 3 == 1) arguments.emplace_back("--exact-iterations");
  if (seed % 5 == 1) arguments.insert(arguments.end(), {"--timeline", "timeline.json"});
  if (seed % 7 == 1) arguments.emplace_back("--always-sync");
  return arguments;
}

/// Runs it in `folder`; the exit code, 128 and more for a signal, -1 when it was still running after the limit.
int run(const std::vector<std::string>& arguments, const fs::path& folder, double limit_s) {
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(folder.c_str()) != 0) _exit(126);
    const int messages = open("messages", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(messages, STDERR_FILENO);
    dup2(messages, STDOUT_FILENO);
    std::vector<char*> list;
    for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
    list.push_back(nullptr);
    execv(list.front(), list.data());
    _exit(127);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_s);
  int status = 0;
  std::chrono::milliseconds pause(1);
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      // An interrupted run writes its report, and says how far it got; one that does not hear is ended.
      kill(child, SIGINT);
      std::this_thread::sleep_for(std::chrono::seconds(2));
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(pause);
    if (pause.count() < 16) pause *= 2;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Empty, or what is wrong with the counts of a report.
std::string lost_requests(const json& report, const json& scenario) {
  for (const json& service : report.at("services")) {
    const auto sums_up = [](const json& requests) {
      std::int64_t sum = 0;
      for (const auto& [outcome, count] : requests.items()) {
        if (outcome != "arrived") sum += count.get<std::int64_t>();
      }
      return sum == requests.at("arrived");
    };
    const std::string name = service.at("name");
    if (!sums_up(service.at("requests"))) return name + ": requests were lost";
    if (scenario["clock"].value("drain", true) && service.at("requests").at("unfinished") > 0) {
      return name + ": unfinished requests in a run that was drained";
    }
    for (const char* groups : {"classes", "tenants"}) {
      for (const json& group : service.at(groups)) {
        if (!sums_up(group.at("requests"))) return name + ": requests of " + groups + " were lost";
      }
    }
    if (service.at("kv_cache").at("peak_share") > 1.0) return name + ": more KV blocks than there are";
  }
  return {};
}

/// Empty, or what differs between a run and one that takes every step by itself.
std::string changed_step_by_step(const fs::path& folder, double limit_s) {
  const std::string program = TOKENWORKS_BINARY_DIR "/bin/tokenworks";
  const std::vector<std::string> together = {program, "run", "scenario.json", "--quiet",
                                             "--out", "out", "--requests",    "requests.csv"};
  std::vector<std::string> one_by_one = together;
  one_by_one[5] = "exact";
  one_by_one[7] = "exact.csv";
  one_by_one.emplace_back("--exact-iterations");
  if (run(together, folder, limit_s) != 0 || run(one_by_one, folder, limit_s) != 0) return "failed when run again";
  if (read_file(folder / "requests.csv") != read_file(folder / "exact.csv")) return "other requests step by step";
  const bool is_same = read_file(folder / "out" / "report.json") == read_file(folder / "exact" / "report.json");
  return is_same ? "" : "another report step by step";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto next = [&] { return i + 1 < argc ? argv[++i] : "0"; };
    if (argument == "--first") options.first = std::strtoull(next(), nullptr, 10);
    if (argument == "--count") options.count = std::strtoll(next(), nullptr, 10);
    if (argument == "--usual") options.size = ScenarioSize::usual;
    if (argument == "--compare") options.compare = true;
    if (argument == "--limit-s") options.limit_s = std::strtod(next(), nullptr);
    if (argument == "--show") {
      options.first = std::strtoull(next(), nullptr, 10);
      options.show_folder = next();
    }
  }
  FeatureCounts features;
  if (!options.show_folder.empty()) {
    fs::create_directories(options.show_folder);
    write_scenario(random_scenario(options.first, features, options.size), options.show_folder);
    return 0;
  }
  std::string pattern = (fs::temp_directory_path() / "tokenworks-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return 2;
  const fs::path folder = pattern;
  std::int64_t failures = 0, requests = 0, preemptions = 0, transfers = 0, cached = 0, fetched = 0;
  for (std::uint64_t seed = options.first; seed < options.first + static_cast<std::uint64_t>(options.count); ++seed) {
    const json scenario = random_scenario(seed, features, options.size);
    write_scenario(scenario, folder);
    fs::remove_all(folder / "out");
    const int code = run(arguments_for(seed), folder, options.limit_s);
    std::string wrong;
    if (code == -1) wrong = "still running after the time limit";
    if (code > 0) wrong = "exit code " + std::to_string(code);
    if (wrong.empty()) {
      const json report = json::parse(read_file(folder / "out" / "report.json"));
      wrong = lost_requests(report, scenario);
      for (const json& service : report.at("services")) {
        requests += service.at("requests").at("arrived").get<std::int64_t>();
        preemptions += service.at("kv_cache").at("preemptions").get<std::int64_t>();
        cached += service.at("tokens").at("cached_input").get<std::int64_t>();
        if (!service.at("handover").is_null()) transfers += service.at("handover").at("transfers").get<std::int64_t>();
        if (!service.at("kv_tiers").is_null()) fetched += service.at("kv_tiers").at("read_tokens").get<std::int64_t>();
      }
    }
    if (wrong.empty() && options.compare) wrong = changed_step_by_step(folder, options.limit_s);
    if (wrong.empty()) continue;
    ++failures;
    std::cout << "seed " << seed << ": " << wrong << "\n"
              << read_file(folder / "messages").substr(0, 4000) << std::endl;
  }
  fs::remove_all(folder);
  std::cout << options.count << " scenarios from seed " << options.first << ": " << failures << " failed; " << requests
            << " requests, " << preemptions << " preemptions, " << transfers << " hand-overs, " << cached
            << " prompt tokens from caches, " << fetched << " fetched from lower tiers\n";
  if (options.count >= 200 && !features.rare().empty()) {
    std::cout << "rare features:\n" << features.rare();
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}
