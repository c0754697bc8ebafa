// tokenworks schema: the JSON Schema of a format, for editors.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/scenario/scenario_documents.hpp"
#include "tools/commands/command.hpp"

namespace tokenworks::tools {

void add_schema_command(CLI::App& program, int& exit_code) {
  const auto format = std::make_shared<std::string>("scenario");
  CLI::App* command = program.add_subcommand("schema", "Print the JSON Schema of a format");
  command->add_option("FORMAT", *format, "scenario");
  command->callback([format, &exit_code] {
    const std::vector<std::string> formats = {"scenario"};
    if (*format != formats.front()) {
      exit_code = refuse_name("format", *format, formats);
      return;
    }
    fmt::print("{}", scenario::json_text(scenario::scenario_schema(scenario::Catalog())));
  });
}

}  // namespace tokenworks::tools
