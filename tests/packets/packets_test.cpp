// The fluid model of a fat tree against packets in ns-3. TOKENWORKS_PACKET_FAT_TREE is the program that sends the
// packets.
#include <cmath>
#include <fstream>
#include <iostream>

#include "tests/catch.hpp"
#include "tests/packets/comparison.hpp"

using namespace tokenworks::testing;

namespace {

constexpr double kAllowedError = 0.10;

// Prints the table and leaves it as a CSV in the build folder.
std::vector<Comparison> compare_all(const std::vector<Case>& cases, const std::string& file) {
  std::vector<Comparison> rows;
  for (const Case& one : cases) {
    rows.push_back(compare(one, packet_ends_s(TOKENWORKS_PACKET_FAT_TREE, one),
                           fluid_ends_s(flows_of(one), link_capacities_bytes_per_s(one.tree))));
  }
  std::ofstream csv(std::string(TOKENWORKS_PACKETS_FOLDER) + "/" + file);
  write_csv(csv, rows);
  write_table(std::cout, rows);
  return rows;
}

void check_large(const std::vector<Comparison>& rows) {
  for (const Comparison& row : rows) {
    INFO(row.name);
    CHECK(std::abs(row.mean_error) < kAllowedError);
    CHECK(std::abs(row.last_error) < kAllowedError);
  }
}

}  // namespace

TEST_CASE("packets: permutations of large messages complete within 10 % of the fluid model", "[packets]") {
  check_large(compare_all(large_permutations(), "permutations.csv"));
}

TEST_CASE("packets: all-to-alls of large messages complete within 10 % of the fluid model", "[packets]") {
  check_large(compare_all(large_all_to_alls(), "all_to_alls.csv"));
}

TEST_CASE("packets: incast, acknowledgements in line, random and small messages are reported", "[packets]") {
  const std::vector<Comparison> rows = compare_all(reported_cases(), "reported.csv");
  CHECK(rows.size() == reported_cases().size());
}
