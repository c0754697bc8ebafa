#include "sim/jobs/power_control.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kLook, kAct, kRead, kResponse, kTags };
constexpr Picoseconds kRampWindow = 60 * kPicosecondsPerSecond;
enum Phase { kBaseline, kStart, kRampEnd, kEnd, kReleased };

}  // namespace

PowerControl::PowerControl(Setup setup) : setup_(std::move(setup)) {
  std::map<std::int32_t, std::vector<LlmService*>> by_order;
  for (const CappedService& capped : setup_.services) by_order[capped.order].push_back(capped.service);
  for (auto& [order, services] : by_order) {
    Class& added = classes_.emplace_back();
    added.services = std::move(services);
    for (const LlmService* service : added.services) added.gpus += service->gpus();
  }

  engine::Simulation& simulation = setup_.simulation;
  std::uint64_t number = 0;
  const auto timer = [&](std::uint32_t what, std::size_t place) {
    return simulation.add_timer(*this, static_cast<std::uint32_t>(place) * kTags + what,
                                incident_rank(IncidentPlace::power_control, number++));
  };
  const auto add_loop = [&](PowerLimit limit, std::optional<std::size_t> response) {
    Loop& loop = loops_.emplace_back();
    loop.limit = std::move(limit);
    loop.response = response;
    loop.meter = setup_.facility.add_meter(loop.limit.id);
    for (const Class& of : classes_) {
      std::vector<CappedGpus>& gpus = loop.gpus.emplace_back();
      for (const std::size_t group : loop.limit.groups) {
        const auto [first, end] = setup_.facility.nodes_of(group);
        for (std::int64_t node = first; node < end; ++node) {
          for (LlmService* service : of.services) {
            const LlmService::GpusOnNode found = service->gpus_on(node);
            if (found.gpus > 0) gpus.push_back({node, service, found});
          }
        }
      }
    }
    loop.act = timer(kAct, loops_.size() - 1);
    loop.read = timer(kRead, loops_.size() - 1);
    loop.look = timer(kLook, loops_.size() - 1);
    simulation.set_idle(loop.look);
    simulation.set_idle(loop.read);
  };
  for (PowerLimit& limit : setup_.limits) add_loop(std::move(limit), std::nullopt);
  for (std::size_t i = 0; i < setup_.demand_responses.size(); ++i) {
    const DemandResponse& spec = setup_.demand_responses[i];
    PowerLimit meter{.node = "meter", .id = std::nullopt, .limit = Watts(0), .can_be_exceeded = true, .groups = {}};
    for (std::size_t group = 0; group < setup_.facility.groups(); ++group) meter.groups.push_back(group);
    add_loop(std::move(meter), i);
    Response& response = responses_.emplace_back();
    response.timer = timer(kResponse, i);
    simulation.set_timer(response.timer, std::max<Picoseconds>(0, spec.at - spec.baseline));
  }
  for (Loop& loop : loops_) {
    if (!loop.response && loop.limit.can_be_exceeded) switch_on(loop);
  }
}

Femtojoules PowerControl::gpu_energy(const Class& of, Picoseconds now) const {
  Femtojoules energy = 0;
  for (const LlmService* service : of.services) energy += service->gpu_energy(now);
  return energy;
}

void PowerControl::switch_on(Loop& loop) {
  const Picoseconds now = setup_.simulation.now();
  loop.on = true;
  loop.stage = 0;
  loop.looked = now;
  loop.readings = {reading(loop, now)};
  wait_for_look(loop);
}

PowerControl::Reading PowerControl::reading(const Loop& loop, Picoseconds now) const {
  Reading taken{now, setup_.facility.metered(loop.meter, now), {}, loop.caps_w};
  for (const Class& of : classes_) taken.gpus.push_back(gpu_energy(of, now));
  return taken;
}

/// The window of the next look begins at a reading: at one of its own where no look is at that date.
void PowerControl::wait_for_look(Loop& loop) {
  const Picoseconds now = setup_.simulation.now();
  const Picoseconds interval = to_picoseconds(setup_.policy->interval.value);
  const Picoseconds window = to_picoseconds(setup_.policy->window.value);
  setup_.simulation.set_timer(loop.look, now + interval);
  if (window < interval) setup_.simulation.set_timer(loop.read, now + interval - window);
}

void PowerControl::switch_off(Loop& loop) {
  loop.on = false;
  setup_.simulation.cancel_timer(loop.look);
  setup_.simulation.cancel_timer(loop.read);
  loop.decided_w.clear();
  loop.on_the_way = {{setup_.simulation.now(), {}}};
  act(loop);
}

void PowerControl::on_timer(std::uint32_t tag) {
  const std::size_t place = tag / kTags;
  switch (tag % kTags) {
    case kLook:
      look(loops_[place]);
      break;
    case kAct:
      act(loops_[place]);
      break;
    case kRead:
      loops_[place].readings.push_back(reading(loops_[place], setup_.simulation.now()));
      break;
    default:
      on_response(place);
      break;
  }
}

