#include "commands/registry.h"

namespace autopilot::commands {

extern const cli::Command apply;
extern const cli::Command audit_export;
extern const cli::Command approvals;
extern const cli::Command approvals_show;
extern const cli::Command approve;
extern const cli::Command audit_list;
extern const cli::Command audit_prove;
extern const cli::Command audit_search;
extern const cli::Command audit_verify;
extern const cli::Command backtest;
extern const cli::Command backtest_counterfactual;
extern const cli::Command complete;
extern const cli::Command convert;
extern const cli::Command decide;
extern const cli::Command deploy_abort;
extern const cli::Command deploy_check;
extern const cli::Command deploy_dora;
extern const cli::Command deploy_history;
extern const cli::Command deploy_judge;
extern const cli::Command deploy_pause;
extern const cli::Command deploy_promote;
extern const cli::Command deploy_resume;
extern const cli::Command deploy_retry;
extern const cli::Command deploy_rollback;
extern const cli::Command deploy_run;
extern const cli::Command deploy_simulate;
extern const cli::Command deploy_start;
extern const cli::Command deploy_status;
extern const cli::Command deploy_tick;
extern const cli::Command deploy_watch;
extern const cli::Command deploy_load;
extern const cli::Command deploy_smoke;
extern const cli::Command diff;
extern const cli::Command docs_completions;
extern const cli::Command docs_man;
extern const cli::Command eval;
extern const cli::Command export_documents;
extern const cli::Command graph;
extern const cli::Command help;
extern const cli::Command init;
extern const cli::Command log;
extern const cli::Command lp_worker;
extern const cli::Command optimize_budget;
extern const cli::Command optimize_simulate;
extern const cli::Command optimize_traffic;
extern const cli::Command optimize_weights;
extern const cli::Command plan;
extern const cli::Command policy_disable;
extern const cli::Command policy_enable;
extern const cli::Command reject;
extern const cli::Command replay;
extern const cli::Command revoke;
extern const cli::Command rollout_promote;
extern const cli::Command rollout_resume;
extern const cli::Command rollout_rollback;
extern const cli::Command rollout_status;
extern const cli::Command rollout_tick;
extern const cli::Command run;
extern const cli::Command schema;
extern const cli::Command secrets_check;
extern const cli::Command secrets_list;
extern const cli::Command shadow_report;
extern const cli::Command show;
extern const cli::Command state_check;
extern const cli::Command state_checkpoint;
extern const cli::Command state_info;
extern const cli::Command state_lock;
extern const cli::Command state_unlock;
extern const cli::Command test;
extern const cli::Command validate;
extern const cli::Command version;
extern const cli::Command whatif;

const cli::Table& registry() {
  static const cli::Table table{
      {"POLICIES",
       {&init, &validate, &test, &plan, &apply, &diff, &log, &export_documents, &convert, &schema,
        &policy_disable, &policy_enable, &secrets_list, &secrets_check}},
      {"APPROVALS", {&approvals, &approvals_show, &approve, &reject, &revoke}},
      {"ROLLOUTS",
       {&rollout_status, &rollout_promote, &rollout_rollback, &rollout_resume, &rollout_tick,
        &shadow_report}},
      {"DECISIONS", {&decide, &show, &graph, &replay, &whatif, &eval}},
      {"ALGORITHMS",
       {&run, &optimize_traffic, &optimize_simulate, &optimize_budget, &optimize_weights}},
      {"DEPLOYMENTS",
       {&deploy_run, &deploy_start, &deploy_tick, &deploy_status, &deploy_watch, &deploy_promote,
        &deploy_pause, &deploy_resume, &deploy_abort, &deploy_rollback, &deploy_retry,
        &deploy_history, &deploy_dora, &deploy_check, &deploy_smoke, &deploy_load, &deploy_simulate,
        &deploy_judge}},
      {"LEARNING", {&backtest, &backtest_counterfactual}},
      {"STATE",
       {&state_info, &state_lock, &state_unlock, &state_check, &state_checkpoint, &audit_verify,
        &audit_list, &audit_search, &audit_prove, &audit_export}},
      {"MORE", {&help, &version}},
      {"", {&docs_man, &docs_completions, &complete, &lp_worker}},
  };
  return table;
}

}  // namespace autopilot::commands
