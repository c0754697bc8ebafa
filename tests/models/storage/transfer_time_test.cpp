#include "models/storage/transfer_time.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

namespace tokenworks::storage {
namespace {

/// 100 GB/s read and 50 GB/s written by all; a node reads up to 40 and writes up to 20.
StorageProfile shared() {
  StorageProfile profile;
  profile.read_bandwidth = BytesPerSecond(100e9);
  profile.write_bandwidth = BytesPerSecond(50e9);
  profile.reader_limit = BytesPerSecond(40e9);
  profile.writer_limit = BytesPerSecond(20e9);
  profile.request_latency = Seconds(0.5);
  return profile;
}

StorageProfile local() {
  StorageProfile profile;
  profile.request_latency = Seconds(0.5);
  profile.is_local = true;
  return profile;
}

/// 25 GB/s towards storage, 400 GB/s to other nodes, 440 GB/s to host memory, drives of 50 and 32 GB/s.
NodeLinks node() {
  return {BytesPerSecond(25e9), BytesPerSecond(400e9), BytesPerSecond(440e9), BytesPerSecond(50e9),
          BytesPerSecond(32e9)};
}

double any_rate() { return std::exp(*rc::gen::inRange(1800, 2900) / 100.0); }  // 66 MB/s to 4 TB/s
double any_size() { return std::exp(*rc::gen::inRange(1400, 3000) / 100.0); }  // 1 MB to 11 TB
std::int64_t any_count() { return *rc::gen::inRange<std::int64_t>(1, 5000); }

StorageProfile any_storage() {
  StorageProfile profile;
  profile.is_local = *rc::gen::arbitrary<bool>();
  profile.request_latency = Seconds(*rc::gen::inRange(0, 1000) / 1000.0);
  if (profile.is_local) return profile;
  profile.read_bandwidth = BytesPerSecond(any_rate());
  profile.write_bandwidth = BytesPerSecond(any_rate());
  if (*rc::gen::arbitrary<bool>()) profile.reader_limit = BytesPerSecond(any_rate());
  if (*rc::gen::arbitrary<bool>()) profile.writer_limit = BytesPerSecond(any_rate());
  return profile;
}

NodeLinks any_node() {
  return {BytesPerSecond(any_rate()), BytesPerSecond(any_rate()), BytesPerSecond(any_rate()),
          BytesPerSecond(any_rate()), BytesPerSecond(any_rate())};
}

TEST_CASE("read: the tightest of link, node's limit and share of the storage counts", "[models][storage]") {
  const Bytes bytes(200e9);
  CHECK_THAT(read_time(shared(), node(), 1, bytes).value, WithinRel(0.5 + 200.0 / 25, 1e-12));     // the link
  CHECK_THAT(read_time(shared(), node(), 4, bytes).value, WithinRel(0.5 + 200.0 / 25, 1e-12));     // 4 * 25 = 100
  CHECK_THAT(read_time(shared(), node(), 16, bytes).value, WithinRel(0.5 + 200.0 / 6.25, 1e-12));  // 100 / 16
  NodeLinks wide = node();
  wide.storage = BytesPerSecond(90e9);
  CHECK_THAT(read_time(shared(), wide, 1, bytes).value, WithinRel(0.5 + 200.0 / 40, 1e-12));  // the node's limit
  CHECK_THAT(write_time(shared(), wide, 2, bytes).value, WithinRel(0.5 + 200.0 / 20, 1e-12));
  CHECK_THAT(write_time(shared(), wide, 10, bytes).value, WithinRel(0.5 + 200.0 / 5, 1e-12));  // 50 / 10
}

TEST_CASE("read: a node's own drives do not care how many others read theirs", "[models][storage]") {
  const Bytes bytes(200e9);
  for (const std::int64_t nodes : {1, 7, 4096}) {
    CHECK_THAT(read_time(local(), node(), nodes, bytes).value, WithinRel(0.5 + 4.0, 1e-12));
    CHECK_THAT(write_time(local(), node(), nodes, bytes).value, WithinRel(0.5 + 6.25, 1e-12));
  }
}

TEST_CASE("fan-out: each round doubles the nodes that have the bytes", "[models][storage]") {
  const Bytes bytes(200e9);
  const double first = 0.5 + 8.0, round = 0.5;  // 200 GB at 25 and at 400 GB/s
  CHECK_THAT(fan_out_time(shared(), node(), 1, bytes).value, WithinRel(first, 1e-12));
  CHECK_THAT(fan_out_time(shared(), node(), 2, bytes).value, WithinRel(first + round, 1e-12));
  CHECK_THAT(fan_out_time(shared(), node(), 3, bytes).value, WithinRel(first + 2 * round, 1e-12));
  CHECK_THAT(fan_out_time(shared(), node(), 4, bytes).value, WithinRel(first + 2 * round, 1e-12));
  CHECK_THAT(fan_out_time(shared(), node(), 5, bytes).value, WithinRel(first + 3 * round, 1e-12));
  CHECK_THAT(fan_out_time(shared(), node(), 1024, bytes).value, WithinRel(first + 10 * round, 1e-12));
}

TEST_CASE("checkpoint: host memory first, then all nodes write at once", "[models][storage]") {
  const CheckpointTime time = checkpoint_time(shared(), node(), 10, Bytes(880e9));
  CHECK_THAT(time.blocking.value, WithinRel(2.0, 1e-12));          // 880 GB at 440 GB/s
  CHECK_THAT(time.flushing.value, WithinRel(0.5 + 176.0, 1e-12));  // at 50 / 10 GB/s
  CHECK_THAT(time.durable().value, WithinRel(178.5, 1e-12));
}

TEST_CASE("transfers: nothing to move takes no time", "[models][storage]") {
  CHECK(read_time(shared(), node(), 3, Bytes(0)).value == 0.0);
  CHECK(write_time(shared(), node(), 3, Bytes(0)).value == 0.0);
  CHECK(fan_out_time(shared(), node(), 3, Bytes(0)).value == 0.0);
  CHECK(checkpoint_time(shared(), node(), 3, Bytes(0)).durable().value == 0.0);
}

TEST_CASE("transfers: what cannot be is refused", "[models][storage]") {
  const Bytes bytes(1e9);
  CHECK_THROWS_AS(read_time(shared(), node(), 0, bytes), std::invalid_argument);
  CHECK_THROWS_AS(fan_out_time(shared(), node(), -1, bytes), std::invalid_argument);
  CHECK_THROWS_AS(write_time(shared(), node(), 1, Bytes(-1)), std::invalid_argument);
  CHECK_THROWS_AS(checkpoint_time(shared(), node(), 1, Bytes(std::nan(""))), std::invalid_argument);
  CHECK_THROWS_AS(read_time(StorageProfile(), node(), 1, bytes), std::invalid_argument);  // shares nothing, not local
  CHECK_THROWS_AS(read_time(local(), NodeLinks(), 1, bytes), std::invalid_argument);
  CHECK_THROWS_AS(fan_out_time(shared(), NodeLinks(), 2, bytes), std::invalid_argument);
  CHECK_THROWS_AS(checkpoint_time(shared(), NodeLinks(), 1, bytes), std::invalid_argument);
  CHECK_NOTHROW(fan_out_time(shared(), NodeLinks(), 1, bytes));  // nobody to serve
}

TEST_CASE("transfers: never shorter with more bytes, more nodes or less bandwidth", "[models][storage][law]") {
  REQUIRE(rc::check("times are monotone", [] {
    const StorageProfile storage = any_storage();
    const NodeLinks links = any_node();
    const std::int64_t nodes = any_count(), more_nodes = nodes + any_count();
    const Bytes bytes(any_size()), more_bytes = bytes * (1.0 + *rc::gen::inRange(1, 1000) / 100.0);
    for (const auto time : {read_time, write_time, fan_out_time}) {
      RC_ASSERT(time(storage, links, nodes, bytes) <= time(storage, links, nodes, more_bytes));
      RC_ASSERT(time(storage, links, nodes, bytes) <= time(storage, links, more_nodes, bytes));
      const double slower = *rc::gen::inRange(1, 100) / 100.0;
      const NodeLinks thin{links.storage * slower, links.peer * slower, links.host * slower, links.local_read * slower,
                           links.local_write * slower};
      RC_ASSERT(time(storage, links, nodes, bytes) <= time(storage, thin, nodes, bytes));
    }
    const CheckpointTime one = checkpoint_time(storage, links, nodes, bytes);
    const CheckpointTime bigger = checkpoint_time(storage, links, nodes, more_bytes);
    const CheckpointTime wider = checkpoint_time(storage, links, more_nodes, bytes);
    RC_ASSERT(one.blocking <= bigger.blocking);
    RC_ASSERT(one.flushing <= bigger.flushing);
    RC_ASSERT(one.blocking == wider.blocking);  // each node copies for itself
    RC_ASSERT(one.flushing <= wider.flushing);
  }));
}

TEST_CASE("transfers: no path carries more than it has", "[models][storage][law]") {
  REQUIRE(rc::check("times keep their lower bounds", [] {
    const StorageProfile storage = any_storage();
    const NodeLinks links = any_node();
    const std::int64_t nodes = any_count();
    const double count = static_cast<double>(nodes);
    const Bytes bytes(any_size());
    const double exact = 1.0 - 1e-12;
    const Seconds read = read_time(storage, links, nodes, bytes), write = write_time(storage, links, nodes, bytes);
    const Seconds fan_out = fan_out_time(storage, links, nodes, bytes);
    if (storage.is_local) {
      RC_ASSERT(read * links.local_read >= bytes * exact);
      RC_ASSERT(write * links.local_write >= bytes * exact);
    } else {
      RC_ASSERT(read * storage.read_bandwidth >= bytes * count * exact);  // all bytes left the storage
      RC_ASSERT(write * storage.write_bandwidth >= bytes * count * exact);
      RC_ASSERT(read * std::min(storage.reader_limit, links.storage) >= bytes * exact);
      RC_ASSERT(write * std::min(storage.writer_limit, links.storage) >= bytes * exact);
      RC_ASSERT(fan_out * storage.read_bandwidth >= bytes * exact);
    }
    RC_ASSERT(read >= storage.request_latency);
    RC_ASSERT(fan_out >= read_time(storage, links, 1, bytes));
    if (nodes > 1) RC_ASSERT((fan_out - storage.request_latency) * links.peer >= bytes * std::log2(count) * exact);
    RC_ASSERT(checkpoint_time(storage, links, nodes, bytes).blocking * links.host >= bytes * exact);
  }));
}

/// From how many nodes on the fan-out wins whatever the rounding of its rounds: n / R > 1 / r + (1 + log2 n) / p, where
/// all n nodes read at R / n at most, one alone at r, and p is the peer bandwidth. The left side less the right grows
/// from n = R / (p ln 2) on.
double surely_beyond(const StorageProfile& storage, const NodeLinks& links) {
  const double shared = storage.read_bandwidth.value, peer = links.peer.value;
  const double alone = std::min({shared, storage.reader_limit.value, links.storage.value});
  double nodes = std::max(2.0, shared / (peer * std::log(2.0)));
  while (nodes / shared <= 1.0 / alone + (1.0 + std::log2(nodes)) / peer) nodes *= 1.05;
  return nodes;
}

TEST_CASE("fan-out beats the hot spot from a break-even count of nodes on", "[models][storage]") {
  // All read 200 GB: n <= 4 in 8.5 s, then 0.5 + 2 n s. Fan-out: 8.5 + 0.5 ceil(log2 n) s. At 5 nodes 10.5 against 10.
  std::int64_t break_even = 1;
  while (fan_out_time(shared(), node(), break_even, Bytes(200e9)) >=
         read_time(shared(), node(), break_even, Bytes(200e9))) {
    ++break_even;
  }
  CHECK(break_even == 5);
  CHECK(static_cast<double>(break_even) <= surely_beyond(shared(), node()));
  for (std::int64_t nodes = break_even; nodes <= 4096; ++nodes) {
    INFO(nodes);
    REQUIRE(fan_out_time(shared(), node(), nodes, Bytes(200e9)) < read_time(shared(), node(), nodes, Bytes(200e9)));
  }
}

TEST_CASE("fan-out beats the hot spot beyond break-even, on any shared storage", "[models][storage][law]") {
  REQUIRE(rc::check("fan-out wins at last", [] {
    StorageProfile storage = any_storage();
    RC_PRE(!storage.is_local);
    const NodeLinks links = any_node();
    const Bytes bytes(any_size());
    const double beyond = surely_beyond(storage, links);
    for (const double factor : {1.01, 1.7, 3.0, 40.0}) {
      const auto nodes = static_cast<std::int64_t>(std::ceil(beyond * factor));
      RC_ASSERT(fan_out_time(storage, links, nodes, bytes) < read_time(storage, links, nodes, bytes));
    }
    // Two nodes that the storage serves at full speed gain nothing by it.
    storage.read_bandwidth = std::min(storage.reader_limit, links.storage) * 2.0;
    RC_ASSERT(fan_out_time(storage, links, 2, bytes) > read_time(storage, links, 2, bytes));
  }));
}

}  // namespace
}  // namespace tokenworks::storage
