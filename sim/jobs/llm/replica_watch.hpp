// What a replica keeps only while somebody watches single requests or steps.
#pragma once

#include "sim/engine/time.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

/// Energy of requests: what the boards of a replica draw in a step is shared out over the tokens that the step
/// computes, those of prompt chunks and 1 + drafted tokens of each decoding sequence. All members of a batch get the
/// same share of a decode step, so a running sum of it is kept (CopyState::decode_energy_j_), and a member's energy is
/// the difference between leaving and joining. Nobody gets what a replica draws between its steps.
struct ReplicaWatch {
  metrics::RunWatch* run = nullptr;  ///< null: nobody watches steps
  metrics::WatchedReplica replica;
  metrics::ReplicaState state = metrics::ReplicaState::in_service;
  bool requests = false;        ///< somebody watches requests: all of them have details
  Femtojoules energy_seen = 0;  ///< of the replica's energy: drawn before the step under way, or in none
};

}  // namespace tokenworks::jobs
