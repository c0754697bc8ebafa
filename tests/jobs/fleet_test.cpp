// Replicas that drain, start and change their model.
#include "sim/jobs/fleet.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "sim/jobs/model_swaps.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using jobs::Ending;
using tokenworks::testing::in_child;

namespace {

constexpr std::int64_t kFirstNode[] = {0};

constexpr double kLoading = 0.802;  // s: 16 GB at the 20 GB/s of one reader, and 2 ms

/// One replica of 8 GPUs on each of so many nodes, 16 GB of weights each, storage; nothing else moves.
class Hall final : private jobs::RequestOwner {
 public:
  Hall(std::int64_t nodes, const PoolInFactory& pool)
      : factory(setup(nodes)),
        run_end(factory.simulation, kNever, false),
        made(factory, run_end, {filled(pool, nodes)}, {}),
        service(*made.service),
        owner_(service.add_owner(this)) {}

  static SmallFactory::Setup setup(std::int64_t nodes) {
    SmallFactory::Setup setup;
    setup.map.groups = {servers(nodes)};
    setup.map.storage = storage::StorageProfile{.read_bandwidth = BytesPerSecond(60e9),
                                                .write_bandwidth = BytesPerSecond(40e9),
                                                .reader_limit = BytesPerSecond(20e9),
                                                .writer_limit = BytesPerSecond(15e9),
                                                .request_latency = Seconds(0.002)};
    return setup;
  }
  static PoolInFactory filled(PoolInFactory pool, std::int64_t nodes) {
    pool.replicas = nodes;
    pool.gpus = 8;
    return pool;
  }
  std::vector<Bytes> weights() const {
    return std::vector<Bytes>(static_cast<std::size_t>(service.replica_count()), Bytes(2e9));
  }
  /// A fleet whose replicas take 3 s from the weights' arrival to serving.
  jobs::Fleet::Setup fleet() {
    return {.loaded = {.service = &service, .weights_per_gpu_of = weights()},
            .start_up = std::vector<Picoseconds>(weights().size(), 3 * kPicosecondsPerSecond),
            .give_up = kNever};
  }

  /// Requests of 100 and `output` tokens, tagged in order from 1.
  void submit(double at, std::int32_t output, int count = 1) {
    factory.at(at, [=, this] {
      for (int i = 0; i < count; ++i) {
        service.submit(
            {.arrival = factory.simulation.now(), .input_tokens = 100, .output_tokens = output, .tag = ++tag_}, owner_);
      }
    });
  }
  void at(double seconds, std::function<void()> action) { factory.at(seconds, std::move(action)); }
  double now() const { return to_seconds(factory.simulation.now()); }
  void say(const std::string& what) { told += fmt::format("{} at {:.3f}; ", what, now()); }

  SmallFactory factory;
  jobs::RunEnd run_end;
  ServiceInFactory made;
  jobs::LlmService& service;
  std::string told;
  std::vector<jobs::EndedRequest> ended;

 private:
  void on_ended(const jobs::EndedRequest& request) override { ended.push_back(request); }

  std::int32_t owner_, tag_ = 0;
};

PoolInFactory one_at_a_time() {
  PoolInFactory pool;
  pool.profile.max_sequences = 1;
  return pool;
}

PoolInFactory serving_first(std::int64_t replicas) {
  PoolInFactory pool;
  pool.in_service = replicas;
  return pool;
}

PoolInFactory with_context(std::int64_t tokens) {
  PoolInFactory pool;
  pool.context_tokens = tokens;
  return pool;
}

std::string ends_of(const Hall& hall) {
  static constexpr const char* kEndings[] = {"completed", "rejected", "failed", "cancelled", "timed_out", "unfinished"};
  std::string text;
  for (const jobs::EndedRequest& one : hall.ended) {
    text += fmt::format("{} {}{} on {}; ", one.tag, kEndings[static_cast<int>(one.ending)],
                        one.reason.empty() ? "" : " " + std::string(one.reason), one.replica);
  }
  return text;
}

}  // namespace

