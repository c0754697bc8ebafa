#include <rapidcheck.h>
#include <cmath>

#include "models/storage/storage_option.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/set_field.hpp"

namespace tokenworks::storage {
namespace {

using tests::set_field;

Choice<StorageOption> option(std::string_view kind) { return Choice<StorageOption>(storage_options(), kind); }

/// Some positive number, small or large.
double positive() { return std::exp(*rc::gen::inRange(-300, 900) / 100.0); }

TEST_CASE("storage: every kind offers something from its defaults on", "[models][storage]") {
  CHECK(storage_options().size() == 3);
  for (const Option<StorageOption>& member : storage_options()) {
    INFO(member.kind);
    const StorageProfile profile = option(member.kind)->profile();
    CHECK(profile.is_local == (profile.read_bandwidth.value == 0.0));
    CHECK(profile.is_local == (profile.write_bandwidth.value == 0.0));
    CHECK(profile.reader_limit.value > 0.0);
    CHECK(profile.writer_limit.value > 0.0);
    CHECK(profile.request_latency.value > 0.0);
    CHECK(profile.idle_power.value == 0.0);
    CHECK(profile.full_power == profile.idle_power);
  }
}

TEST_CASE("parallel file system: by default it reads 100 GB/s, writes half and draws nothing", "[models][storage]") {
  const StorageProfile profile = option("parallel_file_system")->profile();
  CHECK(profile.read_bandwidth.value == 100e9);
  CHECK(profile.write_bandwidth.value == 50e9);
  CHECK(profile.reader_limit.value == 40e9);
  CHECK(profile.writer_limit.value == 20e9);
}

TEST_CASE("parallel file system: writes follow reads until they are stated", "[models][storage]") {
  const auto storage = option("parallel_file_system");
  set_field(*storage, "read_gb_per_s", 500.0);
  CHECK(storage->profile().write_bandwidth.value == 250e9);
  set_field(*storage, "write_gb_per_s", 400.0);
  CHECK(storage->profile().write_bandwidth.value == 400e9);
  set_field(*storage, "node_read_gb_per_s", 8.0);
  set_field(*storage, "node_write_gb_per_s", 4.0);
  set_field(*storage, "metadata_latency_s", 0.25);
  CHECK(storage->profile().reader_limit.value == 8e9);
  CHECK(storage->profile().writer_limit.value == 4e9);
  CHECK(storage->profile().request_latency.value == 0.25);
}

TEST_CASE("parallel file system: power is constant until power at full bandwidth is stated", "[models][storage]") {
  const auto storage = option("parallel_file_system");
  set_field(*storage, "power_w", 3000.0);
  CHECK(storage->profile().idle_power.value == 3000.0);
  CHECK(storage->profile().full_power.value == 3000.0);
  set_field(*storage, "power_full_w", 4500.0);
  CHECK(storage->profile().idle_power.value == 3000.0);
  CHECK(storage->profile().full_power.value == 4500.0);
  set_field(*storage, "power_full_w", 1000.0);  // never below rest
  CHECK(storage->profile().full_power.value == 3000.0);
}

TEST_CASE("object store: a node is as fast as its streams together", "[models][storage]") {
  const auto storage = option("object_store");
  set_field(*storage, "read_gb_per_s", 30.0);
  set_field(*storage, "write_gb_per_s", 20.0);
  set_field(*storage, "stream_gb_per_s", 0.5);
  set_field(*storage, "streams_per_node", 24.0);
  set_field(*storage, "first_byte_s", 0.05);
  set_field(*storage, "power_w", 700.0);
  const StorageProfile profile = storage->profile();
  CHECK(profile.read_bandwidth.value == 30e9);
  CHECK(profile.write_bandwidth.value == 20e9);
  CHECK(profile.reader_limit.value == 12e9);  // 24 * 0.5 GB/s
  CHECK(profile.writer_limit.value == 12e9);
  CHECK(profile.request_latency.value == 0.05);
  CHECK(profile.idle_power.value == 700.0);
  CHECK(profile.full_power.value == 700.0);
}

TEST_CASE("local drives: nothing is shared and nothing limits but the drives", "[models][storage]") {
  const auto storage = option("local_nvme");
  set_field(*storage, "power_w", 120.0);
  const StorageProfile profile = storage->profile();
  CHECK(profile.is_local);
  CHECK(profile.reader_limit == kUnlimited);
  CHECK(profile.writer_limit == kUnlimited);
  CHECK(profile.idle_power.value == 120.0);
  CHECK(profile.full_power.value == 120.0);
}

TEST_CASE("storage: what it is given it offers, and power never falls with load", "[models][storage][law]") {
  REQUIRE(rc::check("profiles follow their fields", [] {
    const double read = positive(), write = positive(), rest = positive(), full = positive();
    for (const std::string_view kind : {"parallel_file_system", "object_store"}) {
      const auto storage = option(kind);
      set_field(*storage, "read_gb_per_s", read);
      set_field(*storage, "write_gb_per_s", write);
      set_field(*storage, "power_w", rest);
      if (kind == "parallel_file_system") set_field(*storage, "power_full_w", full);
      const StorageProfile profile = storage->profile();
      RC_ASSERT(profile.read_bandwidth.value == read * 1e9);
      RC_ASSERT(profile.write_bandwidth.value == write * 1e9);
      RC_ASSERT(profile.idle_power.value == rest);
      RC_ASSERT(profile.full_power >= profile.idle_power);
    }
  }));
}

}  // namespace
}  // namespace tokenworks::storage
