#include "tests/models/catalog_entry.hpp"

#include "models/compute/gpu.hpp"
#include "models/compute/rack.hpp"
#include "models/llm/architecture.hpp"
#include "tests/catch.hpp"
#include "tests/models/kernel_entries.hpp"

namespace tokenworks {
namespace {

using compute::GpuSpec;
using compute::RackSpec;
using tests::catalog_entry;
using tests::catalog_ids;
using tests::catalog_json;

/// Keys of an entry that state facts, nested ones with a dot. A list counts as one.
void collect_keys(const nlohmann::json& object, const std::string& prefix, std::vector<std::string>& keys) {
  for (const auto& [key, value] : object.items()) {
    if (prefix.empty() && (key == "sources" || key == "how")) continue;
    if (value.is_object()) {
      collect_keys(value, prefix + key + ".", keys);
    } else {
      keys.push_back(prefix + key);
    }
  }
}

bool covers(const std::string& field, const std::string& key) {
  return key == field ||
         (key.size() > field.size() && key.compare(0, field.size(), field) == 0 && key[field.size()] == '.');
}

TEST_CASE("catalog: every number of every GPU, rack and model has exactly one source", "[models][catalog]") {
  for (const std::string section : {"gpus", "racks", "models"}) {
    for (const std::string& id : catalog_ids(section)) {
      const nlohmann::json entry = catalog_json(section, id);
      std::vector<std::string> keys;
      collect_keys(entry, "", keys);
      for (const std::string& key : keys) {
        int sources = 0;
        for (const auto& source : entry.at("sources")) {
          for (const auto& field : source.at("fields")) sources += covers(field.get<std::string>(), key);
        }
        INFO(section << "/" << id << ": " << key);
        CHECK(sources == 1);
      }
      for (const auto& source : entry.at("sources")) {
        INFO(section << "/" << id << ": " << source.at("source"));
        CHECK(source.at("source").get<std::string>().size() > 8);
        for (const auto& field : source.at("fields")) {
          const auto name = field.get<std::string>();
          INFO(name);
          CHECK(std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return covers(name, key); }));
        }
      }
    }
  }
}

TEST_CASE("catalog: GPUs are read whole and obey physics", "[models][catalog]") {
  const auto ids = catalog_ids("gpus");
  CHECK(ids.size() >= 11);
  for (const std::string& id : ids) {
    INFO(id);
    const auto gpu = catalog_entry<GpuSpec>("gpus", id);
    CHECK(gpu.power.idle <= gpu.power.waiting);
    CHECK(gpu.power.waiting <= gpu.power.limit);
    if (gpu.ratings.fp8_flop_per_s > 0) CHECK(gpu.ratings.fp8_flop_per_s >= gpu.ratings.bf16_flop_per_s);
    if (gpu.ratings.fp4_flop_per_s > 0) CHECK(gpu.ratings.fp4_flop_per_s >= gpu.ratings.fp8_flop_per_s);
    REQUIRE_FALSE(gpu.kernels.empty());
    const std::vector<const compute::KernelSpec*> entries = tests::kernel_entries(gpu);
    const bool measured = std::any_of(entries.begin(), entries.end(), [&](const auto* entry) {
      return entry->gpu == id && !entry->matrix_products.empty();
    });
    CHECK((gpu.how == "scaled") == !measured);
  }
}

TEST_CASE("catalog: kernel entries are whole, never fall with work and state their errors", "[models][catalog]") {
  for (const std::string& id : catalog_ids("kernels")) {
    INFO(id);
    const auto kernels = catalog_entry<compute::KernelSpec>("kernels", id);
    for (const compute::TableFault& fault : compute::table_faults(kernels)) {
      INFO(fault.place << ": " << fault.message);
      CHECK(false);
    }
    const auto gpu = catalog_entry<GpuSpec>("gpus", kernels.gpu);
    CHECK(gpu.ratings.memory_bandwidth == kernels.ratings.memory_bandwidth);
    CHECK(gpu.ratings.bf16_flop_per_s == kernels.ratings.bf16_flop_per_s);
    CHECK_FALSE(kernels.quality.empty());
    CHECK_FALSE(kernels.sources.empty());
    for (const compute::CollectiveCurve& curve : kernels.collectives) {
      // An all-reduce moves 2(n-1)/n of the buffer in and out of each GPU; switches that add up in flight move 1 at
      // least. It cannot beat the link.
      if (curve.operation != "all_reduce") continue;
      CHECK(curve.bytes.back() / curve.time_s.back() <= gpu.ratings.scale_up_bandwidth.value);
    }
  }
}