TEST_CASE("draining: what waits goes elsewhere, what runs ends, then the replica is down without loss", "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, one_at_a_time());
    hall.submit(0.0, 500, 6);  // 1, 3 and 5 to replica 0
    hall.at(0.01, [&] {
      const std::int32_t first[] = {0};
      hall.service.drain(first, [&](std::int32_t replica) {
        REQUIRE(to_seconds(hall.ended.back().end) == hall.now());
        hall.told += fmt::format("{} empty after request {}, up {}; ", replica, hall.ended.back().tag,
                                 hall.service.is_up(replica));
      });
      hall.told += fmt::format("takes {}, up {}, waiting {} and {}; ", hall.service.takes_new(0), hall.service.is_up(0),
                               hall.service.waiting_at(0), hall.service.waiting_at(1));
    });
    hall.factory.run();
    return hall.told + ends_of(hall);
  });
  CHECK(text ==
        "takes false, up true, waiting 0 and 4; 0 empty after request 1, up false; "
        "1 completed on 0; 2 completed on 1; 4 completed on 1; 6 completed on 1; 3 completed on 1; 5 completed on 1; ");
}

TEST_CASE("draining: an idle replica is down at once; a failure on the way loses what runs, and nobody is told",
          "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(3, one_at_a_time());
    hall.submit(0.0, 500, 2);
    const auto drain = [&](std::int32_t replica) {
      hall.service.drain({&replica, 1}, [&](std::int32_t which) { hall.say(fmt::format("{} empty", which)); });
    };
    hall.at(0.01, [&] {
      drain(0);
      drain(2);
    });
    hall.at(0.02, [&] {
      std::vector<jobs::LlmService::Struck> struck;
      hall.told += fmt::format("{} failed; ", hall.service.take_down(kFirstNode, struck));
    });
    hall.at(100.0, [&] { hall.service.start(0); });
    hall.submit(101.0, 10, 2);
    hall.factory.run();
    return hall.told + ends_of(hall);
  });
  CHECK(text == "2 empty at 0.010; 1 failed; 1 failed on 0; 2 completed on 1; 3 completed on 0; 4 completed on 1; ");
}

TEST_CASE("fleet: a replica loads its weights and starts up; requests wait for it, but for none that will not come",
          "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, serving_first(0));
    jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
    hall.submit(0.0, 10);  // nobody will come
    hall.at(1.0, [&] { fleet.start(1); });
    hall.submit(2.0, 10, 2);
    hall.at(2.0, [&] { hall.say(fmt::format("{} wait", hall.service.waiting_for(jobs::PoolRole::serve))); });
    hall.at(1.0 + kLoading + 3.0 - 1e-6, [&] { hall.say(fmt::format("up {}", hall.service.is_up(1))); });
    hall.at(1.0 + kLoading + 3.0 + 1e-6, [&] { hall.say(fmt::format("up {}", hall.service.is_up(1))); });
    hall.at(10.0, [&] { fleet.drain(1); });
    hall.factory.run();
    hall.service.finish(hall.factory.simulation.now());
    const metrics::ScalingResult result = fleet.report(to_picoseconds(20.0));
    return hall.told + ends_of(hall) +
           fmt::format("started {}, drained {}, {:.3f} s, mean {:.4f}, peak {}, load {:.3f}, start {:.3f}",
                       result.started, result.drained, result.replica_seconds, result.mean_replicas,
                       result.peak_replicas, result.load_s->mean, result.start_s->mean);
  });
  // In service from 4.802 to 10 s.
  CHECK(text ==
        "2 wait at 2.000; up false at 4.802; up true at 4.802; "
        "1 rejected no_replica on -1; 2 completed on 1; 3 completed on 1; "
        "started 1, drained 1, 5.198 s, mean 0.2599, peak 1, load 0.802, start 3.802");
}

