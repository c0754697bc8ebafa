#include "tools/compare/measures.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <map>

#include <fmt/format.h>

#include "models/power/loss_law.hpp"
#include "sim/metrics/site_metrics.hpp"

namespace tokenworks::compare {
namespace {

using scenario::FaultKind;
using scenario::FaultList;
using scenario::Json;

constexpr double kSecondsPerHour = 3600.0, kJoulesPerKilowattHour = 3.6e6;

std::optional<double> ratio(std::optional<double> part, std::optional<double> whole) {
  return part && whole && *whole > 0.0 ? std::optional(*part / *whole) : std::nullopt;
}
std::optional<double> minus(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::optional(*a - *b) : std::nullopt;
}

/// A figure that stands in the document as it is. Empty pointer: documents of that kind do not have it.
struct Figure {
  Topic topic;
  const char *id, *label;
  Unit unit;
  Better better;
  const char *in_run, *in_year;
};

constexpr Better kHigher = Better::higher, kLower = Better::lower, kNeither = Better::neither;

constexpr Figure kWork[] = {
    {Topic::work, "requests_per_s", "Requests", Unit::per_second, kHigher, "/summary/requests_per_s", ""},
    {Topic::work, "ttft_p99_s", "TTFT p99", Unit::seconds, kLower, "/summary/ttft_p99_s", ""},
    {Topic::work, "tpot_p99_s", "TPOT p99", Unit::seconds, kLower, "/summary/tpot_p99_s", ""},
    {Topic::work, "slo_attainment_share", "Promises kept", Unit::share, kHigher, "/summary/slo_attainment", ""},
};
constexpr Figure kPower[] = {
    {Topic::power, "peak_it_w", "Peak of IT", Unit::watts, kLower, "/power/peak_it_w", ""},
    {Topic::power, "peak_facility_w", "Peak of the facility", Unit::watts, kLower, "/power/peak_facility_w",
     "/summary/highest_facility_w"},
    {Topic::power, "peak_grid_w", "Peak of the grid", Unit::watts, kLower, "/power/peak_grid_w",
     "/summary/highest_grid_w"},
    {Topic::power, "largest_grid_rise_w", "Largest rise in a minute", Unit::watts, kLower,
     "/power/largest_grid_rise_w", ""},
    {Topic::power, "largest_grid_fall_w", "Largest fall in a minute", Unit::watts, kLower,
     "/power/largest_grid_fall_w", ""},
    {Topic::power, "mean_it_w", "Mean of IT", Unit::watts, kNeither, "/summary/mean_it_w", "/summary/mean_it_w"},
    {Topic::power, "it_energy_j", "Energy of IT", Unit::joules, kNeither, "/power/it_energy_j", "/summary/it_energy_j"},
    {Topic::power, "facility_energy_j", "Energy of the facility", Unit::joules, kLower, "/power/facility_energy_j",
     "/summary/facility_energy_j"},
    {Topic::power, "pue", "PUE", Unit::ratio, kLower, "/power/pue", "/summary/pue"},
    {Topic::power, "itue", "ITUE", Unit::ratio, kLower, "/power/itue", "/summary/itue"},
    {Topic::power, "tue", "TUE", Unit::ratio, kLower, "/power/tue", "/summary/tue"},
    {Topic::power, "partial_pue_power_chain", "Partial PUE, power chain", Unit::ratio, kLower,
     "/power/partial_pue/power_chain", "/summary/ppue_power_chain"},
    {Topic::power, "partial_pue_cooling", "Partial PUE, cooling", Unit::ratio, kLower, "/power/partial_pue/cooling",
     "/summary/ppue_cooling"},
    {Topic::power, "partial_pue_house", "Partial PUE, house", Unit::ratio, kLower, "/power/partial_pue/house", ""},
    {Topic::power, "time_on_battery_s", "Time on batteries", Unit::seconds, kLower, "/power/sources/time_on_battery_s",
     ""},
    {Topic::power, "power_floors_j", "Energy of power floors", Unit::joules, kLower, "/power/sources/power_floors_j",
     ""},
    {Topic::power, "generators_j", "Energy of generators", Unit::joules, kLower, "/power/sources/generators_j", ""},
    {Topic::power, "generator_fuel_l", "Fuel of generators", Unit::litres, kLower, "/power/sources/generator_fuel_l",
     ""},
};
constexpr Figure kCooling[] = {
    {Topic::cooling, "cooling_energy_j", "Energy of cooling", Unit::joules, kLower, "/cooling/energy_j", ""},
    {Topic::cooling, "heat_reused_j", "Heat reused", Unit::joules, kHigher, "/cooling/heat_reused_j",
     "/cooling/heat_reused_j"},
    {Topic::cooling, "erf", "ERF", Unit::ratio, kHigher, "/cooling/erf", "/summary/erf"},
    {Topic::cooling, "ere", "ERE", Unit::ratio, kLower, "/cooling/ere", "/summary/ere"},
};
constexpr Figure kWater[] = {
    {Topic::water, "water_withdrawn_l", "Taken by the site", Unit::litres, kLower, "/water/used_l",
     "/water/withdrawn_l"},
    {Topic::water, "water_consumed_l", "Not given back", Unit::litres, kLower, "/water/consumed_l",
     "/water/consumed_l"},
    {Topic::water, "wue_site_l_per_kwh", "WUE site, l/kWh", Unit::litres_per_kwh, kLower, "/water/wue_l_per_kwh",
     "/summary/wue_site_l_per_kwh"},
};
constexpr Figure kCarbonToEfficiency[] = {
    {Topic::carbon, "carbon_kg", "CO2 of electricity", Unit::kilograms, kLower, "/carbon/electricity_kg",
     "/summary/carbon_kg"},
    {Topic::carbon, "cue_kg_per_kwh", "CUE, kg/kWh", Unit::kilograms_per_kwh, kLower, "/carbon/cue_kg_per_kwh",
     "/summary/cue_kg_per_kwh"},
    {Topic::cost, "electricity_usd", "Electricity, USD", Unit::usd, kLower, "/cost/electricity_usd",
     "/summary/electricity_usd"},
    {Topic::cost, "energy_usd", "Of this, energy", Unit::usd, kLower, "", "/cost/energy_usd"},
    {Topic::cost, "demand_usd", "Of this, demand", Unit::usd, kLower, "", "/cost/demand_usd"},
    {Topic::cost, "fixed_usd", "Of this, fixed", Unit::usd, kLower, "", "/cost/fixed_usd"},
    {Topic::efficiency, "output_tokens_per_joule", "Output tokens per joule", Unit::per_joule, kHigher,
     "/summary/output_tokens_per_joule", "/summary/output_tokens_per_joule"},
    {Topic::efficiency, "usd_per_million_output_tokens", "USD per million tokens", Unit::usd_per_million, kLower,
     "/summary/usd_per_million_output_tokens", "/summary/usd_per_million_output_tokens"},
};

class Measurer {
 public:
  Measurer(ReportKind kind, const Json& document, const SeriesFile* series, FaultList& faults)
      : kind_(kind), document_(document), series_(series), faults_(faults) {}

