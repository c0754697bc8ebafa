// What is wrong with an input, in words that help its author: where it stands, what was found, what is allowed and
// which valid name comes nearest. A reader goes on after a fault, so that all of them are reported at once.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::scenario {

/// Every kind of fault, in one place. Its id is stable: scripts and tests rely on it.
enum class FaultKind {
  cannot_read,
  too_large,
  syntax,
  duplicate_key,
  too_deep,
  unknown_key,
  missing_key,
  wrong_type,
  out_of_range,
  unknown_kind,
  unknown_name,
  duplicate_name,
  bad_name,
  bad_date,
  bad_override,
  missing_file,
  conflicting_keys,
  bad_parallelism,
  inconsistent_model,
  unsupported_precision,
  mixed_gpus,
  too_few_gpus,
  does_not_fit,
  no_drafter,
  bad_fabric,
  bad_power_tree,
  needs_other_part,
};

struct FaultId {
  FaultKind kind;
  std::string_view id;
  std::string_view meaning;
};

/// The list of all kinds with their ids and meanings.
std::span<const FaultId> fault_ids();
std::string_view fault_id(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::syntax;
  std::string pointer{};   ///< JSON Pointer of the value at fault, or of the place where one is missing
  std::string message{};   ///< what was found and what is allowed
  std::string nearest{};   ///< the valid name that comes nearest; empty when none does
  std::string file{};      ///< a file other than the one that was asked for (a catalog entry); else empty
  std::size_t line = 0;    ///< of faults in the text itself, counted from 1; 0: see the pointer
  std::size_t column = 0;  ///< in bytes, counted from 1
};

/// Collects faults. Keeps the first `kKept` and counts the rest, so that a file of nonsense costs no memory.
class FaultList {
 public:
  static constexpr std::size_t kKept = 200;

  void add(Fault fault);
  void add(FaultKind kind, std::string pointer, std::string message, std::string nearest = {});
  /// Takes over the faults of another input.
  void append(FaultList other);

  bool empty() const { return total_ == 0; }
  std::size_t total() const { return total_; }
  const std::vector<Fault>& kept() const { return faults_; }
  /// Whether a fault concerns the value at `pointer` or something inside it: no further conclusions are drawn from it.
  bool concern(std::string_view pointer) const;
  /// Whether a fault concerns the value at `pointer` as a whole.
  bool stand_at(std::string_view pointer) const;

  /// Sorts stably by `position` of a pointer in its document; faults in other files come last.
  void sort(const std::function<std::vector<std::size_t>(const std::string& pointer)>& position);

  /// One line a fault: "file: /services/0/model: message (did you mean ...?)".
  std::string text(std::string_view file) const;

 private:
  std::vector<Fault> faults_;
  std::size_t total_ = 0;
};

/// One step of a JSON Pointer: "/" and the name with "~" and "/" escaped (RFC 6901).
std::string pointer_step(std::string_view name);

/// The candidate that a typing error away from `name` could have meant: the smallest Damerau-Levenshtein distance
/// (optimal string alignment), at most a third of the length; or the shortest that begins with `name`. Empty when none
/// is near.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

bool is_utf8(std::string_view text);
/// `text` shortened and freed of control characters and broken UTF-8, in double quotes, to be shown on a terminal.
std::string shown(std::string_view text);
/// "a, b, c", cut after a dozen names.
std::string name_list(std::span<const std::string> names);

}  // namespace tokenworks::scenario
