#include "sim/jobs/sessions/session_source.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "sim/jobs/sessions/session_stats.hpp"

namespace tokenworks::jobs {
namespace {

constexpr Picoseconds kPauseAfterRefusal = kPicosecondsPerSecond;
constexpr std::int32_t kNone = -1;

/// Dates and waits that together are not beyond kNever.
Picoseconds later(Picoseconds date, Picoseconds wait) { return date > kNever - wait ? kNever : date + wait; }

/// Slots that are used again.
template <class T>
class Slots {
 public:
  std::int32_t add(T value) {
    if (free_.empty()) {
      list_.push_back(std::move(value));
      return static_cast<std::int32_t>(list_.size() - 1);
    }
    const std::int32_t slot = free_.back();
    free_.pop_back();
    list_[static_cast<std::size_t>(slot)] = std::move(value);
    return slot;
  }
  void remove(std::int32_t slot) { free_.push_back(slot); }
  T& operator[](std::int32_t slot) { return list_[static_cast<std::size_t>(slot)]; }

 private:
  std::vector<T> list_;
  std::vector<std::int32_t> free_;
};

class SessionSource final : public RequestSource, private engine::TimerClient, private RequestOwner {
 public:
  SessionSource(engine::Simulation& simulation, LlmService& service, RunEnd& run_end, SessionSourceSetup setup,
                engine::Rank rank)
      : simulation_(simulation),
        service_(service),
        run_end_(run_end),
        setup_(std::move(setup)),
        left_(setup_.limit),
        timer_(simulation.add_timer(*this, 0, rank)),
        owner_(service.add_owner(this, setup_.traits)),
        stats_(setup_.window_start) {}

  void start() override {
    if (setup_.starts) {
      wait_for_next_start();
    } else {
      for (std::int64_t i = 0; i < setup_.concurrency; ++i) start_at(0);
    }
    settle();
  }

  std::optional<metrics::SessionResult> sessions() const override { return stats_.report(); }

 private:
  struct Session {
    std::unique_ptr<workload::SessionPlan> plan;
    std::int64_t number = 0;
    Picoseconds started = 0;
    std::int64_t open = 0;         // steps that wait for their date or for their end
    std::int64_t chains_left = 0;  // of the plan, that have not come to their end
    std::vector<std::int32_t> chains{};
    bool failed = false;
    SessionSums sums{};
  };
  struct Chain {
    std::int32_t session = kNone;
    std::int32_t planned = 0;  // of the plan
    std::int32_t step = 0;     // that is sent next, or under way
    std::int32_t parent = kNone;
    bool joined = false;       // the parent waits for its end
    std::int32_t joining = 0;  // sub-agents that it waits for
    bool refused = false;      // its last step
    std::optional<std::uint64_t> entry{};
    Picoseconds date = 0;  // of the entry
  };
  /// What happens next: a step of a chain, or the start of a session.
  struct Entry {
    Picoseconds date;
    std::uint64_t number;  // entries of one date keep their order
    std::int32_t chain;    // kNone: a start
    bool operator<(const Entry& other) const { return date != other.date ? date < other.date : number < other.number; }
  };

  const workload::PlannedChain& planned(const Chain& chain) {
    return sessions_[chain.session].plan->chains[static_cast<std::size_t>(chain.planned)];
  }
  const workload::PlannedStep& planned_step(const Chain& chain) {
    return sessions_[chain.session]
        .plan->steps[static_cast<std::size_t>(planned(chain).first_step) + static_cast<std::size_t>(chain.step)];
  }

  // ---- Dates
  // ---------------------------------------------------------------------------------------------------------

  void start_at(Picoseconds date) {
    if (date >= setup_.until || (left_ && *left_ == 0)) return;
    if (left_) --*left_;
    entries_.insert({date, next_entry_++, kNone});
  }
  void wait_for_next_start() { start_at(to_picoseconds(setup_.starts->next_s(setup_.starts_random))); }

  /// A chain's next step at `date`; from the clock's end on it is not sent, and the session stays unfinished.
  void send_at(std::int32_t slot, Picoseconds date) {
    if (date >= setup_.until) return;
    Chain& chain = chains_[slot];
    ++sessions_[chain.session].open;
    chain.entry = next_entry_;
    chain.date = date;
    entries_.insert({date, next_entry_++, slot});
  }

  /// Tells the run's end and the clock what is left to do.
  void settle() {
    if (submitting_) return;
    if (entries_.empty() == active_) {
      active_ = !active_;
      if (active_)
        run_end_.source_active();
      else
        run_end_.source_exhausted();
    }
    if (active_)
      simulation_.set_timer(timer_, later(entries_.begin()->date, service_.request_overhead()));
    else
      simulation_.cancel_timer(timer_);
  }

  void on_timer(std::uint32_t) override {
    const Picoseconds due = simulation_.now() - service_.request_overhead();
    submitting_ = true;
    while (!entries_.empty() && entries_.begin()->date <= due) {
      const Entry entry = *entries_.begin();
      entries_.erase(entries_.begin());
      if (entry.chain == kNone)
        begin_session(entry.date);
      else
        send(entry.chain);
    }
    submitting_ = false;
    ended_plans_.clear();
    settle();
  }

  // ---- Sessions
  // ------------------------------------------------------------------------------------------------------

  void begin_session(Picoseconds date) {
    std::optional<workload::SessionPlan> plan = setup_.sessions->next();
    if (!plan) return;  // nor will there be one later
    stats_.started();
    const std::int32_t slot = sessions_.add(
        {.plan = std::make_unique<workload::SessionPlan>(std::move(*plan)), .number = ++last_number_, .started = date});
    sessions_[slot].chains_left = static_cast<std::int64_t>(sessions_[slot].plan->chains.size());
    begin_chain(slot, 0, kNone, false, date);
    if (setup_.starts) wait_for_next_start();
  }

