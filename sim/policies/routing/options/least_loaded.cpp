#include <bit>
#include <cstddef>
#include <vector>

#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

/// A set of small numbers: a bit each, and a summary bit for each word, so that the next member is found in a few steps.
class NumberSet {
 public:
  explicit NumberSet(std::size_t size) : words_((size + 63) / 64), summary_((words_.size() + 63) / 64) {}

  void insert(std::size_t number) {
    words_[number / 64] |= bit(number);
    summary_[number / 4096] |= bit(number / 64);
    ++count_;
  }
  void erase(std::size_t number) {
    words_[number / 64] &= ~bit(number);
    if (words_[number / 64] == 0) summary_[number / 4096] &= ~bit(number / 64);
    --count_;
  }
  bool empty() const { return count_ == 0; }

  /// The first member >= `from`, or else the first of all. Precondition: not empty.
  std::size_t next_cyclic(std::size_t from) const {
    const std::size_t found = next(from);
    return found != kNone ? found : next(0);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static std::uint64_t bit(std::size_t number) { return std::uint64_t{1} << (number % 64); }
  static std::uint64_t from_bit(std::size_t number) { return ~std::uint64_t{0} << (number % 64); }

  std::size_t next(std::size_t from) const {
    const std::size_t word = from / 64;
    if (word >= words_.size()) return kNone;
    if (const std::uint64_t rest = words_[word] & from_bit(from)) return word * 64 + lowest(rest);
    const std::size_t after = word + 1;
    for (std::size_t s = after / 64; s < summary_.size(); ++s) {
      const std::uint64_t rest = s == after / 64 ? summary_[s] & from_bit(after) : summary_[s];
      if (rest == 0) continue;
      const std::size_t found = s * 64 + lowest(rest);
      return found * 64 + lowest(words_[found]);
    }
    return kNone;
  }
  static std::size_t lowest(std::uint64_t bits) { return static_cast<std::size_t>(std::countr_zero(bits)); }

  std::vector<std::uint64_t> words_, summary_;
  std::size_t count_ = 0;
};

/// Replicas in sets by load; the least load is followed as it moves by one at a time.
class LeastLoadedRouter final : public Router {
 public:
  explicit LeastLoadedRouter(std::int32_t replicas)
      : load_(static_cast<std::size_t>(replicas)), in_service_(load_.size(), true), in_service_count_(load_.size()) {
    by_load_.emplace_back(load_.size());
    for (std::size_t replica = 0; replica < load_.size(); ++replica) by_load_[0].insert(replica);
  }

  std::optional<std::int32_t> choose(const Arrival&) override {
    if (in_service_count_ == 0) return std::nullopt;
    while (by_load_[least_].empty()) ++least_;
    const std::size_t replica = by_load_[least_].next_cyclic(cursor_);
    cursor_ = replica + 1;
    return static_cast<std::int32_t>(replica);
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_[r]) by_load_[load_[r]].erase(r);
    load_[r] = static_cast<std::size_t>(static_cast<std::int64_t>(load_[r]) + requests);
    if (in_service_[r]) insert(r);
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    const auto r = static_cast<std::size_t>(replica);
    if (in_service_[r] == in_service) return;
    in_service_[r] = in_service;
    if (in_service) {
      ++in_service_count_;
      insert(r);
    } else {
      --in_service_count_;
      by_load_[load_[r]].erase(r);
    }
  }

 private:
  void insert(std::size_t replica) {
    const std::size_t load = load_[replica];
    while (by_load_.size() <= load) by_load_.emplace_back(load_.size());
    by_load_[load].insert(replica);
    if (load < least_) least_ = load;
  }

  std::vector<std::size_t> load_;
  std::vector<bool> in_service_;
  std::size_t in_service_count_;
  std::vector<NumberSet> by_load_;
  std::size_t least_ = 0;   // no set below it has a member
  std::size_t cursor_ = 0;  // equals are served in turn
};

class LeastLoaded final : public RouterOption {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<LeastLoadedRouter>(static_cast<std::int32_t>(setup.candidates.size()));
  }
};

}  // namespace

std::unique_ptr<RouterOption> make_least_loaded() { return std::make_unique<LeastLoaded>(); }

}  // namespace tokenworks::routing
