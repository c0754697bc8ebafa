// Messages as RDMA adapters send them over a lossless fabric: packets of 4,096 bytes over UDP, at most a window of them
// unacknowledged for each message, the adapter taking turns among its messages that have credit. The window bounds the
// queues, whose places suffice: nothing is lost, nothing is sent twice. There is no pause and no marking of packets.
//
// Chosen over TCP with DCTCP, which ns-3 brings: with marks at 10 to 65 packets, the slowest of 16 messages that had
// their links to themselves took 1.5 to 1.8 times as long as it had to, and the last of an all-to-all of 16 came 16 to
// 19 % after that of the fluid model: slow start, sawtooth, unequal shares for long. RDMA adapters start at full rate.
#pragma once

#include <vector>

#include "tests/packets/cases.hpp"
#include "tests/packets/fat_tree_network.hpp"

namespace tokenworks::testing {

// A round trip by bandwidth is 6.5 packets on idle links, and 10 to 12 where acknowledgements meet data. A window of 8
// makes messages alone on their links 16 % slower; between 10 and 32 no mean of a large case moves by more than 5
// points.
constexpr int kWindowPackets = 12;

// When the last byte of each message reached its node. Runs ns-3 to the end. Throws std::runtime_error when one did
// not.
std::vector<double> send_by_credit(FatTreeNetwork& network, const Case& the_case);

}  // namespace tokenworks::testing
