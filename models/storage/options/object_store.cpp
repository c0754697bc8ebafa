// Question   what an object store offers to the nodes of a factory
// Equation   a node's limit = streams a node * bandwidth of one stream; all nodes share what the store has
// Source     kunwar.page, offloading of caches (2025-2026): about 1 GB/s a stream and 10 ms to the first byte. Amazon
//            S3 performance guidelines: medians of tens of milliseconds for small objects
// Valid for  large objects read in parts, a store in the same hall or region, requests below its rate limit
// Checked by tests/models/storage/storage_options_test.cpp
#include "models/storage/storage_option.hpp"

namespace tokenworks::storage {
namespace {

class ObjectStore final : public StorageOption {
 public:
  void visit(FieldVisitor& v) override {
    scaled_field(v, "read_gb_per_s", read_bandwidth_, 1e9, "Read bandwidth of the whole store, shared by all that read",
                 rule().above(0));
    scaled_field(v, "write_gb_per_s", write_bandwidth_, 1e9,
                 "Write bandwidth of the whole store, shared by all that write", rule().above(0));
    scaled_field(v, "stream_gb_per_s", stream_bandwidth_, 1e9, "Bandwidth of one stream",
                 rule().above(0).default_from('S', "kunwar.page, offloading of caches: about 1 GB/s a stream"));
    field(v, "streams_per_node", streams_per_node_, "Streams that a node keeps open at once",
          rule().at_least(1).at_most(1e6).default_from(
              'E', "Loaders of weights open 8 to 16 streams a process (Run:ai Model Streamer)"));
    field(v, "first_byte_s", first_byte_, "Time from a request to its first byte",
          rule().at_least(0).default_from('S', "kunwar.page, offloading of caches: about 10 ms"));
    field(v, "power_w", power_, "Electric power, constant", rule().at_least(0));
  }

  StorageProfile profile() const override {
    StorageProfile profile;
    profile.read_bandwidth = read_bandwidth_;
    profile.write_bandwidth = write_bandwidth_;
    profile.reader_limit = stream_bandwidth_ * static_cast<double>(streams_per_node_);
    profile.writer_limit = profile.reader_limit;
    profile.request_latency = first_byte_;
    profile.idle_power = power_;
    profile.full_power = power_;
    return profile;
  }

 private:
  BytesPerSecond read_bandwidth_{100e9};
  BytesPerSecond write_bandwidth_{50e9};
  BytesPerSecond stream_bandwidth_{1e9};
  std::int64_t streams_per_node_ = 16;
  Seconds first_byte_{10e-3};
  Watts power_{0};
};

}  // namespace

std::unique_ptr<StorageOption> make_object_store() { return std::make_unique<ObjectStore>(); }

}  // namespace tokenworks::storage
