// Question   how long prompts and answers of a measured service are
// Equation   tokens = round(Q(u)), u uniform in (0, 1), Q the quantile function, straight between the table's points
// Source     the catalog entry, which names its own
// Valid for  lengths drawn one by one: input and output of a request are independent of each other, and of the hour
// Checked by tests/models/workload/lengths_test.cpp, tests/workload/length_catalog_test.cpp
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "models/workload/length_distribution.hpp"

namespace tokenworks::workload {

void LengthTable::visit(FieldVisitor& v) {
  field(v, "title", title, "What was measured", rule().required());
  field(v, "shares", shares, "Share of requests that are not longer than `tokens`: rising from 0 to 1",
        rule().required().share());
  field(v, "tokens", tokens, "Length in tokens at each share, not falling",
        rule().required().at_least(1).at_most(kMostTokens));
  field(v, "sources", sources, "Where the numbers come from", rule().required());
}

namespace {

void check(const LengthTable& table) {
  const auto require = [&](bool holds, const char* allowed) {
    if (!holds) throw std::invalid_argument("length table \"" + table.title + "\": " + allowed);
  };
  const std::vector<double>& shares = table.shares;
  const std::vector<double>& tokens = table.tokens;
  require(shares.size() >= 2 && shares.size() == tokens.size(),
          "shares and tokens must be lists of one length, 2 or more");
  require(shares.front() == 0.0 && shares.back() == 1.0, "shares must go from 0 to 1");
  for (std::size_t i = 1; i < shares.size(); ++i) {  // NaN holds neither
    require(shares[i - 1] < shares[i], "shares must rise");
    require(tokens[i - 1] <= tokens[i], "tokens must not fall");
  }
  require(tokens.front() >= 1.0 && tokens.back() <= static_cast<double>(kMostTokens), "tokens must be 1 to 2^31 - 1");
}

class TableSampler final : public LengthSampler {
 public:
  explicit TableSampler(const LengthTable& table) {
    check(table);
    for (std::size_t i = 0; i + 1 < table.shares.size(); ++i) {
      const double slope = (table.tokens[i + 1] - table.tokens[i]) / (table.shares[i + 1] - table.shares[i]);
      pieces_.push_back({table.shares[i + 1], table.tokens[i + 1], slope});
    }
    std::size_t piece = 0;
    for (std::size_t i = 0; i < kGuides; ++i) {
      while (pieces_[piece].end_share <= static_cast<double>(i) / kGuides) ++piece;
      first_piece_[i] = static_cast<std::uint32_t>(piece);
    }
  }

  std::int32_t draw(RandomEngine& random) override {
    const double u = uniform_open(random);
    const Piece* piece = &pieces_[first_piece_[static_cast<std::size_t>(u * kGuides)]];
    while (piece->end_share < u) ++piece;  // the last piece ends at 1, above every u
    return static_cast<std::int32_t>(piece->end_tokens - (piece->end_share - u) * piece->tokens_per_share + 0.5);
  }

 private:
  /// A straight piece of the quantile function.
  struct Piece {
    double end_share, end_tokens, tokens_per_share;
  };
  static constexpr std::size_t kGuides = 256;  ///< equal parts of (0, 1), each with the piece that its search starts at

  std::vector<Piece> pieces_;
  std::array<std::uint32_t, kGuides> first_piece_{};
};

class Table final : public LengthDistribution {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "name", name_, "Catalog id of the distribution", rule().required().from_catalog("lengths"));
  }
  std::unique_ptr<LengthSampler> sampler(const FindLengthTable& find_table) const override {
    const LengthTable* table = find_table(name_);
    if (table == nullptr) throw std::invalid_argument("name: no length table " + name_ + " in the catalog");
    return std::make_unique<TableSampler>(*table);
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<LengthDistribution> make_table_length() { return std::make_unique<Table>(); }

}  // namespace tokenworks::workload
