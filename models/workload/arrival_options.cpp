// The visible list of arrival options. To add one: a file in arrivals/, its factory and its line here.
#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {

std::unique_ptr<ArrivalOption> make_trace_arrivals();
std::unique_ptr<ArrivalOption> make_client_statistics_arrivals();
std::unique_ptr<ArrivalOption> make_poisson_arrivals();
std::unique_ptr<ArrivalOption> make_gamma_arrivals();
std::unique_ptr<ArrivalOption> make_closed_loop_arrivals();
std::unique_ptr<ArrivalOption> make_diurnal_arrivals();
std::unique_ptr<ArrivalOption> make_session_trace_arrivals();
std::unique_ptr<ArrivalOption> make_agent_sessions_arrivals();

Options<ArrivalOption> arrival_options() {
  static constexpr Option<ArrivalOption> kOptions[] = {
      {"trace", "A file of requests with their own dates and lengths", &make_trace_arrivals},
      {"client_statistics", "Clients drawn one by one from measured rates, burstiness and lengths by time of day",
       &make_client_statistics_arrivals},
      {"poisson", "Independent users: gaps are exponential", &make_poisson_arrivals},
      {"gamma", "Bursts: gaps follow a gamma distribution of a given coefficient of variation", &make_gamma_arrivals},
      {"closed_loop", "A fixed number of users, each waiting for its answer; all start at once",
       &make_closed_loop_arrivals},
      {"diurnal", "Independent users whose number follows the hours of the day", &make_diurnal_arrivals},
      {"session_trace", "Recorded sessions of agents: chains of steps with sub-agents, asked again",
       &make_session_trace_arrivals},
      {"agent_sessions", "Sessions of agents drawn from statistics: steps, tools, sub-agents, a growing context",
       &make_agent_sessions_arrivals},
  };
  return kOptions;
}

}  // namespace tokenworks::workload
