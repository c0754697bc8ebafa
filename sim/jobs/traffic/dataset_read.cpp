#include "sim/jobs/traffic/traffic_source.hpp"

#include <algorithm>

namespace tokenworks::jobs {
namespace {

using resources::Place;

class DatasetSource final : public TrafficSource, private engine::TimerClient, private resources::MoveClient {
 public:
  DatasetSource(const TrafficContext& context, const DatasetRead& read)
      : context_(context),
        read_(read),
        period_(std::max<Picoseconds>(1, to_picoseconds((read.block / read.rate_per_node).value))),
        readers_(context.nodes.size()),
        timer_(context.simulation.add_timer(*this, 0, context.rank)) {}

  void start() override { context_.simulation.set_timer(timer_, 0); }

  metrics::TrafficResult report() const override {
    return {.name = context_.name,
            .kind = "dataset_read",
            .rounds = blocks_,
            .skipped = skipped_,
            .failed = failed_,
            .round_s = durations_.summary(),
            .blocking_s = {}};
  }

 private:
  struct Reader {
    bool reads = false;
    Picoseconds began = 0;
  };

  void on_timer(std::uint32_t) override {
    const Picoseconds now = context_.simulation.now();
    if (now + period_ < context_.duration) context_.simulation.set_timer(timer_, now + period_);
    for (std::uint32_t i = 0; i < readers_.size(); ++i) {
      if (readers_[i].reads) {
        ++skipped_;
        continue;
      }
      readers_[i] = {true, now};
      Place from{.kind = Place::Kind::storage};
      if (read_.from_local_drives) from = {.kind = Place::Kind::drives, .node = context_.nodes[i]};
      const Place to{.kind = Place::Kind::gpus, .node = context_.nodes[i]};
      context_.fabric.move(*this, i, resources::Purpose::dataset, from, to, read_.block);
    }
  }

  void on_moved(std::uint32_t tag, bool arrived) override {
    Reader& reader = readers_[tag];
    reader.reads = false;
    if (!arrived) {
      ++failed_;
      return;
    }
    ++blocks_;
    durations_.add(context_.simulation.now() - reader.began);
  }

  TrafficContext context_;
  DatasetRead read_;
  Picoseconds period_;
  std::vector<Reader> readers_;
  engine::TimerId timer_;
  std::int64_t blocks_ = 0, skipped_ = 0, failed_ = 0;
  metrics::LatencyHistogram durations_;
};

}  // namespace

std::unique_ptr<TrafficSource> make_dataset_source(const TrafficContext& context, const DatasetRead& read) {
  return std::make_unique<DatasetSource>(context, read);
}

}  // namespace tokenworks::jobs