TEST_CASE("fleet: a run ends with a message when a replica that requests wait for cannot come", "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, serving_first(0));
    jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
    hall.factory.simulation.set_work_left(
        [&] { return hall.service.describe_work_left() + "; " + hall.factory.fabric.describe_work_left(); });
    hall.at(1.0, [&] { fleet.start(1); });
    hall.factory.change_at(1.5, [](resources::FabricMap& map) { map.set_storage_share(0.0); });
    hall.submit(2.0, 10, 3);
    try {
      hall.factory.run();
    } catch (const engine::StuckError& error) {
      return std::string(error.what());
    }
    return std::string("ended");
  });
  CAPTURE(text);
  for (const char* words : {"nothing moves any more since 2 s", "chat has 3 requests", "the first of which came at 2 s",
                            "3 wait for a replica", "replica 1 is down", "1 transfers in motion"}) {
    INFO(words);
    CHECK(text.find(words) != std::string::npos);
  }
}

TEST_CASE("fleet: a failure while a replica loads or starts up means starting over after the repair", "[jobs]") {
  for (const double failure : {1.4, 3.0}) {
    CAPTURE(failure);
    const std::string text = in_child([failure] {
      Hall hall(1, serving_first(0));
      jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
      hall.at(1.0, [&] { fleet.start(0); });
      hall.submit(1.2, 10);
      hall.at(failure, [&] {
        std::vector<jobs::LlmService::Struck> struck;
        hall.service.take_down(kFirstNode, struck);
      });
      hall.submit(5.0, 10);  // nobody knows of a repair
      hall.at(10.0, [&] { fleet.on_repaired(0, [&] { hall.say("back"); }); });
      hall.submit(11.0, 10);
      hall.factory.run();
      return hall.told + ends_of(hall);
    });
    CHECK(text == "back at 13.802; 1 rejected no_replica on -1; 2 rejected no_replica on -1; 3 completed on 0; ");
  }
}

TEST_CASE("fleet: a replica that is not wanted any more goes no further than its weights", "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, serving_first(1));
    jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
    hall.at(1.0, [&] { fleet.start(1); });
    hall.at(2.0, [&] { fleet.drain(1); });
    hall.at(9.0, [&] { hall.say(fmt::format("parked {}", fleet.is_parked(1))); });
    hall.at(9.5, [&] { fleet.start(1); });
    hall.factory.run();
    hall.say(fmt::format("serving {}", fleet.is_serving(1)));
    return hall.told;
  });
  CHECK(text == "parked true at 9.000; serving true at 13.302; ");
}

TEST_CASE("another model: replicas drain into it one by one; what only the old one takes goes to the old one",
          "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, {});
    jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
    std::vector<std::unique_ptr<jobs::ServedModel>> shorter;
    shorter.push_back(hall.made.served(with_context(150)));
    const std::int32_t edition = hall.service.add_edition(std::move(shorter));
    REQUIRE(fleet.add_edition(hall.weights(), kPicosecondsPerSecond) == edition);
    jobs::ModelSwaps swaps(hall.factory.simulation, {{.service = "chat",
                                                      .fleet = &fleet,
                                                      .edition = edition,
                                                      .at = kPicosecondsPerSecond,
                                                      .max_unavailable = 1,
                                                      .drains = true,
                                                      .canary = {}}});
    hall.submit(0.0, 100, 2);
    hall.submit(2.0, 100, 2);                   // replica 0 is out
    hall.submit(1.9 + kLoading + 0.3, 100, 2);  // replica 1 drains or loads: too long for the new one
    hall.submit(9.0, 50, 2);
    hall.factory.run();
    const metrics::IncidentResult result = swaps.report().at(0);
    std::string out = ends_of(hall);
    for (const auto& [name, value] : result.effects) out += fmt::format("{} {:.4g}, ", name, value);
    return out;
  });
  // Each is out for 1.802 s: 0.802 s of weights, 1 s of starting.
  CHECK(text ==
        "1 completed on 0; 2 completed on 1; 3 completed on 1; 4 completed on 1; 5 rejected longer_than_context on -1; "
        "6 rejected longer_than_context on -1; 7 completed on 0; 8 completed on 1; "
        "happened 1, promoted 1, replicas_swapped 2, replica_seconds_out_of_service 3.604, requests_restarted 0, "
        "tokens_discarded 0, requests_failed 0, duration_s 3.604, ");
}

