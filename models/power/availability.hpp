// Question   which share of the time each load has power
// Equation   unit: MTBF / (MTBF + MTTR), standby unit times 1 - failure on demand; node: k of n units, and no common
//            cause; load: probability that a path of working nodes leads to a source, exact, summed over the states of
//            the nodes between what is done and what is to come (no approximation by cuts)
// Source     IEEE 493-2007 and TM 5-698-5 as quoted in common practice, NUREG/CR-6928 for generators; most rows are
//            estimates: default_reliability() has a tag for each; beta factor 0.05 to 0.1: estimate
// Valid for  independent exponential failures, repair crews for each, paths able to bear the whole load, batteries that
//            last until standby units are there
// Checked by tests/models/power/availability_test.cpp: formula and simulation agree within the confidence interval
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "models/power/network.hpp"

namespace tokenworks::power {

struct AvailabilitySpec {
  double common_cause_share = 0.05;  ///< of failures, those that take all units of a node, or all redundant nodes alike
};

struct DefaultReliability {
  ReliabilitySpec spec;
  char evidence;
  std::string_view source;
};
/// Of one unit of a kind; loads do not fail.
const DefaultReliability& default_reliability(NodeKind kind);

struct SinkAvailability {
  NodeId sink = 0;
  double availability = 1.0;
  double standard_error = 0.0;  ///< of the simulation
};

/// Exact. Throws std::invalid_argument for networks so intermeshed that more than 2^20 states of nodes would have to be
/// looked at (tenths of a second), or that more than 64 nodes matter to each other at a time.
std::vector<SinkAvailability> availability(const Network& network, const AvailabilitySpec& spec = {});

/// By failures and repairs drawn over `years`, from a random stream of the seed.
std::vector<SinkAvailability> simulated_availability(const Network& network, double years, std::uint64_t seed,
                                                     const AvailabilitySpec& spec = {});

}  // namespace tokenworks::power
