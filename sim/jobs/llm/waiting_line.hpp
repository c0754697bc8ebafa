// Requests that wait at a replica. One lane a class of service and tenant: the most urgent class goes first; within it
// whoever came first, or, where tenants share fairly, the tenant that was served least.
//
// Fair sharing is the virtual token counter of Sheng et al., Fairness in serving large language models, OSDI 2024: a
// tenant is charged the tokens of its prompts when they are taken and those of its answers, each counted twice as a
// prompt's token, when they are done; one that comes back from idleness starts with the least of those that wait.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/request_queue.hpp"

namespace tokenworks::jobs {

/// A class of service and a tenant together.
struct Lane {
  std::int32_t level = 0;  ///< 0 is the most urgent
  std::int32_t tenant = 0;
  double weight = 1.0;  ///< share of the tenant against others
};

/// The lanes of a service; many lines have the same.
struct LaneSetup {
  std::vector<Lane> lanes = {Lane{}};
  bool fair = false;  ///< tenants of one level share by tokens served; otherwise first come, first served
  std::int32_t tenants = 1;

  std::int32_t levels() const {
    std::int32_t most = 0;
    for (const Lane& lane : lanes) most = std::max(most, lane.level);
    return most + 1;
  }
};

class WaitingLine {
 public:
  explicit WaitingLine(const LaneSetup& setup) : setup_(&setup), others_(setup.lanes.size() - 1) {}

  bool empty() const { return size_ == 0; }
  std::int64_t size() const { return size_; }
  std::int64_t size_of(std::int32_t lane) const { return queue(lane).size(); }
  /// Who is next. Precondition: not empty.
  RequestId front(const InFlightPool& pool) const {
    return others_.empty() ? first_.front() : queue(next_lane(pool)).front();
  }
  /// Who comes so many places later where all are of one lane; otherwise a guess, and kNoRequest where there is none.
  RequestId probable(std::uint32_t place) const { return first_.at(place); }
  void push_back(RequestId id, std::int32_t lane);
  /// Goes before all others of its lane.
  void push_front(RequestId id, std::int32_t lane);
  RequestId pop_front(const InFlightPool& pool);
  /// Takes out a request wherever it stands; false when it does not wait here.
  bool remove(RequestId id, std::int32_t lane);
  /// Takes out who is next, for a moment: put_back() in the reverse order has all stand where they stood.
  RequestId set_aside(const InFlightPool& pool);
  void put_back(RequestId id, std::int32_t lane);
  /// A tenant has been served so many tokens.
  void charge(std::int32_t lane, std::int64_t tokens);

 private:
  std::int32_t next_lane(const InFlightPool& pool) const;
  bool goes_before(const InFlightPool& pool, std::int32_t lane, std::int32_t other) const;
  void wake(std::int32_t lane);

  RequestQueue& queue(std::int32_t lane) { return lane == 0 ? first_ : others_[static_cast<std::size_t>(lane - 1)]; }
  const RequestQueue& queue(std::int32_t lane) const {
    return lane == 0 ? first_ : others_[static_cast<std::size_t>(lane - 1)];
  }

  const LaneSetup* setup_;
  RequestQueue first_;  // of lane 0, in place: most services have no other
  std::vector<RequestQueue> others_;
  std::int64_t size_ = 0;
  std::vector<double> served_;            // by tenant, over its weight; empty until fair sharing needs it
  std::vector<std::int64_t> waiting_of_;  // likewise
};

}  // namespace tokenworks::jobs
