// Networks for tests: by hand, and at random.
#pragma once

#include <rapidcheck.h>

#include <fmt/format.h>
#include <string>
#include <vector>

#include "models/power/network.hpp"
#include "models/power/standard_chain.hpp"

namespace tokenworks::power::tests {

inline NodeSpec node(std::string name, std::string kind, double rating_w = 0.0) {
  NodeSpec spec;
  spec.name = std::move(name);
  spec.kind = std::move(kind);
  spec.rating = Watts(rating_w);
  return spec;
}

/// Each "a>b" a feed; "a>b:1" of priority 1.
inline std::vector<FeedSpec> feeds(const std::vector<std::string>& list) {
  std::vector<FeedSpec> all;
  for (const std::string& text : list) {
    const auto arrow = text.find('>'), colon = text.find(':');
    FeedSpec feed;
    feed.from = text.substr(0, arrow);
    feed.to = text.substr(arrow + 1, colon == std::string::npos ? colon : colon - arrow - 1);
    if (colon != std::string::npos) feed.priority = std::stoll(text.substr(colon + 1));
    all.push_back(feed);
  }
  return all;
}

/// Two groups of racks of `mega` MW in all.
inline ChainDesign design(const std::string& redundancy, double mega = 3.0) {
  ChainDesign design;
  design.redundancy = redundancy;
  design.racks = {{"racks_a", Watts(mega * 0.6e6), Watts(mega * 0.1e6)},
                  {"racks_b", Watts(mega * 0.3e6), Watts(mega * 0.1e6)},
                  {"racks_c", Watts(mega * 0.1e6), Watts(mega * 0.01e6)}};
  design.mechanical = Watts(mega * 0.2e6);
  design.house = Watts(mega * 0.01e6);
  return design;
}

/// Up to three sources, two to four layers, one to three nodes each, each fed by one to three above it at random shares
/// and priorities.
inline NetworkSpec random_network() {
  NetworkSpec spec;
  std::vector<std::string> above;
  const int sources = *rc::gen::inRange(1, 4);
  for (int i = 0; i < sources; ++i) {
    const bool generator = i > 0 && *rc::gen::inRange(0, 2) == 1;
    above.push_back(fmt::format("source_{}", i));
    spec.nodes.push_back(node(above.back(), generator ? "generator" : "utility"));
  }
  std::vector<bool> feeds_some(spec.nodes.size(), false);
  const auto connect = [&](const std::string& name, const std::string& forced) {
    std::vector<std::string> from;
    if (!forced.empty()) from.push_back(forced);
    const int want = *rc::gen::inRange(1, 4);
    for (int k = 0; k < want; ++k) {
      const std::string& giver = above[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(above.size())))];
      if (std::find(from.begin(), from.end(), giver) == from.end()) from.push_back(giver);
    }
    for (const std::string& giver : from) {
      spec.feeds.push_back({giver, name, *rc::gen::inRange(1, 5) * 0.5, *rc::gen::inRange(0, 2)});
    }
  };
  static constexpr const char* kKinds[] = {"transformer", "switchgear", "ups", "pdu", "busway", "battery"};
  std::vector<std::string> unused = above;
  const int layers = *rc::gen::inRange(1, 4);
  for (int layer = 0; layer < layers; ++layer) {
    std::vector<std::string> made;
    const int width = *rc::gen::inRange(1, 4);
    for (int i = 0; i < width; ++i) {
      NodeSpec next = node(fmt::format("part_{}_{}", layer, i), kKinds[*rc::gen::inRange(0, 6)], 1e6);
      next.units = *rc::gen::inRange(1, 4);
      if (*rc::gen::inRange(0, 2) == 1) next.units_needed = *rc::gen::inRange<std::int64_t>(1, next.units + 1);
      std::string forced;
      if (!unused.empty()) {
        forced = unused.back();
        unused.pop_back();
      }
      connect(next.name, forced);
      made.push_back(next.name);
      spec.nodes.push_back(next);
    }
    for (const std::string& name : made) above.push_back(name);
    unused.insert(unused.end(), made.begin(), made.end());
  }
  int number = 0;
  while (number < 2 || !unused.empty()) {
    NodeSpec sink = node(fmt::format("racks_{}", number++), "rack");
    std::string forced;
    if (!unused.empty()) {
      forced = unused.back();
      unused.pop_back();
    }
    connect(sink.name, forced);
    spec.nodes.push_back(sink);
  }
  return spec;
}

}  // namespace tokenworks::power::tests
