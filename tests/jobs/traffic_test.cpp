#include "models/storage/transfer_time.hpp"
#include "sim/jobs/traffic/traffic_source.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using jobs::TrafficContext;
using resources::Purpose;
using tokenworks::testing::in_child;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

const storage::StorageProfile kStorage{.read_bandwidth = BytesPerSecond(60e9), .write_bandwidth = BytesPerSecond(40e9)};

/// Four servers with storage, and one source of traffic for 10 s.
struct Source {
  explicit Source(const std::function<std::unique_ptr<jobs::TrafficSource>(const TrafficContext&, Source&)>& make,
                  bool drain = false)
      : factory(setup()),
        run_end(factory.simulation, 10 * kSecond, drain),
        service(factory, run_end, {{{.node = 0, .gpus = 8}}, {{.node = 1, .gpus = 8}, {.node = 2, .gpus = 8}}}) {
    const TrafficContext context{.simulation = factory.simulation,
                                 .fabric = factory.fabric,
                                 .run_end = run_end,
                                 .name = "bulk",
                                 .nodes = {0, 1, 2, 3},
                                 .duration = 10 * kSecond,
                                 .rank = engine::rank(engine::RankClass::arrival, 1),
                                 .seed = 7};
    source = make(context, *this);
    source->start();
    run_end.arm();
  }
  static SmallFactory::Setup setup() {
    const resources::FabricGroup group = servers(4);
    SmallFactory::Setup setup;
    setup.map.groups = {group};
    setup.map.graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
    for (topology::Link& link : setup.map.graph->links) link.latency = Seconds(0);
    setup.map.storage = kStorage;
    return setup;
  }
  std::string told() {
    factory.run();
    const metrics::TrafficResult result = source->report();
    std::string out =
        fmt::format("{} rounds {} skipped {} failed {}", result.kind, result.rounds, result.skipped, result.failed);
    if (result.round_s) out += fmt::format(" each {:.4g}", result.round_s->mean);
    if (result.blocking_s) out += fmt::format(" blocking {:.4g}", result.blocking_s->mean);
    return out;
  }
  double bytes(Purpose purpose) const { return factory.fabric.books().of(purpose).bytes; }

  SmallFactory factory;
  jobs::RunEnd run_end;
  ServiceInFactory service;
  std::unique_ptr<jobs::TrafficSource> source;
};

std::string checkpoints(const jobs::Checkpoint& checkpoint) {
  return in_child([&] {
    Source source([&](const TrafficContext& context, Source&) { return make_checkpoint_source(context, checkpoint); });
    const std::string told = source.told();
    return told + fmt::format(" bytes {:.6g}", source.bytes(Purpose::checkpoint));
  });
}

}  // namespace

TEST_CASE("checkpoints: blocking to the host, then written by all, as in closed form", "[jobs]") {
  // 16 GB a node: 0.04 s over the host links of 400 GB/s; then four nodes write at 40 GB/s together: 1.6 s.
  const storage::NodeLinks links{.storage = BytesPerSecond(25e9), .host = BytesPerSecond(400e9)};
  const storage::CheckpointTime closed = storage::checkpoint_time(kStorage, links, 4, Bytes(16e9));
  const jobs::Checkpoint checkpoint{
      .bytes_per_node = Bytes(16e9), .interval = 3 * kSecond, .first = kSecond, .through_host = true};
  CHECK(checkpoints(checkpoint) == fmt::format("checkpoint rounds 3 skipped 0 failed 0 each {:.4g} blocking {:.4g} "
                                               "bytes {:.6g}",
                                               closed.durable().value, closed.blocking.value, 3 * 4 * 2 * 16e9));
}

TEST_CASE("checkpoints: what is due while the one before is written is skipped", "[jobs]") {
  // Straight from the GPUs 64 GB take 1.6 s of every second: due at 0, 1, ... 10 s, every second one is skipped. That
  // of 10 s does not end.
  CHECK(checkpoints({.bytes_per_node = Bytes(16e9), .interval = kSecond})
            .find("checkpoint rounds 5 skipped 5 failed 0 each 1.6 blocking 1.6") == 0);
}

