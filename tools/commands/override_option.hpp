// --set POINTER=VALUE, for every command that reads a scenario.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "sim/scenario/read_scenario.hpp"

namespace tokenworks::tools {

/// Collects the overrides in the order in which they are given; `overrides` outlives the command.
inline void add_override_option(CLI::App& command, scenario::Overrides& overrides) {
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&overrides](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const std::size_t equals = text.find('=');
              if (equals == text.npos) throw CLI::ValidationError("--set", "POINTER=VALUE is wanted, not " + text);
              overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
            }
          },
          "Change one value of the scenario: /services/0/replicas=8")
      ->type_name("POINTER=VALUE")
      ->expected(1)
      ->take_all();
}

}  // namespace tokenworks::tools
