#include "sim/jobs/llm/gpu_turns.hpp"

#include <algorithm>

namespace tokenworks::jobs {
namespace {

constexpr std::uint64_t kTurns = std::uint64_t{1} << 40;  // ranks of their timers, after those of replicas

}  // namespace

GpuTurns::GpuTurns(engine::Simulation& simulation, const Setup& setup)
    : simulation_(simulation),
      setup_(setup),
      timer_(simulation.add_timer(*this, 0, engine::rank(engine::RankClass::step, kTurns + setup.number))) {}

std::int32_t GpuTurns::join(TurnTaker& taker, Bytes weights_per_gpu, bool is_owner) {
  const auto place = static_cast<std::int32_t>(members_.size());
  members_.push_back({&taker, weights_per_gpu});
  if (is_owner) {
    loaded_ = place;
    give_boards(place);
  }
  return place;
}

/// The longest waiting; of several since one date, the first to have joined.
std::int32_t GpuTurns::first_waiting() const {
  std::int32_t first = kNobody;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::optional<Picoseconds>& since = members_[i].waits_since;
    if (!since || (first != kNobody && *since >= *members_[static_cast<std::size_t>(first)].waits_since)) continue;
    first = static_cast<std::int32_t>(i);
  }
  return first;
}

bool GpuTurns::others_wait() const { return first_waiting() != kNobody; }

Picoseconds GpuTurns::run_ends_after() const { return std::max(simulation_.now(), stays_until_ - 1); }

bool GpuTurns::ask(std::int32_t place) {
  const Picoseconds now = simulation_.now();
  if (turn_ == kNobody && give(place)) is_new_ = true;
  if (turn_ == place && is_new_) {
    is_new_ = false;
    if (came_over_) ++at(place).book.switches;
    return true;
  }
  if (turn_ == place && switching_since_) return false;
  if (turn_ != place) {
    at(place).waits_since = now;
    at(turn_).taker->end_run_after(run_ends_after());
    return false;
  }
  // Whoever asks at this date asks too late: so it does not matter whether a run was cut before or after.
  const std::int32_t next = first_waiting();
  if (next == kNobody || *at(next).waits_since == now || now < stays_until_) return true;
  at(place).waits_since = now;
  turn_ = kNobody;
  pass_on();
  return false;
}

void GpuTurns::stop(std::int32_t place) {
  if (turn_ != place) return;
  turn_ = kNobody;
  pass_on();
}

bool GpuTurns::leave(std::int32_t place) {
  if (turn_ == place) return false;
  stop_waiting(at(place), simulation_.now());
  return true;
}

void GpuTurns::pass_on() {
  const std::int32_t next = first_waiting();
  if (next == kNobody || !give(next)) return;
  is_new_ = true;
  at(next).taker->on_turn();
}

/// False: its model has to be brought into GPU memory first.
bool GpuTurns::give(std::int32_t place) {
  const Picoseconds now = simulation_.now();
  stop_waiting(at(place), now);
  turn_ = place;
  came_over_ = boards_ != place;
  give_boards(place);
  if (!setup_.swapped || loaded_ == place) return true;
  const Picoseconds time = switch_time(loaded_, place);
  if (loaded_ != kNobody) at(loaded_).taker->on_swapped_out();
  loaded_ = place;
  switching_since_ = now;
  simulation_.set_timer(timer_, now + time);
  return false;
}

/// The model of the one that has the turn has come into GPU memory.
void GpuTurns::on_timer(std::uint32_t) {
  settle_switch(simulation_.now());
  stays_until_ = simulation_.now() + setup_.least_turn;
  is_new_ = true;
  at(turn_).taker->on_turn();
}

Picoseconds GpuTurns::switch_time(std::int32_t from, std::int32_t to) {
  Bytes moved = at(to).weights_per_gpu + at(to).taker->held_per_gpu();
  if (from != kNobody) moved = moved + at(from).taker->held_per_gpu();
  return setup_.overhead + to_picoseconds(moved.value / setup_.host_link.value);
}

void GpuTurns::settle_switch(Picoseconds now) {
  if (switching_since_) at(turn_).book.switching += now - *switching_since_;
  switching_since_.reset();
}

void GpuTurns::stop_waiting(Member& member, Picoseconds now) {
  if (member.waits_since) member.book.waiting += now - *member.waits_since;
  member.waits_since.reset();
}

void GpuTurns::give_boards(std::int32_t place) {
  if (boards_ == place) return;
  if (boards_ != kNobody) at(boards_).taker->on_boards(false);
  boards_ = place;
  if (place != kNobody) at(place).taker->on_boards(true);
}

void GpuTurns::go_down(std::int32_t place) {
  at(place).is_up = false;
  stop_waiting(at(place), simulation_.now());
  if (loaded_ == place) loaded_ = kNobody;
  if (boards_ == place) {
    const auto other = std::find_if(members_.begin(), members_.end(), [](const Member& m) { return m.is_up; });
    give_boards(other == members_.end() ? kNobody : static_cast<std::int32_t>(other - members_.begin()));
  }
  if (turn_ != place) return;
  settle_switch(simulation_.now());
  simulation_.cancel_timer(timer_);
  turn_ = kNobody;
  pass_on();
}

void GpuTurns::come_up(std::int32_t place) {
  at(place).is_up = true;
  if (loaded_ == kNobody) loaded_ = place;
  if (boards_ == kNobody) give_boards(place);
}

void GpuTurns::finish(std::int32_t place, Picoseconds end) {
  stop_waiting(at(place), end);
  if (turn_ == place) settle_switch(end);
}

}  // namespace tokenworks::jobs
