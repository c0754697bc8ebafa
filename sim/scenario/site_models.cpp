#include "sim/scenario/site_models.hpp"

#include <stdexcept>

#include "sim/jobs/workload/text_lines.hpp"
#include "sim/scenario/local_time.hpp"
#include "sim/scenario/year_run.hpp"

namespace tokenworks::scenario {
namespace {

weather::OpenText opener(const ReadOutcome& scenario) {
  return [folder = scenario.folder](const std::string& path) { return jobs::open_text((folder / path).string()); };
}

std::unique_ptr<weather::WeatherSeries> load_weather(ReadOutcome& scenario, ValidityNotes& notes) {
  const auto find = [&](const std::string& id) { return scenario.catalog.site(id, scenario.faults); };
  return scenario.spec.site.weather->load(opener(scenario), find, notes);
}

grid::ElectricitySupply load_electricity(const ReadOutcome& scenario) {
  const LocalTime start = *parse_local_time(scenario.spec.clock.start);
  return scenario.spec.site.electricity->load(calendar_year(start), opener(scenario));
}

}  // namespace

SiteModels load_site(ReadOutcome& scenario, ValidityNotes& notes) {
  SiteModels models;
  models.weather = load_weather(scenario, notes);
  models.electricity = load_electricity(scenario);
  models.start_s = seconds_of_year(*parse_local_time(scenario.spec.clock.start));
  return models;
}

SiteModels check_site_files(ReadOutcome& scenario) {
  SiteModels models;
  const auto guarded = [&](const char* pointer, const auto& load) {
    try {
      load();
    } catch (const std::exception& error) {
      scenario.faults.add(FaultKind::cannot_read, pointer, error.what());
    }
  };
  guarded("/site/weather", [&] { models.weather = load_weather(scenario, models.notes); });
  guarded("/site/electricity", [&] { models.electricity = load_electricity(scenario); });
  if (scenario.spec.year) guarded("/year/demand", [&] { year_demand(scenario); });
  models.start_s = seconds_of_year(*parse_local_time(scenario.spec.clock.start));
  return models;
}

}  // namespace tokenworks::scenario
