#include "tools/compare/comparison_page.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "sim/report/build_info.hpp"
#include "tools/compare/svg_charts.hpp"

namespace tokenworks::compare {
namespace {

using scenario::Json;

constexpr double kSecondsPerHour = 3600.0, kSecondsPerDay = 86400.0;
constexpr double kLeastDivisor = 0.05;  // of its highest value

constexpr const char* kStyle = R"css(
:root { --ink: #1d2129; --soft: #5c6470; --line: #d9dde3; --paper: #ffffff; --tint: #f5f6f8; --good: #0b7a3b;
  --s0: #2f6fde; --s1: #d9622b; --s2: #1f9e77; --s3: #a64ac9; --s4: #b98900; --s5: #d43d66; --s6: #5d7a8a; --s7: #7a5c3e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa3af; --line: #363c46; --paper: #15181d;
  --tint: #1d2128; --good: #57cf8a; --s0: #6fa2ff; --s1: #ff9560; --s2: #4fd0a7; --s3: #cd86ec; --s4: #e5bb3d;
  --s5: #ff7d9e; --s6: #9bb5c4; --s7: #c4a27e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.soft { color: var(--soft); } .note { border-left: 3px solid var(--s1); padding: .3rem .8rem; margin: .4rem 0;
  background: var(--tint); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .28rem .6rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child, .left th, .left td { text-align: left; }
thead th { position: sticky; top: 0; background: var(--paper); border-bottom: 2px solid var(--line); }
tr.topic th { background: var(--tint); font-size: 1rem; padding-top: .6rem; } tr.section th { font-weight: 600; }
tr.alike td, tr.alike th { color: var(--soft); } tbody th { font-weight: 400; }
td small { display: block; color: var(--soft); white-space: nowrap; } td { white-space: nowrap; }
.left td { white-space: normal; overflow-wrap: break-word; } .left td:first-child { white-space: nowrap; } td.best { color: var(--good); font-weight: 600; }
td.best b::after { content: " \2605"; font-size: .8em; } td.best small { font-weight: 400; }
.bars { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.2rem 2rem; }
svg.chart { width: 100%; height: auto; display: block; } svg.wide { margin: .6rem 0 1rem; }
svg text { fill: var(--ink); font: 13px system-ui, "Liberation Sans", Arial, sans-serif; }
svg .chart-title { font-weight: 600; font-size: 14px; } svg .tick { fill: var(--soft); font-size: 12px; }
svg .best { fill: var(--good); font-weight: 600; } svg .grid { stroke: var(--line); }
svg .stroke { fill: none; stroke-width: 1.6; stroke-opacity: .8; stroke-linejoin: round; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
.legend span { margin-right: 1.2rem; white-space: nowrap; }
.series-0 { --c: var(--s0); } .series-1 { --c: var(--s1); } .series-2 { --c: var(--s2); } .series-3 { --c: var(--s3); }
.series-4 { --c: var(--s4); } .series-5 { --c: var(--s5); } .series-6 { --c: var(--s6); } .series-7 { --c: var(--s7); }
.fill { fill: var(--c); } .band { fill: var(--c); fill-opacity: .2; } .stroke { stroke: var(--c); } .key { background: var(--c); }
@media print { body { max-width: none; } thead th { position: static; } }
)css";

constexpr std::string_view kBarRows[] = {"output_tokens_per_s",
                                         "output_tokens_per_joule",
                                         "usd_per_million_output_tokens",
                                         "peak_facility_w",
                                         "pue",
                                         "tue",
                                         "cooling_energy_j",
                                         "wue_site_l_per_kwh",
                                         "water_withdrawn_l",
                                         "carbon_kg",
                                         "electricity_usd",
                                         "slo_attainment_share"};

/// A chart over time: a column, or the quotient of two.
struct Course {
  const char *title, *unit;
  double scale;
  const char *of_run, *of_year;
  const char *over_run, *over_year;  ///< divided by this; null: not divided
};
/// What would come in the long run; the coolant of rack groups, where a run tells it, is what comes.
constexpr const char* kSettledCoolant = "rack_supply_c";
constexpr Course kCourses[] = {
    {"Power of the facility", "kW", 1e-3, "facility_power_w", "facility_w", nullptr, nullptr},
    {"Power from the grid", "kW", 1e-3, "grid_power_w", "grid_w", nullptr, nullptr},
    {"Power of IT", "kW", 1e-3, "it_power_w", "it_w", nullptr, nullptr},
    {"PUE, where IT draws at least 5 % of its peak", "", 1.0, "facility_power_w", "facility_w", "it_power_w", "it_w"},
    {"Power of cooling", "kW", 1e-3, "cooling_power_w", "cooling_w", nullptr, nullptr},
    {"Coolant that enters the racks", "\u00b0C", 1.0, kSettledCoolant, kSettledCoolant, nullptr, nullptr},
    {"Air that enters the servers", "\u00b0C", 1.0, "server_inlet_c", "server_inlet_c", nullptr, nullptr},
    {"Facility water", "\u00b0C", 1.0, "facility_water_c", nullptr, nullptr, nullptr},
    {"Water that the site takes", "l/s", 1.0, "water_l_per_s", nullptr, nullptr, nullptr},
    {"Water that the site takes", "l/h", 1.0, nullptr, "water_l", nullptr, nullptr},
};

/// Of each rack group; a chart each where they move.
constexpr std::string_view kGroupColumns[] = {".hottest_chip_c", ".coolant_c", ".clock_share"};

/// Means of days in place of hours, with the least and the largest of each as a band.
void by_days(Line& line) {
  constexpr std::size_t kHours = 24;
  Line days{line.name, {}, {}, line.series, {}, {}};
  for (std::size_t begin = 0; begin < line.x.size(); begin += kHours) {
    const std::size_t end = std::min(begin + kHours, line.x.size());
    double sum = 0.0, low = std::numeric_limits<double>::quiet_NaN(), high = low;
    int known = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isfinite(line.y[i])) continue;
      sum += line.y[i];
      low = std::fmin(low, line.y[i]);
      high = std::fmax(high, line.y[i]);
      ++known;
    }
    days.x.push_back(line.x[begin]);
    days.y.push_back(known > 0 ? sum / known : std::numeric_limits<double>::quiet_NaN());
    days.low.push_back(low);
    days.high.push_back(high);
  }
  line = std::move(days);
}

bool moves(const Line& line) {
  const auto is_number = [](double value) { return std::isfinite(value); };
  const auto first = std::find_if(line.y.begin(), line.y.end(), is_number);
  return std::any_of(first, line.y.end(), [&](double value) { return is_number(value) && value != *first; });
}

class Page {
 public:
  Page(const Comparison& comparison, const std::vector<ReportInput>& reports)
      : comparison_(comparison), reports_(reports) {}

