#include "tests/packets/cases.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <utility>

namespace tokenworks::testing {
namespace {

constexpr std::int64_t kKB = 1000, kMB = 1000 * kKB;

// Uplinks for all nodes of a leaf, or for half of them.
constexpr FatTree kFull{4, 4, 4}, kHalf{4, 4, 2}, kSmallFull{4, 2, 2}, kSmallHalf{4, 2, 1};

// A whole number below `limit`; the standard's distributions differ between libraries.
int below(std::mt19937_64& random, int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); }

double fraction(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// Equal-cost multipath: a hash of the two ends decides (SplitMix64), blind to what else is under way.
int hashed_spine(const FatTree& tree, int from, int to, std::uint64_t seed) {
  std::uint64_t hash =
      seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(from) * 65536 + static_cast<unsigned>(to);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  hash ^= hash >> 31;
  return static_cast<int>(hash % static_cast<unsigned>(tree.spines));
}

// Gives every message from number `first` on a spine whose two links no other message uses, by trying; false when there
// is none. With as many spines as nodes a leaf, a permutation always has one (König).
bool spread(Case& to_fill, std::size_t first) {
  if (first == to_fill.messages.size()) return true;
  const FatTree& tree = to_fill.tree;
  Message& message = to_fill.messages[first];
  const int from = tree.leaf_of(message.from), to = tree.leaf_of(message.to);
  if (from == to) return spread(to_fill, first + 1);
  for (message.spine = 0; message.spine < tree.spines; ++message.spine) {
    bool taken = false;
    for (std::size_t i = 0; i < first; ++i) {
      const Message& other = to_fill.messages[i];
      const int other_from = tree.leaf_of(other.from), other_to = tree.leaf_of(other.to);
      if (other_from == other_to || other.spine != message.spine) continue;
      taken = taken || other_from == from || other_to == to;
    }
    if (!taken && spread(to_fill, first + 1)) return true;
  }
  return false;
}

enum class Spines { kHashed, kSpread };

// Every node sends one message and receives one, never its own.
Case permutation(std::string name, FatTree tree, std::int64_t bytes, Spines spines, unsigned seed) {
  Case made{std::move(name), tree, {}, true};
  std::mt19937_64 random(seed);
  std::vector<int> targets(tree.nodes());
  for (int node = 0; node < tree.nodes(); ++node) targets[node] = node;
  // Sattolo's shuffle: one cycle, hence no node is its own target.
  for (int node = tree.nodes() - 1; node > 0; --node) std::swap(targets[node], targets[below(random, node)]);
  for (int node = 0; node < tree.nodes(); ++node) {
    made.messages.push_back({node, targets[node], bytes, 0, hashed_spine(tree, node, targets[node], seed)});
  }
  if (spines == Spines::kSpread && !spread(made, 0)) throw std::invalid_argument(made.name + ": too few spines");
  return made;
}

// Every node sends to every other; in the phase k to the k-th after it. `phase_s` = 0: all at once.
Case all_to_all(std::string name, FatTree tree, std::int64_t bytes, double phase_s) {
  Case made{std::move(name), tree, {}, true};
  for (int phase = 1; phase < tree.nodes(); ++phase) {
    for (int node = 0; node < tree.nodes(); ++node) {
      const int target = (node + phase) % tree.nodes();
      made.messages.push_back({node, target, bytes, (phase - 1) * phase_s, hashed_spine(tree, node, target, 1)});
    }
  }
  return made;
}

// The last `senders` nodes send to node 0 at once.
Case incast(std::string name, FatTree tree, std::int64_t bytes, int senders) {
  Case made{std::move(name), tree, {}, true};
  for (int node = tree.nodes() - senders; node < tree.nodes(); ++node) {
    made.messages.push_back({node, 0, bytes, 0, hashed_spine(tree, node, 0, 1)});
  }
  return made;
}

// Random pairs, starts as of a Poisson process, sizes even in their logarithm from 0.25 to 8 MB.
Case mixed(std::string name, FatTree tree, int messages, double messages_per_s, unsigned seed) {
  Case made{std::move(name), tree, {}, true};
  std::mt19937_64 random(seed);
  double start_s = 0;
  for (int i = 0; i < messages; ++i) {
    start_s -= std::log(1 - fraction(random)) / messages_per_s;
    const int from = below(random, tree.nodes());
    const int to = (from + 1 + below(random, tree.nodes() - 1)) % tree.nodes();
    const auto bytes = static_cast<std::int64_t>(0.25e6 * std::exp2(5 * fraction(random)));
    made.messages.push_back({from, to, bytes, start_s, hashed_spine(tree, from, to, seed + i)});
  }
  return made;
}

Case in_line(Case made) {
  made.acknowledgements_first = false;
  return made;
}

// How long a message has its links to itself.
double alone_s(const FatTree& tree, std::int64_t bytes) {
  return static_cast<double>(bytes) * 8 / (tree.link_bits_per_s * kPayloadShare);
}

}  // namespace

std::vector<Case> large_permutations() {
  return {
      permutation("permutation, spread, 2 MB", kFull, 2 * kMB, Spines::kSpread, 1),
      permutation("permutation, hashed 1, 2 MB", kFull, 2 * kMB, Spines::kHashed, 1),
      permutation("permutation, hashed 2, 2 MB", kFull, 2 * kMB, Spines::kHashed, 2),
      permutation("permutation, hashed 3, 2 MB", kFull, 2 * kMB, Spines::kHashed, 3),
      permutation("permutation, hashed 1, 2:1, 2 MB", kHalf, 2 * kMB, Spines::kHashed, 1),
      permutation("permutation, hashed 2, 2:1, 2 MB", kHalf, 2 * kMB, Spines::kHashed, 2),
  };
}

std::vector<Case> large_all_to_alls() {
  return {
      all_to_all("all-to-all of 8, 1 MB", kSmallFull, kMB, 0),
      all_to_all("all-to-all of 8, 2:1, 1 MB", kSmallHalf, kMB, 0),
      all_to_all("all-to-all of 16, 1 MB", kFull, kMB, 0),
      all_to_all("all-to-all of 16, 2:1, 1 MB", kHalf, kMB, 0),
      all_to_all("all-to-all of 16, pairwise, 1 MB", kFull, kMB, alone_s(kFull, kMB)),
      all_to_all("all-to-all of 8, pairwise, 2:1, 1 MB", kSmallHalf, kMB, 2 * alone_s(kSmallHalf, kMB)),
  };
}

std::vector<Case> reported_cases() {
  std::vector<Case> cases = {
      mixed("random 0.25 to 8 MB", kFull, 60, 8000, 1),
      mixed("random 0.25 to 8 MB, 2:1", kHalf, 60, 8000, 2),
      incast("incast of 4, 1 MB", kFull, kMB, 4),
      incast("incast of 12, 1 MB", kFull, kMB, 12),
      in_line(permutation("permutation, hashed 3, 2 MB, in line", kFull, 2 * kMB, Spines::kHashed, 3)),
      in_line(all_to_all("all-to-all of 16, pairwise, 1 MB, in line", kFull, kMB, alone_s(kFull, kMB))),
  };
  for (const auto& [size, bytes] :
       {std::pair("10 kB", 10 * kKB), std::pair("100 kB", 100 * kKB), std::pair("1 MB", kMB)}) {
    const std::string end = std::string(", ") + size;
    cases.push_back(permutation("permutation, spread" + end, kFull, bytes, Spines::kSpread, 1));
    cases.push_back(permutation("permutation, hashed 1" + end, kFull, bytes, Spines::kHashed, 1));
    if (bytes < kMB) cases.push_back(all_to_all("all-to-all of 16" + end, kFull, bytes, 0));
  }
  return cases;
}

Case case_named(const std::string& name) {
  for (const auto& cases : {large_permutations(), large_all_to_alls(), reported_cases()}) {
    for (const Case& candidate : cases) {
      if (candidate.name == name) return candidate;
    }
  }
  throw std::invalid_argument("no case \"" + name + "\"");
}

std::vector<double> link_capacities_bytes_per_s(const FatTree& tree) {
  const std::size_t links = 2 * static_cast<std::size_t>(tree.nodes() + tree.leaves * tree.spines);
  return std::vector<double>(links, tree.link_bits_per_s / 8 * kPayloadShare);
}

std::vector<Flow> flows_of(const Case& the_case) {
  const FatTree& tree = the_case.tree;
  const int leaf_to_spine = 2 * tree.nodes(), spine_to_leaf = leaf_to_spine + tree.leaves * tree.spines;
  std::vector<Flow> flows;
  for (const Message& message : the_case.messages) {
    Flow flow{message.start_s, static_cast<double>(message.bytes), {message.from, tree.nodes() + message.to}};
    const int from = tree.leaf_of(message.from), to = tree.leaf_of(message.to);
    if (from != to) {
      flow.links.push_back(leaf_to_spine + from * tree.spines + message.spine);
      flow.links.push_back(spine_to_leaf + to * tree.spines + message.spine);
    }
    flows.push_back(flow);
  }
  return flows;
}

double path_latency_s(const FatTree& tree, const Message& message) {
  const int links = tree.leaf_of(message.from) == tree.leaf_of(message.to) ? 2 : 4;
  const double packet_bits = 8.0 * (std::min<double>(kPayloadBytes, message.bytes) + kHeaderBytes);
  return links * tree.link_delay_s + (links - 1) * packet_bits / tree.link_bits_per_s;
}

}  // namespace tokenworks::testing
