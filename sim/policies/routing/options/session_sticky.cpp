#include <unordered_map>
#include <vector>

#include "sim/policies/routing/load_bound.hpp"
#include "sim/policies/routing/options/options.hpp"
#include "sim/policies/routing/recency_list.hpp"

namespace tokenworks::routing {
namespace {

constexpr std::string_view kOthers[] = {"least_loaded", "round_robin"};

/// Where the last request of each session went; sessions used least recently are forgotten.
class SessionMemory {
 public:
  explicit SessionMemory(std::size_t most) : most_(most) {}

  std::optional<std::int32_t> replica(std::int64_t session) const {
    const auto found = slots_.find(session);
    if (found == slots_.end()) return std::nullopt;
    return entries_[found->second].replica;
  }

  void remember(std::int64_t session, std::int32_t replica) {
    const auto found = slots_.find(session);
    if (found != slots_.end()) {
      entries_[found->second].replica = replica;
      recency_.move_to_front(found->second);
      return;
    }
    RecencyList::Slot slot;
    if (entries_.size() < most_) {
      slot = static_cast<RecencyList::Slot>(entries_.size());
      entries_.emplace_back();
    } else {
      slot = recency_.back();
      recency_.remove(slot);
      slots_.erase(entries_[slot].session);
    }
    entries_[slot] = {session, replica};
    slots_[session] = slot;
    recency_.push_front(slot);
  }

 private:
  struct Entry {
    std::int64_t session = 0;
    std::int32_t replica = 0;
  };
  std::size_t most_;
  std::vector<Entry> entries_;
  std::unordered_map<std::int64_t, RecencyList::Slot> slots_;  // by session
  RecencyList recency_;                                        // of slots
};

class SessionStickyRouter final : public Router {
 public:
  SessionStickyRouter(const RouterSetup& setup, const LoadBoundSettings& bound, std::string_view otherwise,
                      std::size_t sessions)
      : sessions_(sessions), bound_(setup.candidates, bound), otherwise_(make_router(otherwise, setup)) {}

  std::optional<std::int32_t> choose(const Arrival& arrival) override {
    if (arrival.session == 0) return otherwise_->choose(arrival);
    std::optional<std::int32_t> chosen = sessions_.replica(arrival.session);
    if (!chosen || !bound_.in_service(*chosen) || bound_.overloaded(*chosen)) chosen = otherwise_->choose(arrival);
    if (chosen) sessions_.remember(arrival.session, *chosen);
    return chosen;
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override {
    bound_.load_changed(replica, requests);
    otherwise_->load_changed(replica, requests, prompt_tokens);
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    bound_.set_in_service(replica, in_service);
    otherwise_->set_in_service(replica, in_service);
  }

 private:
  SessionMemory sessions_;
  LoadBound bound_;
  std::unique_ptr<Router> otherwise_;
};

class SessionSticky final : public RouterOption {
 public:
  void visit(FieldVisitor& v) override {
    bound_.visit(v);
    field(v, "otherwise", otherwise_,
          "Router of new sessions, of requests without one, and of those whose replica is overloaded or out of service",
          rule().one_of(kOthers));
    field(v, "sessions", sessions_,
          "Sessions that the router remembers; the one used least recently is forgotten first",
          rule().at_least(1).at_most(4e9).default_from('E', "Sessions that a large service has open at once"));
  }
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<SessionStickyRouter>(setup, bound_, otherwise_, static_cast<std::size_t>(sessions_));
  }

 private:
  LoadBoundSettings bound_;
  std::string otherwise_{kOthers[0]};
  std::int64_t sessions_ = 1'000'000;
};

}  // namespace

std::unique_ptr<RouterOption> make_session_sticky() { return std::make_unique<SessionSticky>(); }

}  // namespace tokenworks::routing
