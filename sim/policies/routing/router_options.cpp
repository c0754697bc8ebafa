#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {

Options<RouterOption> router_options() {
  static constexpr Option<RouterOption> kOptions[] = {
      {"round_robin", "Each replica in turn", make_round_robin},
      {"least_loaded",
       "The replica with the fewest requests waiting or running, by its speed where speeds differ; in turn among "
       "equals",
       make_least_loaded},
      {"power_of_two", "The least loaded of a few replicas drawn at random", make_power_of_two},
      {"shortest_queue", "The replica that will first have computed the prompts that it has", make_shortest_queue},
      {"prefix_affine",
       "The replica that was sent the longest beginning of the prompt before, unless it is overloaded; else the least "
       "loaded",
       make_prefix_affine},
      {"session_sticky", "The replica of the session's last request, unless it is overloaded", make_session_sticky},
      {"by_class", "Pools of replicas by class of service, and a router for each class", make_by_class},
  };
  return kOptions;
}

std::unique_ptr<Router> make_router(std::string_view kind, const RouterSetup& setup) {
  return Choice<RouterOption>(router_options(), kind)->make(setup);
}

}  // namespace tokenworks::routing
