#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "models/core/random.hpp"
#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {
namespace {

constexpr std::string_view kTokens = "tokens";
constexpr std::string_view kMeasures[] = {"requests", kTokens};

class PowerOfTwoRouter final : public Router {
 public:
  PowerOfTwoRouter(const RouterSetup& setup, std::size_t choices, bool by_tokens)
      : choices_(choices),
        by_tokens_(by_tokens),
        random_(random_stream(setup.seed, setup.stream)),
        loads_(setup.candidates.size(), 0),
        in_service_(setup.candidates.size()),
        places_(setup.candidates.size()) {
    for (const Candidate& candidate : setup.candidates) speeds_.push_back(candidate.speed);
    std::iota(in_service_.begin(), in_service_.end(), 0);
    std::iota(places_.begin(), places_.end(), 0);
  }

  std::optional<std::int32_t> choose(const Arrival&) override {
    if (in_service_.empty()) return std::nullopt;
    // The first places of the list, each exchanged with one drawn from it and those behind: no replica twice.
    const std::size_t drawn = std::min(choices_, in_service_.size());
    for (std::size_t place = 0; place < drawn; ++place) exchange(place, place + below(in_service_.size() - place));
    std::size_t best = 0;
    for (std::size_t place = 1; place < drawn; ++place) {
      if (load(in_service_[place]) < load(in_service_[best])) best = place;
    }
    return static_cast<std::int32_t>(in_service_[best]);
  }

  void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override {
    loads_[static_cast<std::size_t>(replica)] += by_tokens_ ? prompt_tokens : requests;
  }

  void set_in_service(std::int32_t replica, bool in_service) override {
    const auto r = static_cast<std::size_t>(replica);
    if ((places_[r] != kOut) == in_service) return;
    if (in_service) {
      places_[r] = in_service_.size();
      in_service_.push_back(r);
    } else {
      exchange(places_[r], in_service_.size() - 1);
      in_service_.pop_back();
      places_[r] = kOut;
    }
  }
  bool counts_tokens() const override { return by_tokens_; }

 private:
  static constexpr std::size_t kOut = static_cast<std::size_t>(-1);

  /// One of 0 .. count - 1; below 2^32, each equally likely within 2^-32.
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(((random_() >> 32) * static_cast<std::uint64_t>(count)) >> 32);
  }
  void exchange(std::size_t a, std::size_t b) {
    std::swap(in_service_[a], in_service_[b]);
    places_[in_service_[a]] = a;
    places_[in_service_[b]] = b;
  }
  double load(std::size_t replica) const { return static_cast<double>(loads_[replica]) / speeds_[replica]; }

  std::size_t choices_;
  bool by_tokens_;
  RandomEngine random_;
  std::vector<std::int64_t> loads_;
  std::vector<double> speeds_;
  std::vector<std::size_t> in_service_;  // in any order
  std::vector<std::size_t> places_;      // in it, by replica
};

class PowerOfTwo final : public RouterOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "choices", choices_, "Replicas in service that are drawn, no one twice",
          rule().at_least(1).default_from('V',
                                          "Mitzenmacher, The power of two choices in randomized load balancing, 2001: "
                                          "two are exponentially better than one, three by a constant factor"));
    field(v, "by", by_, "Load that is compared: requests, or prompt tokens not computed yet; both by speed",
          rule().one_of(kMeasures));
  }
  std::unique_ptr<Router> make(const RouterSetup& setup) const override {
    return std::make_unique<PowerOfTwoRouter>(setup, static_cast<std::size_t>(choices_), by_ == kTokens);
  }

 private:
  std::int64_t choices_ = 2;
  std::string by_{kMeasures[0]};
};

}  // namespace

std::unique_ptr<RouterOption> make_power_of_two() { return std::make_unique<PowerOfTwo>(); }

}  // namespace tokenworks::routing