  void begin_chain(std::int32_t session, std::int32_t planned_chain, std::int32_t parent, bool joined,
                   Picoseconds date) {
    const std::int32_t slot =
        chains_.add({.session = session, .planned = planned_chain, .parent = parent, .joined = joined});
    sessions_[session].chains.push_back(slot);
    send_after(slot, date);
  }

  /// The chain's next step, its wait after `date`.
  void send_after(std::int32_t slot, Picoseconds date) {
    const Chain& chain = chains_[slot];
    Picoseconds wait = to_picoseconds(planned_step(chain).wait_s);
    if (chain.refused) wait = std::max(wait, kPauseAfterRefusal);
    sessions_[chain.session].sums.wait_time = later(sessions_[chain.session].sums.wait_time, wait);
    send_at(slot, later(date, wait));
  }

  void send(std::int32_t slot) {
    Chain& chain = chains_[slot];
    chain.entry.reset();
    const Session& session = sessions_[chain.session];
    const workload::SessionPlan& plan = *session.plan;
    const workload::PlannedStep& step = planned_step(chain);
    if (step.compacted) stats_.compacted();
    const std::int64_t space = setup_.content_space + (plan.own_content_space ? session.number : 0);
    service_.submit({.arrival = chain.date,
                     .input_tokens = step.input_tokens,
                     .output_tokens = step.output_tokens,
                     .tag = slot,
                     .session = session.number,
                     .content = plan.content(step, space)},
                    owner_);
  }

  void on_ended(const EndedRequest& request) override {
    const std::int32_t slot = request.tag;
    const std::int32_t session_slot = chains_[slot].session;
    {
      Session& session = sessions_[session_slot];
      stats_.step_ended(request, chains_[slot].planned != 0);
      ++session.sums.steps;
      session.sums.llm_time += request.end - request.arrival;
      if (request.ending == Ending::completed) {
        session.sums.input_tokens += request.input_tokens;
        session.sums.output_tokens += request.generated_tokens;
      }
      if (request.ending != Ending::completed && request.ending != Ending::rejected) fail(session);
    }
    chains_[slot].refused = request.ending == Ending::rejected;
    if (!sessions_[session_slot].failed) step_ended(slot);
    if (--sessions_[session_slot].open == 0) end_session(session_slot, request.ending == Ending::completed);
    settle();
  }

  /// Takes back what the session has not sent yet.
  void fail(Session& session) {
    session.failed = true;
    for (const std::int32_t slot : session.chains) {
      Chain& chain = chains_[slot];
      if (!chain.entry) continue;
      entries_.erase({chain.date, *chain.entry, slot});
      chain.entry.reset();
      --session.open;
    }
  }

  void step_ended(std::int32_t slot) {
    const Picoseconds now = simulation_.now();
    const std::int32_t session = chains_[slot].session;
    const workload::SessionPlan& plan = *sessions_[session].plan;
    const workload::PlannedStep& step = planned_step(chains_[slot]);
    ++chains_[slot].step;
    for (std::int32_t i = 0; i < step.spawns; ++i) {
      const workload::PlannedSpawn& spawn = plan.spawns[static_cast<std::size_t>(step.first_spawn + i)];
      if (spawn.joined) ++chains_[slot].joining;
      begin_chain(session, spawn.chain, slot, spawn.joined, later(now, to_picoseconds(spawn.wait_s)));
    }
    go_on(slot);
  }

  /// Sends the chain's next step unless sub-agents run that it waits for; ends it after its last.
  void go_on(std::int32_t slot) {
    for (std::int32_t at = slot; at != kNone;) {
      Chain& chain = chains_[at];
      if (chain.joining > 0) return;
      if (chain.step < planned(chain).steps) return send_after(at, simulation_.now());
      Session& session = sessions_[chain.session];
      --session.chains_left;
      const std::int32_t parent = chain.joined ? chain.parent : kNone;
      std::erase(session.chains, at);
      chains_.remove(at);
      if (parent != kNone) --chains_[parent].joining;
      at = parent;
    }
  }

  void end_session(std::int32_t slot, bool answered) {
    Session& session = sessions_[slot];
    const bool cut_off = !session.failed && session.chains_left > 0;  // its user waits beyond the clock's end
    if (session.failed)
      stats_.failed();
    else if (!cut_off)
      stats_.completed(session.sums, session.started, simulation_.now());
    for (const std::int32_t chain : session.chains) chains_.remove(chain);
    session.chains.clear();
    if (submitting_) ended_plans_.push_back(std::move(session.plan));  // the service may still look at its content
    session.plan.reset();
    sessions_.remove(slot);
    if (!setup_.starts && !cut_off) start_at(later(simulation_.now(), answered ? 0 : kPauseAfterRefusal));
  }

  engine::Simulation& simulation_;
  LlmService& service_;
  RunEnd& run_end_;
  SessionSourceSetup setup_;
  std::optional<std::int64_t> left_;  // sessions to start
  engine::TimerId timer_;
  std::int32_t owner_;
  SessionStats stats_;
  Slots<Session> sessions_;
  Slots<Chain> chains_;
  std::set<Entry> entries_;
  std::uint64_t next_entry_ = 0;
  std::int64_t last_number_ = 0;
  bool active_ = false;      // as the run's end knows it
  bool submitting_ = false;  // inside on_timer
  std::vector<std::unique_ptr<workload::SessionPlan>> ended_plans_;
};

}  // namespace

std::unique_ptr<RequestSource> make_session_source(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
                                                   SessionSourceSetup setup, engine::Rank rank) {
  return std::make_unique<SessionSource>(simulation, service, run_end, std::move(setup), rank);
}

}  // namespace tokenworks::jobs
