#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

#include "sim/jobs/request_source.hpp"

namespace tokenworks::jobs {
namespace {

constexpr Picoseconds kPauseAfterRefusal = kPicosecondsPerSecond;

class ClosedLoopSource final : public RequestSource, private engine::TimerClient, private RequestOwner {
 public:
  ClosedLoopSource(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
                   const workload::ClosedLoop& loop, LengthSource lengths, Picoseconds until,
                   const SenderTraits& traits, engine::Rank rank)
      : simulation_(simulation),
        service_(service),
        run_end_(run_end),
        lengths_(std::move(lengths)),
        until_(until),
        users_(loop.concurrency),
        think_time_(to_picoseconds(loop.think_time_s)),
        left_(loop.requests),
        timer_(simulation.add_timer(*this, 0, rank)),
        owner_(service.add_owner(this, traits)) {}

  void start() override {
    for (std::int64_t user = 0; user < users_; ++user) send_at(0);
  }

 private:
  void send_at(Picoseconds date) {
    if (date >= until_) return;
    if (dates_.empty()) run_end_.source_active();
    dates_.push(date);
    simulation_.set_timer(timer_, dates_.top() + service_.request_overhead());
  }

  void on_timer(std::uint32_t) override {
    const Picoseconds now = simulation_.now();
    const Picoseconds overhead = service_.request_overhead();
    while (!dates_.empty() && dates_.top() + overhead <= now) {
      const Picoseconds date = dates_.top();
      if (!left_ || *left_ > 0) {
        if (left_) --*left_;
        const LengthSource::Lengths lengths = lengths_.draw();
        service_.submit({.arrival = date, .input_tokens = lengths.input_tokens, .output_tokens = lengths.output_tokens},
                        owner_);
      }
      dates_.pop();
    }
    if (dates_.empty()) {
      run_end_.source_exhausted();
    } else {
      simulation_.set_timer(timer_, dates_.top() + overhead);
    }
  }

  void on_ended(const EndedRequest& request) override {
    const Picoseconds pause =
        request.ending == Ending::completed ? think_time_ : std::max(think_time_, kPauseAfterRefusal);
    if (!left_ || *left_ > 0) send_at(simulation_.now() + pause);
  }

  engine::Simulation& simulation_;
  LlmService& service_;
  RunEnd& run_end_;
  LengthSource lengths_;
  Picoseconds until_;
  std::int64_t users_;
  Picoseconds think_time_;
  std::optional<std::int64_t> left_;
  engine::TimerId timer_;
  std::int32_t owner_;
  std::priority_queue<Picoseconds, std::vector<Picoseconds>, std::greater<>> dates_;  // of sending
};

}  // namespace

std::unique_ptr<RequestSource> make_closed_loop_source(engine::Simulation& simulation, LlmService& service,
                                                       RunEnd& run_end, const workload::ClosedLoop& loop,
                                                       LengthSource lengths, Picoseconds until,
                                                       const SenderTraits& traits, engine::Rank rank) {
  return std::make_unique<ClosedLoopSource>(simulation, service, run_end, loop, std::move(lengths), until, traits,
                                            rank);
}

}  // namespace tokenworks::jobs
