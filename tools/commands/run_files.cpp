#include "tools/commands/run_files.hpp"

#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace tokenworks::tools {
namespace {

std::string_view outcome_of(jobs::Ending ending) {
  switch (ending) {
    case jobs::Ending::completed:
      return "completed";
    case jobs::Ending::rejected:
      return "rejected";
    case jobs::Ending::failed:
      return "failed";
    case jobs::Ending::cancelled:
      return "cancelled";
    case jobs::Ending::timed_out:
      return "timed_out";
    case jobs::Ending::sent_on:
      return "sent_on";
    case jobs::Ending::unfinished:
      break;
  }
  return "unfinished";
}

CLI::Validator seconds_from_zero() {
  return CLI::Validator(
      [](const std::string& text) {
        double seconds = 0.0;
        if (CLI::detail::lexical_cast(text, seconds) && seconds >= 0.0) return std::string();
        return "a number of seconds >= 0 is wanted, not " + text;
      },
      "");
}

template <class File>
std::string fault_of_name(const std::string& path, bool is_taken) {
  return is_taken ? std::string() : fmt::format("the name must end in {}, not {}", File::kEndings, path);
}

}  // namespace

void add_run_files_options(CLI::App& command, RunFilesArguments& arguments) {
  command
      .add_option("--requests", arguments.requests,
                  "Write a line a request, with its dates, tokens, outcome and energy, in the order of their ends: a "
                  "table (.csv) or JSON lines (.jsonl), compressed with .gz behind. About 160 bytes a request in a "
                  "table, 60 compressed")
      ->type_name("FILE")
      ->check([](const std::string& path) {
        return fault_of_name<report::RequestsFile>(path, report::RequestsFile::knows_format_of(path));
      });
  CLI::Option* timeline =
      command
          .add_option("--timeline", arguments.timeline,
                      "Write what each replica does as trace events for ui.perfetto.dev or chrome://tracing (.json, "
                      "or compressed .json.gz). 0.5 to 1 kB for each request served, a seventh compressed; far more "
                      "with --exact-iterations")
          ->type_name("FILE")
          ->check([](const std::string& path) {
            return fault_of_name<report::TimelineFile>(path, report::TimelineFile::takes_name(path));
          });
  command
      .add_flag("--timeline-requests", arguments.timeline_requests,
                "Show every request in the timeline, too: 0.5 kB more for each")
      ->needs(timeline);
  command
      .add_option("--timeline-from", arguments.timeline_from_s,
                  "Tell in the timeline only what happens from this simulated second on")
      ->type_name("S")
      ->check(seconds_from_zero())
      ->needs(timeline);
  command
      .add_option("--timeline-to", arguments.timeline_to_s,
                  "Tell in the timeline only what happens up to this simulated second")
      ->type_name("S")
      ->check(seconds_from_zero())
      ->needs(timeline);
}

std::string fault_of(const RunFilesArguments& arguments, const std::filesystem::path& folder) {
  if (arguments.timeline_from_s > arguments.timeline_to_s) {
    return fmt::format("--timeline-from {} lies after --timeline-to {}", arguments.timeline_from_s,
                       arguments.timeline_to_s);
  }
  const auto place = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path), ignored);
  };
  for (const char* name : {"report.json", "series.csv", "run.json"}) {
    for (const auto& [option, path] :
         {std::pair{"--requests", &arguments.requests}, {"--timeline", &arguments.timeline}}) {
      if (!path->empty() && place(*path) == place(folder / name)) {
        return fmt::format("{} {}: there the run writes its {}", option, *path, name);
      }
    }
  }
  return {};
}

RunFiles::RunFiles(const RunFilesArguments& arguments, const scenario::ScenarioSpec& scenario,
                   scenario::RunOptions& options)
    : names_(scenario::sender_names(scenario)), timeline_requests_(arguments.timeline_requests) {
  if (!arguments.requests.empty()) requests_.emplace(arguments.requests);
  if (!arguments.timeline.empty()) {
    timeline_.emplace(arguments.timeline, report::TimelineWindow{.from = to_picoseconds(arguments.timeline_from_s),
                                                                 .to = to_picoseconds(arguments.timeline_to_s)});
    options.run_watch = &*timeline_;
  }
  if (requests_ || timeline_requests_) {
    options.on_ended = [this](const std::string& service, const jobs::EndedRequest& request) { add(service, request); };
  }
}

void RunFiles::add(const std::string& service, const jobs::EndedRequest& request) {
  const scenario::SenderNames& names = names_.at(service);
  const report::RequestRow row{.service = service,
                               .service_class = names.service_class(request.service_class),
                               .tenant = names.tenant(request.tenant),
                               .session = request.session,
                               .arrival = request.arrival,
                               .first_token = request.first_token,
                               .end = request.end,
                               .input_tokens = request.input_tokens,
                               .cached_tokens = request.cached_tokens,
                               .output_tokens = request.output_tokens,
                               .generated_tokens = request.generated_tokens,
                               .outcome = outcome_of(request.ending),
                               .reason = request.reason,
                               .replica = request.replica,
                               .preemptions = request.preemptions,
                               .gpu_energy_j = request.gpu_energy_j};
  if (requests_) requests_->add(row);
  if (timeline_requests_) timeline_->add_request(row);
}

void RunFiles::finish(const metrics::RunResult& result) {
  if (requests_) requests_->finish();
  if (timeline_) timeline_->finish(to_picoseconds(result.simulated_s));
}

}  // namespace tokenworks::tools
