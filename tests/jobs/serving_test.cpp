// Who is served when: classes, tenants, clients that leave, prefix caches and their tiers, hand-over between pools.
// Times are those of a small model with made-up kernels; what a step takes is asked of the model, what follows from it
// is computed by hand.
#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using jobs::Ending;
using tokenworks::testing::in_child;

namespace {

constexpr double kBytesPerToken = 10 * 2 * 8 * 128 * 2;  // of the model: 10 layers, 8 key heads of 128, bf16
constexpr double kLayers = 10;
constexpr double kCard = 50e9;  // bytes/s of the network card of one GPU

struct Sent {
  double at = 0.0;
  std::int32_t input = 0, output = 0;
  std::int32_t sender = 0;
  std::int64_t content = 0;  ///< prompts of one content begin alike; 0: nothing is known of it
};

/// What became of a request.
struct Got {
  Ending ending = Ending::unfinished;
  std::string reason;
  Picoseconds arrival = 0, first_token = -1, end = 0;
  std::int64_t generated = 0, cached = 0, preemptions = 0, replica = -1;
  Picoseconds ttft() const { return first_token - arrival; }
};

struct Case {
  std::vector<PoolInFactory> pools = std::vector<PoolInFactory>(1);
  std::vector<jobs::ServiceClass> classes = std::vector<jobs::ServiceClass>(1);
  std::vector<double> tenants = {1.0};  ///< weights
  bool fair = false;
  bool preempts = true;
  jobs::Disaggregation disaggregation;
  std::vector<jobs::SenderTraits> senders = std::vector<jobs::SenderTraits>(1);
  std::vector<Sent> requests;
};

/// Runs a case in a child; by request, and after these the order of their ends.
class Served {
 public:
  explicit Served(const Case& setup) : got(setup.requests.size()) {
    std::istringstream text(in_child([&] { return run(setup); }));
    std::size_t number = 0;
    int ending = 0;
    for (Got one; text >> number >> ending >> one.reason >> one.arrival >> one.first_token >> one.end >>
                  one.generated >> one.cached >> one.preemptions >> one.replica;) {
      one.ending = static_cast<Ending>(ending);
      got[number] = one;
      order.push_back(number);
    }
  }
  std::vector<Got> got;
  std::vector<std::size_t> order;

 private:
  struct Sender final : jobs::RequestOwner {
    explicit Sender(std::ostringstream& to) : text(to) {}
    void on_ended(const jobs::EndedRequest& request) override {
      text << request.tag - 1 << ' ' << static_cast<int>(request.ending) << ' '
           << (request.reason.empty() ? "-" : request.reason) << ' ' << request.arrival << ' ' << request.first_token
           << ' ' << request.end << ' ' << request.generated_tokens << ' ' << request.cached_tokens << ' '
           << request.preemptions << ' ' << request.replica << '\n';
    }
    std::ostringstream& text;
  };

