#include "sim/jobs/weight_loads.hpp"

#include "models/storage/transfer_time.hpp"
#include "sim/jobs/weight_load_incidents.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/jobs/service_in_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using jobs::WeightSource;
using tokenworks::testing::in_child;

namespace {

const storage::StorageProfile kStorage{.read_bandwidth = BytesPerSecond(60e9),
                                       .write_bandwidth = BytesPerSecond(40e9),
                                       .reader_limit = BytesPerSecond(20e9),
                                       .writer_limit = BytesPerSecond(15e9),
                                       .request_latency = Seconds(0.002)};

storage::NodeLinks links_of(const resources::FabricGroup& group) {
  return {.storage = group.kind.storage_bandwidth,
          .peer = group.kind.nic_bandwidth * static_cast<double>(group.kind.nics_per_node),
          .host = group.kind.host_link_bandwidth * static_cast<double>(group.kind.gpus_per_node),
          .local_read = group.kind.local_read_bandwidth,
          .local_write = group.kind.local_write_bandwidth};
}

/// One replica of 8 GPUs on each of so many nodes, one GPU's part being 2 GB.
struct Loading final : private jobs::WeightClient {
  Loading(std::int64_t count, WeightSource source)
      : nodes(count),
        factory(setup(count)),
        run_end(factory.simulation, kNever, false),
        service(factory, run_end, replicas(count)),
        loads(&factory.fabric,
              {service.service.get(), std::vector<Bytes>(static_cast<std::size_t>(count), Bytes(2e9)), source}) {}

  static SmallFactory::Setup setup(std::int64_t count) {
    const resources::FabricGroup group = servers(count);
    SmallFactory::Setup setup;
    setup.map.groups = {group};
    setup.map.graph = graph_for(group, "rail_optimized", {{"switch", test_switch(64)}});
    for (topology::Link& link : setup.map.graph->links) link.latency = Seconds(0);
    setup.map.storage = kStorage;
    return setup;
  }
  static std::vector<std::vector<placement::Slice>> replicas(std::int64_t count) {
    std::vector<std::vector<placement::Slice>> result;
    for (std::int64_t i = 0; i < count; ++i) result.push_back({{.node = i, .gpus = 8}});
    return result;
  }
  void load_at(double seconds, std::int64_t node) {
    factory.at(seconds, [this, node] {
      loads.load(static_cast<std::int32_t>(node), node, *this, static_cast<std::uint32_t>(node));
    });
  }
  void on_weights(std::uint32_t tag, bool arrived) override {
    ends[tag] = to_seconds(factory.simulation.now()) * (arrived ? 1.0 : -1.0);
  }

  std::int64_t nodes;
  SmallFactory factory;
  jobs::RunEnd run_end;
  ServiceInFactory service;
  jobs::WeightLoads loads;
  std::map<std::uint32_t, double> ends;
};

/// When each node has its weights; all ask at once unless `plan` says otherwise.
std::map<std::uint32_t, double> loaded(std::int64_t nodes, WeightSource source,
                                       const std::function<void(Loading&)>& plan = {}) {
  return read(in_child([&] {
    Loading loading(nodes, source);
    if (plan) {
      plan(loading);
    } else {
      for (std::int64_t node = 0; node < nodes; ++node) loading.load_at(0.0, node);
    }
    loading.factory.run();
    return written(loading.ends);
  }));
}

double last(const std::map<std::uint32_t, double>& ends) {
  double latest = 0.0;
  for (const auto& [node, end] : ends) latest = std::max(latest, end);
  return latest;
}

}  // namespace

TEST_CASE("weight loads: from storage, its hot spot as in closed form", "[jobs]") {
  for (const std::int64_t nodes : {1, 2, 3, 4, 7, 16}) {
    CAPTURE(nodes);
    const auto ends = loaded(nodes, WeightSource::storage);
    REQUIRE(ends.size() == static_cast<std::size_t>(nodes));
    const double closed = storage::read_time(kStorage, links_of(servers(nodes)), nodes, Bytes(16e9)).value;
    for (const auto& [node, end] : ends) CHECK_THAT(end, WithinAbs(closed, 1e-9));
  }
}

