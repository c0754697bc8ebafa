// How far the completion times of a fluid model are from those of packets.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/packets/cases.hpp"

namespace tokenworks::testing {

// Errors are fluid / packets - 1. A completion time is counted from the message's start, the last end from time 0.
struct Comparison {
  std::string name;
  std::size_t messages = 0;
  double packets_mean_s = 0, packets_last_s = 0;
  double mean_error = 0, last_error = 0;
  double tenth_error = 0, median_error = 0, ninetieth_error = 0;  // percentiles over the messages
  double mean_error_with_latency = 0;                             // path_latency_s() added to each of the fluid's ends
};

Comparison compare(const Case& the_case, const std::vector<double>& packet_ends_s,
                   const std::vector<double>& fluid_ends_s);

// Runs `program` (packet_fat_tree) on the case. Throws std::runtime_error when it fails.
std::vector<double> packet_ends_s(const std::string& program, const Case& the_case);

void write_csv(std::ostream& out, const std::vector<Comparison>& rows);
// For people: a table in Markdown, errors in percent.
void write_table(std::ostream& out, const std::vector<Comparison>& rows);

}  // namespace tokenworks::testing