  std::vector<Measure> measure() {
    is_run() ? add_run_work() : add_year_work();
    add_figures(kPower);
    add(Topic::power, "mean_facility_w", "Mean of the facility", Unit::watts, kLower,
        is_run() ? ratio(number("/power/facility_energy_j"), number("/outcome/simulated_s"))
                 : number("/summary/mean_facility_w"));
    if (is_run()) add_clocks_and_limits();
    add_cooling();
    add_figures(kWater);
    add_water_of_electricity();
    add_figures(kCarbonToEfficiency);
    add_ratings();
    return std::move(list_);
  }

 private:
  bool is_run() const { return kind_ == ReportKind::run; }
  const Json* value(std::string_view pointer) { return find_value(document_, pointer, faults_); }
  std::optional<double> number(std::string_view pointer) { return find_number(document_, pointer, faults_); }

  void add(Topic topic, std::string id, std::string label, Unit unit, Better better, std::optional<double> value) {
    list_.push_back({topic, std::move(id), std::move(label), unit, better, value});
  }
  template <std::size_t N>
  void add_figures(const Figure (&figures)[N]) {
    for (const Figure& figure : figures) {
      const std::string_view pointer = is_run() ? figure.in_run : figure.in_year;
      if (pointer.empty()) continue;
      add(figure.topic, figure.id, figure.label, figure.unit, figure.better, number(pointer));
    }
  }

