#include <algorithm>
#include <cmath>

#include "models/cooling/cooling_option.hpp"

namespace tokenworks::cooling {
namespace {

constexpr int kMostRounds = 50;
constexpr double kWarmestLoop = 200.0;  // K above the set point: nothing cools it
constexpr double kSettled = 1e-6;       // K
constexpr Loop kAllLoops[] = {Loop::main, Loop::residual_air};

/// How much warmer a loop is in balance, by the capability of this point.
KelvinDelta balance(const LoopEffort& loop) {
  const Watts missing = loop.heat - loop.capability.at_set_point;
  if (!(missing.value > 0.0)) return KelvinDelta(0);
  if (loop.capability.beyond.value <= 0.0) return KelvinDelta(kWarmestLoop);
  return std::min(missing / loop.capability.beyond, KelvinDelta(kWarmestLoop));
}

}  // namespace

CoolingEffort settled_effort(const CoolingPlant& plant, PlantPoint& from, ValidityNotes& notes) {
  ValidityNotes unused;
  for (int round = 0; round < kMostRounds; ++round) {
    const CoolingEffort effort = plant.effort(from, unused);
    bool settled = true;
    for (const Loop loop : kAllLoops) {
      const LoopEffort& at = effort.loops[loop];
      const KelvinDelta warmer = balance(at);
      // Controls that would go to and fro at this very point stay where they are after the first rounds.
      const bool changes_mode = at.wanted_mode != from.modes[loop] && round < kMostRounds / 2;
      if (changes_mode) from.modes[loop] = at.wanted_mode;
      if (changes_mode || std::abs((warmer - from.warmer[loop]).value) > kSettled) settled = false;
      from.warmer[loop] = warmer;
    }
    if (settled) break;
  }
  return plant.effort(from, notes);
}

}  // namespace tokenworks::cooling
