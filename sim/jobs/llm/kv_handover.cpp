#include "sim/jobs/llm/kv_handover.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::int32_t kNothingWanted = -1;  // yet
constexpr std::string_view kNobodyDecodes = "no_replica";

}  // namespace

using resources::Place;

std::int32_t KvHandover::open(RequestId request) {
  std::int32_t passage = 0;
  if (free_.empty()) {
    passage = static_cast<std::int32_t>(passages_.size());
    passages_.emplace_back();
  } else {
    passage = free_.back();
    free_.pop_back();
  }
  passages_[static_cast<std::size_t>(passage)] = {
      .stage = Stage::waiting, .request = request, .since = service_.simulation_.now()};
  service_.details_[service_.pool_[request].details].passage = passage;
  return passage;
}

KvHandover::Passage& KvHandover::of(RequestId request) {
  return passages_[static_cast<std::size_t>(service_.details_[service_.pool_[request].details].passage)];
}

void KvHandover::free(std::int32_t passage) {
  passages_[static_cast<std::size_t>(passage)] = {};
  free_.push_back(passage);
}

// ---- Room ---------------------------------------------------------------------------------------------------------

void KvHandover::arrived(RequestId request, Replica* prefill) {
  const std::int32_t passage = open(request);
  if (!aim(passage)) return turn_away(passage);
  if (waiting_.empty() && find_room(passage)) return go_on(passage, prefill);
  wait(passage);
}

void KvHandover::prompt_done(RequestId request, Replica& prefill) {
  std::int32_t passage = service_.details_[service_.pool_[request].details].passage;
  if (passage < 0) passage = open(request);
  Passage& done = passages_[static_cast<std::size_t>(passage)];
  done.prompt_done = true;
  done.prefill = &prefill;
  if (done.decode != nullptr) {
    done.stage = Stage::moving;
    return check_done(passage);
  }
  done.stage = Stage::waiting;
  done.since = service_.simulation_.now();
  if (!aim(passage)) return turn_away(passage);
  if (waiting_.empty() && find_room(passage)) return go_on(passage);
  wait(passage);
}

/// Asks the router where it should go; false when no replica is in service that it may go to, and none will be. Nothing
/// is wanted while one is still to come.
bool KvHandover::aim(std::int32_t index) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  const std::optional<std::int32_t> chosen =
      service_.setup_.decode_router->choose(service_.arrival_of(passage.request));
  passage.wanted = chosen.value_or(kNothingWanted);
  return chosen || service_.may_come(passage.request, /*to_decode=*/true);
}

void KvHandover::turn_away(std::int32_t index) {
  const Passage& passage = passages_[static_cast<std::size_t>(index)];
  const RequestId request = passage.request;
  if (passage.prompt_done) passage.prefill->handed_over(request);
  service_.turn_away(request, kNobodyDecodes);
}

void KvHandover::wait(std::int32_t index) {
  const auto level = [this](std::int32_t passage) {
    const RequestId request = passages_[static_cast<std::size_t>(passage)].request;
    return service_.class_of(service_.pool_[request]).level;
  };
  const std::int32_t own = level(index);
  auto place = waiting_.end();
  while (place != waiting_.begin() && level(*std::prev(place)) > own) --place;
  if (place == waiting_.begin()) service_.look_for_rooms();
  waiting_.insert(place, index);
}

/// The router's choice, or, where that has no room, the first of its pool after it that has.
bool KvHandover::find_room(std::int32_t index) {
  const Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (passage.wanted == kNothingWanted) aim(index);
  if (passage.wanted == kNothingWanted) return false;
  const InFlight& request = service_.pool_[passage.request];
  const std::vector<std::int32_t>& candidates = service_.decode_;
  const auto replica_at = [&](std::size_t place) -> Replica& {
    return *service_.replicas_[static_cast<std::size_t>(candidates[place])];
  };
  const auto wanted = static_cast<std::size_t>(passage.wanted);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Replica& replica = replica_at((wanted + i) % candidates.size());
    if (&replica.pool() != &replica_at(wanted).pool() || !replica.has_room_for(request)) continue;
    take_room(index, replica);
    return true;
  }
  return false;
}

void KvHandover::take_room(std::int32_t passage, Replica& decode) {
  Passage& taken = passages_[static_cast<std::size_t>(passage)];
  const Picoseconds now = service_.simulation_.now();
  taken.decode = &decode;
  waits_.add(now - taken.since);
  taken.since = now;
  service_.load_changed(decode, +1, taken.request);
  taken.pin = decode.expect(taken.request);
  taken.sent = taken.pin.tokens();
  reused_tokens_ += static_cast<double>(taken.pin.tokens());
}