  /// Elements of a list, with their pointers. Absent: none.
  template <class Visit>
  void for_each_of(const std::string& pointer, Visit visit) {
    const Json* list = value(pointer);
    if (list == nullptr) return;
    if (!list->is_array()) {
      faults_.add(FaultKind::wrong_type, pointer, fmt::format("found {}; allowed: a list", list->type_name()));
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) visit(fmt::format("{}/{}", pointer, i));
  }
  /// Members of an object and their numbers.
  template <class Visit>
  void for_each_in(const std::string& pointer, Visit visit) {
    const Json* object = value(pointer);
    if (object == nullptr) return;
    if (!object->is_object()) {
      faults_.add(FaultKind::wrong_type, pointer, fmt::format("found {}; allowed: an object", object->type_name()));
      return;
    }
    for (const auto& [key, member] : object->items()) {
      if (member.is_number()) {
        visit(key, member.template get<double>());
      } else if (!member.is_null()) {
        faults_.add(FaultKind::wrong_type, pointer + scenario::pointer_step(key),
                    fmt::format("found {}; allowed: a number", member.type_name()));
      }
    }
  }

  void add_run_work() {
    add(Topic::work, "output_tokens_per_s", "Output tokens", Unit::per_second, kHigher,
        number("/summary/output_tokens_per_s"));
    add_figures(kWork);
    if (value("/services") != nullptr) {
      add(Topic::work, "output_tokens", "Output tokens, whole run", Unit::count, kNeither,
          output_tokens_of(document_, faults_));
      add(Topic::work, "requests_not_completed", "Requests not completed", Unit::count, kLower,
          not_completed_of(document_, faults_));
    }
    const Json* services = value("/services");
    if (services == nullptr || !services->is_array() || services->size() < 2) return;
    for_each_of("/services", [this](const std::string& at) {
      const std::string name = find_text(document_, at + "/name", faults_), id = "services/" + name + "/";
      add(Topic::work, id + "output_tokens_per_s", name + ": output tokens", Unit::per_second, kHigher,
          number(at + "/output_tokens_per_s"));
      add(Topic::work, id + "ttft_p99_s", name + ": TTFT p99", Unit::seconds, kLower, number(at + "/ttft_s/p99"));
      add(Topic::work, id + "tpot_p99_s", name + ": TPOT p99", Unit::seconds, kLower, number(at + "/tpot_s/p99"));
      add(Topic::work, id + "slo_attainment_share", name + ": promises kept", Unit::share, kHigher,
          number(at + "/slo/attainment"));
    });
  }

  void add_year_work() {
    const std::optional<double> hours = number("/outcome/hours");
    const auto rate = [&](const char* pointer) {
      const std::optional<double> mean = ratio(number(pointer), hours);
      return mean ? std::optional(*mean / kSecondsPerHour) : std::nullopt;
    };
    add(Topic::work, "output_tokens_per_s", "Output tokens", Unit::per_second, kHigher, rate("/summary/output_tokens"));
    add(Topic::work, "requests_per_s", "Requests", Unit::per_second, kHigher, rate("/summary/requests"));
    add(Topic::work, "output_tokens", "Output tokens, whole run", Unit::count, kNeither,
        number("/summary/output_tokens"));
  }

  void add_clocks_and_limits() {
    std::optional<double> slowed;
    for_each_of("/services", [&](const std::string& at) {
      const std::optional<double> share = number(at + "/clock/throttled_share_of_time");
      if (share) slowed = std::max(slowed.value_or(0.0), *share);
    });
    add(Topic::power, "throttled_share", "Steps below the full clock", Unit::share, kLower, slowed);
    std::optional<double> over, capped;
    for_each_of("/power/limits", [&](const std::string& at) {
      over = over.value_or(0.0) + number(at + "/over_limit_s").value_or(0.0);
      capped = capped.value_or(0.0) + number(at + "/capped_s").value_or(0.0);
    });
    add(Topic::power, "over_limit_s", "Time over power limits", Unit::seconds, kLower, over);
    add(Topic::power, "capped_s", "Time capped", Unit::seconds, kLower, capped);
  }

