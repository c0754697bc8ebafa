// tokenworks list [SECTION] [NAME]: what the catalog holds and which kinds there are, with sources.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/field_reference.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/scenario_documents.hpp"
#include "tools/commands/command.hpp"

namespace tokenworks::tools {
namespace {

using scenario::Catalog;
using scenario::FaultList;

struct Item {
  std::string name;
  std::string help;
};

/// Something that can be listed as a whole or by one name.
struct Section {
  std::string name;
  std::string help;
  std::function<std::vector<Item>()> items;
  std::function<std::string(const std::string& name)> details;
};

template <class Base>
Section family(std::string name, std::string help, Options<Base> options) {
  const auto items = [options] {
    std::vector<Item> list;
    for (const Option<Base>& option : options) list.push_back({std::string(option.kind), std::string(option.help)});
    return list;
  };
  const auto details = [options](const std::string& kind) {
    Choice<Base> choice(options, kind);
    return scenario::reference_of_fields([&](FieldVisitor& v) { choice->visit(v); }, fmt::format("`{}`", kind));
  };
  return {std::move(name), std::move(help), items, details};
}

/// An entry's values as JSON; its sources come last, by its own visit.
template <class T>
Section catalog_section(Catalog& catalog, std::string name, std::string help,
                        const T* (Catalog::*find)(const std::string&, FaultList&)) {
  const auto entry = [&catalog, find](const std::string& id) -> const T& {
    FaultList faults;
    const T* found = (catalog.*find)(id, faults);
    if (found == nullptr) throw std::runtime_error("the catalog is at fault:\n" + faults.text("catalog"));
    return *found;
  };
  const auto items = [&catalog, entry, name] {
    std::vector<Item> list;
    for (const std::string& id : catalog.ids(name)) list.push_back({id, entry(id).title});
    return list;
  };
  const auto details = [entry](const std::string& id) {
    T copy = entry(id);
    return scenario::json_text(scenario::write_struct(copy));
  };
  return {std::move(name), std::move(help), items, details};
}

std::vector<Section> sections(Catalog& catalog) {
  std::vector<Section> list;
  list.push_back(catalog_section(catalog, "gpus", "GPUs of the catalog", &Catalog::gpu));
  list.push_back(catalog_section(catalog, "kernels", "Fitted kernel times of the catalog", &Catalog::kernels));
  list.push_back(catalog_section(catalog, "racks", "Rack kinds and systems of the catalog", &Catalog::rack));
  list.push_back(catalog_section(catalog, "models", "Language models of the catalog", &Catalog::model));
  list.push_back(
      catalog_section(catalog, "lengths", "Tables of prompt and answer lengths of the catalog", &Catalog::lengths));
  list.push_back(catalog_section(catalog, "switches", "Switches of the catalog", &Catalog::network_switch));
  list.push_back(catalog_section(catalog, "transceivers", "Optical modules and copper cables of the catalog",
                                 &Catalog::transceiver));
  list.push_back(catalog_section(catalog, "sites", "Climates of places of the catalog", &Catalog::site));
  list.push_back(family("services", "What is made on the GPUs", scenario::service_options()));
  list.push_back(family("sharing", "How services share the same GPUs", scenario::sharing_options()));
  list.push_back(family("engines", "Inference engines", batching::engine_options()));
  list.push_back(family("routers", "Which replica gets a request", routing::router_options()));
  list.push_back(family("arrivals", "When requests come", workload::arrival_options()));
  list.push_back(family("length_distributions", "How long prompts and answers are", workload::length_options()));
  list.push_back(family("weather", "Where the weather comes from", weather::weather_options()));
  list.push_back(family("electricity", "What electricity costs", grid::electricity_options()));
  list.push_back(family("carbon", "How much carbon electricity carries", grid::carbon_options()));
  list.push_back(family("demand", "The load over a year", scenario::demand_options()));
  list.push_back(family("cooling", "How heat leaves the hall", cooling::cooling_options()));
  list.push_back(family("fabrics", "How nodes are joined", scenario::fabric_options()));
  list.push_back(family("scale_up", "How the GPUs of a rack or server are joined", topology::scale_up_options()));
  list.push_back(family("storage", "Where weights and checkpoints are", storage::storage_options()));
  list.push_back(family("traffic", "Bytes that move without a request", scenario::traffic_options()));
  list.push_back(family("incidents", "What may happen during a run", scenario::incident_options()));
  list.push_back({"faults", "What check and run find wrong in an input",
                  [] {
                    std::vector<Item> items;
                    for (const scenario::FaultId& id : scenario::fault_ids()) {
                      items.push_back({std::string(id.id), std::string(id.meaning)});
                    }
                    return items;
                  },
                  nullptr});
  return list;
}

void print_items(const std::vector<Item>& items) {
  std::size_t width = 0;
  for (const Item& item : items) width = std::max(width, item.name.size());
  for (const Item& item : items) fmt::print("{:<{}}  {}\n", item.name, width, item.help);
}

int list(const std::string& wanted, const std::string& name) {
  Catalog catalog;
  const std::vector<Section> all = sections(catalog);
  std::vector<Item> overview;
  for (const Section& section : all) overview.push_back({section.name, section.help});
  overview.push_back({"parameters", "Every key of a scenario, in Markdown"});
  if (wanted.empty()) {
    print_items(overview);
    return kDone;
  }
  if (wanted == "parameters" && name.empty()) {
    fmt::print("{}", scenario::parameter_reference());
    return kDone;
  }
  const auto section = std::find_if(all.begin(), all.end(), [&](const Section& s) { return s.name == wanted; });
  if (section == all.end()) {
    std::vector<std::string> names;
    for (const Item& item : overview) names.push_back(item.name);
    return refuse_name("section", wanted, names);
  }
  const std::vector<Item> items = section->items();
  if (name.empty()) {
    print_items(items);
    return kDone;
  }
  const auto item = std::find_if(items.begin(), items.end(), [&](const Item& i) { return i.name == name; });
  if (item == items.end()) {
    std::vector<std::string> names;
    for (const Item& i : items) names.push_back(i.name);
    return refuse_name("entry of " + wanted, name, names);
  }
  if (section->details) {
    fmt::print("{}", section->details(name));
  } else {
    print_items({*item});
  }
  return kDone;
}

}  // namespace

void add_list_command(CLI::App& program, int& exit_code) {
  struct Arguments {
    std::string section, name;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("list", "Show what the catalog holds and which kinds there are, with sources");
  command->add_option("SECTION", arguments->section, "gpus, models, cooling, ...; all sections when absent");
  command->add_option("NAME", arguments->name, "One entry in full");
  command->callback([arguments, &exit_code] { exit_code = list(arguments->section, arguments->name); });
}

}  // namespace tokenworks::tools