  static std::string run(const Case& setup) {
    SmallFactory::Setup of_factory;
    const resources::FabricGroup group = servers(4);
    of_factory.map.groups = {group};
    of_factory.map.graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
    for (topology::Link& link : of_factory.map.graph->links) link.latency = Seconds(0);
    SmallFactory factory(std::move(of_factory));
    jobs::RunEnd run_end(factory.simulation, kNever, true);
    jobs::LlmService::Setup service_setup;
    service_setup.classes = setup.classes;
    service_setup.tenants = std::vector<std::string>(setup.tenants.size());
    service_setup.lanes.fair = setup.fair;
    service_setup.lanes.tenants = static_cast<std::int32_t>(setup.tenants.size());
    service_setup.lanes.lanes.clear();
    service_setup.class_of_lane.clear();
    for (const jobs::SenderTraits& sender : setup.senders) {
      service_setup.lanes.lanes.push_back({setup.classes[static_cast<std::size_t>(sender.service_class)].level,
                                           sender.tenant, setup.tenants[static_cast<std::size_t>(sender.tenant)]});
      service_setup.class_of_lane.push_back(sender.service_class);
    }
    service_setup.preempts_for_urgent = setup.preempts;
    service_setup.disaggregation = setup.disaggregation;
    const ServiceInFactory service(factory, run_end, setup.pools, std::move(service_setup));
    std::ostringstream text;
    Sender sender(text);
    std::vector<std::int32_t> owners;
    owners.reserve(setup.senders.size());
    for (const jobs::SenderTraits& traits : setup.senders)
      owners.push_back(service.service->add_owner(&sender, traits));
    for (std::size_t i = 0; i < setup.requests.size(); ++i) {
      factory.at(setup.requests[i].at, [&, i] {
        const Sent& sent = setup.requests[i];
        const workload::ContentRun run{sent.content * 1'000'000, sent.input};
        jobs::Request request{.arrival = factory.simulation.now(),
                              .input_tokens = sent.input,
                              .output_tokens = sent.output,
                              .tag = static_cast<std::int32_t>(i) + 1};
        if (sent.content > 0) request.content = {.runs = {&run, 1}, .unit_tokens = 1, .tokens = sent.input, .space = 0};
        service.service->submit(request, owners[static_cast<std::size_t>(sent.sender)]);
      });
    }
    run_end.source_active();  // the run is over when nothing moves
    factory.run();
    service.service->finish(factory.simulation.now());  // in builds with assertions: nothing is left over
    return text.str();
  }
};

/// A step that computes the tokens (from, to] of one prompt, and nothing else.
Picoseconds prompt_step(std::int64_t from, std::int64_t to) {
  return std::stoll(in_child([&] {
    const PoolInFactory pool;
    ServiceInFactory::Model model;
    const std::unique_ptr<jobs::ServedModel> served = model.served(pool);
    llm::StepModel& steps = served->steps();
    llm::StepPart part = steps.prompt_attention(from, to);
    part += steps.prompt_launch();
    part += steps.tokens(to - from);
    part += steps.head(1);
    part += steps.host(1);
    return std::to_string(part.duration_ps);
  }));
}

Picoseconds time_alone(std::int64_t from, std::int64_t to) {
  return std::stoll(in_child([&] {
    ServiceInFactory::Model model;
    return std::to_string(model.served(PoolInFactory())->prompt_time(from, to));
  }));
}

jobs::ServiceClass class_of(std::int32_t level) {
  jobs::ServiceClass service_class;
  service_class.level = level;
  return service_class;
}

Case with_classes(std::int32_t levels) {
  Case setup;
  setup.classes.clear();
  setup.senders.clear();
  for (std::int32_t level = 0; level < levels; ++level) {
    setup.classes.push_back(class_of(level));
    setup.senders.push_back({.service_class = level});
  }
  return setup;
}

constexpr double kExact = 1.0;  // a picosecond, where transfers end

}  // namespace

TEST_CASE("serving: the urgent go first, in the places of others where these may be taken", "[jobs]") {
  Case setup = with_classes(2);
  setup.pools[0].profile.max_sequences = 1;
  // One runs; then two of each class come, the less urgent first.
  setup.requests = {
      {0.0, 100, 2000, 1}, {0.001, 100, 10, 1}, {0.002, 100, 10, 0}, {0.003, 100, 10, 1}, {0.004, 100, 10, 0}};
  setup.preempts = false;
  const Served waits(setup);
  CHECK(waits.order == std::vector<std::size_t>{0, 2, 4, 1, 3});
  CHECK(waits.got[0].preemptions == 0);
  setup.preempts = true;
  const Served taken(setup);
  CHECK(taken.order == std::vector<std::size_t>{2, 4, 0, 1, 3});
  CHECK(taken.got[0].preemptions == 1);
  CHECK(taken.got[0].generated == 2000);
  // The first token of the urgent one: what is left of the step that it comes in, and its own prompt.
  const Picoseconds step = prompt_step(0, 100);
  CHECK(taken.got[2].ttft() >= step);
  CHECK(taken.got[2].ttft() < step + (taken.got[0].end - taken.got[0].first_token) / 1999);
}

TEST_CASE("serving: of those that run, the least urgent gives way, and of these the last", "[jobs]") {
  Case setup = with_classes(3);
  setup.pools[0].profile.max_sequences = 4;
  setup.requests = {{0.0, 100, 3000, 2},   {0.001, 100, 3000, 2}, {0.002, 100, 3000, 1},
                    {0.003, 100, 3000, 1}, {0.05, 100, 10, 0},    {0.051, 100, 10, 0}};
  const Served served(setup);
  CHECK(served.got[1].preemptions == 1);  // for the first urgent one
  CHECK(served.got[0].preemptions == 1);  // for the second
  CHECK(served.got[2].preemptions == 0);
  CHECK(served.got[3].preemptions == 0);
  for (const Got& one : served.got) CHECK(one.ending == Ending::completed);
}

