// Notes of models that were used outside the range they were made for. The result stands; the report lists the note.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tokenworks {

/// Where a model was used outside its range: how often, and the value farthest out.
struct ValidityNote {
  double worst = 0.0;
  double minimum = 0.0;
  double maximum = 0.0;
  std::int64_t count = 0;
};

/// Collects validity notes by "model: quantity [unit]", sorted by that name.
class ValidityNotes {
 public:
  /// Notes `value` under `subject` when it lies outside [minimum, maximum].
  void check(std::string_view subject, double value, double minimum, double maximum) {
    if (value >= minimum && value <= maximum) return;
    auto [it, is_new] = notes_.try_emplace(std::string(subject), ValidityNote{value, minimum, maximum, 0});
    ValidityNote& note = it->second;
    ++note.count;
    if (distance(value, note) > distance(note.worst, note)) note.worst = value;
  }

  const std::map<std::string, ValidityNote>& all() const { return notes_; }

 private:
  static double distance(double value, const ValidityNote& note) {
    return std::max(note.minimum - value, value - note.maximum);
  }

  std::map<std::string, ValidityNote> notes_;
};

}  // namespace tokenworks
