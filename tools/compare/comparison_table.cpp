#include "tools/compare/comparison_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tokenworks::compare {
namespace {

using scenario::Json;

constexpr std::size_t kLabel = 30, kFirst = 12, kValue = 11, kChange = 10, kDifference = 14, kPerBlock = 4;
constexpr std::size_t kWide = 100;  // columns of what is no table
constexpr std::size_t kMostSettings = 40, kMostStatements = 12;

std::string right(const std::string& text, std::size_t columns) {
  const std::string cut = fitted(text, columns);
  return std::string(columns - width(cut), ' ') + cut;
}

class Table {
 public:
  Table(const Comparison& comparison, const TableStyle& style) : comparison_(comparison), style_(style) {}

  std::string write() {
    add_reports();
    add_settings();
    for (const std::string& warning : comparison_.warnings) wrapped("Note: " + warning);
    if (!comparison_.warnings.empty()) line("");
    const std::size_t count = comparison_.reports.size();
    for (std::size_t from = 1; from < std::max<std::size_t>(count, 2); from += kPerBlock - 1) {
      add_block(from, std::min(count, from + kPerBlock - 1));
    }
    add_statements("Assumptions that not all share", comparison_.assumptions);
    add_statements("Outside the range of a model", comparison_.validity);
    text_ += "* best of the row; changes are against " + comparison_.reports.front().name + ".\n";
    return std::move(text_);
  }

 private:
  void line(std::string_view text) {
    text_ += text;
    while (!text_.empty() && text_.back() == ' ') text_.pop_back();
    text_ += '\n';
  }
  std::string bold(const std::string& text) const { return style_.colour ? "\033[1m" + text + "\033[0m" : text; }
  std::string green(const std::string& text) const { return style_.colour ? "\033[32m" + text + "\033[0m" : text; }
  void heading(const std::string& text) { line(bold(fitted(text, kWide))); }

  /// Words in lines of 80 columns, the second and later ones indented.
  void wrapped(const std::string& text) {
    constexpr std::size_t kColumns = 80;
    std::string left = text;
    while (width(left) > kColumns) {
      const std::size_t blank = left.rfind(' ', kColumns - 1);
      if (blank == std::string::npos || blank < 4) break;
      line(left.substr(0, blank));
      left = "  " + left.substr(blank + 1);
    }
    line(left);
  }

  void add_reports() {
    heading("Reports");
    std::size_t longest = 4;
    for (const ComparedReport& report : comparison_.reports) longest = std::max(longest, width(report.name));
    longest = std::min<std::size_t>(longest, 28);
    for (const ComparedReport& report : comparison_.reports) {
      std::string design = report.cooling;
      if (!report.heat_rejection.empty()) design += " + " + report.heat_rejection;
      if (!report.redundancy.empty()) design += ", " + report.redundancy;
      const std::string path = report.path.empty() ? "" : (design.empty() ? "" : "; ") + report.path;
      line(fmt::format("  {}  {}{}", fitted(report.name, longest, true), design, path));
    }
    line("");
  }

  void add_settings() {
    heading("What differs in the scenarios");
    const auto said = [&](Part part) { return concerns(comparison_.settings, part) ? "differs" : "the same"; };
    line(fmt::format("  Traffic {}, factory {}, site {}, incidents {}", said(Part::traffic), said(Part::factory),
                     said(Part::site), said(Part::incidents)));
    std::size_t told = 0;
    for (const SettingDifference& setting : comparison_.settings) {
      if (told++ == kMostSettings) break;
      std::string values;
      const std::size_t room = std::max<std::size_t>(8, (kWide - 4) / setting.values.size() - 3);
      for (const std::optional<Json>& value : setting.values) {
        const std::string text = !value               ? "-"
                                 : value->is_string() ? value->get<std::string>()
                                                      : value->dump(-1, ' ', false, Json::error_handler_t::replace);
        values += (values.empty() ? "" : " | ") + fitted(printable(text), room);
      }
      const std::string pointer = printable(setting.pointer);
      if (width(pointer) + width(values) + 4 <= kWide) {
        line(fmt::format("  {}  {}", fitted(pointer, std::max<std::size_t>(40, width(pointer)), true), values));
      } else {
        line("  " + pointer);
        line("    " + values);
      }
    }
    if (comparison_.settings.size() > kMostSettings) {
      line(fmt::format("  and {} more", comparison_.settings.size() - kMostSettings));
    }
    line("");
  }

