// The catalog: facts about GPUs, racks, models and request lengths by id. Shipped entries are files that are opened
// when somebody asks for them; a scenario's own entries go before them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/evidence.hpp"
#include "sim/report/report.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// A file that a run reads.
struct InputFile {
  std::string name;            ///< as the scenario or the command line names it; does not depend on the machine
  std::filesystem::path path;  ///< where it is
};

/// Where the shipped entries are: $TOKENWORKS_CATALOG, else share/tokenworks/catalog beside the program's bin folder,
/// else models/catalog of the source tree that it was built from.
std::filesystem::path shipped_catalog_folder();

/// "gpus", "kernels", "racks", "models", "lengths", "switches", "transceivers", "sites".
const std::vector<std::string>& catalog_sections();

class Catalog {
 public:
  explicit Catalog(std::filesystem::path shipped = shipped_catalog_folder());

  /// Adds a scenario's own entries; one that is there already stays. `origin` is "scenario" or the file as the scenario
  /// names it, `file` where that is. `defaults`: what the reader assumed, with subjects "gpus/id/key".
  void add(const std::string& origin, const std::filesystem::path& file, CatalogEntries entries,
           const std::vector<Assumption>& defaults);

  /// All ids of a section, sorted. Opens no entry.
  std::vector<std::string> ids(std::string_view section) const;

  /// The entry, which then counts as used. Null when there is none or it is at fault; `faults` then says why (once).
  const compute::GpuSpec* gpu(const std::string& id, FaultList& faults);
  const compute::KernelSpec* kernels(const std::string& id, FaultList& faults);
  /// All kernel entries that a GPU names, those of `library` first; empty when one is at fault.
  std::vector<const compute::KernelSpec*> kernels_of(const compute::GpuSpec& gpu, std::string_view library,
                                                     FaultList& faults);
  const compute::RackSpec* rack(const std::string& id, FaultList& faults);
  const llm::LlmSpec* model(const std::string& id, FaultList& faults);
  const workload::LengthTable* lengths(const std::string& id, FaultList& faults);

  const topology::SwitchSpec* network_switch(const std::string& id, FaultList& faults);
  const topology::TransceiverSpec* transceiver(const std::string& id, FaultList& faults);
  const weather::SiteClimate* site(const std::string& id, FaultList& faults);

  /// Entries asked for so far, by section and id.
  std::vector<report::CatalogEntryUsed> used() const;
  /// Their values that rest on memory or estimates: defaults that stand in them, and what their sources say.
  std::vector<Assumption> assumptions() const;
  /// Shipped entries among them: name ("catalog/gpus/h100_sxm5.json") and file.
  std::vector<InputFile> files() const;

 private:
  /// What is known of an entry besides its value.
  struct Use {
    std::string origin;
    std::filesystem::path file;
    std::vector<SourceNote> sources;
    std::vector<Assumption> assumptions;
  };

  template <class T>
  const T* find(std::string_view section, std::map<std::string, T> CatalogEntries::*member, const std::string& id,
                FaultList& faults);
  template <class T>
  /// `text`: the entry as its file has it, or as it would be written.
  const T* note_use(const std::string& key, T& entry, const Json& text, Use use, FaultList& faults);

  std::filesystem::path shipped_;
  CatalogEntries entries_;          // own entries and shipped ones opened so far
  std::map<std::string, Use> own_;  // by "gpus/id"; what their sources say is looked up when they are used
  std::map<std::string, Use> uses_;
  std::vector<std::string> at_fault_;
};

}  // namespace tokenworks::scenario
