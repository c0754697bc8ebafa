// All-reduce of older NCCL in the loops of microsoft/vidur's profiler, in single nodes and between two of them, and
// in a box whose H100 are linked in pairs. Single nodes: what the program predicts, curves of newer libraries. Two
// nodes: the bandwidth of the network is not stated; it is the one that meets the largest size of each group, and the
// other sizes are judged. Pairs: 300 GB/s (NVLink bridge, 600 both ways), 56 GB/s of PCIe 5 between two pairs.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "models/network/fabric_collective.hpp"
#include "sim/scenario/catalog.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/collective_case.hpp"
#include "tools/validation/csv_table.hpp"

namespace tokenworks::validation {
namespace {

using network::FabricCollectives;
using network::FabricLinks;

struct Box {
  std::string name, gpu;
  bool pairs = false;
};

struct Point {
  double bytes, seconds;
  std::size_t line;
};
struct Group {
  std::int64_t gpus = 0, gpus_per_node = 0;
  std::vector<Point> points;
};

constexpr double kPairLink = 300e9, kPciOfAPair = 56e9, kLarge = 1e6;
constexpr Seconds kHop{1e-6};

/// Predictions for the points of a group.
class Predictor {
 public:
  Predictor(const Box& box, const Group& group, const compute::GpuSpec& gpu,
            std::vector<const compute::KernelSpec*> entries)
      : group_(group), ratings_(gpu.ratings), entries_(std::move(entries)) {
    links_ = {.domain_gpus = group.gpus_per_node, .nic_bandwidth = BytesPerSecond(1e9), .hop_latency = kHop};
    if (box.pairs) {
      ratings_.scale_up_bandwidth = BytesPerSecond(kPairLink);
      entries_.clear();
      links_.domain_gpus = 2;
      links_.nic_bandwidth = BytesPerSecond(kPciOfAPair / 2);
    } else if (group.gpus > group.gpus_per_node) {
      fit_bandwidth();
    }
  }

  double seconds(double bytes) const {
    ValidityNotes notes;
    return FabricCollectives(ratings_, entries_, {"nccl"}, group_.gpus, &links_, notes).all_reduce(bytes).seconds;
  }
  bool fitted() const { return fitted_; }

 private:
  /// Halves an interval of logarithms until the largest size takes as long as measured.
  void fit_bandwidth() {
    fitted_ = true;
    const Point& largest = *std::max_element(group_.points.begin(), group_.points.end(),
                                             [](const Point& a, const Point& b) { return a.bytes < b.bytes; });
    double low = std::log(1e6), high = std::log(1e13);
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      links_.nic_bandwidth = BytesPerSecond(std::exp(middle));
      (seconds(largest.bytes) > largest.seconds ? low : high) = middle;
    }
  }

  const Group& group_;
  compute::GpuRatings ratings_;
  std::vector<const compute::KernelSpec*> entries_;
  FabricLinks links_;
  bool fitted_ = false;
};

std::map<std::string, Group> read_groups(const CsvTable& table, scenario::FaultList& faults) {
  std::map<std::string, Group> groups;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const CsvTable::Row row = table.row(i);
    const double gpus = row.number("num_workers", kPositiveWhole);
    const double per_node = row.number("devices_per_node", kPositiveWhole);
    const Point point{row.number("size", kPositiveWhole), 1e-3 * row.number("time_stats.all_reduce.median", kPositive),
                      row.line()};
    if (!faults.empty()) continue;
    const double nodes = gpus / per_node;
    Group& group = groups[fmt::format("{} {} x {} GPUs", nodes, nodes > 1 ? "nodes" : "node", per_node)];
    group.gpus = std::llround(gpus);
    group.gpus_per_node = std::llround(per_node);
    group.points.push_back(point);
  }
  return groups;
}

void add_cases(CaseSet& set, const Box& box, const std::string& name, const Group& group, const Predictor& predictor) {
  MeasuredCase small, large;
  double largest = 0.0;
  for (const Point& point : group.points) largest = std::max(largest, point.bytes);
  for (const Point& point : group.points) {
    if (predictor.fitted() && point.bytes == largest) {
      set.left_out.count("largest size between nodes: the network's bandwidth was taken from it");
      continue;
    }
    MeasuredCase& measured = point.bytes < kLarge ? small : large;
    measured.comparisons.push_back({"time_s", point.seconds, without_run(predictor.seconds(point.bytes)),
                                    fmt::format("{} B (line {})", point.bytes, point.line)});
  }
  for (auto [measured, sizes] : {std::pair(&small, "below 1 MB"), std::pair(&large, "1 MB and more")}) {
    if (measured->comparisons.empty()) continue;
    measured->group = fmt::format("{} {} all_reduce {}", box.name, name, sizes);
    measured->name = "median of repeats";
    set.cases.push_back(std::move(*measured));
  }
}

}  // namespace

CaseSet read_collective_networks(const std::filesystem::path& path, scenario::FaultList& faults) {
  CaseSet set;
  scenario::Catalog catalog;
  for (const Box& box :
       {Box{"a100_dgx", "a100_sxm4"}, Box{"h100_dgx", "h100_sxm5"}, Box{"h100_pairwise_nvlink", "h100_sxm5", true}}) {
    const std::filesystem::path file = path / fmt::format("network__{}__all_reduce.csv.gz", box.name);
    if (!std::filesystem::exists(file)) continue;
    const auto table =
        CsvTable::read(file, {"num_workers", "devices_per_node", "size", "time_stats.all_reduce.median"}, faults);
    const compute::GpuSpec* gpu = catalog.gpu(box.gpu, faults);
    if (!table || gpu == nullptr) continue;
    set.rows += table->rows();
    for (const auto& [name, group] : read_groups(*table, faults)) {
      add_cases(set, box, name, group, Predictor(box, group, *gpu, catalog.kernels_of(*gpu, "", faults)));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
