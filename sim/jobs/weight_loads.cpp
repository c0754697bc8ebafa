#include "sim/jobs/weight_loads.hpp"

#include <algorithm>

namespace tokenworks::jobs {

using resources::Place;

std::int64_t WeightLoads::position_of(std::int32_t replica, std::int64_t node) const {
  const std::vector<std::int64_t> nodes = loaded_.service->nodes_of(replica);
  return std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
}

void WeightLoads::add_holder(std::int32_t replica) {
  const std::vector<std::int64_t> nodes = loaded_.service->nodes_of(replica);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    make_free(holders_[static_cast<std::int64_t>(i)], nodes[i]);
  }
}

void WeightLoads::make_free(Holders& holders, std::int64_t node) {
  const bool known =
      holders.giving.count(node) > 0 || std::find(holders.free.begin(), holders.free.end(), node) != holders.free.end();
  if (!known) holders.free.push_back(node);
}

void WeightLoads::remove_holder(std::int64_t node) {
  for (auto& [position, holders] : holders_) {
    std::erase(holders.free, node);
    holders.giving.erase(node);  // what it gives now goes on, but it gives to nobody after
  }
}

void WeightLoads::load(std::int32_t replica, std::int64_t node, WeightClient& client, std::uint32_t tag) {
  if (fabric_ == nullptr || loaded_.at_once) return client.on_weights(tag, true);
  loaded_.service->weights_on_the_way(replica);
  const Bytes bytes = loaded_.weights_per_gpu_of[static_cast<std::size_t>(replica)] *
                      static_cast<double>(loaded_.service->gpus_on_node(replica, node));
  const auto index = static_cast<std::uint32_t>(loads_.size());
  loads_.push_back({replica, node, position_of(replica, node), bytes, &client, tag});
  if (loaded_.source != WeightSource::peers) return start(index, -1);
  Holders& holders = holders_[loads_[index].position];
  if (holders.free.empty() && holders.on_the_way == 0) return start(index, -1);  // somebody has to be the first
  holders.waiting.push_back(index);
  serve(holders);
}

void WeightLoads::serve(Holders& holders) {
  while (!holders.free.empty() && !holders.waiting.empty()) {
    const std::int64_t giver = holders.free.front();
    const std::uint32_t load = holders.waiting.front();
    holders.free.pop_front();
    holders.waiting.pop_front();
    holders.giving.insert(giver);
    start(load, giver);
  }
}

void WeightLoads::start(std::uint32_t index, std::int64_t giver) {
  Load& load = loads_[index];
  load.giver = giver;
  const Place to{.kind = Place::Kind::gpus, .node = load.node};
  Place from{.kind = Place::Kind::storage};
  if (giver >= 0) from = {.kind = Place::Kind::gpus, .node = giver};
  if (loaded_.source == WeightSource::local_drives) from = {.kind = Place::Kind::drives, .node = load.node};
  if (loaded_.source == WeightSource::peers) ++holders_[load.position].on_the_way;
  fabric_->move(*this, index, resources::Purpose::weights, from, to, load.bytes);
}

void WeightLoads::on_moved(std::uint32_t tag, bool arrived) {
  const Load load = loads_[tag];
  if (loaded_.source == WeightSource::peers) {
    Holders& holders = holders_[load.position];
    --holders.on_the_way;
    if (holders.giving.erase(load.giver) > 0) make_free(holders, load.giver);
    if (arrived) make_free(holders, load.node);
    if (!arrived && holders.free.empty() && holders.on_the_way == 0 && !holders.waiting.empty()) {
      const std::uint32_t next = holders.waiting.front();
      holders.waiting.pop_front();
      start(next, -1);
    }
    serve(holders);
  }
  load.client->on_weights(load.tag, arrived);
}

}  // namespace tokenworks::jobs
