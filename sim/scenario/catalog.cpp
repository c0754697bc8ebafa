#include "sim/scenario/catalog.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShipped = "shipped";

/// The member of a written entry that a source note names: "power.limit_w".
const Json* member_at(const Json& entry, std::string_view path) {
  const Json* at = &entry;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    if (!at->is_object()) return nullptr;
    const auto member = at->find(std::string(path.substr(0, dot)));
    if (member == at->end()) return nullptr;
    at = &*member;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

std::string short_text(const Json& value) {
  constexpr std::size_t kShown = 80;
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

/// Assumptions that an entry's sources confess to. A note about a key that the entry does not have is a fault.
std::vector<Assumption> confessed(const std::string& key, const Json& entry, const std::vector<SourceNote>& sources,
                                  const std::string& file, const std::string& pointer, FaultList& faults) {
  std::vector<Assumption> list;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (std::size_t j = 0; j < sources[i].fields.size(); ++j) {
      const std::string& field = sources[i].fields[j];
      const Json* value = member_at(entry, field);
      if (value == nullptr) {
        faults.add({.kind = FaultKind::unknown_key,
                    .pointer = fmt::format("{}/sources/{}/fields/{}", pointer, i, j),
                    .message = fmt::format("the entry has no {}", shown(field)),
                    .file = file});
      } else if (sources[i].evidence == "R" || sources[i].evidence == "E") {
        std::string subject = key + "/" + field;
        std::replace(subject.begin(), subject.end(), '.', '/');
        list.push_back({std::move(subject), short_text(*value), sources[i].evidence, sources[i].source});
      }
    }
  }
  return list;
}

/// What the fields of an entry, each good by itself, get wrong together.
template <class T>
void check_entry(const T&, const std::string&, const std::string&, FaultList&) {}

void check_entry(const compute::KernelSpec& kernels, const std::string& pointer, const std::string& file,
                 FaultList& faults) {
  for (const compute::TableFault& fault : compute::table_faults(kernels)) {
    faults.add({.kind = FaultKind::conflicting_keys,
                .pointer = pointer + "/" + fault.place,
                .message = fault.message,
                .file = file});
  }
}

void check_entry(const compute::GpuSpec& gpu, const std::string& pointer, const std::string& file, FaultList& faults) {
  const auto add = [&](std::string_view key, std::string message) {
    faults.add({.kind = FaultKind::conflicting_keys,
                .pointer = fmt::format("{}/{}", pointer, key),
                .message = std::move(message),
                .file = file});
  };
  for (const thermal::LimitFault& fault : thermal::limit_faults(gpu.temperature_limits)) {
    add("temperature_limits/" + fault.key, fault.message);
  }
  const compute::BoardPower& power = gpu.power;
  if (power.waiting < power.idle) {
    add("power/waiting_w", fmt::format("{} is below idle_w, {}", power.waiting.value, power.idle.value));
  }
  if (power.limit <= power.waiting) {
    add("power/limit_w", fmt::format("{} is not above waiting_w, {}", power.limit.value, power.waiting.value));
  }
  if (power.least_limit && *power.least_limit > power.limit) {
    add("power/least_limit_w", fmt::format("{} is above limit_w, {}", power.least_limit->value, power.limit.value));
  }
}

void check_entry(const weather::SiteClimate& site, const std::string& pointer, const std::string& file,
                 FaultList& faults) {
  for (const weather::ClimateFault& fault : weather::climate_faults(site)) {
    faults.add({.kind = FaultKind::conflicting_keys,
                .pointer = pointer + "/" + fault.key,
                .message = fault.message,
                .file = file});
  }
}

}  // namespace

fs::path shipped_catalog_folder() {
  if (const char* chosen = std::getenv("TOKENWORKS_CATALOG"); chosen != nullptr && *chosen != '\0') return chosen;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path().parent_path() / "share" / "tokenworks" / "catalog";
  if (!error && fs::is_directory(installed, error)) return installed;
  return TOKENWORKS_SOURCE_CATALOG;
}

const std::vector<std::string>& catalog_sections() {
  static const std::vector<std::string> sections = {"gpus",    "kernels",  "racks",        "models",
                                                    "lengths", "switches", "transceivers", "sites"};
  return sections;
}

Catalog::Catalog(fs::path shipped) : shipped_(std::move(shipped)) {}

void Catalog::add(const std::string& origin, const fs::path& file, CatalogEntries entries,
                  const std::vector<Assumption>& defaults) {
  const auto merge = [&](std::string_view section, auto& own, auto& added) {
    for (auto& [id, entry] : added) {
      const std::string key = fmt::format("{}/{}", section, id);
      if (!own.try_emplace(id, std::move(entry)).second) continue;
      Use& use = own_[key];
      use.origin = origin;
      use.file = file;
      std::copy_if(defaults.begin(), defaults.end(), std::back_inserter(use.assumptions),
                   [&](const Assumption& assumption) { return assumption.subject.starts_with(key + "/"); });
    }
  };
  merge("gpus", entries_.gpus, entries.gpus);
  merge("kernels", entries_.kernels, entries.kernels);
  merge("racks", entries_.racks, entries.racks);
  merge("models", entries_.models, entries.models);
  merge("lengths", entries_.lengths, entries.lengths);
  merge("switches", entries_.switches, entries.switches);
  merge("transceivers", entries_.transceivers, entries.transceivers);
  merge("sites", entries_.sites, entries.sites);
}

