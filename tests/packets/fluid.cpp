#include "tests/packets/fluid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace tokenworks::testing {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

void check(const std::vector<Flow>& flows, const std::vector<double>& capacities_bytes_per_s) {
  for (const Flow& flow : flows) {
    for (int link : flow.links) {
      if (link < 0 || link >= static_cast<int>(capacities_bytes_per_s.size())) {
        throw std::invalid_argument("no link " + std::to_string(link));
      }
      if (!(capacities_bytes_per_s[link] > 0)) {
        throw std::invalid_argument("link " + std::to_string(link) + " has no capacity");
      }
    }
  }
}

// Rates in bytes/s of the flows in `running`, in that order.
std::vector<double> fair_rates(const std::vector<Flow>& flows, const std::vector<int>& running,
                               std::vector<double> left_bytes_per_s) {
  std::vector<int> unfixed_on(left_bytes_per_s.size(), 0);
  for (int flow : running) {
    for (int link : flows[flow].links) ++unfixed_on[link];
  }
  std::vector<double> rates(running.size(), -1);
  for (;;) {
    int tightest = -1;
    double share = kNever;
    for (int link = 0; link < static_cast<int>(left_bytes_per_s.size()); ++link) {
      if (unfixed_on[link] > 0 && left_bytes_per_s[link] / unfixed_on[link] < share) {
        share = left_bytes_per_s[link] / unfixed_on[link];
        tightest = link;
      }
    }
    if (tightest < 0) return rates;
    for (std::size_t i = 0; i < running.size(); ++i) {
      const std::vector<int>& links = flows[running[i]].links;
      if (rates[i] >= 0 || std::find(links.begin(), links.end(), tightest) == links.end()) continue;
      rates[i] = share;
      for (int link : links) {
        left_bytes_per_s[link] = std::max(0.0, left_bytes_per_s[link] - share);
        --unfixed_on[link];
      }
    }
  }
}

}  // namespace

std::vector<double> fluid_ends_s(const std::vector<Flow>& flows, const std::vector<double>& capacities_bytes_per_s) {
  check(flows, capacities_bytes_per_s);
  std::vector<double> ends_s(flows.size());
  std::vector<double> left_bytes(flows.size());
  std::vector<int> waiting;  // by start, the next one last
  for (std::size_t i = 0; i < flows.size(); ++i) {
    ends_s[i] = flows[i].start_s;
    left_bytes[i] = flows[i].bytes;
    if (flows[i].bytes > 0 && !flows[i].links.empty()) waiting.push_back(static_cast<int>(i));
  }
  std::stable_sort(waiting.begin(), waiting.end(), [&](int a, int b) { return flows[a].start_s > flows[b].start_s; });

  std::vector<int> running;
  double now_s = waiting.empty() ? 0 : flows[waiting.back()].start_s;
  while (!waiting.empty() || !running.empty()) {
    while (!waiting.empty() && flows[waiting.back()].start_s <= now_s) {
      running.push_back(waiting.back());
      waiting.pop_back();
    }
    const std::vector<double> rates = fair_rates(flows, running, capacities_bytes_per_s);
    double next_s = waiting.empty() ? kNever : flows[waiting.back()].start_s;
    for (std::size_t i = 0; i < running.size(); ++i)
      next_s = std::min(next_s, now_s + left_bytes[running[i]] / rates[i]);
    std::vector<int> still_running;
    for (std::size_t i = 0; i < running.size(); ++i) {
      const int flow = running[i];
      left_bytes[flow] -= rates[i] * (next_s - now_s);
      // What rounding leaves of a message is nothing.
      if (left_bytes[flow] > 1e-9 * flows[flow].bytes) {
        still_running.push_back(flow);
      } else {
        ends_s[flow] = next_s;
      }
    }
    running = std::move(still_running);
    now_s = next_s;
  }
  return ends_s;
}

}  // namespace tokenworks::testing
