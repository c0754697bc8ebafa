// tokenworks check FILE: is this a scenario that can be run?
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/site_models.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/override_option.hpp"

namespace tokenworks::tools {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

int check(const std::string& path, const scenario::Overrides& overrides) {
  scenario::ReadOutcome outcome = scenario::read_scenario(path, overrides);
  if (outcome.faults.empty()) scenario::check_site_files(outcome);
  if (!outcome.faults.empty()) {
    fmt::print(stderr, "{}{}\n", outcome.faults.text(path), counted(outcome.faults.total(), "fault"));
    return kFaultyInput;
  }
  scenario::ScenarioSpec& spec = outcome.spec;
  std::int64_t gpus = 0;
  for (const scenario::RackGroupSpec& group : spec.factory.racks) {
    const compute::RackSpec& rack = *outcome.catalog.rack(group.kind, outcome.faults);
    gpus += group.count * rack.nodes * rack.gpus_per_node;
  }
  fmt::print("{}: ok: {}, {}, {}, {}, {} s; {}\n", path, spec.name, counted(static_cast<std::size_t>(gpus), "GPU"),
             counted(spec.services.size(), "service"), counted(spec.workloads.size(), "workload"),
             spec.clock.duration.value, counted(outcome.assumptions.size(), "assumption"));
  return kDone;
}

}  // namespace

void add_check_command(CLI::App& program, int& exit_code) {
  struct Arguments {
    std::string path;
    scenario::Overrides overrides;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("check", "Say whether a scenario can be run, or all that is wrong with it");
  command->add_option("FILE", arguments->path, "Scenario")->required();
  add_override_option(*command, arguments->overrides);
  command->callback([arguments, &exit_code] { exit_code = check(arguments->path, arguments->overrides); });
}

}  // namespace tokenworks::tools