  bool is_told(const Row& row) const {
    if (row.is_zero()) return false;
    if (!style_.all && row.id.starts_with("ratings/")) return false;
    return style_.all || row.topic == Topic::incidents || !row.is_same() || is_headline(row);
  }
  /// Told also where they are alike: that is an answer, too.
  static bool is_headline(const Row& row) {
    constexpr std::string_view kIds[] = {
        "output_tokens_per_s", "slo_attainment_share", "peak_it_w", "peak_facility_w", "pue", "it_nameplate_w"};
    return std::find(std::begin(kIds), std::end(kIds), row.id) != std::end(kIds);
  }

  bool with_differences() const { return comparison_.reports.size() == 2; }

  void add_block(std::size_t from, std::size_t to) {
    std::string head = fitted("", kLabel, true) + right(comparison_.reports.front().name, kFirst) + " ";
    for (std::size_t r = from; r < to; ++r) {
      head += " " + right(comparison_.reports[r].name, kValue) + " ";
      if (with_differences()) head += right("difference", kDifference);
      head += right("change", kChange);
    }
    for (int t = 0; t < kTopics; ++t) {
      const auto topic = static_cast<Topic>(t);
      bool begun = false;
      std::string section;
      std::size_t alike = 0;
      for (const Row& row : comparison_.rows) {
        if (row.topic != topic) continue;
        if (!is_told(row)) {
          if (!row.is_zero()) ++alike;
          continue;
        }
        if (!begun) {
          const std::string title(topic_title(topic));
          line(bold(title + head.substr(title.size())));
          begun = true;
        }
        if (row.section != section) {
          section = row.section;
          line("  " + fitted(section, kWide - 2));
        }
        add_row(row, from, to);
      }
      if (begun && alike > 0) line(fmt::format("  {} more, alike or of detail (--all)", alike));
      if (begun) line("");
    }
  }

  void add_row(const Row& row, std::size_t from, std::size_t to) {
    const std::string indent = row.section.empty() ? "  " : "    ";
    std::string text = fitted(indent + row.label, kLabel, true);
    text += value_of(row, 0, kFirst);
    for (std::size_t r = from; r < to; ++r) {
      text += " " + value_of(row, r, kValue);
      if (with_differences()) text += right(shown_difference(row.differences[r], row.unit), kDifference);
      text += right(shown_change(row.shares[r]), kChange);
    }
    line(text);
  }

  std::string value_of(const Row& row, std::size_t report, std::size_t columns) const {
    const std::string text = right(shown(row.values[report], row.unit), columns);
    return row.best[report] ? green(text + "*") : text + " ";
  }

  static bool differs(const Statement& statement) {
    return std::any_of(statement.of_reports.begin(), statement.of_reports.end(),
                       [&](const auto& said) { return said != statement.of_reports.front(); });
  }

  void add_statements(const std::string& title, const std::vector<Statement>& statements) {
    if (statements.empty()) return;
    heading(title);
    std::size_t told = 0;
    for (const Statement& statement : statements) {
      if (told++ == kMostStatements) break;
      std::string who;
      std::size_t count = 0;
      for (std::size_t r = 0; r < statement.of_reports.size(); ++r) {
        if (!statement.of_reports[r]) continue;
        ++count;
        who += (who.empty() ? "" : ", ") + comparison_.reports[r].name;
      }
      const bool in_all = count == statement.of_reports.size();
      line(fitted(
          fmt::format("  {}: {}", statement.subject, in_all ? differs(statement) ? "not the same in all" : "all" : who),
          kWide));
    }
    if (statements.size() > kMostStatements) {
      line(fmt::format("  and {} more (--json, --page)", statements.size() - kMostStatements));
    }
    line("");
  }

  const Comparison& comparison_;
  TableStyle style_;
  std::string text_;
};

}  // namespace

std::string comparison_table(const Comparison& comparison, const TableStyle& style) {
  return Table(comparison, style).write();
}

}  // namespace tokenworks::compare
