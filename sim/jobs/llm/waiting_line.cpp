#include "sim/jobs/llm/waiting_line.hpp"

#include <algorithm>
#include <limits>

namespace tokenworks::jobs {

std::int32_t WaitingLine::next_lane(const InFlightPool& pool) const {
  std::int32_t best = -1;
  for (std::int32_t lane = 0; lane <= static_cast<std::int32_t>(others_.size()); ++lane) {
    if (queue(lane).empty()) continue;
    if (best < 0 || goes_before(pool, lane, best)) best = lane;
  }
  return best;
}

bool WaitingLine::goes_before(const InFlightPool& pool, std::int32_t lane, std::int32_t other) const {
  const Lane& one = setup_->lanes[static_cast<std::size_t>(lane)];
  const Lane& two = setup_->lanes[static_cast<std::size_t>(other)];
  if (one.level != two.level) return one.level < two.level;
  if (setup_->fair && one.tenant != two.tenant) {
    const double first = served_[static_cast<std::size_t>(one.tenant)];
    const double second = served_[static_cast<std::size_t>(two.tenant)];
    if (first != second) return first < second;
  }
  return pool[queue(lane).front()].arrival < pool[queue(other).front()].arrival;
}

void WaitingLine::wake(std::int32_t lane) {
  if (!setup_->fair) return;
  if (served_.empty()) {
    served_.assign(static_cast<std::size_t>(setup_->tenants), 0.0);
    waiting_of_.assign(served_.size(), 0);
  }
  const auto tenant = static_cast<std::size_t>(setup_->lanes[static_cast<std::size_t>(lane)].tenant);
  if (waiting_of_[tenant]++ > 0) return;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t other = 0; other < served_.size(); ++other) {
    if (other != tenant && waiting_of_[other] > 0) least = std::min(least, served_[other]);
  }
  if (least < std::numeric_limits<double>::infinity()) served_[tenant] = std::max(served_[tenant], least);
}

void WaitingLine::push_back(RequestId id, std::int32_t lane) {
  wake(lane);
  queue(lane).push_back(id);
  ++size_;
}

void WaitingLine::push_front(RequestId id, std::int32_t lane) {
  wake(lane);
  queue(lane).push_front(id);
  ++size_;
}

RequestId WaitingLine::pop_front(const InFlightPool& pool) {
  const std::int32_t lane = others_.empty() ? 0 : next_lane(pool);
  --size_;
  if (setup_->fair) --waiting_of_[static_cast<std::size_t>(setup_->lanes[static_cast<std::size_t>(lane)].tenant)];
  return queue(lane).pop_front();
}

RequestId WaitingLine::set_aside(const InFlightPool& pool) {
  --size_;
  return queue(others_.empty() ? 0 : next_lane(pool)).pop_front();
}

void WaitingLine::put_back(RequestId id, std::int32_t lane) {
  ++size_;
  queue(lane).push_front(id);
}

bool WaitingLine::remove(RequestId id, std::int32_t lane) {
  if (!queue(lane).remove(id)) return false;
  --size_;
  if (setup_->fair) --waiting_of_[static_cast<std::size_t>(setup_->lanes[static_cast<std::size_t>(lane)].tenant)];
  return true;
}

void WaitingLine::charge(std::int32_t lane, std::int64_t tokens) {
  if (!setup_->fair) return;
  const Lane& of = setup_->lanes[static_cast<std::size_t>(lane)];
  if (served_.empty()) return;  // nobody has waited yet
  served_[static_cast<std::size_t>(of.tenant)] += static_cast<double>(tokens) / of.weight;
}

}  // namespace tokenworks::jobs