  /// Of a run whose report is too old to say it, it follows from its facility energy.
  void add_water_of_electricity() {
    std::optional<double> source = number(is_run() ? "/water/wue_source_l_per_kwh" : "/summary/wue_source_l_per_kwh");
    std::optional<double> litres = number(is_run() ? "/water/electricity_l" : "/electricity_water_l");
    if (is_run()) {
      const std::optional<double> each = number("/scenario/site/electricity/water_l_per_kwh");
      const std::optional<double> site = number("/water/wue_l_per_kwh"), pue = number("/power/pue");
      const std::optional<double> joules = number("/power/facility_energy_j");
      if (!source && each && site && pue) source = *site + *pue * *each;
      if (!litres && each && joules) litres = *joules / kJoulesPerKilowattHour * *each;
    }
    add(Topic::water, "wue_source_l_per_kwh", "WUE source, l/kWh", Unit::litres_per_kwh, kLower, source);
    add(Topic::water, "electricity_water_l", "For the electricity", Unit::litres, kLower, litres);
  }

  void add_cooling() {
    if (!is_run()) {
      std::optional<double> energy;
      for (const char* part : {"air_handler_fans", "pumps", "chillers", "heat_rejection_fans"}) {
        const std::optional<double> of_part = number(fmt::format("/energy_by_j/{}", part));
        if (of_part) energy = energy.value_or(0.0) + *of_part;
      }
      add(Topic::cooling, "cooling_energy_j", "Energy of cooling", Unit::joules, kLower, energy);
    }
    const std::optional<double> liquid = number("/cooling/heat_to_liquid_j");
    std::optional<double> whole = number("/summary/it_energy_j");
    if (is_run()) {
      const std::optional<double> air = number("/cooling/heat_to_air_j");
      whole = liquid && air ? std::optional(*liquid + *air) : std::nullopt;
    }
    add(Topic::cooling, "heat_to_liquid_share", "Heat to liquid", Unit::share, kNeither, ratio(liquid, whole));
    add_figures(kCooling);
    add_modes(is_run() ? "/cooling/mode_hours" : "/cooling/mode_hours/main", "main", "Main loop");
    add_modes(is_run() ? "/cooling/residual_air_mode_hours" : "/cooling/mode_hours/residual_air", "residual_air",
              "Residual air");
    add_temperatures();
  }

  void add_modes(const std::string& pointer, const std::string& loop, const std::string& label) {
    for_each_in(pointer, [&](const std::string& mode, double hours) {
      add(Topic::cooling, fmt::format("mode_hours/{}/{}_h", loop, mode), fmt::format("{}: {}", label, mode),
          Unit::hours, kNeither, hours);
    });
  }

  /// A year says how long it was out of range; of a run the series does.
  void add_temperatures() {
    std::optional<double> above_recommended, above_allowed;
    if (!is_run()) {
      for (const char* loop : {"main", "residual_air"}) {
        const std::string at = fmt::format("/out_of_range/supply_above_set_point/{}", loop);
        add(Topic::cooling, fmt::format("supply_too_warm/{}_h", loop),
            fmt::format("Too warm, {} loop", spoken_loop(loop)), Unit::hours, kLower, number(at + "/hours"));
        add(Topic::cooling, fmt::format("supply_too_warm/{}_k", loop),
            fmt::format("By at most, {} loop", spoken_loop(loop)), Unit::kelvin, kLower, number(at + "/farthest_k"));
      }
      above_recommended = number("/out_of_range/server_inlet_above_27_c_hours");
      above_allowed = number("/out_of_range/server_inlet_above_32_c_hours");
    } else if (series_ != nullptr) {
      above_recommended = hours_above("server_inlet_c", metrics::kRecommendedInletC);
      above_allowed = hours_above("server_inlet_c", metrics::kAllowedInletC);
    }
    add(Topic::cooling, "server_inlet_above_27_c_h", "Server inlet above 27 C", Unit::hours, kLower, above_recommended);
    add(Topic::cooling, "server_inlet_above_32_c_h", "Server inlet above 32 C", Unit::hours, kLower, above_allowed);
    if (series_ == nullptr) return;
    add(Topic::cooling, "hottest_server_inlet_c", "Hottest server inlet", Unit::celsius, kLower,
        highest("server_inlet_c"));
    add(Topic::cooling, "hottest_rack_supply_c", "Hottest coolant supply", Unit::celsius, kLower,
        hottest_rack_supply());
    for (const std::string& name : series_->names) {
      if (name.find("chip") == std::string::npos || !name.ends_with("_c")) continue;
      add(Topic::cooling, "hottest/" + name, spoken_column(name), Unit::celsius, kLower, highest(name));
    }
  }
  static const char* spoken_loop(std::string_view loop) { return loop == "main" ? "main" : "air"; }

