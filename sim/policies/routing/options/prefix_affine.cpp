#include <algorithm>

#include "sim/policies/routing/content_index.hpp"
#include "sim/policies/routing/load_bound.hpp"
#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

struct PrefixAffineSettings {
  LoadBoundSettings bound;
  double least_match_share = 0.5;
  std::int64_t index_tokens_per_replica = 500'000;
  std::int64_t holders = 8;
};

/// Routes by what it sent before and is never told what replicas throw away, as SGLang's router (cache_aware) does,
/// NVIDIA Dynamo's without KV events and llm-d's approximate prefix scorer. Theirs differ in the rest: SGLang goes by
/// load alone while the most loaded replica has 32 requests more than the least loaded one, the others weigh overlap
/// against load for each replica.
///
/// Among the replicas that hold the longest beginning of a prompt the least loaded one (of equals the one used last),
/// unless the beginning is too short or that replica is overloaded: then the least loaded of all.
class PrefixAffineRouter final : public Router {
 public:
  PrefixAffineRouter(const RouterSetup& setup, const PrefixAffineSettings& settings)
      : least_match_share_(settings.least_match_share),
        index_(setup.candidates.size(),
               settings.index_tokens_per_replica * static_cast<std::int64_t>(setup.candidates.size()),
               static_cast<std::size_t>(settings.holders)),
        bound_(setup.candidates, settings.bound),
        least_loaded_(make_router("least_loaded", setup)) {}

  std::optional<std::int32_t> choose(const Arrival& arrival) override {
    if (arrival.content.empty() || arrival.prompt_tokens <= 0) return least_loaded_->choose(arrival);
    const std::int64_t unit_tokens = arrival.content.unit_tokens;
    const std::int64_t units = (arrival.prompt_tokens + unit_tokens - 1) / unit_tokens;
    std::optional<std::int32_t> chosen = holder(arrival, units);
    if (!chosen) chosen = least_loaded_->choose(arrival);
    if (chosen) index_.remember(*chosen);
    return chosen;
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override {
    bound_.load_changed(replica, requests);
    least_loaded_->load_changed(replica, requests, prompt_tokens);
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    if (!in_service) index_.forget(replica);  // so that whoever holds something is in service
    bound_.set_in_service(replica, in_service);
    least_loaded_->set_in_service(replica, in_service);
  }

 private:
  std::optional<std::int32_t> holder(const Arrival& arrival, std::int64_t units) {
    const ContentIndex::Match match = index_.longest(arrival.content, units);
    if (match.replicas.empty()) return std::nullopt;
    const std::int64_t tokens = std::min(match.units * arrival.content.unit_tokens, arrival.prompt_tokens);
    if (static_cast<double>(tokens) < least_match_share_ * static_cast<double>(arrival.prompt_tokens)) {
      return std::nullopt;
    }
    const std::int32_t least =
        *std::min_element(match.replicas.begin(), match.replicas.end(),
                          [this](std::int32_t a, std::int32_t b) { return bound_.load(a) < bound_.load(b); });
    if (bound_.overloaded(least)) return std::nullopt;
    return least;
  }

  double least_match_share_;
  ContentIndex index_;
  LoadBound bound_;
  std::unique_ptr<Router> least_loaded_;
};

class PrefixAffine final : public RouterOption {
 public:
  void visit(FieldVisitor& v) override {
    settings_.bound.visit(v);
    field(v, "least_match_share", settings_.least_match_share,
          "Share of the prompt that the best replica must hold; else the least loaded replica takes it",
          rule().share().default_from('V', "SGLang router: cache_threshold 0.5"));
    field(v, "index_tokens_per_replica", settings_.index_tokens_per_replica,
          "Prompt tokens that the router remembers, for each replica; what was used least recently is forgotten first",
          rule().at_least(1).at_most(1e12).default_from(
              'V',
              "Gateway API Inference Extension (llm-d), prefix cache scorer: 31,250 blocks "
              "of 16 tokens a server"));
    field(v, "holders", settings_.holders,
          "Replicas that the router remembers for the same content; the one used least recently is forgotten first",
          rule().at_least(1).default_from('E', "Bounds the cost of a choice; routers of today remember all"));
  }
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<PrefixAffineRouter>(setup, settings_);
  }

 private:
  PrefixAffineSettings settings_;
};

}  // namespace

std::unique_ptr<RouterOption> make_prefix_affine() { return std::make_unique<PrefixAffine>(); }

}  // namespace tokenworks::routing
