// packet_fat_tree CASE: sends the messages of a case as packets through ns-3 and prints when each arrived, one a line.
#include <ns3/simulator.h>

#include <cstdio>
#include <exception>

#include "tests/packets/credit_transport.hpp"

int main(int count, char** arguments) {
  using namespace tokenworks::testing;
  if (count != 2) {
    std::fputs("usage: packet_fat_tree CASE\n", stderr);
    for (const auto& cases : {large_permutations(), large_all_to_alls(), reported_cases()}) {
      for (const Case& one : cases) std::fprintf(stderr, "  \"%s\"\n", one.name.c_str());
    }
    return 2;
  }
  try {
    const Case the_case = case_named(arguments[1]);
    FatTreeNetwork network(the_case.tree);
    const std::vector<double> ends_s = send_by_credit(network, the_case);
    std::puts("from,to,spine,bytes,start_s,end_s");
    for (std::size_t i = 0; i < ends_s.size(); ++i) {
      const Message& message = the_case.messages[i];
      std::printf("%d,%d,%d,%lld,%.9f,%.9f\n", message.from, message.to, message.spine,
                  static_cast<long long>(message.bytes), message.start_s, ends_s[i]);
    }
    ns3::Simulator::Destroy();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "error: %s\n", fault.what());
    return 1;
  }
  return 0;
}
