#include "sim/engine/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <simgrid/s4u.hpp>
#include <utility>

#include "sim/engine/max_min_flows.hpp"
#include "sim/engine/simgrid_flows.hpp"

namespace sg4 = simgrid::s4u;

namespace tokenworks::engine {
namespace {

void prefetch(const void* object) {
  constexpr int kLine = 64, kLines = 12;
  for (int line = 0; line < kLines; ++line) __builtin_prefetch(static_cast<const char*>(object) + line * kLine);
}

}  // namespace

/// A transfer, or a free slot for one. Its timer fires when the last byte has arrived.
struct Simulation::Moving final : TimerClient {
  explicit Moving(Simulation& owner) : simulation(owner), timer(owner.add_timer(*this, 0, 0)) {}
  void on_timer(std::uint32_t) override;

  Simulation& simulation;
  TransferClient* client = nullptr;
  std::uint32_t tag = 0;
  std::uint32_t generation = 0;
  FlowSlot slot = 0;
  TimerId timer;
  Picoseconds latency = 0;
  bool in_motion = false;  // its bytes have not all left
};

struct Simulation::Platform {
  Platform(bool quiet_threads, bool simgrid_flows, std::function<void(FlowSlot)> ended) {
    std::vector<std::string> words = {"tokenworks", "--log=root.threshold:critical", "--cfg=network/model:CM02",
                                      "--cfg=network/crosstraffic:0", "--cfg=network/TCP-gamma:0"};
    if (quiet_threads) words.emplace_back("--cfg=contexts/factory:thread");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int count = static_cast<int>(words.size());
    simgrid = std::make_unique<sg4::Engine>(&count, arguments.data());
    if (simgrid_flows) {
      stock = std::make_unique<SimgridFlows>(std::move(ended));
    } else {
      sg4::create_star_zone("factory")->create_host("clock", 1.0);
    }
    clock_host = simgrid->get_all_hosts().front();
  }

  Flows& flows() { return stock ? static_cast<Flows&>(*stock) : fast; }

  std::unique_ptr<sg4::Engine> simgrid;
  sg4::Host* clock_host = nullptr;
  MaxMinFlows fast;
  std::unique_ptr<SimgridFlows> stock;  // takes the place of `fast`
  sg4::SemaphorePtr something_ended;    // of `stock`
  std::vector<FlowSlot> ended;          // by `stock`, not yet told
  std::vector<std::unique_ptr<Moving>> moving;
  std::vector<FlowSlot> free_slots;
  std::exception_ptr failure;
};

Simulation::Simulation(const Options& options) : options_(options), until_watch_(options.watch_interval) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kThreads = true;  // AddressSanitizer does not follow SimGrid's stack switching
#else
  constexpr bool kThreads = false;
#endif
  platform_ = std::make_unique<Platform>(kThreads, options.simgrid_flows, [this](FlowSlot slot) {
    platform_->ended.push_back(slot);
    platform_->something_ended->release();
  });
}

Simulation::~Simulation() = default;

TimerId Simulation::add_timer(TimerClient& client, std::uint32_t tag, Rank rank) {
  timers_.push_back({&client, tag});
  return queue_.add(rank);
}

void Simulation::set_idle(TimerId timer) {
  if (timers_[timer].idle >= 0) return;
  timers_[timer].idle = static_cast<std::int32_t>(idle_.size());
  idle_.emplace_back();
}

// ---- Transfers ----------------------------------------------------------------------------------------------------

LinkId Simulation::add_link(BytesPerSecond capacity) { return platform_->flows().add_link(capacity.value); }

void Simulation::set_link_capacity(LinkId link, BytesPerSecond capacity) {
  catch_up();
  platform_->flows().set_capacity(link, capacity.value, now_);
  flows_changed_ = true;
}

BytesPerSecond Simulation::link_load(LinkId link) { return BytesPerSecond(platform_->flows().load_bytes_per_s(link)); }

FlowSlot Simulation::slot_of(TransferId transfer) const { return static_cast<FlowSlot>(transfer & 0xffffffffu); }

TransferId Simulation::start_transfer(TransferClient& client, std::uint32_t tag, const Transfer& transfer,
                                      std::uint64_t number) {
  Platform& p = *platform_;
  catch_up();
  if (p.free_slots.empty()) {
    p.free_slots.push_back(static_cast<FlowSlot>(p.moving.size()));
    p.moving.push_back(std::make_unique<Moving>(*this));
  }
  const FlowSlot slot = p.free_slots.back();
  p.free_slots.pop_back();
  Moving& moving = *p.moving[slot];
  moving.client = &client;
  moving.tag = tag;
  moving.slot = slot;
  moving.latency = transfer.latency;
  moving.in_motion = true;
  queue_.set_rank(moving.timer, rank(RankClass::transfer, number));
  p.flows().start(slot,
                  {.links = transfer.links,
                   .bytes = transfer.bytes.value,
                   .streams = transfer.streams,
                   .limit_bytes_per_s = transfer.limit.value},
                  number, now_);
  ++in_flight_;
  flows_changed_ = true;
  return (TransferId{moving.generation} << 32) | slot;
}

