// tokenworks schema: the JSON Schema of a format, for editors.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/report_schema.hpp"
#include "sim/report/year_schema.hpp"
#include "sim/scenario/scenario_documents.hpp"
#include "tools/commands/command.hpp"
#include "tools/compare/comparison_json.hpp"

namespace tokenworks::tools {

void add_schema_command(CLI::App& program, int& exit_code) {
  const auto format = std::make_shared<std::string>("scenario");
  CLI::App* command = program.add_subcommand("schema", "Print the JSON Schema of a format");
  command->add_option("FORMAT", *format, "scenario (default), report, year or comparison");
  command->callback([format, &exit_code] {
    if (*format == "scenario") {
      fmt::print("{}", scenario::json_text(scenario::scenario_schema(scenario::Catalog())));
    } else if (*format == "report") {
      fmt::print("{}", scenario::json_text(report::report_schema()));
    } else if (*format == "year") {
      fmt::print("{}", scenario::json_text(report::year_schema()));
    } else if (*format == "comparison") {
      fmt::print("{}", scenario::json_text(compare::comparison_schema()));
    } else {
      exit_code = refuse_name("format", *format, std::vector<std::string>{"scenario", "report", "year", "comparison"});
    }
  });
}

}  // namespace tokenworks::tools
