// Question: when do flows end that share links as fluids, each at its max-min fair rate?
// Equation: progressive filling: the link with the least capacity a flow fixes the rate of its flows, and so on with
//   what is left; rates hold until a flow starts or ends.
// Source: Bertsekas and Gallager, Data Networks, 2nd edition, section 6.5.2.
// Valid for: messages of many round trips; no latency, no headers, no queues.
// Checked by: tests/packets/fluid_test.cpp by hand, tests/packets/packets_test.cpp against ns-3.
#pragma once

#include <vector>

namespace tokenworks::testing {

struct Flow {
  double start_s = 0;
  double bytes = 0;
  std::vector<int> links;  // indices of capacities
};

// When each flow ends. A flow without links, or without bytes, ends as it starts. Throws std::invalid_argument when a
// flow names a link that is not there, or a used link has no capacity.
std::vector<double> fluid_ends_s(const std::vector<Flow>& flows, const std::vector<double>& capacities_bytes_per_s);

}  // namespace tokenworks::testing
