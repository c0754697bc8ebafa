// Question   what a factory has that keeps its files on the nodes' own drives
// Equation   nothing is shared: a node reads and writes at the bandwidth of its drives, which its rack kind names
// Source     latency of an NVMe drive 100 us: kunwar.page, offloading of caches (2025-2026)
// Valid for  files that were laid on each node's drives before; nobody reads another node's drives
// Checked by tests/models/storage/storage_options_test.cpp
#include "models/storage/storage_option.hpp"

namespace tokenworks::storage {
namespace {

constexpr Seconds kDriveLatency{100e-6};  // header: Source

class LocalNvme final : public StorageOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "power_w", power_, "Electric power of all drives beyond what the rack kinds draw, constant",
          rule().at_least(0));
  }

  StorageProfile profile() const override {
    StorageProfile profile;
    profile.request_latency = kDriveLatency;
    profile.idle_power = power_;
    profile.full_power = power_;
    profile.is_local = true;
    return profile;
  }

 private:
  Watts power_{0};
};

}  // namespace

std::unique_ptr<StorageOption> make_local_nvme() { return std::make_unique<LocalNvme>(); }

}  // namespace tokenworks::storage