  std::optional<double> hours_above(const char* column, double limit) {
    const std::vector<double>* const cells = series_->column(column);
    const SeriesTimes times = times_of(*series_, number("/outcome/simulated_s"));
    if (cells == nullptr || times.length_s.size() != cells->size()) return std::nullopt;
    double seconds = 0.0;
    for (std::size_t row = 0; row < cells->size(); ++row) {
      if ((*cells)[row] > limit) seconds += times.length_s[row];
    }
    return seconds / kSecondsPerHour;
  }
  /// 0 throughout: there is no such coolant.
  std::optional<double> highest(std::string_view column) {
    const std::vector<double>* const cells = series_->column(column);
    if (cells == nullptr) return std::nullopt;
    std::optional<double> highest;
    for (const double cell : *cells) {
      if (std::isfinite(cell) && cell != 0.0) highest = std::max(highest.value_or(cell), cell);
    }
    return highest;
  }

  /// Of the coolant of rack groups where a run tells it; "rack_supply_c" is what would come in the long run, which says
  /// nothing of the seconds in which pumps stand.
  std::optional<double> hottest_rack_supply() {
    const std::optional<double> settled = highest("rack_supply_c");
    std::optional<double> hottest;
    for (const std::string& name : series_->names) {
      if (settled && name.ends_with(".coolant_c")) hottest = std::max(hottest, highest(name));
    }
    return hottest ? hottest : settled;
  }

  /// Of what a stage is rated for, what must carry when one way or unit is out; nothing where that is not known.
  std::optional<double> without_spare(const char* rating, double unit_w) {
    const std::optional<double> rated = number(fmt::format("{}/{}", ratings(), rating));
    if (!rated) return std::nullopt;
    if (find_text(document_, "/scenario/factory/power/kind", faults_) != "standard_chain") return std::nullopt;
    const std::string redundancy = find_text(document_, "/scenario/factory/power/redundancy", faults_);
    if (redundancy == "n") return rated;
    if (redundancy == "2n") return *rated / 2.0;
    if (redundancy == "n_plus_1" && unit_w > 0.0) {
      // Two units, each of what is needed, where that is less than one of the usual size.
      return std::max(*rated / 2.0, *rated - unit_w);
    }
    if (redundancy == "block_redundant") {
      const double blocks = number("/scenario/factory/power/blocks").value_or(0.0);
      const double carrying = std::min(blocks, static_cast<double>(rack_groups()));
      return carrying > 0.0 ? std::optional(*rated * carrying / (carrying + 1.0)) : std::nullopt;
    }
    return std::nullopt;
  }

  const char* ratings() const { return is_run() ? "/power/ratings_w" : "/ratings_w"; }
  std::size_t rack_groups() {
    const Json* racks = value("/scenario/factory/racks");
    return racks != nullptr && racks->is_array() ? racks->size() : 0;
  }

