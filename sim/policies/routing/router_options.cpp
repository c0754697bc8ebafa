#include "sim/policies/routing/options/options.hpp"

namespace tokenworks::routing {

Options<RouterOption> router_options() {
  static constexpr Option<RouterOption> kOptions[] = {
      {"round_robin", "Each replica in turn", make_round_robin},
      {"least_loaded", "The replica with the fewest requests waiting or running; in turn among equals",
       make_least_loaded},
  };
  return kOptions;
}

}  // namespace tokenworks::routing