void KvHandover::room_made(Replica& decode) {
  while (!waiting_.empty()) {
    const std::int32_t passage = waiting_.front();
    const Passage& first = passages_[static_cast<std::size_t>(passage)];
    if (first.wanted == kNothingWanted) return service_.look_for_rooms();
    const std::int32_t wanted = service_.decode_[static_cast<std::size_t>(first.wanted)];
    if (&service_.replicas_[static_cast<std::size_t>(wanted)]->pool() != &decode.pool()) return;
    if (!decode.has_room_for(service_.pool_[first.request])) return;
    waiting_.pop_front();
    if (!waiting_.empty()) service_.look_for_rooms();  // who is first now may find room elsewhere
    take_room(passage, decode);
    go_on(passage);
  }
}

void KvHandover::find_rooms() {
  while (!waiting_.empty() && find_room(waiting_.front())) {
    const std::int32_t passage = waiting_.front();
    waiting_.pop_front();
    go_on(passage);
  }
}

void KvHandover::turn_away_where_none_is_left() {
  const std::deque<std::int32_t> waiting = waiting_;
  for (const std::int32_t index : waiting) {
    const std::int32_t wanted = passages_[static_cast<std::size_t>(index)].wanted;
    if (wanted != kNothingWanted && service_.takes_new(service_.decode_[static_cast<std::size_t>(wanted)])) continue;
    if (!aim(index)) turn_away(index);
  }
}

/// There is room: the prompt is computed, or what was computed moves.
void KvHandover::go_on(std::int32_t index, Replica* prefill) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (!passage.prompt_done) {
    passage.stage = Stage::computing;
    if (prefill != nullptr) return service_.send_to(passage.request, *prefill);
    return service_.route(passage.request);
  }
  passage.stage = Stage::moving;
  send(index, static_cast<double>(service_.pool_[passage.request].input_tokens - passage.sent));
  check_done(index);
}

// ---- Moving -------------------------------------------------------------------------------------------------------

void KvHandover::computing(RequestId request, std::int64_t from, std::int64_t to) {
  const RequestDetails& details = service_.details_[service_.pool_[request].details];
  Passage& passage = of(request);
  passage.prefill = service_.replicas_[static_cast<std::size_t>(details.replica)].get();
  const auto layers = static_cast<double>(passage.prefill->model().layers());
  if (passage.decode == nullptr) return;  // without a goal all of it moves when the prompt is done
  if (from > passage.sent) {
    send(details.passage, static_cast<double>(from - passage.sent));
    passage.sent = from;
  }
  send(details.passage, static_cast<double>(to - passage.sent) * (layers - 1) / layers);
}

void KvHandover::computed(RequestId request, std::int64_t to) {
  Passage& passage = of(request);
  const auto layers = static_cast<double>(passage.prefill->model().layers());
  if (passage.decode == nullptr || to <= passage.sent) return;
  send(service_.details_[service_.pool_[request].details].passage, static_cast<double>(to - passage.sent) / layers);
  passage.sent = to;
}

/// Each node of one replica sends its part to the nodes of the other that hold the same.
void KvHandover::send(std::int32_t index, double tokens) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (tokens <= 0.0) return;
  const std::vector<placement::Slice>& from = passage.prefill->slices();
  const std::vector<placement::Slice>& to = passage.decode->slices();
  const std::size_t pairs = std::max(from.size(), to.size());
  const double bytes = tokens * passage.prefill->model().kv_bytes_per_token().value;
  bytes_ += bytes;
  tokens_ += tokens;
  for (std::size_t i = 0; i < pairs; ++i) {
    const placement::Slice& sender = from[i % from.size()];
    const placement::Slice& receiver = to[i % to.size()];
    ++passage.parts;
    service_.setup_.fabric->move(
        *this, static_cast<std::uint32_t>(index), resources::Purpose::kv_transfer,
        {.kind = Place::Kind::gpus, .node = sender.node, .first_gpu = sender.first_gpu, .gpus = sender.gpus},
        {.kind = Place::Kind::gpus, .node = receiver.node, .first_gpu = receiver.first_gpu, .gpus = receiver.gpus},
        Bytes(bytes / static_cast<double>(pairs)), service_.setup_.disaggregation.line_rate_share);
  }
}

void KvHandover::on_moved(std::uint32_t tag, bool arrived) {
  const auto index = static_cast<std::int32_t>(tag);
  Passage& passage = passages_[tag];
  --passage.parts;
  if (!arrived) passage.failed = true;
  if (passage.stage == Stage::dead) {
    if (passage.parts == 0) free(index);
    return;
  }
  check_done(index);
}

