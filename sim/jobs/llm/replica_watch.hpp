// What a replica keeps only while somebody watches single requests or steps.
#pragma once

#include <cstdint>

#include "sim/engine/time.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

/// Energy of requests: what the boards of a replica draw in a step is shared out over the tokens that the step
/// computes, those of prompt chunks and 1 + drafted tokens of each decoding sequence. All members of a batch get the
/// same share of a decode step, so a running sum of it is kept (DecodeEnergy, of each copy of the attention), and a
/// member's energy is the difference between leaving and joining. Nobody gets what a replica draws between its steps.
///
/// All in whole femtojoules, and what decode steps draw is divided when the batch changes: so it does not show whether
/// steps are taken one by one or together.
struct DecodeEnergy {
  Femtojoules undivided = 0;    ///< drawn in decode steps since the batch changed
  std::int64_t sequences = 0;   ///< among which that is to be divided
  Femtojoules of_sequence = 0;  ///< that one would have which decoded from the start of the run until then

  void add(Femtojoules energy, std::int64_t among) {
    if (among != sequences) divided();
    undivided += energy;
    sequences = among;
  }
  Femtojoules divided() {
    if (sequences > 0) of_sequence += undivided / sequences;
    undivided = 0;
    return of_sequence;
  }
};

struct ReplicaWatch {
  metrics::RunWatch* run = nullptr;  ///< null: nobody watches steps
  metrics::WatchedReplica replica;
  metrics::ReplicaState state = metrics::ReplicaState::in_service;
  bool requests = false;        ///< somebody watches requests: all of them have details
  Femtojoules energy_seen = 0;  ///< of the replica's energy: drawn before the step under way, or in none
};

}  // namespace tokenworks::jobs
