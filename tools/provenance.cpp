#include "tools/provenance.hpp"

#include "sim/report/build_info.hpp"
#include "sim/report/input_file.hpp"

namespace tokenworks::tools {

report::Provenance provenance_of(const scenario::ReadOutcome& scenario) {
  const report::BuildInfo build = report::build_info();
  report::Provenance provenance;
  provenance.version = build.version;
  provenance.git_revision = build.git_revision;
  provenance.seed = scenario.spec.seed;
  for (const scenario::InputFile& input : scenario.inputs) {
    provenance.inputs.push_back({input.name, report::sha256_of_file(input.path)});
  }
  provenance.catalog = scenario.catalog.used();
  return provenance;
}

}  // namespace tokenworks::tools