  /// Rated heat of all loops. A loop's ratings begin alike ("liquid_dry_cooler_capacity_w"); its chillers count where
  /// it has some, else the largest of the others. Trim chillers stand beside coolers or towers of the loop's size: all
  /// chillers that share a loop with the towers of `cooling_tower` are such.
  std::optional<double> plant_capacity() {
    struct Loop {
      double chillers = 0.0, others = 0.0;
    };
    std::map<std::string, Loop> loops;
    for_each_in(ratings(), [&](const std::string& key, double watts) {
      for (const std::string_view part : {"chiller", "tower", "dry_cooler", "outside_air"}) {
        const std::string ending = fmt::format("{}_capacity_w", part);
        if (!key.ends_with(ending)) continue;
        const std::string prefix = key.substr(0, key.size() - ending.size());
        if (prefix.ends_with("trim_")) continue;
        Loop& loop = loops[prefix];
        double& of_part = part == "chiller" ? loop.chillers : loop.others;
        of_part = std::max(of_part, watts);
      }
    });
    if (loops.empty()) return std::nullopt;
    const bool trims = find_text(document_, "/cooling/heat_rejection", faults_) == "cooling_tower";
    double sum = 0.0;
    for (const auto& [prefix, loop] : loops) {
      const bool chillers_carry = loop.chillers > 0.0 && !(trims && loop.others > 0.0);
      sum += chillers_carry ? loop.chillers : loop.others;
    }
    return sum;
  }

  void add_ratings() {
    double racks = 0.0;
    for_each_of("/scenario/factory/racks", [&](const std::string& at) {
      racks += number(at + "/count").value_or(1.0);  // as the scenario's default
    });
    if (racks > 0.0) add(Topic::expansion, "racks", "Racks", Unit::count, kNeither, racks);
    const std::optional<double> nameplate = number(fmt::format("{}/it_nameplate_w", ratings()));
    add(Topic::expansion, "it_nameplate_w", "IT nameplate", Unit::watts, kNeither, nameplate);
    add_room(nameplate, racks);
    for_each_in(ratings(), [this](const std::string& key, double watts) {
      if (key == "it_nameplate_w") return;
      add(Topic::expansion, "ratings/" + key, "Rated: " + lower_spoken(without_unit(key)), Unit::watts, kNeither,
          watts);
    });
  }
  static std::string lower_spoken(std::string_view name) {
    if (name.ends_with("_rating")) name.remove_suffix(std::string_view("_rating").size());
    std::string text = spoken(name);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
  }

  /// What the stages carry as power of IT, and how many more racks that are.
  void add_room(std::optional<double> nameplate, double racks) {
    const std::optional<double> peak_it = number(is_run() ? "/power/peak_it_w" : "/peaks/hour/it_w");
    const std::optional<double> overhead =
        ratio(number(is_run() ? "/power/peak_facility_w" : "/summary/highest_facility_w"), peak_it);
    const auto at_meter = [&](std::optional<double> watts) { return ratio(watts, overhead); };
    const double module = number("/scenario/factory/power/ups_module_power_w").value_or(0.0);
    const double busway = number("/scenario/factory/power/busway_loss_share").value_or(0.0);
    const double transformer = power::kTransformerUnit.value;
    struct Stage {
      const char *id, *label;
      std::optional<double> it_w;
    };
    // A standard chain is sized for the nameplate: less is the error of the overhead, which was not taken there.
    const auto at_least_nameplate = [&](std::optional<double> watts) {
      return watts ? std::optional(std::max(*watts, nameplate.value_or(0.0))) : std::nullopt;
    };
    const Stage stages[] = {{"ups", "IT that the UPS carries",
                             at_least_nameplate(ratio(without_spare("ups_rating_w", module), 1.0 + busway))},
                            {"transformers", "IT that transformers carry",
                             at_least_nameplate(at_meter(without_spare("transformer_rating_w", transformer)))},
                            {"generators", "IT that generators carry",
                             at_least_nameplate(at_meter(without_spare("generator_rating_w", transformer)))},
                            {"plant", "IT that the cooling carries", plant_capacity()}};
    std::optional<double> least;
    for (const Stage& stage : stages) {
      if (!stage.it_w) continue;
      add(Topic::expansion, fmt::format("carries/{}_w", stage.id), stage.label, Unit::watts, kHigher, stage.it_w);
      least = std::min(least.value_or(*stage.it_w), *stage.it_w);
    }
    const auto add_headroom = [&](const char* id, const char* over, std::optional<double> drawn) {
      const std::optional<double> room = minus(least, drawn);
      add(Topic::expansion, fmt::format("room_over_{}_w", id), fmt::format("Room over the {}", over), Unit::watts,
          kHigher, room);
      const std::optional<double> each = racks > 0.0 ? ratio(drawn, racks) : std::nullopt;
      std::optional<double> more = ratio(room, each);
      if (more) more = std::floor(*more + 1e-9);
      add(Topic::expansion, fmt::format("room_over_{}_racks", id), fmt::format("In racks, over the {}", over),
          Unit::count, kHigher, more);
    };
    add_headroom("nameplate", "nameplate", nameplate);
    add_headroom("peak", "peak", peak_it);
  }

