#include "sim/jobs/power_effects.hpp"

#include <numeric>
#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {
namespace {

constexpr std::uint32_t kPumps = 0, kChillers = 1, kFirstGroup = 2;

}  // namespace

PowerEffects::PowerEffects(Setup setup) : setup_(std::move(setup)), open_(setup_.groups.size()) {
  const auto timer = [&](std::uint32_t tag) {
    return setup_.simulation.add_timer(*this, tag, incident_rank(IncidentPlace::power_effects, tag));
  };
  pumps_ = timer(kPumps);
  chillers_ = timer(kChillers);
  for (std::uint32_t group = 0; group < setup_.groups.size(); ++group) restart_.push_back(timer(kFirstGroup + group));
  resources::PowerSupplyClient& self = *this;
  setup_.facility.set_power_client(&self);
}

void PowerEffects::on_racks_power(std::size_t group, bool has_power) {
  const Picoseconds now = setup_.simulation.now();
  if (has_power) {
    list_[*open_[group]].lit = now;
    setup_.simulation.set_timer(restart_[group], now + setup_.restart_after);
    return;
  }
  if (setup_.watch != nullptr) setup_.watch->on_incident("without_power", setup_.groups[group], true, now);
  if (open_[group]) {  // power was back, its servers were not
    list_[*open_[group]].lit.reset();
    setup_.simulation.cancel_timer(restart_[group]);
    return;
  }
  const auto [first, end] = setup_.facility.nodes_of(group);
  std::vector<std::int64_t> nodes(static_cast<std::size_t>(end - first));
  std::iota(nodes.begin(), nodes.end(), first);
  open_[group] = list_.size();
  list_.push_back({group, now, std::nullopt, std::nullopt, setup_.outages.begin(nodes)});
}

void PowerEffects::on_cooling_power(bool has_power) {
  const Picoseconds now = setup_.simulation.now();
  if (setup_.watch != nullptr) setup_.watch->on_incident("without_power", "cooling", !has_power, now);
  if (has_power) {
    cooling_.back().until = now;
    setup_.simulation.set_timer(pumps_, now + setup_.pumps_after);
    setup_.simulation.set_timer(chillers_, now + setup_.chillers_after);
    return;
  }
  cooling_.push_back({now, std::nullopt});
  setup_.simulation.cancel_timer(pumps_);
  setup_.simulation.cancel_timer(chillers_);
  setup_.facility.set_cooling_running(false, false, now);
}

void PowerEffects::on_timer(std::uint32_t tag) {
  const Picoseconds now = setup_.simulation.now();
  if (tag == kPumps || tag == kChillers) {
    const bool chillers = now >= *cooling_.back().until + setup_.chillers_after;
    setup_.facility.set_cooling_running(true, chillers, now);
    return;
  }
  const std::size_t group = tag - kFirstGroup;
  Outage& outage = list_[*open_[group]];
  outage.up = now;
  open_[group].reset();
  if (setup_.watch != nullptr) setup_.watch->on_incident("without_power", setup_.groups[group], false, now);
  setup_.outages.end(outage.id);
}

}  // namespace tokenworks::jobs