  std::string write() {
    std::string title = "Comparison: ";
    for (std::size_t r = 0; r < comparison_.reports.size(); ++r) {
      title += (r > 0 ? ", " : "") + comparison_.reports[r].name;
    }
    html_ = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<title>{}</title><style>{}</style></head><body>\n<h1>{}</h1>\n",
        escaped(title), kStyle, escaped(title));
    const report::BuildInfo build = report::build_info();
    html_ += fmt::format("<p class=\"soft\">tokenworks compare {} ({}). Differences are against {}.</p>\n",
                         escaped(build.version), escaped(short_revision(build.git_revision)),
                         escaped(comparison_.reports.front().name));
    add_legend();
    for (const std::string& warning : comparison_.warnings) {
      html_ += fmt::format("<p class=\"note\">{}</p>\n", escaped(warning));
    }
    add_reports();
    add_settings();
    add_bars();
    add_table();
    add_courses(ReportKind::run);
    add_courses(ReportKind::year);
    add_statements("Assumptions that not all share", comparison_.assumptions);
    add_statements("Models used outside their range", comparison_.validity);
    html_ += "</body></html>\n";
    return std::move(html_);
  }

 private:
  void heading(std::string_view text) { html_ += fmt::format("<h2>{}</h2>\n", escaped(text)); }

  void add_legend() {
    html_ += "<p class=\"legend\">";
    for (std::size_t r = 0; r < comparison_.reports.size(); ++r) html_ += fmt::format("<span>{}</span>", named(r));
    html_ += "</p>\n";
  }
  std::string named(std::size_t report) const {
    return fmt::format("<i class=\"key series-{}\"></i>{}", report % 8, escaped(comparison_.reports[report].name));
  }

