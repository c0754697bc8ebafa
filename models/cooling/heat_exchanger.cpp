#include "models/cooling/heat_exchanger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::cooling {

double counter_flow_effectiveness(double transfer_units, double capacity_ratio) {
  if (capacity_ratio > 1.0 - 1e-9) return transfer_units / (1.0 + transfer_units);
  const double decay = std::exp(-transfer_units * (1.0 - capacity_ratio));
  return (1.0 - decay) / (1.0 - capacity_ratio * decay);
}

double cross_flow_effectiveness(double transfer_units, double capacity_ratio) {
  if (transfer_units <= 0.0) return 0.0;
  if (capacity_ratio < 1e-9) return 1.0 - std::exp(-transfer_units);
  const double slow = std::pow(transfer_units, 0.22);
  return 1.0 - std::exp(slow / capacity_ratio * std::expm1(-capacity_ratio * transfer_units / slow));
}

double cross_flow_transfer_units(double effectiveness, double capacity_ratio) {
  double low = 0.0, high = 1.0;
  while (cross_flow_effectiveness(high, capacity_ratio) < effectiveness) {
    high *= 2.0;
    if (high > 1e6) {
      throw std::invalid_argument(fmt::format("heat exchanger effectiveness {} cannot be reached at capacity ratio {}",
                                              effectiveness, capacity_ratio));
    }
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (cross_flow_effectiveness(middle, capacity_ratio) < effectiveness ? low : high) = middle;
  }
  return high;
}

double counter_flow_transfer_units(double effectiveness, double capacity_ratio) {
  if (!(effectiveness < 1.0)) {
    throw std::invalid_argument(fmt::format("heat exchanger effectiveness {}, needs < 1", effectiveness));
  }
  if (capacity_ratio > 1.0 - 1e-9) return effectiveness / (1.0 - effectiveness);
  return std::log((1.0 - capacity_ratio * effectiveness) / (1.0 - effectiveness)) / (1.0 - capacity_ratio);
}

bool is_possible(const ExchangerRating& rating) {
  return rating.hot_drop.value > 0.0 && rating.cold_rise.value > 0.0 && rating.approach.value > 0.0 &&
         rating.cold_rise < rating.hot_drop + rating.approach;
}

CounterFlowExchanger::CounterFlowExchanger(const ExchangerRating& rating)
    : rating_(rating), hot_drop_(rating.hot_drop) {
  if (!is_possible(rating)) {
    throw std::invalid_argument(
        fmt::format("heat exchanger: hot stream falls {} K to {} K above the cold one, which rises {} K; needs drop, "
                    "approach and rise > 0 and a rise below drop + approach",
                    rating.hot_drop.value, rating.approach.value, rating.cold_rise.value));
  }
  hot_capacity_ = 1.0 / rating.hot_drop.value;
  cold_capacity_ = 1.0 / rating.cold_rise.value;
  const double smaller = std::min(hot_capacity_, cold_capacity_), larger = std::max(hot_capacity_, cold_capacity_);
  effectiveness_ = 1.0 / (smaller * (rating.hot_drop + rating.approach).value);
  transfer_units_ = counter_flow_transfer_units(effectiveness_, smaller / larger);
  const double conductance = transfer_units_ * smaller, ratio = rating.hot_to_cold_conductance;
  hot_conductance_ = conductance * (1.0 + ratio);
  cold_conductance_ = hot_conductance_ / ratio;
}

double CounterFlowExchanger::hot_effectiveness(double hot_flow, double cold_flow) const {
  const double hot = hot_capacity_ * hot_flow, cold = cold_capacity_ * cold_flow;
  const double conductance = 1.0 / (1.0 / (hot_conductance_ * std::pow(hot_flow, rating_.hot_exponent)) +
                                    1.0 / (cold_conductance_ * std::pow(cold_flow, rating_.cold_exponent)));
  const double smaller = std::min(hot, cold), larger = std::max(hot, cold);
  return smaller / hot * counter_flow_effectiveness(conductance / smaller, smaller / larger);
}

KelvinDelta CounterFlowExchanger::approach(double heat, double hot_flow, double cold_flow) const {
  const KelvinDelta drop = hot_drop(heat, hot_flow);
  return drop * (1.0 / hot_effectiveness(hot_flow, cold_flow) - 1.0);
}

double CounterFlowExchanger::cold_flow_for(double heat, double hot_flow) const {
  if (heat <= 0.0) return 0.0;
  if (approach(heat, hot_flow, 1.0) >= rating_.approach) return 1.0;
  double low = 0.0, high = 1.0;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (approach(heat, hot_flow, middle) > rating_.approach ? low : high) = middle;
  }
  return high;
}

namespace {
constexpr KelvinDelta kWidestApproach{200.0};  // nothing cools the hot stream
constexpr double kMostLoad = 1e6, kLeastFlow = 1e-6;
}  // namespace

HeldExchanger::HeldExchanger(const ExchangerRating& rating, double least_hot_flow)
    : exchanger_(rating), rated_approach_(rating.approach), least_hot_flow_(std::max(least_hot_flow, 1e-3)) {
  for (int i = 0; i <= kSteps; ++i) {
    const double heat = static_cast<double>(i) / kSteps;
    cold_flows_.push_back(i == kSteps ? 1.0 : exchanger_.cold_flow_for(heat, hot_flow(heat, 1.0)));
  }
}

double HeldExchanger::load_of_units(double heat, double units) {
  if (heat <= 0.0) return 0.0;
  return units > 0.0 ? std::min(heat / units, kMostLoad) : kMostLoad;
}

double HeldExchanger::hot_flow(double heat, double units) const {
  return std::max(0.0, std::min(std::max(heat, least_hot_flow_), units));
}

double HeldExchanger::tabulated(double heat) const {
  if (heat >= 1.0) return 1.0;
  const double at = std::max(heat, 0.0) * kSteps;
  const auto i = static_cast<std::size_t>(at);
  return cold_flows_[i] + (cold_flows_[i + 1] - cold_flows_[i]) * (at - static_cast<double>(i));
}

double HeldExchanger::cold_flow(double heat, double units) const {
  if (units >= 1.0) return tabulated(heat);
  if (units <= 0.0) return 0.0;
  return std::min(std::max(tabulated(heat), units * tabulated(heat / units)), units);
}

KelvinDelta HeldExchanger::approach(double heat, double units, double most_cold_flow) const {
  if (heat <= 0.0) return rated_approach_;
  if (units >= heat && heat <= 1.0 && cold_flow(heat, units) <= most_cold_flow) return rated_approach_;
  const double load = load_of_units(heat, units);
  if (load >= kMostLoad || most_cold_flow <= kLeastFlow) return kWidestApproach;
  const KelvinDelta own =
      exchanger_.approach(load, hot_flow(heat, units) / units, std::min(most_cold_flow / units, 1.0));
  return std::clamp(own, rated_approach_, std::max(rated_approach_, kWidestApproach));
}

}  // namespace tokenworks::cooling