std::vector<std::string> Catalog::ids(std::string_view section) const {
  std::vector<std::string> ids;
  const std::string prefix = std::string(section) + "/";
  for (const auto& [key, use] : own_) {
    if (key.starts_with(prefix)) ids.push_back(key.substr(prefix.size()));
  }
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(shipped_ / section, error)) {
    if (file.path().extension() == ".json") ids.push_back(file.path().stem().string());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

template <class T>
const T* Catalog::note_use(const std::string& key, T& entry, const Json& text, Use use, FaultList& faults) {
  use.sources = entry.sources;
  const std::string pointer = use.origin == kShipped ? "" : use.file.empty() ? "/catalog/" + key : "/" + key;
  check_entry(entry, pointer, use.file.string(), faults);
  for (Assumption& assumption : confessed(key, text, entry.sources, use.file.string(), pointer, faults)) {
    use.assumptions.push_back(std::move(assumption));
  }
  uses_.emplace(key, std::move(use));
  return &entry;
}

template <class T>
const T* Catalog::find(std::string_view section, std::map<std::string, T> CatalogEntries::*member,
                       const std::string& id, FaultList& faults) {
  const std::string key = fmt::format("{}/{}", section, id);
  std::map<std::string, T>& known = entries_.*member;
  if (const auto entry = known.find(id); entry != known.end()) {
    if (uses_.contains(key)) return &entry->second;
    return note_use(key, entry->second, write_struct(entry->second), own_.at(key), faults);
  }
  if (!is_name(id) || std::find(at_fault_.begin(), at_fault_.end(), key) != at_fault_.end()) return nullptr;

  const fs::path file = shipped_ / section / (id + ".json");
  FaultList found;
  T entry;
  Use use{.origin = kShipped, .file = file, .sources = {}, .assumptions = {}};
  std::optional<Json> json;
  if (const auto text = read_text(file.string(), found, file.string())) {
    json = parse_json(*text, found, file.string());
    if (json) {
      read_struct(*json, entry, {.file = file.string(), .subject = key}, found, use.assumptions);
    }
  }
  if (!found.empty()) {
    at_fault_.push_back(key);
    faults.append(std::move(found));
    return nullptr;
  }
  return note_use(key, known.emplace(id, std::move(entry)).first->second, *json, std::move(use), faults);
}

const compute::GpuSpec* Catalog::gpu(const std::string& id, FaultList& faults) {
  return find("gpus", &CatalogEntries::gpus, id, faults);
}
const compute::KernelSpec* Catalog::kernels(const std::string& id, FaultList& faults) {
  return find("kernels", &CatalogEntries::kernels, id, faults);
}
std::vector<const compute::KernelSpec*> Catalog::kernels_of(const compute::GpuSpec& gpu, std::string_view library,
                                                            FaultList& faults) {
  std::vector<const compute::KernelSpec*> entries;
  for (const std::string& id : gpu.kernels) {
    const compute::KernelSpec* entry = kernels(id, faults);
    if (entry == nullptr) return {};
    entries.push_back(entry);
  }
  std::stable_partition(entries.begin(), entries.end(),
                        [&](const compute::KernelSpec* entry) { return entry->library == library; });
  return entries;
}
const compute::RackSpec* Catalog::rack(const std::string& id, FaultList& faults) {
  return find("racks", &CatalogEntries::racks, id, faults);
}
const llm::LlmSpec* Catalog::model(const std::string& id, FaultList& faults) {
  return find("models", &CatalogEntries::models, id, faults);
}
const workload::LengthTable* Catalog::lengths(const std::string& id, FaultList& faults) {
  return find("lengths", &CatalogEntries::lengths, id, faults);
}

const topology::SwitchSpec* Catalog::network_switch(const std::string& id, FaultList& faults) {
  return find("switches", &CatalogEntries::switches, id, faults);
}
const topology::TransceiverSpec* Catalog::transceiver(const std::string& id, FaultList& faults) {
  return find("transceivers", &CatalogEntries::transceivers, id, faults);
}
const weather::SiteClimate* Catalog::site(const std::string& id, FaultList& faults) {
  return find("sites", &CatalogEntries::sites, id, faults);
}

std::vector<report::CatalogEntryUsed> Catalog::used() const {
  std::vector<report::CatalogEntryUsed> list;
  for (const auto& [key, use] : uses_) {
    const std::size_t slash = key.find('/');
    list.push_back({key.substr(0, slash), key.substr(slash + 1), use.origin, use.sources});
  }
  return list;
}

std::vector<Assumption> Catalog::assumptions() const {
  std::vector<Assumption> list;
  for (const auto& [key, use] : uses_) list.insert(list.end(), use.assumptions.begin(), use.assumptions.end());
  return list;
}

std::vector<InputFile> Catalog::files() const {
  std::vector<InputFile> list;
  for (const auto& [key, use] : uses_) {
    if (use.origin == kShipped) list.push_back({"catalog/" + key + ".json", use.file});
  }
  return list;
}

}  // namespace tokenworks::scenario