TEST_CASE("weight loads: each node's own drives, beside each other", "[jobs]") {
  storage::StorageProfile local;
  local.is_local = true;
  for (const std::int64_t nodes : {1, 5}) {
    const double closed = storage::read_time(local, links_of(servers(nodes)), nodes, Bytes(16e9)).value;
    for (const auto& [node, end] : loaded(nodes, WeightSource::local_drives)) CHECK_THAT(end, WithinAbs(closed, 1e-9));
  }
}

TEST_CASE("weight loads: peers double, as in closed form", "[jobs]") {
  for (const std::int64_t nodes : {1, 2, 3, 4, 5, 8, 13, 16}) {
    CAPTURE(nodes);
    const auto ends = loaded(nodes, WeightSource::peers);
    REQUIRE(ends.size() == static_cast<std::size_t>(nodes));
    const double closed = storage::fan_out_time(kStorage, links_of(servers(nodes)), nodes, Bytes(16e9)).value;
    CHECK_THAT(last(ends), WithinAbs(closed, 1e-9));
  }
}

TEST_CASE("weight loads: a holder gives to one at a time, and to nobody once it has failed", "[jobs]") {
  constexpr double kPass = 16.0 / 400.0;  // seconds from peer to peer
  // Node 0 holds: 1 and 2 come one after the other, unless 1 can give.
  auto ends = loaded(4, WeightSource::peers, [](Loading& loading) {
    loading.loads.add_holder(0);
    loading.loads.add_holder(0);  // said twice, it still gives once
    for (const std::int64_t node : {1, 2, 3}) loading.load_at(0.0, node);
    loading.factory.at(kPass / 2, [&] { loading.loads.add_holder(0); });  // and while it gives
  });
  CHECK_THAT(ends.at(1), WithinAbs(kPass, 1e-9));
  CHECK_THAT(ends.at(2), WithinAbs(2 * kPass, 1e-9));
  CHECK_THAT(ends.at(3), WithinAbs(2 * kPass, 1e-9));
  // Fails while it gives: what is under way arrives, but it gives no more. Node 1 alone passes on.
  ends = loaded(4, WeightSource::peers, [](Loading& loading) {
    loading.loads.add_holder(0);
    for (const std::int64_t node : {1, 2, 3}) loading.load_at(0.0, node);
    loading.factory.at(kPass / 2, [&] { loading.loads.remove_holder(0); });
  });
  CHECK_THAT(ends.at(1), WithinAbs(kPass, 1e-9));
  CHECK_THAT(ends.at(2), WithinAbs(2 * kPass, 1e-9));
  CHECK_THAT(ends.at(3), WithinAbs(3 * kPass, 1e-9));
}

TEST_CASE("weight loads: without a fabric they are there at once; an incident waits for all nodes", "[jobs]") {
  const std::string text = in_child([] {
    Loading loading(4, WeightSource::storage);
    const jobs::LoadedService of{loading.service.service.get(), std::vector<Bytes>(4, Bytes(2e9)),
                                 WeightSource::storage};
    jobs::WeightLoadIncidents over_fabric(loading.factory.simulation, loading.run_end, &loading.factory.fabric,
                                          {{"chat", of, 3, kPicosecondsPerSecond}});
    jobs::WeightLoadIncidents at_once(loading.factory.simulation, loading.run_end, nullptr,
                                      {{"chat", of, 3, 3 * kPicosecondsPerSecond}});
    loading.factory.run();
    std::string out;
    for (const jobs::WeightLoadIncidents* incidents : {&over_fabric, &at_once}) {
      const metrics::IncidentResult result = incidents->report().at(0);
      out += fmt::format("{} {:g}", result.target, result.repaired_at_s.value());
      for (const auto& [name, value] : result.effects) out += fmt::format(" {} {:g}", name, value);
      out += "; ";
    }
    return out;
  });
  // 3 nodes of 16 GB share 60 GB/s: 0.8 s, and 2 ms.
  CHECK(text ==
        "chat 1.802 happened 1 nodes 3 nodes_without_weights 0 bytes 4.8e+10 duration_s 0.802; "
        "chat 3 happened 1 nodes 3 nodes_without_weights 0 bytes 4.8e+10 duration_s 0; ");
}
