// A share of a service's arrivals that goes to some of its replicas, and how both sides fare: what a canary needs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/engine/time.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/policies/routing/router_option.hpp"

namespace tokenworks::jobs {

class TrafficSplit {
 public:
  /// Of requests that arrived and completed since compare() began.
  struct Side {
    std::int64_t requests = 0;
    std::int64_t with_tpot = 0;                 ///< of these, with more than one token
    __extension__ __int128 ttft = 0, tpot = 0;  ///< sums, ps
    std::optional<double> mean_ttft() const;
    std::optional<double> mean_tpot() const;
  };

  /// `chosen`: which of `candidates` replicas get `share` of the arrivals. All of these are out of service until
  /// told. Among them the least loaded gets a request.
  TrafficSplit(std::vector<bool> chosen, double share);

  bool is_chosen(std::int32_t candidate) const { return chosen_[static_cast<std::size_t>(candidate)]; }
  routing::Router& router() { return *router_; }
  /// Whether the next arrival goes to the chosen ones: an even pattern, not a die.
  bool next_goes_to_chosen();

  void compare(Picoseconds from) { from_ = from; }
  void completed(std::int32_t candidate, const InFlight& request, Picoseconds now);
  const Side& chosen_side() const { return sides_[1]; }
  const Side& other_side() const { return sides_[0]; }

 private:
  std::vector<bool> chosen_;
  double share_;
  std::int64_t arrivals_ = 0;
  std::unique_ptr<routing::Router> router_;
  std::optional<Picoseconds> from_;
  Side sides_[2];
};

}  // namespace tokenworks::jobs
