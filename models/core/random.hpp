// Named streams of random numbers: each is derived from the scenario's seed and the name of what draws, so that
// adding or reordering components changes no other stream. The same bits on every platform.
#pragma once

#include <boost/random/mersenne_twister.hpp>
#include <cstdint>
#include <string_view>

namespace tokenworks {

using RandomEngine = boost::random::mt19937_64;

/// A stream for `name` under `seed`. Names are like "workload/chat/arrivals".
inline RandomEngine random_stream(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ull ^ (seed * 0x9e3779b97f4a7c15ull);  // FNV-1a over the name
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;  // SplitMix64 finish: spreads close names
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return RandomEngine(hash ^ (hash >> 31));
}

/// A number in (0, 1), never 0 nor 1.
inline double uniform_open(RandomEngine& random) {
  return (static_cast<double>(random() >> 12) + 0.5) * 0x1.0p-52;
}

}  // namespace tokenworks