void KvHandover::check_done(std::int32_t index) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (!passage.prompt_done || passage.parts > 0 || passage.stage != Stage::moving) return;
  const RequestId request = passage.request;
  Replica& prefill = *passage.prefill;
  Replica& decode = *passage.decode;
  if (passage.failed) {  // no path in time
    ++failed_;
    prefill.handed_over(request);
    service_.ended(request, Ending::failed);
    return;
  }
  ++transfers_;
  moves_.add(service_.simulation_.now() - passage.since);
  PrefixCache::Pin pin = passage.pin;
  service_.details_[service_.pool_[request].details].passage = -1;
  free(index);
  prefill.handed_over(request);
  decode.receive(request, pin);
}

// ---- Endings ------------------------------------------------------------------------------------------------------

bool KvHandover::withdraw(RequestId request, Ending ending, std::string_view reason) {
  const std::int32_t index = service_.details_[service_.pool_[request].details].passage;
  if (index < 0) return false;
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (passage.stage == Stage::computing) return false;
  if (passage.prompt_done) passage.prefill->handed_over(request);
  service_.ended(request, ending, reason);
  return true;
}

void KvHandover::forget(std::int32_t index) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (passage.stage == Stage::waiting) {
    if (!waiting_.empty() && waiting_.front() == index) service_.look_for_rooms();
    std::erase(waiting_, index);
  }
  if (passage.decode != nullptr) {
    service_.load_changed(*passage.decode, -1, passage.request);
    passage.decode->expect_no_more(passage.request, passage.pin);
  }
  if (passage.parts == 0) return free(index);
  passage.stage = Stage::dead;
  passage.request = kNoRequest;
}

void KvHandover::replica_down(const Replica& replica, std::vector<RequestId>& lost) {
  const std::size_t passages = passages_.size();  // those that are opened here need not be looked at
  for (std::size_t i = 0; i < passages; ++i) {
    Passage& passage = passages_[i];
    const bool ends = passage.prompt_done && (passage.prefill == &replica || passage.decode == &replica);
    if (passage.stage == Stage::free || passage.stage == Stage::lost || passage.stage == Stage::dead) continue;
    if (ends) {
      lost.push_back(passage.request);
      if (passage.prefill != &replica) passage.prefill->handed_over(passage.request);
      if (passage.stage == Stage::waiting) {
        if (!waiting_.empty() && waiting_.front() == static_cast<std::int32_t>(i)) service_.look_for_rooms();
        std::erase(waiting_, static_cast<std::int32_t>(i));
      }
      passage.stage = Stage::lost;
    } else if (passage.decode == &replica) {  // another one will take it when its prompt is done
      restart(static_cast<std::int32_t>(i));
    }
  }
}

/// The decode replica is gone while the prompt is being computed; what is on its way there moves for nobody.
void KvHandover::restart(std::int32_t index) {
  Passage old = passages_[static_cast<std::size_t>(index)];
  service_.load_changed(*old.decode, -1, old.request);
  if (old.parts > 0) {
    passages_[static_cast<std::size_t>(index)].stage = Stage::dead;
    passages_[static_cast<std::size_t>(index)].request = kNoRequest;
    index = open(old.request);
  }
  passages_[static_cast<std::size_t>(index)] = {
      .stage = old.stage, .request = old.request, .prefill = old.prefill, .since = old.since};
}

bool KvHandover::is_clear() const {
  return waiting_.empty() && std::all_of(passages_.begin(), passages_.end(), [](const Passage& passage) {
           return passage.stage == Stage::free || (passage.stage == Stage::dead && passage.parts > 0);
         });
}

std::string KvHandover::describe() const {
  std::int64_t waiting = 0, computing = 0, moving = 0, parts = 0;
  for (const Passage& passage : passages_) {
    if (passage.stage == Stage::waiting) ++waiting;
    if (passage.stage == Stage::computing) ++computing;
    if (passage.stage == Stage::moving) ++moving;
    parts += passage.parts;
  }
  if (waiting + computing + moving == 0) return {};
  std::string text = fmt::format(
      "hand-over: {} wait for room at a decode replica, {} have room while their prompts are computed, {} are moving, "
      "in {} transfers",
      waiting, computing, moving, parts);
  if (!waiting_.empty()) {
    const Passage& first = passages_[static_cast<std::size_t>(waiting_.front())];
    text += fmt::format("; the first waits since {:.12g} s", to_seconds(first.since));
  }
  return text;
}

void KvHandover::report(metrics::HandoverResult& result) const {
  result.transfers = transfers_;
  result.failed = failed_;
  result.bytes = bytes_;
  result.tokens = tokens_;
  result.reused_tokens = reused_tokens_;
  result.wait_s = waits_.summary();
  result.transfer_s = moves_.summary();
}

}  // namespace tokenworks::jobs
