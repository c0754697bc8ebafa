#include "sim/jobs/traffic/traffic_source.hpp"

namespace tokenworks::jobs {
namespace {

using resources::Place;

class KvOffloadSource final : public TrafficSource, private resources::MoveClient {
 public:
  KvOffloadSource(const TrafficContext& context, const KvOffload& offload) : context_(context), offload_(offload) {}

  void start() override {
    offload_.service->set_prompt_watch(
        [this](std::int32_t replica, std::int64_t tokens) { put_away(replica, tokens); });
  }

  metrics::TrafficResult report() const override {
    return {.name = context_.name,
            .kind = "kv_offload",
            .rounds = copies_,
            .skipped = 0,
            .failed = failed_,
            .round_s = durations_.summary(),
            .blocking_s = {}};
  }

 private:
  void put_away(std::int32_t replica, std::int64_t tokens) {
    const std::vector<std::int64_t> nodes = offload_.service->nodes_of(replica);
    const double bytes = offload_.bytes_per_token.value * offload_.share * static_cast<double>(tokens);
    std::uint32_t slot = 0;
    for (const std::int64_t node : nodes) {
      if (!free_.empty()) {
        slot = free_.back();
        free_.pop_back();
      } else {
        slot = static_cast<std::uint32_t>(began_.size());
        began_.emplace_back();
      }
      began_[slot] = context_.simulation.now();
      const Place from{.kind = Place::Kind::gpus, .node = node};
      Place to{.kind = Place::Kind::storage};
      if (offload_.target == KvOffload::Target::host) to = {.kind = Place::Kind::host, .node = node};
      if (offload_.target == KvOffload::Target::local_drives) to = {.kind = Place::Kind::drives, .node = node};
      context_.fabric.move(*this, slot, resources::Purpose::kv_offload, from, to,
                           Bytes(bytes / static_cast<double>(nodes.size())));
    }
  }

  void on_moved(std::uint32_t slot, bool arrived) override {
    free_.push_back(slot);
    if (!arrived) {
      ++failed_;
      return;
    }
    ++copies_;
    durations_.add(context_.simulation.now() - began_[slot]);
  }

  TrafficContext context_;
  KvOffload offload_;
  std::vector<Picoseconds> began_;  // of copies under way
  std::vector<std::uint32_t> free_;
  std::int64_t copies_ = 0, failed_ = 0;
  metrics::LatencyHistogram durations_;
};

}  // namespace

std::unique_ptr<TrafficSource> make_kv_offload_source(const TrafficContext& context, const KvOffload& offload) {
  return std::make_unique<KvOffloadSource>(context, offload);
}

}  // namespace tokenworks::jobs
