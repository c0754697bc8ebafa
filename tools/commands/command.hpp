// The commands of the program. Results go to standard output or files, faults and progress to standard error.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tokenworks::tools {

inline constexpr int kDone = 0;
inline constexpr int kRunFailed = 1;
inline constexpr int kFaultyInput = 2;  // the command line counts as input
inline constexpr int kInterrupted = 3;

/// Each adds its subcommand to the program. When the user has chosen it, it leaves its exit code.
void add_run_command(CLI::App& program, int& exit_code);
void add_check_command(CLI::App& program, int& exit_code);
void add_schema_command(CLI::App& program, int& exit_code);
void add_list_command(CLI::App& program, int& exit_code);
void add_calibrate_command(CLI::App& program, int& exit_code);
void add_validate_command(CLI::App& program, int& exit_code);
void add_year_command(CLI::App& program, int& exit_code);
void add_compare_command(CLI::App& program, int& exit_code);

/// Says on standard error that `what` has no `name`, which there are, and which comes nearest. Returns kFaultyInput.
int refuse_name(std::string_view what, const std::string& name, std::span<const std::string> names);

}  // namespace tokenworks::tools