TEST_CASE("serving: tenants share tokens by their weights while both wait", "[jobs]") {
  Case setup;
  setup.fair = true;
  setup.tenants = {1.0, 3.0};
  setup.senders = {{.tenant = 0}, {.tenant = 1}};
  setup.pools[0].profile.max_sequences = 4;
  constexpr std::size_t kEach = 300;
  for (std::size_t i = 0; i < kEach; ++i) {
    setup.requests.push_back({0.0, 100, 100, 0});
    setup.requests.push_back({0.0, 100, 100, 1});
  }
  const Served served(setup);
  // Of 320 that are done, 240 should be the second's, whose 300 are not used up then.
  std::int64_t tokens[2] = {};
  for (std::size_t i = 0; i < 320; ++i) tokens[served.order[i] % 2] += 200;
  CHECK_THAT(static_cast<double>(tokens[1]) / static_cast<double>(tokens[0]), WithinRel(3.0, 0.05));
}

TEST_CASE("serving: a tenant that was away has saved up nothing", "[jobs]") {
  Case setup;
  setup.fair = true;
  setup.tenants = {1.0, 1.0};
  setup.senders = {{.tenant = 0}, {.tenant = 1}};
  setup.pools[0].profile.max_sequences = 1;
  for (int i = 0; i < 200; ++i) setup.requests.push_back({0.0, 100, 20, 0});
  for (int i = 0; i < 50; ++i) setup.requests.push_back({0.3, 100, 20, 1});
  const Served served(setup);
  // From when the second has come, both take turns.
  const auto first = std::find_if(served.order.begin(), served.order.end(), [](std::size_t i) { return i >= 200; });
  std::int64_t of_second = 0;
  for (auto i = first; i != first + 80; ++i) of_second += *i >= 200 ? 1 : 0;
  CHECK(of_second >= 39);
  CHECK(of_second <= 41);
}

TEST_CASE("serving: a client that has no first token in time leaves at that date", "[jobs]") {
  Case setup;
  setup.pools[0].profile.max_sequences = 1;
  setup.senders = {{}, {.patience = to_picoseconds(0.05)}};
  setup.requests = {{0.0, 100, 3000, 0}, {0.01, 100, 10, 1}, {0.02, 100, 10, 0}};
  const Served served(setup);
  CHECK(served.got[0].end > to_picoseconds(0.1));
  CHECK(served.got[1].ending == Ending::cancelled);
  CHECK(served.got[1].end == to_picoseconds(0.01) + to_picoseconds(0.05));
  CHECK(served.got[1].first_token == -1);
  CHECK(served.got[2].ending == Ending::completed);
  // One that has its first token stays, however long its answer takes.
  setup.requests = {{0.0, 100, 3000, 1}};
  CHECK(Served(setup).got[0].ending == Ending::completed);
}

TEST_CASE("serving: a time-out while decoding frees blocks at the end of that step", "[jobs]") {
  Case setup;
  setup.classes[0].timeout = to_picoseconds(0.05);
  setup.classes.push_back(class_of(0));
  setup.senders = {{.service_class = 0}, {.service_class = 1}};
  setup.pools[0].kv_tokens = 1200;
  // The second prompt does not fit beside the first request.
  setup.requests = {{0.0, 500, 600, 0}, {0.001, 800, 2, 1}};
  const Served served(setup);
  const Got& late = served.got[0];
  CHECK(late.ending == Ending::timed_out);
  CHECK(late.generated < 600);
  const double step = static_cast<double>(late.end - late.first_token) / static_cast<double>(late.generated - 1);
  CHECK(late.end >= to_picoseconds(0.05));
  CHECK(static_cast<double>(late.end - to_picoseconds(0.05)) < 1.1 * step);
  CHECK(served.got[1].first_token == late.end + prompt_step(0, 800));
}

TEST_CASE("serving: clients that give up end as cancelled with the tokens that came", "[jobs]") {
  Case setup;
  setup.senders = {{.gives_up_share = 1.0, .seed = 7, .stream = "someone"}};
  for (int i = 0; i < 50; ++i) setup.requests.push_back({0.0, 100, 101, 0});
  const Served served(setup);
  std::int64_t tokens = 0;
  for (const Got& one : served.got) {
    CHECK(one.ending == Ending::cancelled);
    CHECK(one.generated >= 1);
    CHECK(one.generated < 101);
    tokens += one.generated;
  }
  // Evenly spread over 1 .. 100: 50.5 with a standard error of 29/sqrt(50) = 4.1.
  CHECK_THAT(static_cast<double>(tokens) / 50, WithinAbs(50.5, 3 * 4.1));
}