/// The limit of a demand response falls along its ramp, and rises along it afterwards.
double PowerControl::limit_w(const Loop& loop, Picoseconds now) const {
  if (!loop.response) {
    const double limit = loop.limit.limit.value;
    if (!loop.limit.ramp || loop.last_minute_w.empty()) return limit;
    return std::min(limit, loop.last_minute_w.lowest() + loop.limit.ramp->value);
  }
  const DemandResponse& spec = setup_.demand_responses[*loop.response];
  const double baseline = responses_[*loop.response].baseline_w;
  const Picoseconds end = spec.at + spec.duration;
  double depth = 1.0;
  if (spec.ramp > 0 && now < spec.at + spec.ramp) {
    depth = static_cast<double>(now - spec.at) / static_cast<double>(spec.ramp);
  }
  if (spec.ramp > 0 && now > end) depth = 1.0 - static_cast<double>(now - end) / static_cast<double>(spec.ramp);
  return baseline * (1.0 - spec.reduction_share * std::clamp(depth, 0.0, 1.0));
}

void PowerControl::look(Loop& loop) {
  const Picoseconds now = setup_.simulation.now(), since_look = now - loop.looked;
  const Picoseconds window = to_picoseconds(setup_.policy->window.value);
  // Where the window is longer than what has been read so far, or begins between two readings, it is the shorter one.
  while (loop.readings.size() > 1 && loop.readings[0].at < now - window) loop.readings.pop_front();
  const Reading from = loop.readings.front(), to = reading(loop, now);
  const Picoseconds span = now - from.at;
  capping::Snapshot snapshot;
  snapshot.measured_w = to_joules(to.meter - from.meter) / to_seconds(span);
  loop.last_minute_w.drop_before(now - kRampWindow);
  snapshot.limit_w = limit_w(loop, now);
  if (loop.limit.ramp) loop.last_minute_w.add(now, snapshot.measured_w);
  snapshot.stage = loop.stage;
  snapshot.is_settled = loop.on_the_way.empty() && from.at >= loop.acted;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    capping::GpuLoad& load = snapshot.classes.emplace_back();
    load.most_w = std::numeric_limits<double>::infinity();
    for (const CappedGpus& gpus : loop.gpus[c]) {
      load.gpus += gpus.found.gpus;
      load.least_w = std::max(load.least_w, gpus.found.caps.least_w);
      load.most_w = std::min(load.most_w, gpus.found.caps.most_w);
    }
    const Femtojoules energy = to.gpus[c] - from.gpus[c];
    if (load.gpus > 0) load.draw_w = to_joules(energy) / to_seconds(span) / static_cast<double>(classes_[c].gpus);
    if (load.gpus == 0) load.most_w = 0.0;
    load.cap_w = loop.caps_w.empty() ? load.most_w : std::min(loop.caps_w[c], load.most_w);
    load.window_cap_w = from.caps_w.empty() ? load.most_w : std::min(from.caps_w[c], load.most_w);
  }
  ++loop.looks;
  loop.over_now = snapshot.measured_w > snapshot.limit_w ? loop.over_now + since_look : 0;
  if (loop.over_now > 0) loop.over += since_look;
  loop.longest_over = std::max(loop.longest_over, loop.over_now);
  if (!loop.caps_w.empty()) loop.capped += since_look;
  loop.highest_w = std::max(loop.highest_w, snapshot.measured_w);
  loop.looked = now;
  loop.readings.push_back(to);

  const bool at_once = capping::brakes(*setup_.policy, snapshot.measured_w, snapshot.limit_w);
  const capping::Decision decision =
      at_once ? capping::brake(*setup_.policy, snapshot) : setup_.policy->decide(snapshot);
  loop.stage = decision.stage;
  std::vector<double> decided = decision.caps_any(snapshot) ? decision.caps_w : std::vector<double>();
  if (decided != loop.decided_w) {
    ++loop.decisions;
    loop.decided_w = decided;
    if (at_once) loop.on_the_way.clear();  // the brake overrides what is on its way
    const Picoseconds delay = at_once ? 0 : to_picoseconds(setup_.policy->delay.value);
    loop.on_the_way.emplace_back(now + delay, std::move(decided));
    setup_.simulation.set_timer(loop.act, loop.on_the_way.front().first);
  }
  if (!setup_.simulation.nothing_pending()) wait_for_look(loop);
}

void PowerControl::act(Loop& loop) {
  const Picoseconds now = setup_.simulation.now();
  bool changes = false;
  while (!loop.on_the_way.empty() && loop.on_the_way.front().first <= now) {
    changes = changes || loop.caps_w != loop.on_the_way.front().second;
    loop.caps_w = std::move(loop.on_the_way.front().second);
    loop.on_the_way.pop_front();
  }
  if (!loop.on_the_way.empty()) setup_.simulation.set_timer(loop.act, loop.on_the_way.front().first);
  if (!changes) return;
  loop.acted = now;
  apply();
}

