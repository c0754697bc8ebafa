#include "sim/engine/simgrid_flows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;
namespace routing = simgrid::kernel::routing;

namespace tokenworks::engine {
namespace {

// Each stream in motion has a pair of hosts of its own, by which SimGrid asks for its route: 128 hosts, 16,256 pairs.
constexpr std::size_t kHosts = 128;
constexpr double kStandstill = 1e-9;  // bytes/s: SimGrid wants a capacity above 0

using Route = std::vector<simgrid::kernel::resource::StandardLinkImpl*>;

std::size_t pair_of(std::size_t source, std::size_t target) { return source * kHosts + target; }

/// Routes are looked up by the pair of hosts of a stream.
class FabricZone final : public routing::NetZoneImpl {
 public:
  FabricZone() : NetZoneImpl("fabric"), routes_(kHosts * kHosts) {}
  Route& route(std::size_t pair) { return routes_[pair]; }
  void number_host(const routing::NetPoint* point, std::size_t host) { numbers_[point->id()] = host; }

  void get_local_route(const routing::NetPoint* source, const routing::NetPoint* target, routing::Route* into,
                       double*) override {
    into->link_list_ = routes_[pair_of(numbers_.at(source->id()), numbers_.at(target->id()))];
  }
  void get_graph(const s_xbt_graph_t*, std::map<std::string, xbt_node_t, std::less<>>*,
                 std::map<std::string, xbt_edge_t, std::less<>>*) override {}

 private:
  std::map<unsigned long, std::size_t> numbers_;
  std::vector<Route> routes_;
};

}  // namespace

struct SimgridFlows::State {
  struct Stream {
    FlowSlot slot = 0;
    double bytes = 0.0;
    bool moving = false;
    bool cancelled = false;
    bool again = false;  // goes on in a new communication
    sg4::CommPtr comm;   // once its actor has taken it up
  };
  /// An actor that moves one stream after another over its pair of hosts.
  struct Worker {
    sg4::Host* source = nullptr;
    sg4::Host* target = nullptr;
    std::size_t pair = 0;
    sg4::Link* limit = nullptr;  // a link of its own for streams with a limit: SimGrid 3.32 does not heed set_rate here
    sg4::SemaphorePtr wanted;
    Stream stream;
  };

  void work(Worker& worker) {
    for (;;) {
      worker.wanted->acquire();
      Stream& stream = worker.stream;
      do {
        stream.again = false;
        stream.comm = sg4::Comm::sendto_init();
        stream.comm->set_payload_size(static_cast<std::uint64_t>(stream.bytes));
        stream.comm->set_source(worker.source)->set_destination(worker.target);  // starts it
        try {
          stream.comm->wait();
        } catch (const simgrid::Exception&) {  // taken back
        }
      } while (stream.again);
      const bool told = !stream.cancelled;
      const FlowSlot slot = stream.slot;
      stream.comm.reset();
      stream.moving = false;
      idle.push_back(&worker);
      if (told && --left[slot] == 0) ended(slot);
    }
  }

  Worker& take_worker() {
    if (idle.empty()) {
      if (workers.size() + 1 > kHosts * (kHosts - 1)) throw std::length_error("too many flows at once for SimGrid's");
      auto worker = std::make_unique<Worker>();
      const std::size_t number = workers.size();
      const std::size_t source = number / (kHosts - 1), step = number % (kHosts - 1);
      const std::size_t target = step < source ? step : step + 1;
      worker->source = hosts[source];
      worker->target = hosts[target];
      worker->pair = pair_of(source, target);
      worker->wanted = sg4::Semaphore::create(0);
      Worker* at = worker.get();
      workers.push_back(std::move(worker));
      sg4::Actor::create("flow", at->source, [this, at] { work(*at); })->daemonize();
      return *at;
    }
    Worker& worker = *idle.back();
    idle.pop_back();
    return worker;
  }

  sg4::Link* make_link(double bytes_per_s) {
    return zone->get_iface()
        ->create_link("link " + std::to_string(made++), std::max(bytes_per_s, kStandstill))
        ->set_latency(0.0)
        ->seal();
  }

  sg4::Link* take_spare() {
    if (spare.empty()) throw std::length_error("more links than were announced to SimGrid");
    sg4::Link* link = spare.back();
    spare.pop_back();
    return link;
  }

