#include "sim/resources/fabric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tokenworks::resources {
namespace {

enum : std::uint32_t {
  kMeter = 0u << 30,
  kMoveAlarm = 1u << 30,
  kRingAlarm = 2u << 30,
  kRingRates = 3u << 30,
  kIndex = (1u << 30) - 1
};
// Changes of a ring's factor that are told. Rates of neighbours follow every context that grows: what shows is.
constexpr double kExact = 1e-9, kNoticeable = 1e-3;
constexpr double kForever = std::numeric_limits<double>::infinity();
constexpr Picoseconds kMeterTick = kPicosecondsPerSecond;
// Numbers of parts: those of a move after each other, those of rings behind all moves.
constexpr int kPathBits = 16;
constexpr std::uint64_t kRingParts = std::uint64_t{1} << 55;

/// Neighbouring numbers must not choose neighbouring paths.
std::uint64_t hashed(std::uint64_t number) {
  number = (number ^ (number >> 33)) * 0xff51afd7ed558ccdull;
  number = (number ^ (number >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return number ^ (number >> 33);
}

Picoseconds time_alone(const std::vector<Path>& paths, double bytes) {
  Picoseconds longest = 0;
  for (const Path& path : paths) {
    const double seconds = std::isinf(path.limit_bytes_per_s) ? 0.0 : bytes * path.share / path.limit_bytes_per_s;
    longest = std::max(longest, to_picoseconds(seconds) + path.latency);
  }
  return longest;
}

}  // namespace

Fabric::Fabric(engine::Simulation& simulation, Facility& facility, Setup setup)
    : simulation_(simulation),
      facility_(facility),
      network_power_(setup.network_power),
      storage_power_(setup.storage_power),
      map_(simulation, std::move(setup.map)),
      books_(setup.series_interval),
      total_bytes_per_s_(map_.total_bytes_per_s()),
      meter_timer_(simulation.add_timer(*this, kMeter, engine::rank(engine::RankClass::network, 0))),
      ring_rates_timer_(
          simulation.add_timer(*this, kRingRates, engine::rank(engine::RankClass::network, std::uint64_t{1} << 41))) {
  simulation_.set_idle(meter_timer_);
  simulation_.set_idle(ring_rates_timer_);
  simulation_.set_flow_watch([this] { flows_changed(); });
}

Fabric::~Fabric() = default;

void Fabric::on_timer(std::uint32_t tag) {
  switch (tag & ~kIndex) {
    case kMoveAlarm:
      return go(tag & kIndex);
    case kRingAlarm:
      return ring_alarm(tag & kIndex);
    case kRingRates:
      for (std::uint32_t index = 0; index < rings_.size(); ++index) update_ring(index, kNoticeable);
      return;
    default:
      return meter();
  }
}

// ---- Moves --------------------------------------------------------------------------------------------------------

void Fabric::move(MoveClient& client, std::uint32_t tag, Purpose purpose, const Place& from, const Place& to,
                  Bytes bytes, double rate_share) {
  if (free_moves_.empty()) {
    const auto index = static_cast<std::uint32_t>(moves_.size());
    free_moves_.push_back(index);
    moves_.emplace_back().timer =
        simulation_.add_timer(*this, kMoveAlarm | index, engine::rank(engine::RankClass::network, 2 * index + 1));
    simulation_.set_idle(moves_.back().timer);
  }
  const std::uint32_t index = free_moves_.back();
  free_moves_.pop_back();
  Move& move = moves_[index];
  move.state = State::standing;
  move.purpose = purpose;
  move.client = &client;
  move.tag = tag;
  move.from = from;
  move.to = to;
  move.number = moves_started_++;
  move.bytes = bytes.value;
  move.rate_share = from.node == to.node ? 1.0 : rate_share;
  move.start = simulation_.now();
  move.alone = 0;
  move.give_up = kNever;
  move.standing_bytes = bytes.value;
  move.reads_storage = from.kind == Place::Kind::storage;
  move.writes_storage = to.kind == Place::Kind::storage;
  go(index);
}

/// A standing move takes the way that there is now.
void Fabric::go(std::uint32_t index) {
  Move& move = moves_[index];
  if (move.state != State::standing) return;
  std::vector<Path> paths = map_.paths(move.from, move.to, hashed(move.number));
  for (Path& path : paths) path.limit_bytes_per_s *= move.rate_share;
  if (paths.empty()) {
    if (move.give_up <= simulation_.now()) return end_move(index, false);
    return stand_still(index, kNever);
  }
  keep_meter_running();
  if (move.alone == 0) move.alone = time_alone(paths, move.bytes);
  move.state = State::moving;
  move.give_up = kNever;
  std::uint64_t number = move.number << kPathBits;  // parts that end at the same date do so in this order
  for (const Path& path : paths) {
    const std::uint32_t part =
        start_part(index, path, move.standing_bytes * path.share, path.limit_bytes_per_s, number++);
    moves_[index].parts.push_back(part);
  }
}

/// Takes a move's bytes off the links until `retry`, or until the network changes.
void Fabric::stand_still(std::uint32_t index, Picoseconds retry) {
  Move& move = moves_[index];
  if (move.state == State::moving) {
    move.standing_bytes = 0.0;
    for (const std::uint32_t part : move.parts) move.standing_bytes += take_back(part);
    move.parts.clear();
    move.state = State::standing;
  }
  if (move.give_up == kNever) move.give_up = simulation_.now() + behaviour().timeout;
  simulation_.set_timer(move.timer, std::min(retry, move.give_up));
}

void Fabric::end_move(std::uint32_t index, bool arrived) {
  Move& move = moves_[index];
  const Picoseconds duration = simulation_.now() - move.start;
  books_.ended(move.purpose, duration, move.alone, arrived);
  books_.ended_storage(move.reads_storage, move.writes_storage, duration, arrived);
  MoveClient& client = *move.client;
  const std::uint32_t tag = move.tag;
  move.state = State::free;
  move.parts.clear();
  simulation_.cancel_timer(move.timer);
  free_moves_.push_back(index);
  client.on_moved(tag, arrived);
}

void Fabric::on_transfer_done(std::uint32_t tag) {
  const std::uint32_t owner = parts_[tag].owner;
  book(parts_[tag], parts_[tag].left);
  free_part(tag);
  if (owner & kRing) {
    Ring& ring = rings_[owner & ~kRing];
    std::erase(ring.parts, tag);
    if (ring.parts.empty() && ring.standing.empty()) ring.client->on_ring_step_done();
    return;
  }
  std::erase(moves_[owner].parts, tag);
  if (moves_[owner].parts.empty()) end_move(owner, true);
}

// ---- Parts: what the engine moves ---------------------------------------------------------------------------------

std::uint32_t Fabric::start_part(std::uint32_t owner, const Path& path, double bytes, double limit,
                                 std::uint64_t number) {
  if (free_parts_.empty()) {
    free_parts_.push_back(static_cast<std::uint32_t>(parts_.size()));
    parts_.emplace_back();
  }
  const std::uint32_t index = free_parts_.back();
  free_parts_.pop_back();
  Part& part = parts_[index];
  part.owner = owner;
  part.links = path.links;
  part.streams = path.streams;
  part.route = path.route;
  part.left = bytes;
  part.active_at = static_cast<std::uint32_t>(active_.size());
  active_.push_back(index);
  for (const engine::LinkId link : part.links) {
    LinkUse& here = use(link);
    if (here.streams == 0 && here.ring_streams > 0) ++shared_links_;
    here.streams += part.streams;
    if (here.ring_streams > 0) {
      apply_capacity(link);
      rings_dirty_ = true;
    }
  }
  part.transfer = simulation_.start_transfer(*this, index,
                                             {.links = part.links,
                                              .bytes = Bytes(bytes),
                                              .streams = part.streams,
                                              .limit = BytesPerSecond(limit),
                                              .latency = path.latency},
                                             number);
  return index;
}

void Fabric::free_part(std::uint32_t index) {
  Part& part = parts_[index];
  for (const engine::LinkId link : part.links) {
    LinkUse& here = use(link);
    here.streams -= part.streams;
    if (here.streams == 0 && here.ring_streams > 0) --shared_links_;
    if (here.ring_streams > 0) {
      apply_capacity(link);
      rings_dirty_ = true;
    }
  }
  const std::uint32_t last = active_.back();
  active_[part.active_at] = last;
  parts_[last].active_at = part.active_at;
  active_.pop_back();
  free_parts_.push_back(index);
}

/// Ends a part before its time; the bytes that it had left.
double Fabric::take_back(std::uint32_t index) {
  const double left = simulation_.cancel_transfer(parts_[index].transfer).value;
  book(parts_[index], parts_[index].left - left);
  free_part(index);
  return left;
}

Fabric::LinkUse& Fabric::use(engine::LinkId link) {
  if (link >= use_.size()) use_.resize(std::max<std::size_t>(link + 1, map_.links()));
  return use_[link];
}

/// What transfers find of a link: all that step traffic in closed form leaves, at least their share by streams.
void Fabric::apply_capacity(engine::LinkId link) {
  const LinkUse& here = use(link);
  double capacity = map_.capacity_bytes_per_s(link);
  if (here.reserved > 0.0 && here.streams > 0) {
    const double fair = capacity * here.streams / (here.streams + here.ring_streams);
    capacity = std::max(capacity - here.reserved, fair);
  }
  simulation_.set_link_capacity(link, BytesPerSecond(capacity));
}

// ---- Rings: traffic of steps --------------------------------------------------------------------------------------

Fabric::RingId Fabric::open_ring(RingClient& client, std::vector<std::int64_t> nodes) {
  const auto index = static_cast<RingId>(rings_.size());
  Ring& ring = rings_.emplace_back();
  ring.client = &client;
  ring.nodes = std::move(nodes);
  ring.node_bytes_per_s = kForever;
  for (const std::int64_t node : ring.nodes) {
    ring.node_bytes_per_s = std::min(ring.node_bytes_per_s, map_.nics_bytes_per_s(node));
  }
  ring.timer = simulation_.add_timer(*this, kRingAlarm | index,
                                     engine::rank(engine::RankClass::network, (std::uint64_t{1} << 40) + index));
  simulation_.set_idle(ring.timer);
  route_ring(index);
  return index;
}

/// The way that a ring's traffic takes now.
void Fabric::route_ring(std::uint32_t index) {
  Ring& ring = rings_[index];
  settle_ring(ring);
  reserve(ring, ring.rate, -1);
  ring.way = map_.ring(ring.nodes);
  reserve(ring, ring.rate, +1);
  ring.waits = false;
  halt_ring(index);
  if (ring.way.connected) send_ring(index);
  update_ring(index, kExact);
}

/// Takes the flows of a ring's step off their links.
void Fabric::halt_ring(std::uint32_t index) {
  Ring& ring = rings_[index];
  for (const std::uint32_t part : std::exchange(ring.parts, {})) ring.standing[parts_[part].hop] = take_back(part);
}

/// What stands still of a ring's step goes on: each hop its own rest, for some may have ended.
void Fabric::send_ring(std::uint32_t index) {
  Ring& ring = rings_[index];
  const double step = std::exchange(ring.standing_step, 0.0);
  const auto standing = std::exchange(ring.standing, {});
  if (step <= 0.0 && standing.empty()) return;
  for (const FabricMap::Ring::Hop& hop : ring.way.hops) {
    const auto rest = standing.find({hop.node, hop.part});
    if (step <= 0.0 && rest == standing.end()) continue;
    const double bytes = step > 0.0 ? step * hop.path.share : rest->second;
    const double limit = std::min(hop.path.limit_bytes_per_s, ring.step_bytes_per_s * hop.path.share);
    const std::uint32_t part = start_part(kRing | index, hop.path, bytes, limit, kRingParts + ring_parts_started_++);
    parts_[part].hop = {hop.node, hop.part};
    ring.parts.push_back(part);
  }
}

void Fabric::reserve(const Ring& ring, double bytes_per_s, int sign) {
  for (const FabricMap::Ring::Crossed& crossed : ring.way.links) {
    LinkUse& here = use(crossed.link);
    const bool was_shared = here.streams > 0 && here.ring_streams > 0;
    here.ring_streams += sign * crossed.streams;
    here.reserved = here.ring_streams == 0 ? 0.0 : here.reserved + sign * bytes_per_s * crossed.share;
    shared_links_ += static_cast<int>(here.streams > 0 && here.ring_streams > 0) - static_cast<int>(was_shared);
    if (here.streams > 0) apply_capacity(crossed.link);
  }
}

void Fabric::settle_ring(Ring& ring) {
  const Picoseconds now = simulation_.now();
  const double bytes = ring.rate * to_seconds(now - ring.since);
  ring.since = now;
  if (bytes <= 0.0) return;
  for (const FabricMap::Ring::Crossed& crossed : ring.way.links) books_.crossed(crossed.link, bytes * crossed.share);
  for (const auto& [node, part, path] : ring.way.hops) {
    books_.moved(Purpose::step_traffic, bytes * path.share);
    hop_bytes_ += bytes * path.share * static_cast<double>(path.route.size());
  }
}

void Fabric::set_ring_rate(RingId index, double bytes_per_s) {
  Ring& ring = rings_[index];
  if (ring.rate == bytes_per_s) return;
  keep_meter_running();
  settle_ring(ring);
  for (const FabricMap::Ring::Crossed& crossed : ring.way.links) {
    LinkUse& here = use(crossed.link);
    here.reserved = std::max(0.0, here.reserved + (bytes_per_s - ring.rate) * crossed.share);
    if (here.streams > 0) apply_capacity(crossed.link);
    if (here.ring_streams > crossed.streams) simulation_.set_timer(ring_rates_timer_, simulation_.now());
  }
  ring.rate = bytes_per_s;
}

/// What others on its links, and what of them does not work, make of the time that a ring sends alone.
double Fabric::ring_stretch(const Ring& ring) {
  double factor = 1.0;
  for (const FabricMap::Ring::Crossed& crossed : ring.way.links) {
    const LinkUse& here = use(crossed.link);
    const double capacity = map_.capacity_bytes_per_s(crossed.link);
    double share = capacity;
    if (here.streams + here.ring_streams > crossed.streams) {
      const double others = here.reserved - ring.rate * crossed.share;
      const double free = capacity - others - (here.streams > 0 ? simulation_.link_load(crossed.link).value : 0.0);
      share = std::max(free, capacity * crossed.streams / (here.streams + here.ring_streams));
    }
    factor = std::max(factor, share > 0.0 ? ring.node_bytes_per_s * crossed.share / share : kForever);
  }
  if (!behaviour().contention) {  // no link is shared, but one that works in part limits the ring as well
    for (const auto& [node, part, path] : ring.way.hops)
      factor = std::max(factor, ring.node_bytes_per_s * path.share / path.limit_bytes_per_s);
  }
  return factor;
}

void Fabric::update_ring(std::uint32_t index, double least_change) {
  Ring& ring = rings_[index];
  double factor = ring.way.connected && !ring.waits ? 1.0 : kForever;
  if (!behaviour().step_flows) factor = std::max(factor, ring_stretch(ring));
  if (factor == ring.factor) return;
  if (std::isfinite(factor) && std::abs(factor - ring.factor) <= least_change * factor) return;
  ring.factor = factor;
  ring.give_up = std::isinf(factor) ? simulation_.now() + behaviour().timeout : kNever;
  set_ring_alarm(ring);
  ring.client->on_ring_factor(factor);
}

/// When there is something to do for a ring without its client.
void Fabric::set_ring_alarm(Ring& ring) {
  const Picoseconds next = std::min(ring.waits ? ring.found : kNever, ring.give_up);
  if (next == kNever) {
    simulation_.cancel_timer(ring.timer);
  } else {
    simulation_.set_timer(ring.timer, next);
  }
}

/// The network has found another way, or nothing has got through for too long.
void Fabric::ring_alarm(std::uint32_t index) {
  const Picoseconds now = simulation_.now();
  if (rings_[index].waits && rings_[index].found <= now) route_ring(index);
  const bool lost = rings_[index].give_up <= now;
  if (lost) rings_[index].give_up = kNever;  // told once, until it is found again
  set_ring_alarm(rings_[index]);
  if (!lost) return;
  cancel_ring_step(index);
  rings_[index].client->on_ring_lost();
}

void Fabric::ring_step(RingId index, double bytes, double seconds) {
  keep_meter_running();
  Ring& ring = rings_[index];
  ring.standing_step = bytes;
  ring.step_bytes_per_s = bytes / seconds;
  if (ring.way.connected && !ring.waits) send_ring(index);
}

void Fabric::cancel_ring_step(RingId index) {
  rings_[index].standing_step = 0.0;
  rings_[index].standing.clear();
  for (const std::uint32_t part : std::exchange(rings_[index].parts, {})) take_back(part);
}

/// The engine says that rates have changed.
void Fabric::flows_changed() {
  if (behaviour().step_flows || (!rings_dirty_ && shared_links_ == 0)) return;  // flows compete by themselves
  rings_dirty_ = false;
  for (std::uint32_t index = 0; index < rings_.size(); ++index) update_ring(index, kExact);
}

// ---- Failures -----------------------------------------------------------------------------------------------------

void Fabric::change(const std::function<void(FabricMap&)>& change) {
  account();
  if (!active_.empty()) keep_meter_running();
  change(map_);
  const FabricMap::Changes changes = map_.take_changes();
  for (const engine::LinkId link : changes.links) apply_capacity(link);
  change_moves(changes);
  change_rings(changes);
}

/// Whether bytes of a move in motion have yet to leave; otherwise they are through whatever happens.
bool Fabric::has_left(const Move& move) const {
  return std::any_of(move.parts.begin(), move.parts.end(),
                     [this](std::uint32_t part) { return parts_[part].left > 0.0; });
}

void Fabric::change_moves(const FabricMap::Changes& changes) {
  const Picoseconds found = simulation_.now() + behaviour().reroute;
  for (std::uint32_t index = 0; index < moves_.size(); ++index) {
    Move& move = moves_[index];
    if (move.state == State::standing) {
      simulation_.set_timer(move.timer, std::min(found, move.give_up));
    } else if (move.state == State::moving && has_left(move)) {
      bool crosses = false, on_fabric = false;
      for (const std::uint32_t part : move.parts) {
        on_fabric = on_fabric || !parts_[part].route.empty();
        crosses = crosses || changes.worsen(parts_[part].route);
      }
      if (crosses) {
        stand_still(index, found);
        ++transfers_stopped_;
      } else if (on_fabric || !behaviour().contention) {  // which links can be full, or what it gets alone, may change
        stand_still(index, found);
        go(index);
      }
    }
  }
}

void Fabric::change_rings(const FabricMap::Changes& changes) {
  for (std::uint32_t index = 0; index < rings_.size(); ++index) {
    Ring& ring = rings_[index];
    const bool crosses = std::any_of(ring.way.hops.begin(), ring.way.hops.end(),
                                     [&](const FabricMap::Ring::Hop& hop) { return changes.worsen(hop.path.route); });
    if (crosses || std::isinf(ring.factor)) {
      ring.waits = true;
      ring.found = simulation_.now() + behaviour().reroute;
      halt_ring(index);
      set_ring_alarm(ring);
      update_ring(index, kExact);
    } else {
      route_ring(index);
    }
  }
}

// ---- Books --------------------------------------------------------------------------------------------------------

void Fabric::book(const Part& part, double bytes) {
  if (bytes <= 0.0) return;
  anything_moved_ = true;
  Purpose purpose = Purpose::step_traffic;
  if ((part.owner & kRing) == 0) {
    const Move& move = moves_[part.owner];
    purpose = move.purpose;
    if (move.reads_storage) read_bytes_ += bytes;
    if (move.writes_storage) write_bytes_ += bytes;
    books_.moved_storage(move.reads_storage, move.writes_storage, bytes);
  }
  books_.moved(purpose, bytes);
  hop_bytes_ += bytes * static_cast<double>(part.route.size());
  for (const engine::LinkId link : part.links) books_.crossed(link, bytes);
}

/// Brings the books up to now. What is booked lies within the interval of the series that runs: the meter is called
/// at the end of each.
void Fabric::account() {
  for (const std::uint32_t index : active_) {
    Part& part = parts_[index];
    const double left = simulation_.remaining_bytes(part.transfer).value;
    book(part, part.left - left);
    part.left = left;
  }
  for (Ring& ring : rings_) settle_ring(ring);
}

/// Power follows what crossed the network in the second before.
void Fabric::meter() {
  account();
  const Picoseconds now = simulation_.now();
  if (now % books_.interval() == 0) {
    books_.close_interval(row_, now);
    row_ = static_cast<std::uint32_t>(now / books_.interval());
  }
  if (now % kMeterTick == 0 && now > metered_) {
    const double seconds = to_seconds(now - metered_);
    const auto share = [seconds](double bytes, double bytes_per_s) {
      return bytes_per_s > 0.0 && std::isfinite(bytes_per_s) ? std::min(1.0, bytes / (bytes_per_s * seconds)) : 0.0;
    };
    const auto power = [](const SharedPower& of, double used) { return of.idle_w + (of.full_w - of.idle_w) * used; };
    facility_.set_shared_power(Consumer::network, power(network_power_, share(hop_bytes_, total_bytes_per_s_)), now);
    if (const auto& storage = map_.setup().storage) {
      const double used = std::max(share(read_bytes_, storage->read_bandwidth.value),
                                   share(write_bytes_, storage->write_bandwidth.value));
      facility_.set_shared_power(Consumer::storage, power(storage_power_, used), now);
    }
    const bool was_silent = !std::exchange(anything_moved_, false);
    hop_bytes_ = read_bytes_ = write_bytes_ = 0.0;
    metered_ = now;
    const bool rings_silent = std::none_of(rings_.begin(), rings_.end(), [](const Ring& r) { return r.rate > 0.0; });
    if (was_silent && rings_silent) {  // nothing moves until something is started or changed
      meter_runs_ = false;
      return;
    }
  }
  set_meter();
}

void Fabric::set_meter() {
  const Picoseconds now = simulation_.now(), interval = books_.interval();
  simulation_.set_timer(meter_timer_, std::min((now / kMeterTick + 1) * kMeterTick, (now / interval + 1) * interval));
}

/// To be called before anything is booked.
void Fabric::keep_meter_running() {
  if (meter_runs_) return;
  meter_runs_ = true;
  metered_ = simulation_.now();
  const auto row = static_cast<std::uint32_t>(metered_ / books_.interval());
  if (row != row_) books_.close_interval(row_, (static_cast<Picoseconds>(row_) + 1) * books_.interval());
  row_ = row;
  set_meter();
}

void Fabric::finish(Picoseconds end) {
  account();
  const Picoseconds row_end = (static_cast<Picoseconds>(row_) + 1) * books_.interval();
  books_.close_interval(row_, std::min(end, row_end));
}

// ---- The result ---------------------------------------------------------------------------------------------------

metrics::LinkResult Fabric::link_result(engine::LinkId link, Picoseconds end) const {
  const FabricBooks::LinkBook& book = books_.links()[link];
  const double capacity = map_.nominal_bytes_per_s(link);
  const auto utilisation = [capacity](double bytes, Picoseconds over) {
    return over > 0 && capacity > 0.0 ? bytes / (capacity * to_seconds(over)) : 0.0;
  };
  return {.name = map_.link_name(link),
          .capacity_bytes_per_s = capacity,
          .bytes = book.bytes,
          .mean_utilisation = utilisation(book.bytes, end),
          .peak_utilisation = capacity > 0.0 ? book.peak_bytes_per_s / capacity : 0.0};
}

void Fabric::report(metrics::RunResult& result, Picoseconds end) const {
  constexpr std::size_t kBusiest = 16;
  metrics::NetworkResult& network = result.network;
  double seconds = 0.0, alone = 0.0;
  for (std::size_t i = 0; i < kPurposes; ++i) {
    const auto purpose = static_cast<Purpose>(i);
    const FabricBooks::PurposeBook& book = books_.of(purpose);
    network.bytes += book.bytes;
    if (book.bytes <= 0.0 && book.transfers + book.failed == 0) continue;
    metrics::MoveTotals totals{.purpose = std::string(purpose_name(purpose)),
                               .transfers = book.transfers,
                               .failed = book.failed,
                               .bytes = book.bytes,
                               .duration_s = book.durations.summary(),
                               .congestion_share = std::nullopt};
    if (book.seconds > 0.0) totals.congestion_share = 1.0 - book.seconds_alone / book.seconds;
    seconds += book.seconds;
    alone += book.seconds_alone;
    network.purposes.push_back(std::move(totals));
  }
  if (seconds > 0.0) network.congestion_share = 1.0 - alone / seconds;

  std::vector<std::pair<double, engine::LinkId>> busiest;
  for (engine::LinkId link = 0; link < books_.links().size(); ++link) {
    if (books_.links()[link].bytes <= 0.0) continue;
    busiest.emplace_back(-books_.links()[link].bytes / std::max(1.0, map_.nominal_bytes_per_s(link)), link);
  }
  const std::size_t kept = std::min(kBusiest, busiest.size());
  std::partial_sort(busiest.begin(), busiest.begin() + static_cast<std::ptrdiff_t>(kept), busiest.end());
  const auto rows = static_cast<std::size_t>((end + books_.interval() - 1) / books_.interval());
  for (std::size_t i = 0; i < kept; ++i) {
    const engine::LinkId link = busiest[i].second;
    network.busiest_links.push_back(link_result(link, end));
    std::vector<double>& course = network.busiest_utilisation.emplace_back(rows, 0.0);
    for (const auto& [row, bytes] : books_.links()[link].intervals) {
      if (row >= rows) continue;
      const Picoseconds start = static_cast<Picoseconds>(row) * books_.interval();
      course[row] = bytes / (map_.nominal_bytes_per_s(link) * to_seconds(std::min(books_.interval(), end - start)));
    }
  }
  network.energy_j = to_joules(facility_.energy(Consumer::network));
  result.storage.energy_j = to_joules(facility_.energy(Consumer::storage));
  const auto storage = [](const FabricBooks::PurposeBook& book, std::int64_t& count, double& bytes,
                          std::optional<metrics::LatencySummary>& durations) {
    count = book.transfers;
    bytes = book.bytes;
    durations = book.durations.summary();
  };
  storage(books_.storage_reads(), result.storage.reads, result.storage.read_bytes, result.storage.read_s);
  storage(books_.storage_writes(), result.storage.writes, result.storage.written_bytes, result.storage.write_s);
}

std::string Fabric::describe_work_left() const {
  std::size_t standing = 0, moving = 0;
  std::string example;
  for (const Move& move : moves_) {
    if (move.state == State::moving) ++moving;
    if (move.state != State::standing) continue;
    if (standing++ == 0)
      example = fmt::format(", such as {:.6g} bytes for {} since {:.12g} s", move.bytes, purpose_name(move.purpose),
                            to_seconds(move.start));
  }
  if (standing + moving == 0) return {};
  return fmt::format("{} transfers in motion, {} without a path{}", moving, standing, example);
}

}  // namespace tokenworks::resources
