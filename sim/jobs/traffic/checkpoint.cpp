#include "sim/jobs/traffic/traffic_source.hpp"

namespace tokenworks::jobs {
namespace {

using resources::Place;

class CheckpointSource final : public TrafficSource, private engine::TimerClient, private resources::MoveClient {
 public:
  CheckpointSource(const TrafficContext& context, const Checkpoint& checkpoint)
      : context_(context), checkpoint_(checkpoint), timer_(context.simulation.add_timer(*this, 0, context.rank)) {}

  void start() override {
    if (checkpoint_.first <= context_.duration) context_.simulation.set_timer(timer_, checkpoint_.first);
  }

  metrics::TrafficResult report() const override {
    return {.name = context_.name,
            .kind = "checkpoint",
            .rounds = rounds_,
            .skipped = skipped_,
            .failed = failed_,
            .round_s = durations_.summary(),
            .blocking_s = blocking_.summary()};
  }

 private:
  enum : std::uint32_t { kToHost = 0x80000000u };

  void on_timer(std::uint32_t) override {
    const Picoseconds now = context_.simulation.now();
    if (now + checkpoint_.interval <= context_.duration)
      context_.simulation.set_timer(timer_, now + checkpoint_.interval);
    if (left_ > 0) {
      ++skipped_;
      return;
    }
    began_ = now;
    left_ = blocked_ = static_cast<std::int64_t>(context_.nodes.size());
    for (std::uint32_t i = 0; i < context_.nodes.size(); ++i) {
      if (checkpoint_.through_host) {
        const Place node{.kind = Place::Kind::gpus, .node = context_.nodes[i]};
        const Place host{.kind = Place::Kind::host, .node = context_.nodes[i]};
        context_.fabric.move(*this, i | kToHost, resources::Purpose::checkpoint, node, host,
                             checkpoint_.bytes_per_node);
      } else {
        write(i, Place::Kind::gpus);
      }
    }
  }

  void write(std::uint32_t i, Place::Kind from_kind) {
    const Place from{.kind = from_kind, .node = context_.nodes[i]};
    Place to{.kind = Place::Kind::storage};
    if (checkpoint_.target == CheckpointTarget::local_drives)
      to = {.kind = Place::Kind::drives, .node = context_.nodes[i]};
    context_.fabric.move(*this, i, resources::Purpose::checkpoint, from, to, checkpoint_.bytes_per_node);
  }

  void on_moved(std::uint32_t tag, bool arrived) override {
    if (tag & kToHost) {
      unblock();
      if (arrived) return write(tag & ~kToHost, Place::Kind::host);
    } else if (!checkpoint_.through_host) {
      unblock();
    }
    if (!arrived) broken_ = true;
    if (--left_ > 0) return;
    if (broken_) {
      ++failed_;
    } else {
      ++rounds_;
      durations_.add(context_.simulation.now() - began_);
    }
    broken_ = false;
  }

  void unblock() {
    if (--blocked_ == 0) blocking_.add(context_.simulation.now() - began_);
  }

  TrafficContext context_;
  Checkpoint checkpoint_;
  engine::TimerId timer_;
  Picoseconds began_ = 0;
  std::int64_t left_ = 0, blocked_ = 0;  // nodes of the round that runs
  bool broken_ = false;
  std::int64_t rounds_ = 0, skipped_ = 0, failed_ = 0;
  metrics::LatencyHistogram durations_, blocking_;
};

}  // namespace

std::unique_ptr<TrafficSource> make_checkpoint_source(const TrafficContext& context, const Checkpoint& checkpoint) {
  return std::make_unique<CheckpointSource>(context, checkpoint);
}

}  // namespace tokenworks::jobs