TEST_CASE("another model: without draining, what runs starts again elsewhere and its tokens are thrown away",
          "[jobs]") {
  const std::string text = in_child([] {
    Hall hall(2, {});
    jobs::Fleet fleet(hall.factory.simulation, &hall.factory.fabric, hall.fleet());
    std::vector<std::unique_ptr<jobs::ServedModel>> same;
    same.push_back(hall.made.served({}));
    const std::int32_t edition = hall.service.add_edition(std::move(same));
    fleet.add_edition(hall.weights(), 0);
    hall.submit(0.0, 4000, 2);
    hall.at(0.5, [&] {
      const std::int32_t first[] = {0};
      fleet.use(first, edition, /*drains=*/false);
    });
    hall.factory.run();
    const jobs::LlmService::Evacuated lost = fleet.tally().evacuated;
    REQUIRE(lost.tokens > 100);
    REQUIRE(lost.tokens < 4000);
    metrics::ServiceResult result;
    hall.service.finish(hall.factory.simulation.now());
    hall.service.report(result, hall.factory.simulation.now());
    REQUIRE(result.output_tokens == 8000 + lost.tokens);
    REQUIRE(result.ttft_s->max < 0.1);  // of the first answer, that the client has seen
    REQUIRE(result.tpot_s->max > result.tpot_s->p50);
    return ends_of(hall) + fmt::format("{} restarted, {} refused, {} swapped, {:.3f} s out", lost.restarted,
                                       lost.refused, fleet.tally().swapped, to_seconds(fleet.tally().out));
  });
  CHECK(text == "2 completed on 1; 1 completed on 1; 1 restarted, 0 refused, 1 swapped, 0.802 s out");
}

TEST_CASE("traffic split: an even pattern of arrivals, and means by side of what came and ended since", "[jobs]") {
  jobs::TrafficSplit split({false, true, false}, 0.3);
  int chosen = 0;
  for (int arrivals = 1; arrivals <= 1000; ++arrivals) {
    if (split.next_goes_to_chosen()) ++chosen;
    REQUIRE(chosen == arrivals * 3 / 10);
  }
  CHECK(split.router().choose({}) == std::nullopt);  // none has come into service
  split.router().set_in_service(1, true);
  CHECK(split.router().choose({}) == 1);

  const auto request = [](Picoseconds arrival, Picoseconds first_token, std::int32_t output) {
    jobs::InFlight one{};
    one.arrival = arrival;
    one.first_token = first_token;
    one.output_tokens = output;
    return one;
  };
  split.completed(1, request(0, 10, 3), 30);  // nobody looks yet
  split.compare(100);
  split.completed(1, request(99, 110, 3), 130);  // came before
  split.completed(1, request(100, 110, 3), 130);
  split.completed(0, request(100, 130, 1), 130);
  split.completed(2, request(100, 150, 6), 200);
  CHECK(split.chosen_side().requests == 1);
  CHECK(split.chosen_side().mean_ttft() == 10e-12);
  CHECK(split.chosen_side().mean_tpot() == 10e-12);
  CHECK(split.other_side().requests == 2);
  CHECK(split.other_side().mean_ttft() == 40e-12);
  CHECK(split.other_side().mean_tpot() == 10e-12);  // of the one with more than one token
}