TEST_CASE("serving: of a prompt that was there before, only the last block is computed", "[jobs]") {
  Case setup;
  setup.pools[0].keeps_prefixes = true;
  setup.requests = {{0.0, 1024, 2, 0, 1}, {1.0, 1024, 2, 0, 1}, {2.0, 1030, 2, 0, 1}, {3.0, 1024, 2, 0, 2}};
  const Served served(setup);
  // 64 blocks of 16: one token must be computed, and blocks are whole.
  CHECK(served.got[0].cached == 0);
  CHECK(served.got[1].cached == 1008);
  CHECK(served.got[2].cached == 1024);
  CHECK(served.got[3].cached == 0);
  CHECK(served.got[0].ttft() == prompt_step(0, 1024));
  CHECK(served.got[1].ttft() == prompt_step(1008, 1024));
  CHECK(served.got[2].ttft() == prompt_step(1024, 1030));
  CHECK(served.got[3].ttft() == prompt_step(0, 1024));
  setup.pools[0].keeps_prefixes = false;
  CHECK(Served(setup).got[1].ttft() == prompt_step(0, 1024));
}

TEST_CASE("serving: lower tiers are read where that is faster than computing again", "[jobs]") {
  const double bandwidth = 20e9;
  const Picoseconds computing = time_alone(0, 1008);
  const Picoseconds moving = to_picoseconds(1008 * kBytesPerToken / bandwidth);
  REQUIRE(moving < computing);
  // The second prompt pushes the first out of GPU memory; it comes again when both have ended.
  Case setup;
  setup.pools[0].keeps_prefixes = true;
  setup.pools[0].kv_tokens = 1040;
  setup.requests = {{0.0, 1024, 2, 0, 1}, {1.0, 1024, 2, 0, 2}, {2.0, 1024, 2, 0, 1}};
  const auto cached = [&](Picoseconds latency, bool always) {
    jobs::KvTier tier;
    tier.room = Bytes(1e9);
    tier.bandwidth = BytesPerSecond(bandwidth);
    tier.latency = latency;
    setup.pools[0].tiers.tiers = {tier};
    setup.pools[0].tiers.fetch_always = always;
    return Served(setup).got[2].cached;
  };
  CHECK(cached(computing - moving - 1, false) == 1008);
  CHECK(cached(computing - moving, false) < 1008);  // no faster: computed
  CHECK(cached(computing - moving, true) == 1008);
  setup.pools[0].tiers = {};
  CHECK(Served(setup).got[2].cached < 1008);
}

TEST_CASE("serving: what is fetched is there when its bytes are", "[jobs]") {
  Case setup;
  setup.pools[0].keeps_prefixes = true;
  setup.pools[0].kv_tokens = 1040;
  jobs::KvTier tier;
  tier.room = Bytes(1e9);
  tier.bandwidth = BytesPerSecond(50e9);
  setup.pools[0].tiers.tiers = {tier};
  setup.pools[0].tiers.fetch_always = true;
  setup.requests = {{0.0, 1024, 2, 0, 1}, {1.0, 1024, 2, 0, 2}, {2.0, 1024, 2, 0, 1}};
  const Served served(setup);
  // All 63 blocks come from the host over the GPU's link to it, 50 GB/s.
  CHECK(served.got[2].cached == 1008);
  const Picoseconds moving = to_picoseconds(1008 * kBytesPerToken / 50e9);
  CHECK_THAT(static_cast<double>(served.got[2].ttft()),
             WithinAbs(static_cast<double>(moving + prompt_step(1008, 1024)), kExact));
}

namespace {

/// Prompts are computed on one node, answers on another.
Case handed_over() {
  Case setup;
  setup.pools = std::vector<PoolInFactory>(2);
  setup.pools[0].role = jobs::PoolRole::prefill;
  setup.pools[1].role = jobs::PoolRole::decode;
  setup.pools[1].first_node = 1;
  return setup;
}

}  // namespace

TEST_CASE("serving: hand-over at once: the prompt, then its bytes, then the answer", "[jobs]") {
  Case setup = handed_over();
  setup.requests = {{0.0, 4096, 20}, {1.0, 4096, 1}};
  const Served served(setup);
  const Picoseconds step = prompt_step(0, 4096);
  const Picoseconds moving = to_picoseconds(4096 * kBytesPerToken / kCard);
  CHECK_THAT(static_cast<double>(served.got[0].ttft()), WithinAbs(static_cast<double>(step + moving), kExact));
  CHECK(served.got[0].replica == 1);
  CHECK(served.got[1].ttft() == step);  // one token: nothing is handed over
  CHECK(served.got[1].replica == 0);
}

TEST_CASE("serving: transfers that reach half of the line rate take twice as long", "[jobs]") {
  Case setup = handed_over();
  setup.disaggregation.line_rate_share = 0.5;
  setup.requests = {{0.0, 4096, 20}};
  const Served served(setup);
  const Picoseconds moving = 2 * to_picoseconds(4096 * kBytesPerToken / kCard);
  CHECK_THAT(static_cast<double>(served.got[0].ttft()),
             WithinAbs(static_cast<double>(prompt_step(0, 4096) + moving), kExact));
}

