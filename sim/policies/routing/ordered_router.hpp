#pragma once

#include <span>
#include <vector>

#include "sim/policies/routing/load_order.hpp"
#include "sim/policies/routing/router_option.hpp"

namespace tokenworks::routing {

/// What a replica has to do.
struct ReplicaLoad {
  double speed = 1.0;
  std::int64_t requests = 0;
  std::int64_t prompt_tokens = 0;  ///< not computed yet; stays 0 where nobody counts them
  bool in_service = true;
};

/// Chooses the replica of the least key, in turn among equals.
class OrderedRouter final : public Router {
 public:
  using KeyOf = LoadOrder::Key (*)(const ReplicaLoad&);
  OrderedRouter(std::span<const Candidate> candidates, KeyOf key_of, bool counts_tokens);

  std::optional<std::int32_t> choose(const Arrival& arrival) override;
  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override;
  void set_in_service(std::int32_t replica, bool in_service) override;
  bool counts_tokens() const override { return counts_tokens_; }

 private:
  void rank(std::size_t replica);

  KeyOf key_of_;
  bool counts_tokens_;
  std::vector<ReplicaLoad> loads_;
  LoadOrder order_;
};

}  // namespace tokenworks::routing
