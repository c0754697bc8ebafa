// The makers of the options of this family, for its list.
#pragma once

#include <memory>
#include <string_view>

#include "sim/policies/routing/router_option.hpp"

namespace tokenworks::routing {

std::unique_ptr<RouterOption> make_round_robin();
std::unique_ptr<RouterOption> make_least_loaded();
std::unique_ptr<RouterOption> make_power_of_two();
std::unique_ptr<RouterOption> make_shortest_queue();
std::unique_ptr<RouterOption> make_prefix_affine();
std::unique_ptr<RouterOption> make_session_sticky();
std::unique_ptr<RouterOption> make_by_class();

/// A router of a kind of the list with that kind's defaults, for routers that hand choices on.
std::unique_ptr<Router> make_router(std::string_view kind, const RouterSetup& setup);

}  // namespace tokenworks::routing
