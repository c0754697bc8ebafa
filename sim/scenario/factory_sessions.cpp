// Workloads of agents, from their specs to sources of requests.
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "models/workload/agent_sessions.hpp"
#include "models/workload/session_trace.hpp"
#include "sim/jobs/sessions/session_source.hpp"
#include "sim/scenario/factory.hpp"

namespace tokenworks::scenario {

/// `number`: of the workload, in the order of names.
std::unique_ptr<jobs::RequestSource> Factory::make_sessions(const WorkloadSpec& workload, std::uint64_t number,
                                                            const jobs::SenderTraits& traits) {
  constexpr int kSessionBits = 40;  // of a content space; the rest says whose workload it is
  const auto seed = static_cast<std::uint64_t>(scenario_.spec.seed);
  jobs::SessionSourceSetup setup;
  const workload::SessionStarts* starts = nullptr;
  if (const workload::SessionTrace* recorded = workload.arrivals->session_trace()) {
    workload::SessionFile file = recorded->file;
    file.path = (scenario_.folder / file.path).string();
    setup.sessions = jobs::make_recorded_sessions(file);
    starts = &recorded->starts;
  } else {
    const workload::AgentSessions& drawn = *workload.arrivals->agent_sessions();
    const auto find_table = [this](const std::string& name) {
      return scenario_.catalog.lengths(name, scenario_.faults);
    };
    std::int64_t context_tokens = 0;
    for (const LlmServiceSpec* service : llm_specs_) {
      if (service->name == workload.service) {
        context_tokens = scenario_.catalog.model(service->model, scenario_.faults)->context_tokens;
      }
    }
    setup.sessions = jobs::make_drawn_sessions(
        std::make_unique<workload::AgentSessionPlanner>(drawn, find_table, context_tokens), seed, workload.name);
    starts = &drawn.starts;
  }
  if (starts->process) setup.starts = (*starts->process)->open_process(std::fmod(start_s_, 86400.0) / 3600.0);
  setup.starts_random = random_stream(seed, fmt::format("workload/{}/sessions", workload.name));
  setup.concurrency = starts->concurrency.value_or(0);
  setup.limit = starts->limit;
  setup.content_space = static_cast<std::int64_t>(number + 1) << kSessionBits;
  setup.window_start = to_picoseconds(scenario_.spec.clock.warm_up.value);
  setup.until = duration_;
  setup.traits = traits;
  return jobs::make_session_source(*simulation_, service(workload.service), *run_end_, std::move(setup),
                                   engine::rank(engine::RankClass::arrival, number));
}

}  // namespace tokenworks::scenario
