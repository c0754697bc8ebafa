// The makers of the options of this family, for its list.
#pragma once

#include <memory>

#include "sim/policies/routing/router_option.hpp"

namespace tokenworks::routing {

std::unique_ptr<RouterOption> make_round_robin();
std::unique_ptr<RouterOption> make_least_loaded();

}  // namespace tokenworks::routing
