#include "sim/engine/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <simgrid/s4u.hpp>
#include <utility>

namespace sg4 = simgrid::s4u;

namespace tokenworks::engine {
namespace {

// SimGrid merges dates closer than 1e-9 s; the end of a transfer is reported at the next whole microsecond, so that both
// clock modes report the same date.
constexpr Picoseconds kTransferGrain = 1'000'000;

void prefetch(const void* object) {
  constexpr int kLine = 64, kLines = 12;
  for (int line = 0; line < kLines; ++line) __builtin_prefetch(static_cast<const char*>(object) + line * kLine);
}

Picoseconds round_up_to_grain(double seconds) {
  const Picoseconds exact = to_picoseconds(seconds);
  return (exact + kTransferGrain - 1) / kTransferGrain * kTransferGrain;
}

}  // namespace

/// A transfer whose end waits to be told. Its timer fires at the reported date.
class TransferEnd final : public TimerClient {
 public:
  TransferEnd(std::size_t& in_flight, TransferClient& client, std::uint32_t tag)
      : in_flight_(in_flight), client_(client), tag_(tag) {}
  void on_timer(std::uint32_t) override {
    --in_flight_;
    client_.on_transfer_done(tag_);
  }

 private:
  std::size_t& in_flight_;
  TransferClient& client_;
  std::uint32_t tag_;
};

struct Simulation::Platform {
  explicit Platform(bool quiet_threads) {
    std::vector<std::string> words = {"tokenworks", "--log=root.threshold:critical", "--cfg=network/model:CM02",
                                      "--cfg=network/crosstraffic:0", "--cfg=network/TCP-gamma:0"};
    if (quiet_threads) words.emplace_back("--cfg=contexts/factory:thread");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int count = static_cast<int>(words.size());
    simgrid = std::make_unique<sg4::Engine>(&count, arguments.data());
    zone = sg4::create_star_zone("factory");
    clock_host = zone->create_host("clock", 1.0);
  }

  std::unique_ptr<sg4::Engine> simgrid;
  sg4::NetZone* zone = nullptr;
  sg4::Host* clock_host = nullptr;
  std::vector<sg4::Host*> hosts;
  sg4::SemaphorePtr something_ended;
  std::vector<std::pair<double, TimerId>> ended;  // date and timer of transfers that SimGrid has finished
  std::vector<std::unique_ptr<TransferEnd>> ends;  // by transfer, for the life of the run
  std::size_t moving = 0;                          // transfers that SimGrid still moves
  std::exception_ptr failure;
};

Simulation::Simulation(const Options& options) : options_(options), until_watch_(options.watch_interval) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kThreads = true;  // AddressSanitizer does not follow SimGrid's stack switching
#else
  constexpr bool kThreads = false;
#endif
  platform_ = std::make_unique<Platform>(kThreads);
}

Simulation::~Simulation() = default;

TimerId Simulation::add_timer(TimerClient& client, std::uint32_t tag, Rank rank) {
  timers_.push_back({&client, tag});
  return queue_.add(rank);
}

HostId Simulation::add_host(const std::string& name, BytesPerSecond link) {
  Platform& p = *platform_;
  sg4::Host* host = p.zone->create_host(name, 1.0);
  sg4::SplitDuplexLink* wire = p.zone->create_split_duplex_link("link of " + name, link.value);
  wire->set_latency(0.0);
  wire->seal();
  p.zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr, {{wire, sg4::LinkInRoute::Direction::UP}}, true);
  p.hosts.push_back(host);
  return static_cast<HostId>(p.hosts.size() - 1);
}

void Simulation::start_transfer(TransferClient& client, std::uint32_t tag, HostId from, HostId to, Bytes bytes,
                                std::uint64_t number) {
  Platform& p = *platform_;
  const double date = to_seconds(now_);
  if (date > sg4::Engine::get_clock()) sg4::this_actor::sleep_until(date);  // SimGrid catches up
  p.ends.push_back(std::make_unique<TransferEnd>(in_flight_, client, tag));
  const TimerId timer = add_timer(*p.ends.back(), 0, rank(RankClass::transfer, number));
  ++in_flight_;
  ++p.moving;
  sg4::Actor::create("transfer", p.clock_host, [&p, from, to, bytes, timer] {
    sg4::Comm::sendto(p.hosts[from], p.hosts[to], static_cast<std::uint64_t>(bytes.value));
    p.ended.emplace_back(sg4::Engine::get_clock(), timer);
    --p.moving;
    p.something_ended->release();
  });
}

void Simulation::deliver_finished_transfers() {
  for (const auto& [date, timer] : platform_->ended) set_timer(timer, std::max(now_, round_up_to_grain(date)));
  platform_->ended.clear();
}

void Simulation::check_still() {
  if (now_ != still_since_) {
    still_since_ = now_;
    still_events_ = events_;
  } else if (events_ - still_events_ > options_.still_limit) {
    throw StuckError(fmt::format("the clock stands still at {:.12g} s: {} events without a picosecond passing. {}",
                                 to_seconds(now_), events_ - still_events_,
                                 describe_work_left_ ? describe_work_left_() : ""));
  }
}

void Simulation::run_one() {
  now_ = queue_.first_date();
  const Timer timer = timers_[queue_.pop()];
  // With thousands of replicas the next one is rarely in the cache: fetch it while this one works.
  if (!queue_.empty()) prefetch(timers_[queue_.first()].client);
  timer.client->on_timer(timer.tag);
  ++events_;
  if (--until_watch_ == 0) {
    until_watch_ = options_.watch_interval;
    check_still();
    if (watch_ && !watch_()) {
      interrupted_ = true;
      stopped_ = true;
    }
  }
}

void Simulation::loop() {
  Platform& p = *platform_;
  while (!stopped_) {
    if (p.moving == 0 && !options_.always_sync) {
      deliver_finished_transfers();
      if (queue_.empty()) break;
      run_one();
      continue;
    }
    deliver_finished_transfers();
    if (queue_.empty() && p.moving == 0) break;
    if (queue_.empty()) {
      p.something_ended->acquire();
      continue;
    }
    const double wait = to_seconds(queue_.first_date()) - sg4::Engine::get_clock();
    if (wait > 0 && !p.something_ended->acquire_timeout(wait)) continue;  // a transfer ended first
    run_one();
  }
}

void Simulation::run() {
  Platform& p = *platform_;
  p.zone->seal();
  p.something_ended = sg4::Semaphore::create(0);
  sg4::Actor::create("clock", p.clock_host, [this] {
    try {
      loop();
    } catch (...) {
      platform_->failure = std::current_exception();
    }
    sg4::Actor::kill_all();
  });
  p.simgrid->run();
  if (p.failure) std::rethrow_exception(p.failure);
  if (stopped_ || !describe_work_left_) return;
  const std::string left = describe_work_left_();
  if (!left.empty()) {
    throw StuckError(fmt::format("nothing moves any more at {:.12g} s, but work is left: {}", to_seconds(now_), left));
  }
}

}  // namespace tokenworks::engine