  void add_reports() {
    heading("Reports");
    html_ +=
        "<div class=\"scroll\"><table "
        "class=\"left\"><thead><tr><th>Report</th><th>Of</th><th>Length</th><th>Cooling</th>"
        "<th>Power</th><th>File</th><th>Made by</th></tr></thead><tbody>\n";
    for (std::size_t r = 0; r < comparison_.reports.size(); ++r) {
      const ComparedReport& report = comparison_.reports[r];
      html_ += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                           named(r), escaped(report.kind), escaped(length_of(report)),
                           escaped(joined(report.cooling, report.heat_rejection)),
                           escaped(joined(report.power, report.redundancy)), escaped(report.path),
                           escaped(joined(report.version, short_revision(report.git_revision))));
    }
    html_ += "</tbody></table></div>\n";
  }
  static std::string joined(const std::string& a, const std::string& b) {
    return b.empty() ? a : a.empty() ? b : a + ", " + b;
  }
  /// Twelve digits, and whether files were changed.
  static std::string short_revision(std::string_view revision) {
    const std::size_t changed = revision.find("-dirty");
    return std::string(revision.substr(0, std::min<std::size_t>(12, changed))) +
           (changed == std::string_view::npos ? "" : "-dirty");
  }
  static std::string length_of(const ComparedReport& report) {
    if (!report.length_s) return "-";
    return report.kind == "year" ? shown(*report.length_s / kSecondsPerHour, Unit::hours)
                                 : shown(report.length_s, Unit::seconds);
  }

  void add_settings() {
    heading("What differs in the scenarios");
    const auto said = [&](Part part) { return concerns(comparison_.settings, part) ? "differs" : "the same"; };
    html_ += fmt::format("<p>Traffic: {}. Factory: {}. Site: {}. Incidents: {}.</p>\n", said(Part::traffic),
                         said(Part::factory), said(Part::site), said(Part::incidents));
    if (comparison_.settings.empty()) return;
    html_ += "<div class=\"scroll\"><table class=\"left\"><thead><tr><th>Setting</th>";
    add_names();
    html_ += "</tr></thead><tbody>\n";
    for (const SettingDifference& setting : comparison_.settings) {
      html_ += fmt::format("<tr><td><code>{}</code></td>", escaped(printable(setting.pointer)));
      for (const std::optional<Json>& value : setting.values) {
        const std::string text = !value               ? "-"
                                 : value->is_string() ? value->get<std::string>()
                                                      : value->dump(-1, ' ', false, Json::error_handler_t::replace);
        html_ += fmt::format("<td>{}</td>", escaped(fitted(printable(text), 300)));
      }
      html_ += "</tr>\n";
    }
    html_ += "</tbody></table></div>\n";
  }
  void add_names() {
    for (std::size_t r = 0; r < comparison_.reports.size(); ++r) html_ += fmt::format("<th>{}</th>", named(r));
  }

  void add_bars() {
    std::string charts;
    for (const std::string_view id : kBarRows) {
      for (const Row& row : comparison_.rows) {
        if (row.id != id || row.is_zero() || row.is_same()) continue;
        std::vector<Bar> bars;
        for (std::size_t r = 0; r < row.values.size(); ++r) {
          std::string text = shown(row.values[r], row.unit);
          const std::string change = shown_change(row.shares[r]);
          if (!change.empty() && change != "=") text += " (" + change + ")";
          bars.push_back({comparison_.reports[r].name, std::move(text), row.values[r], row.best[r]});
        }
        charts += bar_chart(row.label, bars);
      }
    }
    if (charts.empty()) return;
    heading("At a glance");
    html_ += "<div class=\"bars\">" + charts + "</div>\n";
  }

  void add_table() {
    heading("Figures");
    html_ += "<div class=\"scroll\"><table><thead><tr><th></th>";
    add_names();
    html_ += "</tr></thead><tbody>\n";
    const std::size_t columns = comparison_.reports.size() + 1;
    for (int t = 0; t < kTopics; ++t) {
      const auto topic = static_cast<Topic>(t);
      bool begun = false;
      std::string section;
      for (const Row& row : comparison_.rows) {
        if (row.topic != topic || row.is_zero()) continue;
        if (!begun) {
          html_ += fmt::format("<tr class=\"topic\"><th colspan=\"{}\">{}</th></tr>\n", columns,
                               escaped(topic_title(topic)));
          begun = true;
        }
        if (row.section != section) {
          section = row.section;
          html_ += fmt::format("<tr class=\"section\"><th colspan=\"{}\">{}</th></tr>\n", columns, escaped(section));
        }
        add_row(row);
      }
    }
    html_ += "</tbody></table></div>\n";
  }

  void add_row(const Row& row) {
    html_ += fmt::format(
        "<tr{}><th title=\"{}\">{}</th>", row.is_same() ? " class=\"alike\"" : "",
        escaped(row.better == Better::neither ? std::string(row.id)
                                              : fmt::format("{}: {} is better", row.id, better_name(row.better))),
        escaped(row.label));
    for (std::size_t r = 0; r < row.values.size(); ++r) {
      std::string change = shown_difference(row.differences[r], row.unit);
      const std::string share = shown_change(row.shares[r]);
      if (change == "=") change.clear();
      if (!change.empty() && !share.empty()) change += ", " + share;
      const std::string value = escaped(shown(row.values[r], row.unit));
      html_ += row.best[r] ? fmt::format("<td class=\"best\"><b>{}</b>", value) : fmt::format("<td>{}", value);
      if (!change.empty()) html_ += fmt::format("<small>{}</small>", escaped(change));
      html_ += "</td>";
    }
    html_ += "</tr>\n";
  }

  std::set<std::string> group_columns(ReportKind kind) const {
    std::set<std::string> found;
    for (const ReportInput& report : reports_) {
      if (!report.series || report.kind != kind) continue;
      for (const std::string& name : report.series->names) {
        if (std::any_of(std::begin(kGroupColumns), std::end(kGroupColumns),
                        [&](std::string_view ending) { return name.ends_with(ending); })) {
          found.insert(name);
        }
      }
    }
    return found;
  }

  void add_courses(ReportKind kind) {
    const std::set<std::string> of_groups = group_columns(kind);
    const bool knows_coolant = std::any_of(of_groups.begin(), of_groups.end(),
                                           [](const std::string& name) { return name.ends_with(".coolant_c"); });
    std::string charts;
    for (const Course& course : kCourses) {
      const char* const column = kind == ReportKind::run ? course.of_run : course.of_year;
      if (column == kSettledCoolant && knows_coolant) continue;
      const char* const over = kind == ReportKind::run ? course.over_run : course.over_year;
      if (column != nullptr) charts += course_of(kind, course.title, course.unit, course.scale, column, over);
    }
    for (const std::string& name : of_groups) {
      charts += course_of(kind, spoken_column(name), name.ends_with("_c") ? "\u00b0C" : "of the full clock", 1.0, name,
                          nullptr);
    }
    if (charts.empty()) return;
    heading(kind == ReportKind::run ? "Over time" : "Over the year");
    if (kind == ReportKind::year) {
      html_ += "<p class=\"soft\">Means of each day; bands from its lowest to its highest hour.</p>\n";
    }
    add_legend();
    html_ += charts;
  }

  std::string course_of(ReportKind kind, const std::string& title, const char* unit, double scale,
                        const std::string& column, const char* over) const {
    LineChart chart;
    chart.title = title;
    chart.y_label = unit;
    chart.y_scale = scale;
    double longest = 0.0;
    for (std::size_t r = 0; r < reports_.size(); ++r) {
      const ReportInput& report = reports_[r];
      if (!report.series || report.kind != kind) continue;
      const std::vector<double>* const cells = report.series->column(column);
      const std::vector<double>* const divisor = over != nullptr ? report.series->column(over) : nullptr;
      const SeriesTimes times = times_of(*report.series, std::nullopt);
      if (cells == nullptr || (over != nullptr && divisor == nullptr) || times.from_s.size() != cells->size()) continue;
      // 0 throughout: no such coolant, no water.
      if (std::all_of(cells->begin(), cells->end(), [](double cell) { return cell == 0.0 || std::isnan(cell); }))
        continue;
      Line line{comparison_.reports[r].name, times.from_s, *cells, r, {}, {}};
      // Over next to nothing, a quotient of powers says nothing and would squeeze the rest.
      const double least =
          divisor == nullptr ? 0.0 : kLeastDivisor * *std::max_element(divisor->begin(), divisor->end());
      for (std::size_t i = 0; divisor != nullptr && i < cells->size(); ++i) {
        line.y[i] = (*divisor)[i] > least ? (*cells)[i] / (*divisor)[i] : std::numeric_limits<double>::quiet_NaN();
      }
      if (!line.x.empty()) longest = std::max(longest, line.x.back());
      chart.lines.push_back(std::move(line));
    }
    // What stands still is said by the table.
    if (std::none_of(chart.lines.begin(), chart.lines.end(), moves)) return {};
    const bool in_days = longest > 4 * kSecondsPerDay, in_hours = longest > 4 * kSecondsPerHour;
    const double unit_s = in_days ? kSecondsPerDay : in_hours ? kSecondsPerHour : 60.0;
    for (Line& line : chart.lines) {
      for (double& date : line.x) date /= unit_s;
      if (kind == ReportKind::year) by_days(line);
    }
    chart.x_label = in_days ? "days" : in_hours ? "hours" : "minutes";
    return line_chart(chart);
  }

  void add_statements(std::string_view title, const std::vector<Statement>& statements) {
    if (statements.empty()) return;
    heading(title);
    html_ += "<div class=\"scroll\"><table class=\"left\"><thead><tr><th></th>";
    add_names();
    html_ += "</tr></thead><tbody>\n";
    for (const Statement& statement : statements) {
      html_ += fmt::format("<tr><td>{}</td>", escaped(statement.subject));
      for (const auto& said : statement.of_reports) html_ += fmt::format("<td>{}</td>", escaped(said.value_or("-")));
      html_ += "</tr>\n";
    }
    html_ += "</tbody></table></div>\n";
  }

  const Comparison& comparison_;
  const std::vector<ReportInput>& reports_;
  std::string html_;
};

}  // namespace

std::string comparison_page(const Comparison& comparison, const std::vector<ReportInput>& reports) {
  return Page(comparison, reports).write();
}

}  // namespace tokenworks::compare