Bytes Simulation::remaining_bytes(TransferId transfer) const {
  const FlowSlot slot = slot_of(transfer);
  return Bytes(platform_->moving[slot]->in_motion ? platform_->flows().remaining_bytes(slot, now_) : 0.0);
}

Bytes Simulation::cancel_transfer(TransferId transfer) {
  Platform& p = *platform_;
  catch_up();
  const Bytes rest = remaining_bytes(transfer);
  Moving& moving = *p.moving[slot_of(transfer)];
  if (moving.in_motion) p.flows().cancel(moving.slot, now_);
  moving.in_motion = false;
  std::erase(p.ended, moving.slot);  // its slot may be taken again before that would be told
  queue_.cancel(moving.timer);
  ++moving.generation;
  p.free_slots.push_back(moving.slot);
  --in_flight_;
  flows_changed_ = true;
  return rest;
}

/// All bytes have left.
void Simulation::flow_ended(FlowSlot slot) {
  Moving& moving = *platform_->moving[slot];
  if (!moving.in_motion) return;  // taken back at the same date
  moving.in_motion = false;
  queue_.set(moving.timer, now_ + moving.latency);
  flows_changed_ = true;
}

void Simulation::Moving::on_timer(std::uint32_t) {
  ++generation;
  --simulation.in_flight_;
  simulation.platform_->free_slots.push_back(slot);
  client->on_transfer_done(tag);
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

void Simulation::idle_fires(IdleTimer& timer) {
  if (timer.progress != progress_) timer = {.fired = 0, .progress = progress_};
  ++timer.fired;
  if (now_ - progress_ < options_.stuck_after || now_ < next_stuck_check_ || !describe_work_left_) return;
  next_stuck_check_ = now_ + options_.stuck_after / 8;  // timers are many
  if (!is_stuck()) return;
  const std::string left = describe_work_left_();
  if (left.empty()) return;
  throw StuckError(fmt::format(
      "nothing has moved since {:.12g} s, and nothing will (it is {:.12g} s, and only intervals and time-outs "
      "pass), but work is left: {}",
      to_seconds(progress_), to_seconds(now_), left));
}

/// Whether only idle timers are set, each of which has had its turns, and no transfer moves.
bool Simulation::is_stuck() {
  Platform& p = *platform_;
  if (in_flight_ > 0 && (p.stock || p.fast.next_end() != kNever)) return false;
  for (TimerId id = 0; id < timers_.size(); ++id) {
    if (!queue_.is_set(id)) continue;
    const std::int32_t place = timers_[id].idle;
    if (place < 0) return false;
    const IdleTimer& idle = idle_[static_cast<std::size_t>(place)];
    if (idle.progress != progress_ || idle.fired < 2) return false;
  }
  return true;
}

void Simulation::run_one() {
  now_ = queue_.first_date();
  if (options_.always_sync) catch_up();
  const Timer timer = timers_[queue_.pop()];
  // With thousands of replicas the next ones are rarely in the cache: they are fetched while this one works, the object
  // of the second, and what the object of the first points to.
  if (!queue_.empty()) {
    timers_[queue_.first()].client->prefetch();
    prefetch(timers_[queue_.second()].client);
  }
  if (timer.idle < 0) {
    progress_ = now_;
  } else {
    idle_fires(idle_[static_cast<std::size_t>(timer.idle)]);
  }
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

/// SimGrid's clock comes to the date reached.
void Simulation::catch_up() {
  const double date = to_seconds(now_);
  if (running_ && date > sg4::Engine::get_clock()) sg4::this_actor::sleep_until(date);
}

/// Lets flows end that end before or with the next timer, and waits for them where SimGrid moves them.
void Simulation::end_flows() {
  Platform& p = *platform_;
  if (!p.stock) {
    const Picoseconds end = p.fast.next_end();
    if (end == kNever || (!queue_.empty() && end > queue_.first_date())) return;
    now_ = std::max(now_, end);
    catch_up();
    while (const std::optional<FlowSlot> slot = p.fast.take_ended(end)) flow_ended(*slot);
    return;  // those that watch hear of it before anything later happens
  }
  while (in_flight_ > 0 || !p.ended.empty()) {
    for (const FlowSlot slot : p.ended) {
      now_ = std::max(now_, to_picoseconds(sg4::Engine::get_clock()));
      flow_ended(slot);
    }
    p.ended.clear();
    if (queue_.empty()) {
      p.something_ended->acquire();
      continue;
    }
    const double wait = to_seconds(queue_.first_date()) - sg4::Engine::get_clock();
    if (wait <= 0 || p.something_ended->acquire_timeout(wait)) return;
  }
}

void Simulation::loop() {
  while (!stopped_) {
    if (flows_changed_) {
      flows_changed_ = false;
      if (flow_watch_) flow_watch_();
    }
    end_flows();
    if (flows_changed_) continue;
    if (queue_.empty()) break;
    run_one();
  }
}

void Simulation::run() {
  Platform& p = *platform_;
  if (p.stock) p.stock->seal(options_.simgrid_links);
  p.something_ended = sg4::Semaphore::create(0);
  running_ = true;
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
    throw StuckError(
        fmt::format("nothing moves any more since {:.12g} s, but work is left: {}", to_seconds(progress_), left));
  }
}

}  // namespace tokenworks::engine