  ReportKind kind_;
  const Json& document_;
  const SeriesFile* series_;
  FaultList& faults_;
  std::vector<Measure> list_;
};

/// Of an element of a list.
std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  return error == std::errc() && end == step.data() + step.size() ? std::optional(index) : std::nullopt;
}

/// Sum over services of a number below each.
double sum_over_services(const Json& report, std::initializer_list<const char*> plus, FaultList& faults) {
  const Json* services = find_value(report, "/services", faults);
  double sum = 0.0;
  if (services == nullptr || !services->is_array()) return sum;
  for (std::size_t i = 0; i < services->size(); ++i) {
    for (const char* pointer : plus) {
      sum += find_number(report, fmt::format("/services/{}{}", i, pointer), faults).value_or(0.0);
    }
  }
  return sum;
}

}  // namespace

std::string_view better_name(Better better) {
  constexpr std::string_view kNames[] = {"neither", "higher", "lower"};
  return kNames[static_cast<std::size_t>(better)];
}

std::string_view topic_name(Topic topic) {
  constexpr std::string_view kNames[] = {"work", "power",      "cooling",   "water",    "carbon",
                                         "cost", "efficiency", "expansion", "incidents"};
  return kNames[static_cast<std::size_t>(topic)];
}

std::string_view topic_title(Topic topic) {
  constexpr std::string_view kTitles[] = {
      "Work", "Power", "Cooling", "Water", "Carbon", "Cost", "Efficiency", "Room for expansion", "Incidents"};
  return kTitles[static_cast<std::size_t>(topic)];
}

const Json* find_value(const Json& document, std::string_view pointer, FaultList& faults) {
  const Json* at = &document;
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string_view step = pointer.substr(begin, end - begin);
    if (at->is_null()) return nullptr;
    if (const std::optional<std::size_t> index = index_of(step); at->is_array() && index) {
      if (*index >= at->size()) return nullptr;
      at = &(*at)[*index];
    } else if (at->is_object()) {
      const auto member = at->find(std::string(step));
      if (member == at->end()) return nullptr;
      at = &*member;
    } else {
      const std::string place(pointer.substr(0, begin - 1));
      if (!faults.stand_at(place)) {
        faults.add(FaultKind::wrong_type, place, fmt::format("found {}; allowed: an object", at->type_name()));
      }
      return nullptr;
    }
    begin = end + 1;
  }
  return at->is_null() ? nullptr : at;
}

std::optional<double> find_number(const Json& document, std::string_view pointer, FaultList& faults) {
  const Json* const value = find_value(document, pointer, faults);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->get<double>();
  if (!faults.stand_at(pointer)) {
    faults.add(FaultKind::wrong_type, std::string(pointer),
               fmt::format("found {}; allowed: a number or null", value->type_name()));
  }
  return std::nullopt;
}

std::string find_text(const Json& document, std::string_view pointer, FaultList& faults) {
  const Json* const value = find_value(document, pointer, faults);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  if (!faults.stand_at(pointer)) {
    faults.add(FaultKind::wrong_type, std::string(pointer),
               fmt::format("found {}; allowed: a text", value->type_name()));
  }
  return {};
}

double output_tokens_of(const Json& report, FaultList& faults) {
  return sum_over_services(report, {"/tokens/output"}, faults);
}

double not_completed_of(const Json& report, FaultList& faults) {
  return sum_over_services(
      report,
      {"/requests/rejected", "/requests/failed", "/requests/cancelled", "/requests/timed_out", "/requests/unfinished"},
      faults);
}

std::vector<Measure> measures_of(ReportKind kind, const Json& document, const SeriesFile* series, FaultList& faults) {
  return Measurer(kind, document, series, faults).measure();
}

}  // namespace tokenworks::compare
