// NCCL inside one node against the closed forms that stand in for GPUs without curves. The curves of the catalog were
// fitted to these tables themselves; their entries say how they meet held-out sizes. A100, H100 and B200 are what the
// constants were fitted to, and their groups say so; H200, B300, GB200 and GB300 took no part.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <fmt/format.h>

#include "models/network/domain_form.hpp"
#include "sim/scenario/catalog.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/collective_case.hpp"
#include "tools/validation/csv_table.hpp"

namespace tokenworks::validation {
namespace {

constexpr double kBytesOfAHalf = 2.0;

bool is_fitted_on(const std::string& system) {
  return system == "a100_sxm" || system == "h100_sxm" || system == "b200_sxm";
}

/// The newest library of each GPU.
bool is_newest(const std::string& system, const std::string& version) {
  return version == (system == "a100_sxm" ? "nccl_2.27.3" : "nccl_2.29.2");
}

double closed_form_s(const network::DomainForm& form, const std::string& operation, double bytes) {
  if (operation == "all_reduce") return form.all_reduce_s(bytes);
  if (operation == "all_gather") return form.all_gather_s(bytes);
  if (operation == "reduce_scatter") return form.reduce_scatter_s(bytes);
  return form.all_to_all_s(bytes);
}

}  // namespace

CaseSet read_collectives(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  const auto table = CsvTable::read(path,
                                    {"system", "library_version", "op_name", "kernel_source", "dtype", "num_gpus",
                                     "message_size_elems", "latency_ms"},
                                    faults);
  if (!table) return set;
  set.rows = table->rows();
  scenario::Catalog catalog;
  std::map<std::string, MeasuredCase> cases;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row row = table->row(i);
    const std::string& system = row.name("system");
    const std::string& operation = row.text("op_name");
    const double gpus = row.number("num_gpus", kPositiveWhole);
    const double bytes = kBytesOfAHalf * row.number("message_size_elems", kPositiveWhole);
    const double measured = 1e-3 * row.number("latency_ms", kPositive);
    if (!faults.empty()) continue;
    if (row.text("kernel_source") != "NCCL") {
      set.left_out.count("kernels of engines: they have curves and no closed form");
    } else if (!is_newest(system, row.text("library_version")) || row.text("dtype") != "half") {
      set.left_out.count("older NCCL or another number format");
    } else if (const compute::GpuSpec* gpu = catalog.gpu(gpu_id_of_system(system), faults)) {
      const std::string group = fmt::format("{} {}{}", system, operation, is_fitted_on(system) ? " (fitted)" : "");
      MeasuredCase& found = cases[fmt::format("{} {}", group, gpus)];
      found.group = group;
      found.name = fmt::format("{} GPUs", gpus);
      found.engine_version = row.text("library_version");
      const network::DomainForm form{network::generation_of(gpu->ratings), std::llround(gpus),
                                     gpu->ratings.scale_up_bandwidth};
      found.comparisons.push_back(
          {"time_s", measured, without_run(closed_form_s(form, operation, bytes)), fmt::format("{} B", bytes)});
    }
  }
  for (auto& [name, measured] : cases) set.cases.push_back(std::move(measured));
  return set;
}

}  // namespace tokenworks::validation
