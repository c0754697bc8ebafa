// Contents of prompts from lists of ids, cut into runs at will; and a naive memory of them.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "models/workload/content.hpp"

namespace tokenworks::tests {

using Ids = std::vector<std::int64_t>;
using Runs = std::vector<workload::ContentRun>;

/// Random ids that often begin alike: a few runs of a few units, which part in their midst or at their ends.
inline Ids any_ids() {
  Ids ids;
  const int runs = *rc::gen::inRange(1, 5);
  for (int run = 0; run < runs; ++run) {
    const std::int64_t first = *rc::gen::element(0, 0, 3, 10);
    const std::int64_t units = *rc::gen::inRange(1, 7);
    for (std::int64_t unit = 0; unit < units; ++unit) ids.push_back(first + unit);
  }
  return ids;
}

/// The ids as runs, some of them cut where they need not be, or empty.
inline Runs any_runs(const Ids& ids) {
  Runs runs;
  for (const std::int64_t id : ids) {
    const bool goes_on = !runs.empty() && runs.back().first + runs.back().units == id;
    if (!goes_on || *rc::gen::inRange(0, 4) == 0) runs.push_back({id, 0});
    if (*rc::gen::inRange(0, 9) == 0) runs.push_back({id, 0});
    ++runs.back().units;
  }
  return runs;
}

/// Remembers each beginning of each prompt by itself.
class MemoryByScan {
 public:
  MemoryByScan(std::size_t units, std::size_t holders) : units_(units), holders_(holders) {}

  struct Match {
    std::int64_t units = 0;
    std::vector<std::int32_t> replicas;
  };
  Match longest(const Ids& ids) const {
    for (std::size_t length = ids.size(); length > 0; --length) {
      const auto known = beginnings_.find(Ids(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(length)));
      if (known == beginnings_.end() || known->second.holders.empty()) continue;
      return {static_cast<std::int64_t>(length), {known->second.holders.begin(), known->second.holders.end()}};
    }
    return {};
  }

  void add(const Ids& ids, std::int32_t replica) {
    ++now_;
    for (std::size_t length = 1; length <= ids.size(); ++length) {
      Beginning& known = beginnings_[Ids(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(length))];
      known.used = now_;
      std::erase(known.holders, replica);
      known.holders.push_front(replica);
      if (known.holders.size() > holders_) known.holders.pop_back();
    }
    while (beginnings_.size() > units_) {
      beginnings_.erase(std::min_element(beginnings_.begin(), beginnings_.end(), [](const auto& a, const auto& b) {
        if (a.second.used != b.second.used) return a.second.used < b.second.used;
        return a.first.size() > b.first.size();
      }));
    }
  }

  void forget(std::int32_t replica) {
    for (auto& [ids, known] : beginnings_) std::erase(known.holders, replica);
  }
  std::size_t units() const { return beginnings_.size(); }

 private:
  struct Beginning {
    std::int64_t used = 0;
    std::deque<std::int32_t> holders;  // the latest first
  };
  std::size_t units_, holders_;
  std::int64_t now_ = 0;
  std::map<Ids, Beginning> beginnings_;
};

}  // namespace tokenworks::tests
