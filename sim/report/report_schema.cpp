#include "sim/report/report_schema.hpp"

#include <nlohmann/json.hpp>

#include "sim/report/report.hpp"
#include "sim/report/schema_words.hpp"

namespace tokenworks::report {
namespace {

using namespace schema;

Json latency(const char* meaning = "") {
  return object({{"mean", number_or_null()},
                 {"p50", number_or_null()},
                 {"p90", number_or_null()},
                 {"p95", number_or_null()},
                 {"p99", number_or_null()},
                 {"max", number_or_null()}},
                meaning);
}

Json summary() {
  return object({{"output_tokens_per_s", number("all services, in the window")},
                 {"requests_per_s", number("ended in the window")},
                 {"ttft_p99_s", number_or_null("of the service with the longest")},
                 {"tpot_p99_s", number_or_null("of the service with the longest")},
                 {"slo_attainment", number_or_null("share 0..1, of the service with the lowest")},
                 {"mean_it_w", number_or_null("over the whole run")},
                 {"peak_facility_w", number("highest mean over one second")},
                 {"pue", number_or_null("facility energy / IT energy")},
                 {"output_tokens_per_joule", number_or_null("whole run, per joule of the facility")},
                 {"usd_per_million_output_tokens", number_or_null("whole run, of what usd_contains says")},
                 {"usd_contains", list(text())}},
                "what a reader looks at first");
}

Json speculation() {
  return or_null(object({{"draft_tokens", count("of a sequence in a step")},
                         {"mean_accepted", number_or_null("tokens of decode steps / verified_steps: the model's own "
                                                          "included, what lies beyond the end of an answer not")},
                         {"verified_steps", count("whole run; each counted for every sequence in it")}},
                        "null without speculative decoding"));
}

Json request_counts() {
  return object({{"arrived", count()},
                 {"completed", count()},
                 {"rejected", count()},
                 {"failed", count()},
                 {"cancelled", count("the client left")},
                 {"timed_out", count("the service ended them")},
                 {"sent_on", count("to another service, where they count as arrivals, too")},
                 {"unfinished", count()}},
                "whole run; arrived is the sum of the others");
}

Json slo() {
  return object({{"attainment", number_or_null("share of the window's requests that kept every promise, 0..1")},
                 {"goodput_requests_per_s", number_or_null("requests that kept every promise")}});
}

Json group(const char* meaning) {
  return list(object({{"name", text()},
                      {"requests", request_counts()},
                      {"completed_tokens",
                       object({{"input", count()}, {"output", count()}}, "of requests that completed, whole run")},
                      {"ttft_s", latency("of requests that completed")},
                      {"tpot_s", latency("likewise")},
                      {"e2e_s", latency("likewise")},
                      {"slo", slo()}}),
              meaning);
}

Json pools() {
  return list(object({{"name", text()},
                      {"role", text("serve, prefill or decode")},
                      {"replicas", count()},
                      {"gpus", count()},
                      {"busy_share", number_or_null("of the time that replicas are up, in steps, 0..1")},
                      {"prompt_steps_share", number_or_null("of this time, in steps with prompts")},
                      {"decode_steps_share", number_or_null("of this time, in steps of decoding alone")},
                      {"kv_pool_tokens", count("of one replica")},
                      {"kv_peak_share", number("highest share of a replica's pool in use, 0..1")}}),
              "replicas that are alike");
}

Json handover() {
  return or_null(object({{"transfers", count("prompts whose keys and values moved from a prefill to a decode replica")},
                         {"failed", count("no path in time")},
                         {"tokens", number("moved")},
                         {"bytes", number("moved")},
                         {"reused_tokens", number("that the decode replica had already")},
                         {"wait_for_room_s", latency("at a decode replica")},
                         {"transfer_s", latency("from having room until all is there")}},
                        "null without a decode pool"));
}

Json saturation() {
  Json stable =
      of_type({"boolean", "null"}, "whether the backlog stays as it is over the window; null: too short to tell");
  return object(
      {{"stable", std::move(stable)},
       {"busy_share", number("of the time of its replicas, in steps, 0..1")},
       {"limited_by", text_or_null("what the first in a queue waits for most: compute, kv_memory, sequences; admission "
                                   "where requests are turned away; null where next to nobody waits")},
       {"waiting_share",
        map_to(number(), "share of the time of its replicas that the first in the queue waits for it")},
       {"knee", or_null(object({{"requests_per_s", number_or_null("at which the first limit is reached")},
                                {"limit", text("compute, kv_memory, memory_bandwidth_for_weights, "
                                               "memory_bandwidth_for_context")},
                                {"decoding_sequences", number_or_null("of a replica there")},
                                {"requests_per_s_by_limit", map_to(number(), "of each limit alone")}},
                               "closed form for requests of the run's mean lengths; null without any"))}},
      "where the service stands between idle and too much");
}

Json scaling() {
  return or_null(object({{"decisions", count("of autoscalers, to start or to drain")},
                         {"started", count("replicas that came into service during the run")},
                         {"drained", count("replicas that ended what ran and went down")},
                         {"replica_seconds", number("in service, draining included")},
                         {"mean_replicas", number("replica_seconds / length of the run")},
                         {"peak_replicas", count("in service at one time")},
                         {"load_s", latency("of a start: its weights")},
                         {"start_s", latency("of a start: weights, compiling and warming up")}},
                        "null where failures alone take replicas down"));
}

Json service() {
  return object(
      {{"name", text()},
       {"kind", text()},
       {"product", text()},
       {"gpus", count()},
       {"requests", request_counts()},
       {"rejections", map_to(count(), "rejected requests by reason")},
       {"tokens", object({{"input", count("of requests whose prompt was processed")},
                          {"cached_input", count("of these, found in the prefix cache")},
                          {"output", count("generated")},
                          {"completed_output", count("generated for requests that completed")}},
                         "whole run")},
       {"window_s", number("length of the window, warm-up to duration, of all rates and distributions")},
       {"output_tokens_per_s", number_or_null()},
       {"output_tokens_per_s_per_gpu", number_or_null()},
       {"total_tokens_per_s_per_gpu", number_or_null("input and output")},
       {"requests_per_s", number_or_null("ended in the window")},
       {"mean_requests_in_system", number("waiting or running, mean over the window")},
       {"ttft_s", latency("arrival to first output token")},
       {"tpot_s", latency("by request: (end - first token) / (output tokens - 1); not for one-token answers")},
       {"itl_s", latency("gaps between the tokens of a request, by gap")},
       {"e2e_s", latency("arrival to end")},
       {"slo", slo()},
       {"kv_cache",
        object({{"pool_tokens", count("of one replica")},
                {"peak_share", number("highest share of a replica's pool in use, 0..1")},
                {"preemptions", count()},
                {"swap", or_null(object({{"out_tokens", count("to host memory")}, {"in_tokens", count("and back")}},
                                        "of preempted requests, whole run; null: they compute again"))},
                {"prefix_hit_share", number_or_null("cached / input tokens, 0..1")}})},
       {"kv_tiers", or_null(object({{"read_tokens", count("fetched to GPU memory")},
                                    {"written_tokens", count("copied out when they were computed")}},
                                   "null where there is GPU memory alone"))},
       {"classes", group("by class of service; empty where there is one")},
       {"tenants", group("by tenant; empty where there is one")},
       {"pools", pools()},
       {"handover", handover()},
       {"saturation", saturation()},
       {"speculation", speculation()},
       {"step_traffic",
        or_null(object(
            {{"time_s", number("that steps wait for sending between scale-up domains, of all replicas")},
             {"contention_s", number("of this, what links narrower than the cards, others on them and failures add")}},
            "null: each replica lies in one domain"))},
       {"pipeline",
        or_null(
            object({{"bubble_s", number("that steps wait for stages of pipelines when prompts do not come out even")},
                    {"bubble_share", number_or_null("of the time of the steps of replicas with stages, 0..1")}},
                   "null without pipeline stages"))},
       {"sharing",
        or_null(object({{"kind", text()},
                        {"with", list(text(), "the other services on its GPUs")},
                        {"turn_wait_s", number("of all replicas, with a step to make while another's was under way")},
                        {"switches", count("the GPUs of a replica came over from another service")},
                        {"switch_s", number("that this took: its model was brought into GPU memory")}},
                       "null: its GPUs are its own. What they draw between steps counts for the last that made one"))},
       {"scaling", scaling()},
       {"clock",
        or_null(object({{"mean_share", number_or_null("of the full clock, mean over the time of steps, 0..1")},
                        {"prompt_mean_share", number_or_null("the same over steps with prompts")},
                        {"decode_mean_share", number_or_null("the same over pure decode steps")},
                        {"throttled_share_of_time", number("of the time of steps, below the full clock, 0..1")},
                        {"over_cap_share_of_time", number("of it, at the least clock and yet beyond the cap, 0..1")}},
                       "clocks of its GPUs; null: nothing held them down"))},
       {"adapters", or_null(object({{"loads", count("of adapters from host memory")},
                                    {"load_time_s", number("that steps waited for them")}},
                                   "null without adapters"))},
       {"gpu_energy_j", number("of the boards of its replicas")},
       {"energy_j", number("its share of the facility's energy")}});
}

Json session() {
  return object(
      {{"workload", text()},
       {"service", text()},
       {"started", count("the sum of the next three")},
       {"completed", count("all their steps have ended")},
       {"failed", count("a step was lost, cancelled or timed out")},
       {"unfinished", count("cut off at the clock's duration, or under way at the run's end")},
       {"steps", count("requests that ended, whatever became of them")},
       {"sub_agent_steps", count("of these")},
       {"rejected_steps", count("of these; their sessions went on without")},
       {"compactions", count("contexts that were cut because they would not fit")},
       {"tokens", object({{"input", count()}, {"cached_input", count("of these")}, {"output", count()}},
                         "of completed steps, whole run")},
       {"cached_share", number_or_null("cached / input tokens, 0..1")},
       {"time_s", latency("start to end of a session; as all distributions here, of sessions that completed after the "
                          "warm-up")},
       {"llm_time_s", latency("its steps, arrival to end, those side by side too")},
       {"tool_and_think_time_s", latency("its waits between steps, those side by side too")},
       {"steps_per_session", latency("a count")},
       {"tokens_per_session", latency("input and output, a count")},
       {"gpu_energy_j", number("of its service's boards, by its share of the tokens that these computed")},
       {"energy_j", number("of the facility, by the share of the energy of all boards")},
       {"electricity_usd", number("likewise")},
       {"electricity_usd_per_completed_session", number_or_null("sessions that did not complete are paid by those that "
                                                                "did")}});
}

Json power() {
  return object(
      {{"it_energy_j", number()},
       {"facility_energy_j", number()},
       {"energy_by_j", map_to(number(), "by component class; sums to facility_energy_j")},
       {"unassigned_energy_j", number("facility energy of no service: idle GPUs and their part")},
       {"peak_it_w", number("highest mean over one second")},
       {"peak_facility_w", number("highest mean over one second")},
       {"peak_grid_w", number("highest mean over one second of what the grid gives")},
       {"largest_grid_rise_w", number("farthest that such a mean lies above one of the minute before it")},
       {"largest_grid_fall_w", number("farthest that it lies below one of the minute before it")},
       {"pue", number_or_null("facility energy / IT energy")},
       {"pue_category", text("pue3: IT energy is measured at the racks' input")},
       {"partial_pue", map_to(number(), "by part of the facility: (IT + part) / IT")},
       {"itue", number_or_null("IT energy / IT energy without server fans and losses of power supplies")},
       {"tue", number_or_null("itue * pue")},
       {"ratings_w", map_to(number(), "what the parts are built for")},
       {"sources", object({{"grid_j", number()},
                           {"generators_j", number()},
                           {"stored_j", number("what batteries hold more at the end than at the start; "
                                               "facility_energy_j = grid_j + generators_j - stored_j")},
                           {"generator_fuel_l", number()},
                           {"time_on_battery_s", number("summed over batteries")},
                           {"power_floors_j", number("drawn by GPUs to hold their power floors; part of "
                                                     "facility_energy_j")}})},
       {"stores", list(object({{"node", text("UPS or battery of the power tree")},
                               {"capacity_j", number()},
                               {"charged_j", number("at its terminals")},
                               {"discharged_j", number("at its terminals")},
                               {"lowest_state_of_charge", number("of its capacity, 0..1")},
                               {"state_of_charge", number("at the end")},
                               {"at_reserve_s", number("without charge for peaks and ramps")}}))},
       {"events",
        list(
            object({{"at_s", number()}, {"event", text("what happened in the power tree")}, {"node", text("where")}}))},
       {"limits", list(object({{"node", text()},
                               {"limit_w", number()},
                               {"can_be_exceeded", flag()},
                               {"looks", count("of the controller")},
                               {"decisions", count("to set or lift caps")},
                               {"over_limit_s", number("by means between two looks")},
                               {"longest_over_limit_s", number("of these times at a stretch")},
                               {"capped_s", number("in which caps held")},
                               {"highest_w", number("mean between two looks")}}))},
       {"loads", list(object({{"load", text("sink of the power tree")},
                              {"single_points_of_failure", list(text())},
                              {"failing_pairs", list(list(text()), "that darken it together")},
                              {"has_all_failing_pairs", flag("false: there are more, or the tree has too many "
                                                             "nodes to look for them")},
                              {"availability", number_or_null("by rates of failure and repair; null: the "
                                                              "tree has too many states")},
                              {"minutes_without_power_a_year", number_or_null()}}))}});
}

Json cooling() {
  return object({{"kind", text()},
                 {"heat_rejection", text()},
                 {"energy_j", number("fans, pumps, chillers, heat rejection")},
                 {"heat_to_liquid_j", number()},
                 {"heat_to_air_j", number()},
                 {"heat_reused_j", number("of the racks' heat, given to somebody who needs it")},
                 {"erf", number_or_null("heat reused / facility energy")},
                 {"ere", number_or_null("(facility energy - heat reused) / IT energy")},
                 {"mode_hours", map_to(number(), "time in each mode of the main loop's heat rejection")},
                 {"residual_air_mode_hours", map_to(number(), "of a second loop for the racks' residual air")}});
}

Json fabric() {
  const Json part = object({{"part", text("catalog id, fibre or nic")},
                            {"category", text("switch, transceiver, copper_cable, fibre or nic")},
                            {"count", count()},
                            {"idle_w", number("of all of them")},
                            {"full_w", number("of all of them, all links busy")},
                            {"price_usd", number("of all of them")}});
  return or_null(object({{"kind", text()},
                         {"routing", text("adaptive or ecmp")},
                         {"detail", text("analytic or flows")},
                         {"contention", flag()},
                         {"nodes", count()},
                         {"switches", count()},
                         {"links", count("cables side by side are one")},
                         {"cables", count()},
                         {"bisection_gb_per_s", number("between the first half of the nodes and the rest, one way")},
                         {"all_to_all_gb_per_s_per_node", number("that every node can send to all others at once")},
                         {"latency_s", number("between the first node and the last, network cards left out")},
                         {"single_points_of_failure", list(text(), "switches and links whose loss parts the network")},
                         {"biconnected_components", count()},
                         {"full_w", number("of the bill of materials")},
                         {"price_usd", number("of the bill of materials")},
                         {"bill_of_materials", list(part)}}));
}

Json network() {
  const Json purpose = object({{"purpose", text()},
                               {"bytes", number("moved, also for transfers that failed or were not over")},
                               {"transfers", count("that arrived")},
                               {"failed", count("that found no path for too long")},
                               {"duration_s", latency("start to arrival")},
                               {"congestion_share", number_or_null("of that time, beyond what it takes alone, 0..1")}});
  const Json traffic = object({{"name", text()},
                               {"kind", text()},
                               {"completed", count("checkpoints, blocks, copies or messages")},
                               {"skipped", count("that were due while the one before was under way")},
                               {"failed", count()},
                               {"duration_s", latency("start to end")},
                               {"blocking_s", latency("of checkpoints: what the work waits for")}});
  const Json link = object({{"link", text("from > to; beside a node: > out of it, < into it")},
                            {"capacity_gb_per_s", number("one direction")},
                            {"bytes", number()},
                            {"mean_utilisation", number("over the run, 0..1")},
                            {"peak_utilisation", number("of an interval of the series, 0..1")}});
  const Json domain =
      object({{"racks", text()},
              {"kind", text()},
              {"gpus", count()},
              {"switches", count("of NVLink and PCIe")},
              {"bisection_gb_per_s", number("between the first half of the GPUs and the rest, one way")},
              {"all_to_all_gb_per_s_per_gpu", number("that every GPU can send to all others at once")},
              {"latency_s", number("between the first GPU and the last")},
              {"single_points_of_failure", list(text())}});
  return object({{"fabric", fabric()},
                 {"scale_up", list(domain, "rack groups that say how their scale-up domains are built")},
                 {"bytes", number("by purpose, they sum to this")},
                 {"congestion_share", number_or_null("of the time of all transfers, 0..1")},
                 {"bytes_by_purpose", list(purpose)},
                 {"traffic", list(traffic, "what no request asked for")},
                 {"busiest_links", list(link, "by mean utilisation; their course is in the series")},
                 {"energy_j", number("switches and transceivers")}});
}

Json storage() {
  return object({{"kind", text_or_null()},
                 {"reads", object({{"transfers", count()}, {"bytes", number()}, {"duration_s", latency()}})},
                 {"writes", object({{"transfers", count()}, {"bytes", number()}, {"duration_s", latency()}})},
                 {"energy_j", number()}});
}

Json incident() {
  return object({{"kind", text()},
                 {"target", text()},
                 {"at_s", number()},
                 {"repaired_at_s", number_or_null("when the last part was back in service")},
                 {"effects", map_to(number(), "what it did")}});
}

}  // namespace

Json report_schema() {
  return document(
      kReportFormat,
      object(
          {{"format", constant(kReportFormat)},
           {"scenario", of_type("object", "fully resolved; can be run again")},
           {"provenance", provenance()},
           {"outcome", object({{"status", one_of({"completed", "interrupted"})}, {"simulated_s", number()}})},
           {"summary", summary()},
           {"services", list(service())},
           {"sessions", list(session(), "workloads of agents")},
           {"power", power()},
           {"cooling", cooling()},
           {"water", object({{"used_l", number("taken by the site: the sum of the three below")},
                             {"consumed_l", number("not given back to the drain")},
                             {"evaporation_l", number()},
                             {"drift_l", number()},
                             {"blow_down_l", number()},
                             {"wue_l_per_kwh", number_or_null("taken by the site per kWh of IT")},
                             {"electricity_l", number("consumed where the grid's electricity was made")},
                             {"wue_source_l_per_kwh", number_or_null("both, per kWh of IT")}})},
           {"carbon", object({{"electricity_kg", number("of CO2, from the grid")},
                              {"cue_kg_per_kwh", number_or_null("per kWh of IT")}})},
           {"cost", object({{"contains", list(text())}, {"electricity_usd", number()}})},
           {"network", network()},
           {"storage", storage()},
           {"incidents", list(incident())},
           {"assumptions", assumptions()},
           {"validity", validity()},
           {"series",
            object({{"file", text()}, {"rows", count()}, {"columns", columns("mean, sum or end of the interval")}})}}));
}

}  // namespace tokenworks::report