  std::function<void(FlowSlot)> ended;
  FabricZone* zone = nullptr;  // SimGrid owns it
  std::vector<sg4::Host*> hosts;
  sg4::Link* unshared = nullptr;  // for flows that cross no link
  std::vector<sg4::Link*> links, spare;
  std::size_t made = 0;
  bool sealed = false;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<Worker*> idle;
  std::vector<int> left;  // streams of a flow, by slot
};

SimgridFlows::SimgridFlows(std::function<void(FlowSlot)> ended) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.ended = std::move(ended);
  s.zone = new FabricZone;
  for (std::size_t i = 0; i < kHosts; ++i) {
    s.hosts.push_back(s.zone->get_iface()->create_host("host " + std::to_string(i), 1.0));
    s.zone->number_host(s.hosts.back()->get_netpoint(), i);
  }
  s.unshared = s.zone->get_iface()->create_link("unshared", 1e18);
  s.unshared->set_sharing_policy(sg4::Link::SharingPolicy::FATPIPE);
  s.unshared->set_latency(0.0)->seal();
}

SimgridFlows::~SimgridFlows() = default;

void SimgridFlows::seal(std::size_t spare_links) {
  State& s = *state_;
  for (std::size_t i = 0; i < spare_links; ++i) s.spare.push_back(s.make_link(1.0));
  s.zone->get_iface()->seal();
  s.sealed = true;
}

LinkId SimgridFlows::add_link(double bytes_per_s) {
  State& s = *state_;
  if (!s.sealed) {
    s.links.push_back(s.make_link(bytes_per_s));
  } else {
    s.links.push_back(s.take_spare());
    s.links.back()->set_bandwidth(std::max(bytes_per_s, kStandstill));
  }
  return static_cast<LinkId>(s.links.size() - 1);
}

void SimgridFlows::set_capacity(LinkId link, double bytes_per_s, Picoseconds) {
  State& s = *state_;
  const bool grows = bytes_per_s > s.links[link]->get_bandwidth();
  s.links[link]->set_bandwidth(std::max(bytes_per_s, kStandstill));
  if (!grows) return;
  // SimGrid holds a communication to the bandwidth that its links had when it began.
  const auto* grown = s.links[link]->get_impl();
  for (const auto& worker : s.workers) {
    State::Stream& stream = worker->stream;
    if (!stream.comm || stream.cancelled || stream.again) continue;
    const Route& route = s.zone->route(worker->pair);
    if (std::find(route.begin(), route.end(), grown) == route.end()) continue;
    stream.bytes = stream.comm->get_remaining();
    stream.again = true;
    stream.comm->cancel();
  }
}

void SimgridFlows::start(FlowSlot slot, const FlowShape& shape, std::uint64_t, Picoseconds) {
  State& s = *state_;
  if (s.left.size() <= slot) s.left.resize(slot + 1);
  s.left[slot] = shape.streams;
  for (int i = 0; i < shape.streams; ++i) {
    State::Worker& worker = s.take_worker();
    worker.stream = {.slot = slot,
                     .bytes = shape.bytes / shape.streams,
                     .moving = true,
                     .cancelled = false,
                     .again = false,
                     .comm = nullptr};
    Route& route = s.zone->route(worker.pair);
    route.clear();
    for (const LinkId link : shape.links) route.push_back(s.links[link]->get_impl());
    if (std::isfinite(shape.limit_bytes_per_s)) {
      if (worker.limit == nullptr) worker.limit = s.take_spare();
      worker.limit->set_bandwidth(shape.limit_bytes_per_s / shape.streams);
      route.push_back(worker.limit->get_impl());
    }
    if (route.empty()) route.push_back(s.unshared->get_impl());
    worker.wanted->release();
  }
}

void SimgridFlows::cancel(FlowSlot slot, Picoseconds) {
  for (const auto& worker : state_->workers) {
    State::Stream& stream = worker->stream;
    if (stream.slot != slot || !stream.moving) continue;
    stream.cancelled = true;
    stream.bytes = 0.0;
    stream.again = false;
    if (stream.comm) stream.comm->cancel();
  }
}

double SimgridFlows::remaining_bytes(FlowSlot slot, Picoseconds) const {
  double bytes = 0.0;
  for (const auto& worker : state_->workers) {
    const State::Stream& stream = worker->stream;
    if (stream.slot != slot || !stream.moving || stream.cancelled) continue;
    bytes += stream.comm && !stream.again ? stream.comm->get_remaining() : stream.bytes;
  }
  return bytes;
}

double SimgridFlows::load_bytes_per_s(LinkId link) { return state_->links[link]->get_usage(); }

}  // namespace tokenworks::engine
