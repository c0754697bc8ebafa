// Answers by size, kept once they have been worked out.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace tokenworks::llm {

/// Answers by size, filled when first asked for. References stay valid: pages do not move.
template <class Answer>
class Memo {
 public:
  template <class Compute>
  Answer& get(std::int64_t size, Compute compute) {
    const auto page = static_cast<std::size_t>(size) / kPageSize;
    const auto slot = static_cast<std::size_t>(size) % kPageSize;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page]) pages_[page] = std::make_unique<Page>();
    Page& entries = *pages_[page];
    if (!entries.known[slot]) {
      entries.answers[slot] = compute(size);
      entries.known[slot] = true;
    }
    return entries.answers[slot];
  }

 private:
  static constexpr std::size_t kPageSize = 512;
  struct Page {
    Answer answers[kPageSize];
    bool known[kPageSize] = {};
  };
  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace tokenworks::llm