/// Of several limits that cap a service on a node, the lowest acts.
void PowerControl::apply() {
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    for (LlmService* service : classes_[c].services) {
      std::map<std::int64_t, double> caps;  // by node
      for (const Loop& loop : loops_) {
        for (const CappedGpus& gpus : loop.gpus[c]) {
          if (gpus.service != service) continue;
          double& cap = caps.try_emplace(gpus.node, LlmService::kNoCap).first->second;
          if (!loop.caps_w.empty() && loop.caps_w[c] < gpus.found.caps.most_w) cap = std::min(cap, loop.caps_w[c]);
        }
      }
      for (const auto& [node, cap] : caps) service->set_power_cap(node, cap);
    }
  }
}

void PowerControl::on_response(std::size_t number) {
  const DemandResponse& spec = setup_.demand_responses[number];
  Response& response = responses_[number];
  Loop& loop = *std::find_if(loops_.begin(), loops_.end(), [&](const Loop& one) { return one.response == number; });
  const Picoseconds now = setup_.simulation.now();
  const Femtojoules seen = setup_.facility.metered(loop.meter, now);
  const auto next = [&](Picoseconds at) { setup_.simulation.set_timer(response.timer, std::max(at, now)); };
  switch (response.phase++) {
    case kBaseline:
      response.before = seen;
      response.before_at = now;
      next(spec.at);
      break;
    case kStart: {
      const double span = to_seconds(now - response.before_at);
      response.at_start = seen;
      response.baseline_w =
          span > 0.0 ? to_joules(seen - response.before) / span : to_watts(setup_.facility.facility_power());
      if (setup_.watch != nullptr) setup_.watch->on_incident("demand_response", "meter", true, now);
      switch_on(loop);
      next(spec.at + spec.ramp);
      break;
    }
    case kRampEnd:
      response.at_ramp_end = seen;
      next(spec.at + spec.duration);
      break;
    case kEnd:
      response.at_end = seen;
      if (setup_.watch != nullptr) setup_.watch->on_incident("demand_response", "meter", false, now);
      next(spec.at + spec.duration + spec.ramp);
      break;
    default:
      switch_off(loop);
      break;
  }
}

std::vector<metrics::IncidentResult> PowerControl::report_demand_responses(Picoseconds end) const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < responses_.size(); ++i) {
    const DemandResponse& spec = setup_.demand_responses[i];
    const Response& response = responses_[i];
    const auto loop = std::find_if(loops_.begin(), loops_.end(), [&](const Loop& one) { return one.response == i; });
    metrics::IncidentResult result;
    result.kind = "demand_response";
    result.target = "meter";
    result.at_s = to_seconds(spec.at);
    if (response.at_end) result.repaired_at_s = to_seconds(spec.at + spec.duration);
    result.effects = {{"happened", response.at_start ? 1.0 : 0.0}};
    if (response.at_ramp_end) {
      const Picoseconds from = spec.at + spec.ramp, until = response.at_end ? spec.at + spec.duration : end;
      const Femtojoules last = response.at_end ? *response.at_end : setup_.facility.metered(loop->meter, end);
      const double target = response.baseline_w * (1.0 - spec.reduction_share);
      const double mean = until > from ? to_joules(last - *response.at_ramp_end) / to_seconds(until - from) : 0.0;
      result.effects.emplace_back("baseline_w", response.baseline_w);
      result.effects.emplace_back("target_w", target);
      if (until > from) {
        result.effects.emplace_back("mean_w_after_ramp", mean);
        result.effects.emplace_back("reduction_share", 1.0 - mean / response.baseline_w);
        result.effects.emplace_back("met", mean <= target ? 1.0 : 0.0);
      }
      result.effects.emplace_back("time_over_limit_s", to_seconds(loop->over));
      result.effects.emplace_back("longest_over_limit_s", to_seconds(loop->longest_over));
    }
    list.push_back(std::move(result));
  }
  return list;
}

std::vector<metrics::PowerLimitResult> PowerControl::report_limits(Picoseconds) const {
  std::vector<metrics::PowerLimitResult> list;
  for (const Loop& loop : loops_) {
    if (loop.response) continue;
    metrics::PowerLimitResult& result = list.emplace_back();
    result.node = loop.limit.node;
    result.limit_w = loop.limit.limit.value;
    result.can_be_exceeded = loop.limit.can_be_exceeded;
    result.looks = loop.looks;
    result.decisions = loop.decisions;
    result.over_limit_s = to_seconds(loop.over);
    result.longest_over_limit_s = to_seconds(loop.longest_over);
    result.capped_s = to_seconds(loop.capped);
    result.highest_w = loop.highest_w;
  }
  return list;
}

}  // namespace tokenworks::jobs
