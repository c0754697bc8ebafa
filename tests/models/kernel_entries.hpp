// The kernel entries that a GPU of the catalog names, for tests of models.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/compute/gpu.hpp"
#include "tests/models/catalog_entry.hpp"

namespace tokenworks::tests {

/// Opened once in a process; they live as long as it.
inline std::vector<const compute::KernelSpec*> kernel_entries(const compute::GpuSpec& gpu) {
  static std::map<std::string, std::unique_ptr<compute::KernelSpec>> opened;
  std::vector<const compute::KernelSpec*> entries;
  for (const std::string& id : gpu.kernels) {
    auto& entry = opened[id];
    if (!entry) entry = std::make_unique<compute::KernelSpec>(catalog_entry<compute::KernelSpec>("kernels", id));
    entries.push_back(entry.get());
  }
  return entries;
}

}  // namespace tokenworks::tests
