#include <utility>

#include "sim/jobs/request_source.hpp"

namespace tokenworks::jobs {
namespace {

class OpenSource final : public RequestSource, private engine::TimerClient {
 public:
  OpenSource(engine::Simulation& simulation, LlmService& service, std::unique_ptr<RequestStream> stream,
             engine::Rank rank)
      : simulation_(simulation),
        service_(service),
        stream_(std::move(stream)),
        timer_(simulation.add_timer(*this, 0, rank)),
        owner_(service.add_owner(nullptr)) {}

  void start() override { wait_for_next(); }
  void stop() override { simulation_.cancel_timer(timer_); }

 private:
  void on_timer(std::uint32_t) override {
    service_.submit(*next_, owner_);
    wait_for_next();
  }
  void wait_for_next() {
    next_ = stream_->next();
    if (next_) simulation_.set_timer(timer_, next_->arrival + service_.request_overhead());
  }

  engine::Simulation& simulation_;
  LlmService& service_;
  std::unique_ptr<RequestStream> stream_;
  engine::TimerId timer_;
  std::int32_t owner_;
  std::optional<Request> next_;
};

}  // namespace

std::unique_ptr<RequestSource> make_open_source(engine::Simulation& simulation, LlmService& service,
                                                std::unique_ptr<RequestStream> stream, engine::Rank rank) {
  return std::make_unique<OpenSource>(simulation, service, std::move(stream), rank);
}

}  // namespace tokenworks::jobs
