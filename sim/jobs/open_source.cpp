#include <utility>

#include "sim/jobs/request_source.hpp"

namespace tokenworks::jobs {
namespace {

class OpenSource final : public RequestSource, private engine::TimerClient {
 public:
  OpenSource(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
             std::unique_ptr<RequestStream> stream, const SenderTraits& traits, engine::Rank rank)
      : simulation_(simulation),
        service_(service),
        run_end_(run_end),
        stream_(std::move(stream)),
        timer_(simulation.add_timer(*this, 0, rank)),
        owner_(service.add_owner(nullptr, traits)) {}

  void start() override {
    run_end_.source_active();
    wait_for_next();
  }

 private:
  void on_timer(std::uint32_t) override {
    service_.submit(*next_, owner_);
    wait_for_next();
  }
  void wait_for_next() {
    next_ = stream_->next();
    if (next_) {
      simulation_.set_timer(timer_, next_->arrival + service_.request_overhead());
    } else {
      run_end_.source_exhausted();
    }
  }

  engine::Simulation& simulation_;
  LlmService& service_;
  RunEnd& run_end_;
  std::unique_ptr<RequestStream> stream_;
  engine::TimerId timer_;
  std::int32_t owner_;
  std::optional<Request> next_;
};

}  // namespace

std::unique_ptr<RequestSource> make_open_source(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
                                                std::unique_ptr<RequestStream> stream, const SenderTraits& traits,
                                                engine::Rank rank) {
  return std::make_unique<OpenSource>(simulation, service, run_end, std::move(stream), traits, rank);
}

}  // namespace tokenworks::jobs
