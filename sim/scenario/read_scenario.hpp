// From a file to a scenario that can be built: strictly read, with defaults filled in, names resolved, and checked for
// what can never work. All faults are found at once.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "models/core/evidence.hpp"
#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// JSON Pointers and the values to put there ("--set").
using Overrides = std::vector<std::pair<std::string, std::string>>;

struct ReadOutcome {
  ScenarioSpec spec;                    ///< to be used when there are no faults
  FaultList faults;                     ///< in the order of the document
  std::vector<Assumption> assumptions;  ///< that act, in the scenario and in the catalog entries that it uses; sorted
  Catalog catalog;                      ///< with every entry that the scenario needs opened
  std::vector<InputFile> inputs;        ///< the scenario and every file that it names or that the catalog opened
  std::filesystem::path folder;         ///< of the scenario: its paths are relative to it
};

ReadOutcome read_scenario(const std::string& path, const Overrides& overrides = {});
/// The same from text; `folder` is where its paths start, `path` stands in messages and in `inputs`.
ReadOutcome read_scenario_text(const std::string& text, const std::string& path, const std::filesystem::path& folder,
                               const Overrides& overrides = {}, Catalog catalog = Catalog());

}  // namespace tokenworks::scenario
