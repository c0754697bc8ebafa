#include "sim/scenario/read_scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "sim/scenario/check_scenario.hpp"
#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/override.hpp"

namespace tokenworks::scenario {
namespace {

namespace fs = std::filesystem;

/// Why the file cannot be read; empty when it can.
std::string path_fault(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return "there is no such file";
  if (fs::is_directory(status)) return "this is a folder, not a file";
  FaultList faults;
  return read_text(path.string(), faults, {}, 0).has_value() || faults.kept().front().kind == FaultKind::too_large
             ? ""
             : faults.kept().front().message;
}

/// Subjects of catalog entries: "/catalog/gpus/x/key" and "/gpus/x/key" become "gpus/x/key".
std::vector<Assumption> without_prefix(const std::vector<Assumption>& list, std::string_view prefix) {
  std::vector<Assumption> result;
  for (const Assumption& assumption : list) {
    if (!assumption.subject.starts_with(prefix)) continue;
    result.push_back(assumption);
    result.back().subject.erase(0, prefix.size());
  }
  return result;
}

/// Adds the entries of the scenario itself and of the files that it names. Faults of the part in the scenario are
/// reported when the whole scenario is read.
void add_own_entries(const Json& document, const fs::path& folder, Catalog& catalog, FaultList& faults) {
  const auto section = document.is_object() ? document.find("catalog") : document.end();
  if (!document.is_object() || section == document.end() || !section->is_object()) return;
  CatalogSpec spec;
  std::vector<Assumption> assumed;
  FaultList reported_later;
  read_struct(*section, spec, {.subject = "/catalog"}, reported_later, assumed);
  catalog.add("scenario", {}, std::move(static_cast<CatalogEntries&>(spec)), without_prefix(assumed, "/catalog/"));
  for (const std::string& name : spec.files) {
    const fs::path path = folder / name;
    if (!path_fault(path).empty()) continue;  // reported with the field
    const std::string file = path.string();
    const auto text = read_text(file, faults, file);
    const auto json = text ? parse_json(*text, faults, file) : std::nullopt;
    if (!json) continue;
    CatalogEntries entries;
    assumed.clear();
    read_struct(*json, entries, {.file = file}, faults, assumed);
    catalog.add(name, path, std::move(entries), without_prefix(assumed, "/"));
  }
}

/// Where a pointer stands in the document: the ranks of its steps among their siblings, counted from 1. What is missing
/// comes before what is there.
std::vector<std::size_t> position_of(const Json& document, const std::string& pointer) {
  std::vector<std::size_t> position;
  const Json* at = &document;
  std::size_t start = 0;
  while (start < pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', start + 1), pointer.size());
    const std::string step = pointer.substr(start, end - start);
    start = end;
    std::size_t rank = 0;
    const Json* next = nullptr;
    for (auto child = at->begin(); at->is_structured() && child != at->end(); ++child) {
      ++rank;
      const std::string name = at->is_object() ? pointer_step(child.key()) : fmt::format("/{}", rank - 1);
      if (name != step) continue;
      next = &*child;
      break;
    }
    if (next == nullptr) break;
    position.push_back(rank);
    at = next;
  }
  return position;
}

void fill_names(ScenarioSpec& spec) {
  for (WorkloadSpec& workload : spec.workloads) {
    if (workload.name.empty()) workload.name = workload.service;
  }
}

/// Acceptance that no scenario states was measured on another workload.
void assume_measured_acceptance(ReadOutcome& outcome) {
  std::map<std::string, std::string> means;  // by subject: two services may use one
  for (const ServiceSpec& service : outcome.spec.services) {
    const LlmServiceSpec* llm = as_llm(service);
    if (llm == nullptr || !llm->speculation || !llm->speculation->has_value()) continue;
    const llm::SpeculationOption& option = **llm->speculation;
    FaultList known;
    const llm::LlmSpec* model = outcome.catalog.model(llm->model, known);
    if (model == nullptr || option.stated_mean_accepted()) continue;
    const std::optional<double> mean = llm::measured_mean_accepted(*model, option.draft_tokens);
    if (!mean) continue;
    means[fmt::format("models/{}/drafters/0/mean_accepted/{}", llm->model, option.draft_tokens - 1)] =
        number_text(*mean);
  }
  for (const auto& [subject, mean] : means) {
    outcome.assumptions.push_back(
        {subject, mean, "E",
         "Measured on the SPEED-Bench coding set where the entry does not say otherwise: other workloads accept other "
         "shares of the drafted tokens"});
  }
}

}  // namespace

ReadOutcome read_scenario_text(const std::string& text, const std::string& path, const fs::path& folder,
                               const Overrides& overrides, Catalog catalog) {
  ReadOutcome outcome{
      .spec = {}, .faults = {}, .assumptions = {}, .catalog = std::move(catalog), .inputs = {}, .folder = folder};
  outcome.inputs.push_back({path, path});
  std::optional<Json> document = parse_json(text, outcome.faults);
  if (!document) return outcome;
  for (const auto& [pointer, value] : overrides) apply_override(*document, pointer, value, outcome.faults);

  add_own_entries(*document, folder, outcome.catalog, outcome.faults);
  std::map<std::string, std::vector<std::string>, std::less<>> ids;  // read from the folder once a section
  ReadContext context;
  context.catalog_ids = [&](std::string_view section) {
    const auto known = ids.find(section);
    return known != ids.end() ? known->second
                              : ids.emplace(std::string(section), outcome.catalog.ids(section)).first->second;
  };
  std::set<std::pair<std::string, std::string>> named;
  context.catalog_named = [&](std::string_view section, const std::string& id) { named.emplace(section, id); };
  context.path_fault = [&](const std::string& name) {
    std::string fault = path_fault(folder / name);
    const bool is_new = std::none_of(outcome.inputs.begin(), outcome.inputs.end(),
                                     [&](const InputFile& input) { return input.name == name; });
    if (fault.empty() && is_new) outcome.inputs.push_back({name, folder / name});
    return fault;
  };
  read_struct(*document, outcome.spec, context, outcome.faults, outcome.assumptions);
  if (!document->is_object()) return outcome;
  fill_names(outcome.spec);

  check_scenario(outcome.spec, outcome.catalog, outcome.faults);
  outcome.faults.sort([&](const std::string& pointer) { return position_of(*document, pointer); });

  // Defaults in a scenario's own entries act only when the entries do; the catalog knows.
  std::erase_if(outcome.assumptions, [](const Assumption& a) { return a.subject.starts_with("/catalog/"); });
  if (outcome.faults.empty()) assume_measured_acceptance(outcome);
  for (Assumption& assumption : outcome.catalog.assumptions()) outcome.assumptions.push_back(std::move(assumption));
  std::stable_sort(outcome.assumptions.begin(), outcome.assumptions.end(),
                   [](const Assumption& a, const Assumption& b) {
                     return std::tie(a.subject, a.source) < std::tie(b.subject, b.source);
                   });
  for (InputFile& file : outcome.catalog.files()) outcome.inputs.push_back(std::move(file));
  return outcome;
}

ReadOutcome read_scenario(const std::string& path, const Overrides& overrides) {
  const fs::path folder = fs::path(path).parent_path();
  FaultList faults;
  const auto text = read_text(path, faults);
  if (text) return read_scenario_text(*text, path, folder, overrides);
  ReadOutcome outcome{
      .spec = {}, .faults = std::move(faults), .assumptions = {}, .catalog = Catalog(), .inputs = {}, .folder = folder};
  return outcome;
}

}  // namespace tokenworks::scenario
