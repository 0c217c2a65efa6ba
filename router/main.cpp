// The subcommands: a table of contents.
#include "app/commands.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App program{"role-router: your agents say who they are; each gets the right model on the right machine."};
  program.set_version_flag("--version", "role-router " RR_VERSION);
  program.require_subcommand(1);
  program.failure_message(CLI::FailureMessage::help);

  rr::app::ServeOptions serve;
  auto* serve_command = program.add_subcommand("serve", "route requests; without --config it looks in the usual places");
  serve_command->add_option("--config", serve.config, "the YAML file");
  serve_command->add_option("--listen", serve.listen, "host:port instead of the file's, may be repeated");
  serve_command->add_flag("--demo", serve.demo, "two simulated Macs in this process, nothing else needed");

  std::string config;
  auto* check = program.add_subcommand("check", "every mistake of the YAML as file:line:column, then what fits together in memory");
  check->add_option("--config", config, "the YAML file");

  std::string role, request;
  auto* explain = program.add_subcommand("explain", "what would happen to a request, and why; no request is sent");
  explain->add_option("--config", config, "the YAML file");
  explain->add_option("--role", role, "a role's name");
  explain->add_option("request", request, "a file with the JSON of a request, or - for standard input");

  rr::app::DoctorOptions health;
  auto* doctor = program.add_subcommand("doctor", "are the machines there, and what they need?");
  doctor->add_option("--config", health.config, "the YAML file");
  doctor->add_flag("--loads", health.loads, "load each role's model with mmap and without, and say which is faster");

  rr::app::WarmOptions wanted;
  auto* warm = program.add_subcommand("warm", "bring a role's model in, and show how far it is");
  warm->add_option("role", wanted.role, "a role's name")->required();
  warm->add_option("--url", wanted.url, "of the running router, as in http://localhost:8000");

  rr::app::WhyOptions story;
  auto* why = program.add_subcommand("why", "what a real request waited for, with times, and what would help");
  why->add_option("request", story.which, "last, slowest or an id as in r-000412")->capture_default_str();
  why->add_option("--url", story.url, "of the running router, as in http://localhost:8000");
  why->add_option("--config", story.config, "the YAML file: its first listen address is asked");
  why->add_flag("--json", story.json, "as GET /requests/<id> gives it");

  rr::app::StatusOptions page;
  auto* status = program.add_subcommand("status", "/health of the running router as a page: roles, machines, links, who waits");
  status->add_flag("--watch", page.watch, "again every 2 s");
  status->add_option("--url", page.url, "of the running router, as in http://localhost:8000");
  status->add_option("--config", page.config, "the YAML file: its first listen address is asked");

  rr::app::DrainOptions node;
  auto* drain = program.add_subcommand("drain", "before a cable is pulled or a lid closed: nothing new goes to a node; returns when nothing runs there");
  auto* undrain = program.add_subcommand("undrain", "a drained node takes requests again");
  for (auto* command : {drain, undrain}) {
    command->add_option("node", node.node, "a node's name")->required();
    command->add_option("--url", node.url, "of the running router, as in http://localhost:8000");
    command->add_option("--config", node.config, "the YAML file: its first listen address is asked");
  }

  rr::app::SimulateOptions play;
  auto* simulate = program.add_subcommand("simulate", "the policy on simulated machines in virtual time: how long would this work have taken?");
  simulate->add_option("--config", play.config, "the YAML file");
  simulate->add_option("--script", play.scripts, "a swap script (JSONL), may be repeated");
  simulate->add_option("--replay", play.replays, "an access log: what would this YAML have done with that day? May be repeated");
  simulate->add_option("--policy", play.policies, "smart,seed,passthrough")->delimiter(',')->capture_default_str();
  simulate->add_option("--node", play.nodes, "NAME:load_gbps=0.7,speed=1,cache_gib=8: the machine to simulate, may be repeated");
  simulate->add_option("--client-keep-alive", play.client_keep_alive, "what every client sends as keep_alive");
  simulate->add_flag("--json", play.json, "an array of objects instead of a table");

  rr::app::SimNodeOptions sim;
  auto* sim_node = program.add_subcommand("sim-node", "one simulated Ollama");
  sim_node->add_option("--listen", sim.listen, "host:port, port 0 for any")->capture_default_str();
  sim_node->add_option("--machine", sim.machine, "macbook or mac-mini")->capture_default_str();
  sim_node->add_option("--clock", sim.clock, "simulated seconds of work in one real second")->capture_default_str();
  sim_node->add_option("--load-gbps", sim.load_gbps, "how fast weights are read");
  sim_node->add_option("--gpu-memory", sim.gpu_memory, "as in 56GiB");
  sim_node->add_option("--keep-alive", sim.keep_alive_s, "OLLAMA_KEEP_ALIVE in seconds, below zero for ever")->capture_default_str();
  sim_node->add_option("--max-loaded", sim.max_loaded, "OLLAMA_MAX_LOADED_MODELS")->capture_default_str();
  sim_node->add_option("--num-parallel", sim.num_parallel, "OLLAMA_NUM_PARALLEL")->capture_default_str();
  sim_node->add_option("--max-queue", sim.max_queue, "OLLAMA_MAX_QUEUE")->capture_default_str();
  sim_node->add_option("--model", sim.models, "name=size instead of the machine's own, may be repeated");

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int status = program.exit(e);
    return status == 0 ? 0 : 2;
  }
  if (*serve_command) return rr::app::command_serve(serve);
  if (*check) return rr::app::command_check(config);
  if (*explain) return rr::app::command_explain(config, role, request);
  if (*doctor) return rr::app::command_doctor(health);
  if (*warm) return rr::app::command_warm(wanted);
  if (*why) return rr::app::command_why(story);
  if (*status) return rr::app::command_status(page);
  if (*drain || *undrain) return rr::app::command_drain(node, bool(*drain));
  if (*simulate) return rr::app::command_simulate(play);
  if (*sim_node) return rr::app::command_sim_node(sim);
  return 2;
}
