// Question   what a parallel file system on servers full of flash offers to the nodes of a factory
// Equation   read and write bandwidth shared by all nodes, each node up to its limit; one metadata latency a transfer;
//            watts on a straight line between rest and full bandwidth
// Source     NVIDIA DGX SuperPOD reference architecture RA-11333-001 (2023): one node reads more than 40 GB/s. Its
// table
//            of classes, remembered: best 40 and 20 GB/s read and written by one node, 125 and 62 GB/s by 32 nodes
// Valid for  large sequential files, a system that is neither nearly full nor rebuilding
// Checked by tests/models/storage/storage_options_test.cpp
#include <algorithm>

#include "models/storage/storage_option.hpp"

namespace tokenworks::storage {
namespace {

constexpr double kWritePerRead = 0.5;  // header: Source

class ParallelFileSystem final : public StorageOption {
 public:
  void visit(FieldVisitor& v) override {
    scaled_field(v, "read_gb_per_s", read_bandwidth_, 1e9,
                 "Read bandwidth of the whole system, shared by all that read", rule().above(0));
    scaled_field(v, "write_gb_per_s", write_bandwidth_, 1e9,
                 "Write bandwidth of the whole system, shared by all that write (default: half of the read bandwidth)",
                 rule().above(0).default_from('R', "DGX SuperPOD storage guideline: writes half as fast as reads"));
    scaled_field(v, "node_read_gb_per_s", reader_limit_, 1e9, "Most that one node reads",
                 rule().above(0).default_from('S', "DGX SuperPOD RA-11333-001 (2023): more than 40 GB/s per node"));
    scaled_field(v, "node_write_gb_per_s", writer_limit_, 1e9, "Most that one node writes",
                 rule().above(0).default_from('R', "DGX SuperPOD storage guideline, best class: 20 GB/s per node"));
    field(v, "metadata_latency_s", metadata_latency_, "Time to open a file, before its first byte",
          rule().at_least(0).default_from('E', "Metadata servers answer within 0.3 to a few ms while not overloaded"));
    field(v, "power_w", idle_power_, "Electric power, constant unless power_full_w says more", rule().at_least(0));
    field(v, "power_full_w", full_power_, "Electric power at full bandwidth, at least power_w (default: power_w)",
          rule().at_least(0));
  }

  StorageProfile profile() const override {
    StorageProfile profile;
    profile.read_bandwidth = read_bandwidth_;
    profile.write_bandwidth = write_bandwidth_.value_or(read_bandwidth_ * kWritePerRead);
    profile.reader_limit = reader_limit_;
    profile.writer_limit = writer_limit_;
    profile.request_latency = metadata_latency_;
    profile.idle_power = idle_power_;
    profile.full_power = std::max(idle_power_, full_power_.value_or(idle_power_));
    return profile;
  }

 private:
  BytesPerSecond read_bandwidth_{100e9};
  std::optional<BytesPerSecond> write_bandwidth_;
  BytesPerSecond reader_limit_{40e9};
  BytesPerSecond writer_limit_{20e9};
  Seconds metadata_latency_{1e-3};
  Watts idle_power_{0};
  std::optional<Watts> full_power_;
};

}  // namespace

std::unique_ptr<StorageOption> make_parallel_file_system() { return std::make_unique<ParallelFileSystem>(); }

}  // namespace tokenworks::storage
