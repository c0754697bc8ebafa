#include "sim/jobs/traffic/traffic_source.hpp"

#include <boost/random/uniform_int_distribution.hpp>

namespace tokenworks::jobs {
namespace {

using resources::Place;

class PointToPointSource final : public TrafficSource, private engine::TimerClient, private resources::MoveClient {
 public:
  PointToPointSource(const TrafficContext& context, const PointToPoint& traffic)
      : context_(context),
        traffic_(traffic),
        random_(random_stream(context.seed, "traffic/" + context.name)),
        began_(static_cast<std::size_t>(traffic.concurrency)),
        timer_(context.simulation.add_timer(*this, 0, context.rank)) {}

  void start() override {
    context_.run_end.source_active();
    context_.simulation.set_timer(timer_, 0);
  }

  metrics::TrafficResult report() const override {
    return {.name = context_.name,
            .kind = "point_to_point",
            .rounds = arrived_,
            .skipped = 0,
            .failed = failed_,
            .round_s = durations_.summary(),
            .blocking_s = {}};
  }

 private:
  void on_timer(std::uint32_t) override {
    for (std::uint32_t lane = 0; lane < traffic_.concurrency; ++lane) next(lane);
  }

  void next(std::uint32_t lane) {
    const bool more = traffic_.transfers == 0 || started_ < traffic_.transfers;
    if (!more || context_.simulation.now() > context_.duration) {
      if (++lanes_done_ == traffic_.concurrency) context_.run_end.source_exhausted();
      return;
    }
    ++started_;
    using Below = boost::random::uniform_int_distribution<std::size_t>;
    const std::size_t count = context_.nodes.size();
    const std::size_t from = Below(0, count - 1)(random_);
    const std::size_t to = (from + 1 + Below(0, count - 2)(random_)) % count;
    const double bytes = traffic_.bytes.value * (1.0 + traffic_.spread * (2.0 * uniform_open(random_) - 1.0));
    began_[lane] = context_.simulation.now();
    context_.fabric.move(*this, lane, resources::Purpose::point_to_point,
                         {.kind = Place::Kind::gpus, .node = context_.nodes[from]},
                         {.kind = Place::Kind::gpus, .node = context_.nodes[to]}, Bytes(bytes));
  }

  void on_moved(std::uint32_t lane, bool arrived) override {
    if (arrived) {
      ++arrived_;
      durations_.add(context_.simulation.now() - began_[lane]);
    } else {
      ++failed_;
    }
    next(lane);
  }

  TrafficContext context_;
  PointToPoint traffic_;
  RandomEngine random_;
  std::vector<Picoseconds> began_;  // by lane: one transfer at a time
  engine::TimerId timer_;
  std::int64_t started_ = 0, arrived_ = 0, failed_ = 0, lanes_done_ = 0;
  metrics::LatencyHistogram durations_;
};

}  // namespace

std::unique_ptr<TrafficSource> make_point_to_point_source(const TrafficContext& context, const PointToPoint& traffic) {
  return std::make_unique<PointToPointSource>(context, traffic);
}

}  // namespace tokenworks::jobs
