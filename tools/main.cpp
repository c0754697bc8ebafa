#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/jobs/workload/input_error.hpp"
#include "sim/report/build_info.hpp"
#include "sim/scenario/fault.hpp"
#include "tools/commands/command.hpp"

namespace tokenworks::tools {
namespace {

/// The command that the user wrote, when the program does not have it.
bool knows_command(const CLI::App& program, const std::string& word) {
  for (const CLI::App* command : program.get_subcommands({})) {
    if (command->get_name() == word) return true;
  }
  return false;
}

int run(int argc, char** argv) {
  CLI::App program("Tokenworks: a discrete-event simulator of whole AI factories", "tokenworks");
  const report::BuildInfo build = report::build_info();
  program.set_version_flag("--version", fmt::format("tokenworks {} ({})", build.version, build.git_revision));
  program.require_subcommand(1);
  program.footer("Exit codes: 0 done, 1 the run failed, 2 the input is at fault, 3 interrupted.");
  int exit_code = kDone;
  add_run_command(program, exit_code);
  add_check_command(program, exit_code);
  add_schema_command(program, exit_code);
  add_list_command(program, exit_code);
  add_calibrate_command(program, exit_code);
  add_validate_command(program, exit_code);
  add_year_command(program, exit_code);
  add_compare_command(program, exit_code);

  if (argc > 1 && argv[1][0] != '-' && !knows_command(program, argv[1])) {
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
    return refuse_name("command", argv[1], names);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kDone : kFaultyInput;
  }
  return exit_code;
}

}  // namespace

int refuse_name(std::string_view what, const std::string& name, std::span<const std::string> names) {
  const std::string nearest = scenario::nearest_name(name, names);
  fmt::print(stderr, "there is no {} {}{}; there are: {}\n", what, scenario::shown(name),
             nearest.empty() ? "" : " (did you mean " + scenario::shown(nearest) + "?)", fmt::join(names, ", "));
  return kFaultyInput;
}

}  // namespace tokenworks::tools

int main(int argc, char** argv) {
  try {
    return tokenworks::tools::run(argc, argv);
  } catch (const tokenworks::jobs::InputError& fault) {  // of a file that is read while the run goes on
    fmt::print(stderr, "tokenworks: {}\n", fault.what());
    return tokenworks::tools::kFaultyInput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tokenworks: {}\n", error.what());
    return tokenworks::tools::kRunFailed;
  }
}
