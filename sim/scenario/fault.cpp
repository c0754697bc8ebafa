#include "sim/scenario/fault.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace tokenworks::scenario {
namespace {

constexpr FaultId kFaultIds[] = {
    {FaultKind::cannot_read, "cannot_read", "the file is absent, no file, or may not be read"},
    {FaultKind::too_large, "too_large", "the file has more bytes or more values than any scenario needs"},
    {FaultKind::syntax, "syntax",
     "the text is no JSON (RFC 8259, UTF-8; no NaN, no comments, nothing after the value)"},
    {FaultKind::duplicate_key, "duplicate_key", "a key stands twice in one object"},
    {FaultKind::too_deep, "too_deep", "objects and lists are nested beyond 64 levels"},
    {FaultKind::unknown_key, "unknown_key", "a key that the format does not have"},
    {FaultKind::missing_key, "missing_key", "a key that must be there is not"},
    {FaultKind::wrong_type, "wrong_type", "a value of another type than the key takes"},
    {FaultKind::out_of_range, "out_of_range", "a number or a count outside what is allowed"},
    {FaultKind::unknown_kind, "unknown_kind", "a \"kind\" that its family does not have"},
    {FaultKind::unknown_name, "unknown_name",
     "a name that nothing bears: not in the list, the catalog, or the scenario"},
    {FaultKind::duplicate_name, "duplicate_name", "two things of one sort bear the same name"},
    {FaultKind::bad_name, "bad_name", "a name with characters that names may not have"},
    {FaultKind::bad_date, "bad_date", "a text that is no date, or a date that the calendar does not have"},
    {FaultKind::bad_override, "bad_override", "a --set that names no place in the scenario"},
    {FaultKind::missing_file, "missing_file", "a file that the scenario names cannot be opened"},
    {FaultKind::conflicting_keys, "conflicting_keys", "keys that contradict each other"},
    {FaultKind::bad_parallelism, "bad_parallelism", "a model cannot be spread over GPUs in this way"},
    {FaultKind::inconsistent_model, "inconsistent_model", "facts about a model contradict each other"},
    {FaultKind::unsupported_precision, "unsupported_precision", "a model or a GPU does not know the number format"},
    {FaultKind::mixed_gpus, "mixed_gpus", "the racks of one service hold different GPUs"},
    {FaultKind::too_few_gpus, "too_few_gpus", "replicas need more GPUs or scale-up domains than there are"},
    {FaultKind::does_not_fit, "does_not_fit", "a model does not fit into the memory of its GPUs"},
    {FaultKind::no_drafter, "no_drafter", "a model is to draft tokens and has nothing that drafts"},
    {FaultKind::bad_power_tree, "bad_power_tree",
     "a power tree that cannot work: loops, loads without a feed, parts that are too small"},
    {FaultKind::bad_fabric, "bad_fabric", "a network cannot be built so: numbers that do not add up"},
    {FaultKind::needs_other_part, "needs_other_part", "something needs a part that the factory does not have"},
};

constexpr std::size_t kLongestComparedName = 64;
constexpr std::size_t kShownPointer = 240;

std::string comparable(std::string_view name) {
  std::string result;
  for (const char c : name) {
    result += c == '-' || c == ' ' || c == '.' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kLongestComparedName + 1>;
  Row before_last{}, last{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// Length of the valid UTF-8 sequence that starts at `text[at]`; 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (first == 0xE0 && byte(at + 1) < 0xA0) return 0;
  if (first == 0xED && byte(at + 1) > 0x9F) return 0;
  if (first == 0xF0 && byte(at + 1) < 0x90) return 0;
  if (first == 0xF4 && byte(at + 1) > 0x8F) return 0;
  return length;
}

/// The first `limit` bytes of `text`, with "?" for control characters and broken UTF-8.
std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size() && at < limit) {
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool control =
        byte < 0x20 || byte == 0x7F || (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0);
    if (length == 0 || control) {
      result += '?';
    } else {
      result += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return at < text.size() ? result + "..." : result;
}

}  // namespace

std::span<const FaultId> fault_ids() { return kFaultIds; }

std::string_view fault_id(FaultKind kind) {
  for (const FaultId& entry : kFaultIds) {
    if (entry.kind == kind) return entry.id;
  }
  return "fault";
}

void FaultList::add(Fault fault) {
  ++total_;
  if (faults_.size() < kKept) faults_.push_back(std::move(fault));
}

void FaultList::add(FaultKind kind, std::string pointer, std::string message, std::string nearest) {
  add({.kind = kind, .pointer = std::move(pointer), .message = std::move(message), .nearest = std::move(nearest)});
}

void FaultList::append(FaultList other) {
  const std::size_t total = total_ + other.total_;
  for (Fault& fault : other.faults_) add(std::move(fault));
  total_ = total;
}

bool FaultList::concern(std::string_view pointer) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.file.empty() && fault.pointer.starts_with(pointer) &&
           (fault.pointer.size() == pointer.size() || fault.pointer[pointer.size()] == '/');
  });
}

bool FaultList::stand_at(std::string_view pointer) const {
  return std::any_of(faults_.begin(), faults_.end(),
                     [&](const Fault& fault) { return fault.file.empty() && fault.pointer == pointer; });
}

void FaultList::sort(const std::function<std::vector<std::size_t>(const std::string&)>& position) {
  struct Placed {
    std::vector<std::size_t> position;
    Fault fault;
  };
  std::vector<Placed> placed;
  for (Fault& fault : faults_) {
    auto key = fault.file.empty() ? position(fault.pointer) : std::vector<std::size_t>{std::size_t(-1)};
    placed.push_back({std::move(key), std::move(fault)});
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.position < b.position; });
  faults_.clear();
  for (Placed& entry : placed) faults_.push_back(std::move(entry.fault));
}

std::string FaultList::text(std::string_view file) const {
  std::string result;
  for (const Fault& fault : faults_) {
    result += fault.file.empty() ? std::string(file) : fault.file;
    if (fault.line > 0) result += fmt::format(":{}:{}", fault.line, fault.column);
    result += ": ";
    if (!fault.pointer.empty()) result += printable(fault.pointer, kShownPointer) + ": ";
    result += fault.message;
    if (!fault.nearest.empty()) result += fmt::format(" (did you mean {}?)", shown(fault.nearest));
    result += '\n';
  }
  if (total_ > faults_.size()) result += fmt::format("{}: and at least {} more\n", file, total_ - faults_.size());
  return result;
}

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  if (name.empty() || name.size() > kLongestComparedName) return {};
  const std::string wanted = comparable(name);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongestComparedName) continue;
    const std::size_t far = distance(wanted, comparable(candidate));
    if (far < best_distance) {
      best_distance = far;
      best = candidate;
    }
  }
  if (!best.empty() || wanted.size() < 2) return best;
  for (const std::string& candidate : candidates) {
    if (comparable(candidate).starts_with(wanted) && (best.empty() || candidate.size() < best.size())) best = candidate;
  }
  return best;
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 60;
  return '"' + printable(text, kShown) + '"';
}

std::string name_list(std::span<const std::string> names) {
  constexpr std::size_t kShown = 12;
  std::string result;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) result += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kShown) result += fmt::format(" and {} more", names.size() - kShown);
  return result;
}

}  // namespace tokenworks::scenario