TEST_CASE("catalog: an H100 has its published figures", "[models][catalog]") {
  const auto gpu = catalog_entry<GpuSpec>("gpus", "h100_sxm5");
  CHECK_THAT(gpu.memory.value, WithinRel(80.0 * 1073741824.0, 1e-12));
  CHECK_THAT(gpu.ratings.memory_bandwidth.value, WithinRel(3.35e12, 1e-12));
  CHECK_THAT(gpu.ratings.bf16_flop_per_s, WithinRel(989.4e12, 1e-12));
  CHECK_THAT(gpu.ratings.scale_up_bandwidth.value, WithinRel(450e9, 1e-12));
  CHECK_THAT(gpu.power.limit.value, WithinRel(700.0, 1e-12));
}

/// Raw rate of 16 lanes of PCIe, one direction, and of a Grace CPU's links to its two GPUs, halved.
double raw_host_link(const RackSpec& rack) {
  if (rack.gpu == "gb200" || rack.gpu == "gb300") return 225e9;
  const bool fourth_generation = rack.gpu == "a100_sxm4" || rack.gpu == "l40s" || rack.gpu == "rtx_4090";
  return fourth_generation ? 32e9 : 64e9;
}

TEST_CASE("catalog: what hangs on a node's fabric fits its GPUs and links", "[models][catalog]") {
  for (const std::string& id : catalog_ids("racks")) {
    INFO(id);
    const auto rack = catalog_entry<RackSpec>("racks", id);
    CHECK(rack.gpus_per_node % rack.nics_per_node == 0);  // every GPU has the same share of a card
    const auto gpu = catalog_entry<GpuSpec>("gpus", rack.gpu);
    const double per_gpu =
        rack.nic_bandwidth.value * static_cast<double>(rack.nics_per_node) / static_cast<double>(rack.gpus_per_node);
    CHECK(per_gpu <= gpu.ratings.scale_up_bandwidth.value);
    CHECK(rack.host_link_bandwidth.value < raw_host_link(rack));
    CHECK(rack.host_link_bandwidth.value > 0.7 * raw_host_link(rack));
    CHECK(rack.local_write_bandwidth <= rack.local_read_bandwidth);
    // Drives have 4 lanes of PCIe 5 at most: 16 GB/s each, up to 8 drives in a node.
    CHECK(rack.local_read_bandwidth.value <= 8 * 16e9);
  }
}

TEST_CASE("catalog: a DGX H100 has its published network", "[models][catalog]") {
  const auto rack = catalog_entry<RackSpec>("racks", "dgx_h100");
  CHECK(rack.nics_per_node == 8);
  CHECK_THAT(rack.nic_bandwidth.value, WithinRel(50e9, 1e-12));  // 400 Gbit/s
  CHECK_THAT(rack.storage_bandwidth.value, WithinRel(40e9, 1e-12));
}

TEST_CASE("catalog: racks hold known GPUs and their nameplate covers what they can draw", "[models][catalog]") {
  const auto gpus = catalog_ids("gpus");
  std::set<std::string> housed;
  for (const std::string& id : catalog_ids("racks")) {
    INFO(id);
    const auto rack = catalog_entry<RackSpec>("racks", id);
    REQUIRE(std::find(gpus.begin(), gpus.end(), rack.gpu) != gpus.end());
    housed.insert(rack.gpu);
    const auto gpu = catalog_entry<GpuSpec>("gpus", rack.gpu);
    CHECK((rack.nodes * rack.gpus_per_node) % rack.scale_up_domain_gpus == 0);
    const double gpus_of_node = static_cast<double>(rack.gpus_per_node);
    const double added = gpus_of_node * (gpu.power.limit - gpu.power.idle).value;
    const double node =
        gpus_of_node * gpu.power.limit.value + rack.node_base_power.value + added * rack.node_power_per_gpu_power;
    const double direct_current = static_cast<double>(rack.nodes) * node + rack.rack_shared_power.value;
    CHECK(direct_current / 0.94 <= rack.nameplate_power.value);  // 0.94: efficiency of the supplies, rounded down
    CHECK(rack.supply_rated_power >= rack.nameplate_power * 0.94);
  }
  for (const std::string& gpu : gpus) {
    INFO(gpu << " stands in a rack");
    CHECK(housed.count(gpu) == 1);
  }
}

}  // namespace
}  // namespace tokenworks
