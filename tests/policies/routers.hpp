// Routers from their settings as a scenario writes them, and a fleet that they choose from: what a naive reference
// scans.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/policies/routing/router_option.hpp"
#include "tests/catch.hpp"
#include "tests/policies/read_option.hpp"

namespace tokenworks::tests {

inline std::unique_ptr<routing::Router> make_router(std::string_view kind, const routing::RouterSetup& setup,
                                                    const std::string& settings = "{}") {
  return read_option(routing::router_options(), kind, settings)->make(setup);
}

/// So many replicas of one pool and speed.
inline std::vector<routing::Candidate> alike(int replicas) {
  return std::vector<routing::Candidate>(static_cast<std::size_t>(replicas));
}

/// Replicas of one pool with these speeds.
inline std::vector<routing::Candidate> with_speeds(std::initializer_list<double> speeds) {
  std::vector<routing::Candidate> candidates;
  for (const double speed : speeds) candidates.push_back({.speed = speed});
  return candidates;
}

/// Up to so many replicas, either alike or of speeds whose ratios are exact.
inline std::vector<routing::Candidate> any_candidates(int most) {
  std::vector<routing::Candidate> candidates = alike(*rc::gen::inRange(1, most + 1));
  if (*rc::gen::arbitrary<bool>()) {
    for (routing::Candidate& candidate : candidates) candidate.speed = *rc::gen::element(0.5, 1.0, 2.0, 4.0);
  }
  return candidates;
}

/// What a router has been told.
struct Fleet {
  explicit Fleet(std::vector<routing::Candidate> list)
      : candidates(std::move(list)), prompts(candidates.size()), in_service(candidates.size(), true) {}

  std::size_t size() const { return candidates.size(); }
  double requests(std::size_t replica) const { return static_cast<double>(prompts[replica].size()); }
  double requests_by_speed(std::size_t replica) const { return requests(replica) / candidates[replica].speed; }
  double tokens(std::size_t replica) const {
    double sum = 0.0;
    for (const std::int64_t prompt : prompts[replica]) sum += static_cast<double>(prompt);
    return sum;
  }
  /// The rule of load_factor and load_slack.
  bool overloaded(std::size_t replica, double load_factor, double load_slack) const {
    double all_requests = 0.0, all_speed = 0.0;
    for (std::size_t r = 0; r < size(); ++r) {
      if (!in_service[r]) continue;
      all_requests += requests(r);
      all_speed += candidates[r].speed;
    }
    const double fair_share = all_requests * candidates[replica].speed / all_speed;
    return requests(replica) > load_factor * fair_share + load_slack;
  }

  std::vector<routing::Candidate> candidates;
  std::vector<std::vector<std::int64_t>> prompts;  // tokens of each request that a replica has
  std::vector<bool> in_service;
};

/// The first of the lowest replicas in service from `cursor` on, cyclically; moves the cursor behind it.
inline std::optional<std::int32_t> lowest_in_turn(const Fleet& fleet, std::size_t& cursor,
                                                  const std::function<bool(std::size_t, std::size_t)>& lower) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const std::size_t r = (cursor + i) % fleet.size();
    if (fleet.in_service[r] && (!best || lower(r, *best))) best = r;
  }
  if (!best) return std::nullopt;
  cursor = *best + 1;
  return static_cast<std::int32_t>(*best);
}

/// A naive `least_loaded`.
struct LeastLoadedByScan {
  std::size_t cursor = 0;
  std::optional<std::int32_t> choose(const Fleet& fleet) {
    return lowest_in_turn(fleet, cursor, [&](std::size_t a, std::size_t b) {
      const double load_a = fleet.requests_by_speed(a), load_b = fleet.requests_by_speed(b);
      if (load_a != load_b) return load_a < load_b;
      return fleet.candidates[a].speed > fleet.candidates[b].speed;
    });
  }
};

/// Lets random requests arrive and end, and replicas leave and return. Each choice goes to `check`, before the load of
/// the chosen replica grows; each replica that leaves to `left`.
inline void drive(routing::Router& router, Fleet& fleet, const std::function<routing::Arrival()>& arrival,
                  const std::function<void(const routing::Arrival&, std::optional<std::int32_t>)>& check,
                  const std::function<void(std::int32_t)>& left = {}) {
  const auto replicas = static_cast<int>(fleet.size());
  const auto count = *rc::gen::inRange<std::size_t>(0, 400);
  for (const int action : *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(0, 8 * replicas))) {
    const std::int32_t replica = action % replicas;
    const auto r = static_cast<std::size_t>(replica);
    if (action / replicas < 2) {
      if (fleet.prompts[r].empty()) continue;
      router.load_changed(replica, -1, -fleet.prompts[r].back());
      fleet.prompts[r].pop_back();
    } else if (action / replicas == 2) {
      fleet.in_service[r] = !fleet.in_service[r];
      router.set_in_service(replica, fleet.in_service[r]);
      if (left && !fleet.in_service[r]) left(replica);
    } else {
      const routing::Arrival asked = arrival();
      const std::optional<std::int32_t> chosen = router.choose(asked);
      check(asked, chosen);
      if (!chosen) continue;
      router.load_changed(*chosen, +1, asked.prompt_tokens);
      fleet.prompts[static_cast<std::size_t>(*chosen)].push_back(asked.prompt_tokens);
    }
  }
}

}  // namespace tokenworks::tests
