#include "sim/jobs/llm/kv_handover.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {

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

void KvHandover::arrived(RequestId request) {
  const std::int32_t passage = open(request);
  if (waiting_.empty() && find_room(passage)) return go_on(passage);
  waiting_.push_back(passage);
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
  if (waiting_.empty() && find_room(passage)) return go_on(passage);
  waiting_.push_back(passage);
}

/// The router's choice, or, where that has no room, the first after it that has.
bool KvHandover::find_room(std::int32_t passage) {
  const InFlight& request = service_.pool_[passages_[static_cast<std::size_t>(passage)].request];
  const std::vector<std::int32_t>& candidates = service_.decode_;
  const std::optional<std::int32_t> chosen =
      service_.setup_.decode_router->choose(service_.arrival_of(passages_[static_cast<std::size_t>(passage)].request));
  if (!chosen) return false;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::size_t place = (static_cast<std::size_t>(*chosen) + i) % candidates.size();
    Replica& replica = *service_.replicas_[static_cast<std::size_t>(candidates[place])];
    if (!replica.has_room_for(request)) continue;
    take_room(passage, replica);
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
  reused_tokens_ += static_cast<double>(taken.pin.tokens());
}

void KvHandover::room_made(Replica& decode) {
  while (!waiting_.empty()) {
    const std::int32_t passage = waiting_.front();
    if (!decode.has_room_for(service_.pool_[passages_[static_cast<std::size_t>(passage)].request])) return;
    waiting_.pop_front();
    take_room(passage, decode);
    go_on(passage);
  }
}

/// There is room: the prompt is computed, or what was computed moves.
void KvHandover::go_on(std::int32_t index) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (!passage.prompt_done) {
    passage.stage = Stage::computing;
    service_.route(passage.request);
    return;
  }
  passage.stage = Stage::moving;
  const std::int64_t tokens = service_.pool_[passage.request].input_tokens - passage.pin.tokens();
  send(index, static_cast<double>(tokens));
  check_done(index);
}

// ---- Moving -------------------------------------------------------------------------------------------------------

void KvHandover::computing(RequestId request, std::int64_t tokens) {
  const auto layers = static_cast<double>(service_.pools_.front().model->layers());
  const RequestDetails& details = service_.details_[service_.pool_[request].details];
  of(request).prefill = service_.replicas_[static_cast<std::size_t>(details.replica)].get();
  send(details.passage, static_cast<double>(tokens) * (layers - 1) / layers);
}

void KvHandover::computed(RequestId request, std::int64_t tokens) {
  const auto layers = static_cast<double>(service_.pools_.front().model->layers());
  send(service_.details_[service_.pool_[request].details].passage, static_cast<double>(tokens) / layers);
}

/// Each node of one replica sends its part to the nodes of the other that hold the same.
void KvHandover::send(std::int32_t index, double tokens) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (tokens <= 0.0 || passage.decode == nullptr) return;  // without a goal all of it moves when the prompt is done
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
        Bytes(bytes / static_cast<double>(pairs)));
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

bool KvHandover::withdraw(RequestId request, Ending ending) {
  const std::int32_t index = service_.details_[service_.pool_[request].details].passage;
  if (index < 0) return false;
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (passage.stage == Stage::computing) return false;
  if (passage.prompt_done) passage.prefill->handed_over(request);
  service_.ended(request, ending);
  return true;
}

void KvHandover::forget(std::int32_t index) {
  Passage& passage = passages_[static_cast<std::size_t>(index)];
  if (passage.stage == Stage::waiting) std::erase(waiting_, index);
  if (passage.decode != nullptr) {
    service_.load_changed(*passage.decode, -1, passage.request);
    passage.decode->expect_no_more(passage.request, passage.pin);
  }
  if (passage.parts == 0) return free(index);
  passage.stage = Stage::dead;
  passage.request = kNoRequest;
}

void KvHandover::replica_down(const Replica& replica, std::vector<RequestId>& lost) {
  for (Passage& passage : passages_) {
    if (passage.stage == Stage::free || passage.stage == Stage::dead) continue;
    if (passage.prompt_done && passage.prefill == &replica) {
      lost.push_back(passage.request);
    } else if (passage.decode == &replica && passage.prompt_done) {
      passage.prefill->handed_over(passage.request);
      lost.push_back(passage.request);
    } else if (passage.decode == &replica) {  // another one will take it when its prompt is done
      service_.load_changed(replica, -1, passage.request);
      passage.decode = nullptr;
      passage.pin = {};
    }
  }
}

std::string KvHandover::describe_work_left() const {
  std::int64_t moving = 0;
  for (const Passage& passage : passages_) moving += passage.stage == Stage::moving ? 1 : 0;
  std::string text;
  if (!waiting_.empty()) {
    const Passage& first = passages_[static_cast<std::size_t>(waiting_.front())];
    text = fmt::format("{} wait for room at a decode replica, the first since {:.12g} s", waiting_.size(),
                       to_seconds(first.since));
  }
  if (moving > 0) text += fmt::format("{}{} are on their way there", text.empty() ? "" : "; ", moving);
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