TEST_CASE("serving: hand-over layer by layer: the longer of computing and sending, and the last layer", "[jobs]") {
  Case setup = handed_over();
  setup.disaggregation.layer_by_layer = true;
  setup.requests = {{0.0, 4096, 20}};
  const Picoseconds step = prompt_step(0, 4096);
  const double moving = 4096 * kBytesPerToken / kCard * 1e12;
  REQUIRE(moving * 0.9 < static_cast<double>(step));
  CHECK_THAT(static_cast<double>(Served(setup).got[0].ttft()),
             WithinAbs(static_cast<double>(step) + moving / kLayers, kExact));
  // With ten times the bytes the link is the longer, and never idle.
  setup.pools[0].kv_bytes_per_token = setup.pools[1].kv_bytes_per_token = 20 * kBytesPerToken;
  REQUIRE(moving * 20 * 0.9 > static_cast<double>(step));
  CHECK_THAT(static_cast<double>(Served(setup).got[0].ttft()), WithinAbs(moving * 20, kExact));
}

TEST_CASE("serving: a decode pool that is full holds back who comes", "[jobs]") {
  for (const bool layer_by_layer : {false, true}) {
    CAPTURE(layer_by_layer);
    Case setup = handed_over();
    setup.pools[1].kv_tokens = 1600;  // of one request, not of two
    setup.disaggregation.layer_by_layer = layer_by_layer;
    setup.requests = {{0.0, 1024, 500}, {0.001, 1024, 500}, {0.002, 1024, 500}};
    const Served served(setup);
    CHECK(served.order == std::vector<std::size_t>{0, 1, 2});
    const double moving = 1024 * kBytesPerToken / kCard * 1e12;
    // At once: the prompt was computed long before. Layer by layer: it begins when there is room.
    const double wait = layer_by_layer ? static_cast<double>(prompt_step(0, 1024)) + moving / kLayers : moving;
    for (const std::size_t i : {1, 2}) {
      CHECK_THAT(static_cast<double>(served.got[i].first_token - served.got[i - 1].end), WithinAbs(wait, kExact));
      CHECK(served.got[i].preemptions == 0);
    }
  }
}

TEST_CASE("serving: short prompts are computed where they are decoded", "[jobs]") {
  Case setup = handed_over();
  setup.disaggregation.local_prompt_tokens = 100;
  setup.requests = {{0.0, 100, 5}, {1.0, 101, 5}};
  const Served served(setup);
  CHECK(served.got[0].ttft() == prompt_step(0, 100));
  CHECK(served.got[1].ttft() > prompt_step(0, 101));
}

TEST_CASE("serving: a request too long for one pool goes to another; too long for all, it is rejected", "[jobs]") {
  Case setup;
  setup.pools = std::vector<PoolInFactory>(2);
  setup.pools[0].kv_tokens = 1000;
  setup.pools[1].kv_tokens = 5000;
  setup.pools[1].first_node = 1;
  for (int i = 0; i < 4; ++i) setup.requests.push_back({0.1 * i, 2000, 5});
  setup.requests.push_back({0.5, 6000, 5});
  setup.requests.push_back({0.6, 70000, 5});
  const Served served(setup);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(served.got[i].ending == Ending::completed);
    CHECK(served.got[i].replica == 1);
  }
  CHECK(served.got[4].ending == Ending::rejected);
  CHECK(served.got[4].reason == "longer_than_kv_pool");
  CHECK(served.got[5].ending == Ending::rejected);
  CHECK(served.got[5].reason == "longer_than_context");
}

TEST_CASE("serving: a deadline that passes in a prompt's last step ends it, and nobody else", "[jobs]") {
  Case setup = handed_over();
  const double step = static_cast<double>(prompt_step(0, 4096)) * 1e-12;
  // Patience and time-out both pass while the prompt is computed.
  setup.classes[0].timeout = to_picoseconds(0.6 * step);
  setup.classes.push_back(class_of(0));
  setup.senders = {{.patience = to_picoseconds(0.5 * step)}, {.service_class = 1}};
  setup.requests = {{0.0, 4096, 20, 0}, {1.0, 4096, 20, 1}, {2.0, 4096, 20, 1}};
  const Served served(setup);
  CHECK(served.got[0].ending == Ending::cancelled);
  CHECK(served.got[0].end == prompt_step(0, 4096));
  CHECK(served.got[1].ending == Ending::completed);
  CHECK(served.got[2].ending == Ending::completed);
}