TEST_CASE("checkpoints: to the drives of the nodes", "[jobs]") {
  CHECK(checkpoints({.bytes_per_node = Bytes(16e9),
                     .interval = 4 * kSecond,
                     .target = jobs::CheckpointTarget::local_drives,
                     .through_host = true}) ==
        "checkpoint rounds 3 skipped 0 failed 0 each 0.84 blocking 0.04 bytes 3.84e+11");
}

TEST_CASE("data sets: blocks in time, or behind without piling up", "[jobs]") {
  const auto read = [](double rate, double block, bool local) {
    return in_child([=] {
      Source source([=](const TrafficContext& context, Source&) {
        return make_dataset_source(context, {BytesPerSecond(rate), Bytes(block), local});
      });
      return source.told();
    });
  };
  // 4 nodes want 10 GB/s each of 60: each block of 5 GB is due every 0.5 s and takes 5/15 s.
  CHECK(read(10e9, 5e9, false) == "dataset_read rounds 80 skipped 0 failed 0 each 0.3333");
  // They want 20 GB/s each and get 15: due every 0.25 s, taking 0.3333 s, so that every second one is skipped.
  CHECK(read(20e9, 5e9, false) == "dataset_read rounds 80 skipped 80 failed 0 each 0.3333");
  // Drives read 40 GB/s for each node alone.
  CHECK(read(20e9, 5e9, true) == "dataset_read rounds 160 skipped 0 failed 0 each 0.125");
}

TEST_CASE("KV offload: each finished prompt's share, over the nodes of its replica", "[jobs]") {
  const std::string text = in_child([] {
    Source source([](const TrafficContext& context, Source& self) {
      return make_kv_offload_source(context, {.service = self.service.service.get(),
                                              .bytes_per_token = Bytes(1e6),
                                              .share = 0.5,
                                              .target = jobs::KvOffload::Target::storage});
    });
    jobs::LlmService& service = *source.service.service;
    const std::int32_t owner = service.add_owner(nullptr);
    for (const std::int32_t tokens : {1000, 3000}) {  // to the replica of one node, and to that of two
      source.factory.at(1.0, [&source, &service, owner, tokens] {
        source.run_end.request_in();
        service.submit({.arrival = kSecond, .input_tokens = tokens, .output_tokens = 4}, owner);
      });
    }
    const std::string told = source.told();
    return told.substr(0, told.find(" each")) + fmt::format(" bytes {:g}", source.bytes(Purpose::kv_offload));
  });
  CHECK(text == "kv_offload rounds 3 skipped 0 failed 0 bytes 2e+09");  // half of 4,000 tokens of 1 MB
}

TEST_CASE("point to point: so many transfers in so many lanes, and the run ends with the last", "[jobs]") {
  const auto run = [](std::int64_t lanes, std::int64_t transfers, double bytes) {
    return in_child([=] {
      Source source(
          [=](const TrafficContext& context, Source&) {
            return make_point_to_point_source(
                context, {.concurrency = lanes, .transfers = transfers, .bytes = Bytes(bytes), .spread = 0.0});
          },
          true);
      const std::string told = source.told();
      return told.substr(0, told.find(" each")) + fmt::format(" bytes {:g} end {:.4g}",
                                                              source.bytes(Purpose::point_to_point),
                                                              to_seconds(source.factory.simulation.now()));
    });
  };
  // One lane is never slowed down: 4 GB at 400 GB/s.
  CHECK(run(1, 25, 4e9) == "point_to_point rounds 25 skipped 0 failed 0 bytes 1e+11 end 0.25");
  // Until the duration: the one that begins at 10 s is the last.
  CHECK(run(1, 0, 200e9) == "point_to_point rounds 21 skipped 0 failed 0 bytes 4.2e+12 end 10.5");
  const std::string many = run(6, 100, 1e9);
  CHECK(many.find("point_to_point rounds 100 skipped 0 failed 0 bytes 1e+11 ") == 0);
  CHECK(many == run(6, 100, 1e9));
}
