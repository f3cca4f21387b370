#compdef autopilot
# Completion of autopilot for zsh, written by `autopilot docs completions`.

_autopilot_options() {
  case $1 in
    'init') echo '--format' ;;
    'validate') echo '--strict --allow-empty --lint-undecided --format' ;;
    'test') echo '--filter --fail-fast --coverage --coverage-min --coverage-lcov --watch --record -o --out --format' ;;
    'plan') echo '-o --out --request --exit-code --detailed-exitcode --target --exclude --impact --since --last --fail-on-flip --brief --max-bytes --allow-empty --format' ;;
    'apply') echo '-y --yes --allow-large --allow-lockout --approval -m --message --target --exclude --allow-empty --format' ;;
    'diff') echo '--exit-code --brief --format' ;;
    'log') echo '-n --count --format' ;;
    'export') echo '-o --out --force --format' ;;
    'convert') echo '--format' ;;
    'schema') echo '--format' ;;
    'policy disable') echo '--for --reason --allow-long --format' ;;
    'policy enable') echo '--reason --format' ;;
    'secrets list') echo '--format' ;;
    'secrets check') echo '--format' ;;
    'approvals') echo '--all -n --count --format' ;;
    'approvals show') echo '--format' ;;
    'approve') echo '--note --sign --key -o --out --format' ;;
    'reject') echo '--reason --format' ;;
    'revoke') echo '--format' ;;
    'rollout status') echo '--format' ;;
    'rollout promote') echo '--reason --to --format' ;;
    'rollout rollback') echo '--reason --for --format' ;;
    'rollout resume') echo '--reason --format' ;;
    'rollout tick') echo '--format' ;;
    'shadow report') echo '--since --all --algorithm --format' ;;
    'decide') echo '--context --run --input-time --exit-code --dry-run --resume --override --reason --format' ;;
    'show') echo '--format' ;;
    'graph') echo '--policies --in-force --brief --format' ;;
    'replay') echo '--since --last --all --against --fail-on-diff --format' ;;
    'whatif') echo '--since --last --all --actions --set --sweep --policies --tolerance --base --html --format' ;;
    'eval') echo '--vars --explain --batch --format' ;;
    'run') echo '--shadow --dry-run --exit-code --format' ;;
    'optimize traffic') echo '--method --columns --segment --floor --cap --min-trials --prior --noise --range --half-life --window --now --batch --width --learnt --ranks --actions --algorithm --format' ;;
    'optimize simulate') echo '--arms --replay --columns --method --rounds --runs --seed --at --change --noise --batch --growth --delay --discount --window --floor --prior --format' ;;
    'optimize budget') echo '--actions --allowed --html --events --solver --time-limit --points --format' ;;
    'optimize weights') echo '--objective --confidence --risk --resolution --segment --actions --algorithm --format' ;;
    'deploy run') echo '--version --env --from --reason --emergency --format' ;;
    'deploy start') echo '--version --env --from --reason --emergency --format' ;;
    'deploy tick') echo '--env --all --format' ;;
    'deploy status') echo '--env --format' ;;
    'deploy watch') echo '--env --follow --format' ;;
    'deploy promote') echo '--env --reason --check --override --format' ;;
    'deploy pause') echo '--env --reason --for --maintenance --format' ;;
    'deploy resume') echo '--env --reason --format' ;;
    'deploy abort') echo '--env --reason --use-applied --force --format' ;;
    'deploy rollback') echo '--env --reason --to --format' ;;
    'deploy retry') echo '--env --reason --emergency --format' ;;
    'deploy history') echo '--env --format' ;;
    'deploy dora') echo '--env --since --commits --format' ;;
    'deploy check') echo '--env --version --expand --format' ;;
    'deploy smoke') echo '--base --set --format' ;;
    'deploy load') echo '--rate --for --connections --timeout --method --body --header --objective --allow-remote --format' ;;
    'deploy simulate') echo '--env --metrics --from --fault --format' ;;
    'deploy judge') echo '--method --slo --ratio --alpha --overdispersion --aa --min-requests --bounds --at-least --at-most --worse --pass --marginal --format' ;;
    'backtest') echo '--logs --target --baseline --reward --columns --context --estimator --segment --window --model --folds --penalty --propensity --missing-reward --max-bad --level --replicates --refits --seed --tune --max-weight --force --policies --action-type --algorithm --html --format' ;;
    'backtest counterfactual') echo '--force --format' ;;
    'state info') echo '--format' ;;
    'state lock') echo '--for --reason --pid --format' ;;
    'state unlock') echo '--force --format' ;;
    'state check') echo '--quick --format' ;;
    'state checkpoint') echo '-o --out --sign --exact --format' ;;
    'audit verify') echo '--checkpoint --allowed-signers --format' ;;
    'audit list') echo '-n --count --format' ;;
    'audit search') echo '--actor --kind --since --until -n --count --format' ;;
    'audit prove') echo '--checkpoint --from --to --format' ;;
    'audit export') echo '--since --until --format' ;;
    'help') echo '--format' ;;
    'version') echo '--format' ;;
    'docs man') echo '--format' ;;
    'docs completions') echo '--format' ;;
  esac
  echo '-C --state --as --format --json --color -q --quiet -v --verbose --log-format --version -h --help'
}

_autopilot_value() {
  case "$1 $2" in
    'init --format') echo 'words text json' ;;
    'validate --format') echo 'words text json sarif github junit' ;;
    'test --filter') echo 'none' ;;
    'test --coverage-min') echo 'none' ;;
    'test --coverage-lcov') echo 'file' ;;
    'test --record') echo 'id decision' ;;
    'test -o' | 'test --out') echo 'file' ;;
    'test --format') echo 'words text json junit' ;;
    'plan -o' | 'plan --out') echo 'file' ;;
    'plan --target') echo 'id document' ;;
    'plan --exclude') echo 'id document' ;;
    'plan --since') echo 'none' ;;
    'plan --last') echo 'none' ;;
    'plan --fail-on-flip') echo 'none' ;;
    'plan --max-bytes') echo 'none' ;;
    'plan --format') echo 'words text json markdown' ;;
    'apply --approval') echo 'file' ;;
    'apply -m' | 'apply --message') echo 'none' ;;
    'apply --target') echo 'id document' ;;
    'apply --exclude') echo 'id document' ;;
    'apply --format') echo 'words text json' ;;
    'diff --format') echo 'words text json markdown' ;;
    'log -n' | 'log --count') echo 'none' ;;
    'log --format') echo 'words text json' ;;
    'export -o' | 'export --out') echo 'dir' ;;
    'export --format') echo 'words text json' ;;
    'convert --format') echo 'words text json' ;;
    'schema --format') echo 'words text json' ;;
    'policy disable --for') echo 'none' ;;
    'policy disable --reason') echo 'none' ;;
    'policy disable --format') echo 'words text json' ;;
    'policy enable --reason') echo 'none' ;;
    'policy enable --format') echo 'words text json' ;;
    'secrets list --format') echo 'words text json' ;;
    'secrets check --format') echo 'words text json' ;;
    'approvals -n' | 'approvals --count') echo 'none' ;;
    'approvals --format') echo 'words text json' ;;
    'approvals show --format') echo 'words text json' ;;
    'approve --note') echo 'none' ;;
    'approve --key') echo 'file' ;;
    'approve -o' | 'approve --out') echo 'file' ;;
    'approve --format') echo 'words text json' ;;
    'reject --reason') echo 'none' ;;
    'reject --format') echo 'words text json' ;;
    'revoke --format') echo 'words text json' ;;
    'rollout status --format') echo 'words text json markdown' ;;
    'rollout promote --reason') echo 'none' ;;
    'rollout promote --to') echo 'none' ;;
    'rollout promote --format') echo 'words text json' ;;
    'rollout rollback --reason') echo 'none' ;;
    'rollout rollback --for') echo 'none' ;;
    'rollout rollback --format') echo 'words text json' ;;
    'rollout resume --reason') echo 'none' ;;
    'rollout resume --format') echo 'words text json' ;;
    'rollout tick --format') echo 'words text json' ;;
    'shadow report --since') echo 'none' ;;
    'shadow report --algorithm') echo 'id document' ;;
    'shadow report --format') echo 'words text json markdown' ;;
    'decide --context') echo 'file' ;;
    'decide --run') echo 'none' ;;
    'decide --resume') echo 'id decision' ;;
    'decide --reason') echo 'none' ;;
    'decide --format') echo 'words jsonl json text' ;;
    'show --format') echo 'words tree text json html' ;;
    'graph --format') echo 'words tree text json dot mermaid svg html' ;;
    'replay --since') echo 'none' ;;
    'replay --last') echo 'none' ;;
    'replay --against') echo 'dir' ;;
    'replay --format') echo 'words text json markdown html' ;;
    'whatif --since') echo 'none' ;;
    'whatif --last') echo 'none' ;;
    'whatif --actions') echo 'file' ;;
    'whatif --set') echo 'none' ;;
    'whatif --sweep') echo 'none' ;;
    'whatif --policies') echo 'dir' ;;
    'whatif --tolerance') echo 'none' ;;
    'whatif --base') echo 'words recorded unchanged' ;;
    'whatif --html') echo 'file' ;;
    'whatif --format') echo 'words text json markdown html' ;;
    'eval --vars') echo 'file' ;;
    'eval --format') echo 'words text json' ;;
    'run --format') echo 'words text json markdown' ;;
    'optimize traffic --method') echo 'words thompson gaussian top_two ucb1 ucb_tuned kl_ucb kl_ucb_plus imed lin_ts lin_ucb' ;;
    'optimize traffic --columns') echo 'none' ;;
    'optimize traffic --segment') echo 'none' ;;
    'optimize traffic --floor') echo 'none' ;;
    'optimize traffic --cap') echo 'none' ;;
    'optimize traffic --min-trials') echo 'none' ;;
    'optimize traffic --prior') echo 'none' ;;
    'optimize traffic --noise') echo 'none' ;;
    'optimize traffic --range') echo 'none' ;;
    'optimize traffic --half-life') echo 'none' ;;
    'optimize traffic --window') echo 'none' ;;
    'optimize traffic --now') echo 'none' ;;
    'optimize traffic --batch') echo 'none' ;;
    'optimize traffic --width') echo 'none' ;;
    'optimize traffic --learnt') echo 'id document' ;;
    'optimize traffic --ranks') echo 'none' ;;
    'optimize traffic --algorithm') echo 'none' ;;
    'optimize traffic --format') echo 'words text json markdown' ;;
    'optimize simulate --arms') echo 'none' ;;
    'optimize simulate --replay') echo 'file' ;;
    'optimize simulate --columns') echo 'none' ;;
    'optimize simulate --method') echo 'none' ;;
    'optimize simulate --rounds') echo 'none' ;;
    'optimize simulate --runs') echo 'none' ;;
    'optimize simulate --seed') echo 'none' ;;
    'optimize simulate --at') echo 'none' ;;
    'optimize simulate --change') echo 'none' ;;
    'optimize simulate --noise') echo 'none' ;;
    'optimize simulate --batch') echo 'none' ;;
    'optimize simulate --growth') echo 'none' ;;
    'optimize simulate --delay') echo 'none' ;;
    'optimize simulate --discount') echo 'none' ;;
    'optimize simulate --window') echo 'none' ;;
    'optimize simulate --floor') echo 'none' ;;
    'optimize simulate --prior') echo 'none' ;;
    'optimize simulate --format') echo 'words text json markdown' ;;
    'optimize budget --events') echo 'file' ;;
    'optimize budget --solver') echo 'words auto waterfill lp tangents mip branch qp' ;;
    'optimize budget --time-limit') echo 'none' ;;
    'optimize budget --points') echo 'none' ;;
    'optimize budget --format') echo 'words text json markdown html' ;;
    'optimize weights --objective') echo 'words mean lower risk' ;;
    'optimize weights --confidence') echo 'none' ;;
    'optimize weights --risk') echo 'none' ;;
    'optimize weights --resolution') echo 'none' ;;
    'optimize weights --segment') echo 'none' ;;
    'optimize weights --algorithm') echo 'none' ;;
    'optimize weights --format') echo 'words text json markdown' ;;
    'deploy run --version') echo 'none' ;;
    'deploy run --env') echo 'none' ;;
    'deploy run --from') echo 'none' ;;
    'deploy run --reason') echo 'none' ;;
    'deploy run --format') echo 'words text json' ;;
    'deploy start --version') echo 'none' ;;
    'deploy start --env') echo 'none' ;;
    'deploy start --from') echo 'none' ;;
    'deploy start --reason') echo 'none' ;;
    'deploy start --format') echo 'words text json' ;;
    'deploy tick --env') echo 'none' ;;
    'deploy tick --format') echo 'words text json' ;;
    'deploy status --env') echo 'none' ;;
    'deploy status --format') echo 'words text json' ;;
    'deploy watch --env') echo 'none' ;;
    'deploy watch --format') echo 'words text json' ;;
    'deploy promote --env') echo 'none' ;;
    'deploy promote --reason') echo 'none' ;;
    'deploy promote --check') echo 'none' ;;
    'deploy promote --format') echo 'words text json' ;;
    'deploy pause --env') echo 'none' ;;
    'deploy pause --reason') echo 'none' ;;
    'deploy pause --for') echo 'none' ;;
    'deploy pause --format') echo 'words text json' ;;
    'deploy resume --env') echo 'none' ;;
    'deploy resume --reason') echo 'none' ;;
    'deploy resume --format') echo 'words text json' ;;
    'deploy abort --env') echo 'none' ;;
    'deploy abort --reason') echo 'none' ;;
    'deploy abort --format') echo 'words text json' ;;
    'deploy rollback --env') echo 'none' ;;
    'deploy rollback --reason') echo 'none' ;;
    'deploy rollback --to') echo 'none' ;;
    'deploy rollback --format') echo 'words text json' ;;
    'deploy retry --env') echo 'none' ;;
    'deploy retry --reason') echo 'none' ;;
    'deploy retry --format') echo 'words text json' ;;
    'deploy history --env') echo 'none' ;;
    'deploy history --format') echo 'words text json markdown' ;;
    'deploy dora --env') echo 'none' ;;
    'deploy dora --since') echo 'none' ;;
    'deploy dora --commits') echo 'file' ;;
    'deploy dora --format') echo 'words text json markdown' ;;
    'deploy check --env') echo 'none' ;;
    'deploy check --version') echo 'none' ;;
    'deploy check --format') echo 'words text json' ;;
    'deploy smoke --base') echo 'none' ;;
    'deploy smoke --set') echo 'none' ;;
    'deploy smoke --format') echo 'words text json junit markdown' ;;
    'deploy load --rate') echo 'none' ;;
    'deploy load --for') echo 'none' ;;
    'deploy load --connections') echo 'none' ;;
    'deploy load --timeout') echo 'none' ;;
    'deploy load --method') echo 'none' ;;
    'deploy load --body') echo 'none' ;;
    'deploy load --header') echo 'none' ;;
    'deploy load --objective') echo 'none' ;;
    'deploy load --format') echo 'words text json markdown' ;;
    'deploy simulate --env') echo 'none' ;;
    'deploy simulate --metrics') echo 'file' ;;
    'deploy simulate --from') echo 'none' ;;
    'deploy simulate --fault') echo 'none' ;;
    'deploy simulate --format') echo 'words text json markdown' ;;
    'deploy judge --method') echo 'words sequential kayenta exact burn_rate' ;;
    'deploy judge --slo') echo 'none' ;;
    'deploy judge --ratio') echo 'none' ;;
    'deploy judge --alpha') echo 'none' ;;
    'deploy judge --overdispersion') echo 'none' ;;
    'deploy judge --aa') echo 'file' ;;
    'deploy judge --min-requests') echo 'none' ;;
    'deploy judge --bounds') echo 'none' ;;
    'deploy judge --at-least') echo 'none' ;;
    'deploy judge --at-most') echo 'none' ;;
    'deploy judge --worse') echo 'words increase decrease either' ;;
    'deploy judge --pass') echo 'none' ;;
    'deploy judge --marginal') echo 'none' ;;
    'deploy judge --format') echo 'words text json markdown' ;;
    'backtest --logs') echo 'file' ;;
    'backtest --target') echo 'none' ;;
    'backtest --baseline') echo 'none' ;;
    'backtest --reward') echo 'none' ;;
    'backtest --columns') echo 'none' ;;
    'backtest --context') echo 'none' ;;
    'backtest --estimator') echo 'none' ;;
    'backtest --segment') echo 'none' ;;
    'backtest --window') echo 'none' ;;
    'backtest --model') echo 'none' ;;
    'backtest --folds') echo 'none' ;;
    'backtest --penalty') echo 'none' ;;
    'backtest --propensity') echo 'words logged uniform estimated' ;;
    'backtest --missing-reward') echo 'none' ;;
    'backtest --max-bad') echo 'none' ;;
    'backtest --level') echo 'none' ;;
    'backtest --replicates') echo 'none' ;;
    'backtest --refits') echo 'none' ;;
    'backtest --seed') echo 'none' ;;
    'backtest --tune') echo 'words slope mse' ;;
    'backtest --max-weight') echo 'none' ;;
    'backtest --policies') echo 'dir' ;;
    'backtest --action-type') echo 'none' ;;
    'backtest --algorithm') echo 'none' ;;
    'backtest --html') echo 'file' ;;
    'backtest --format') echo 'words text json markdown html' ;;
    'backtest counterfactual --format') echo 'words text json markdown html' ;;
    'state info --format') echo 'words text json' ;;
    'state lock --for') echo 'none' ;;
    'state lock --reason') echo 'none' ;;
    'state lock --pid') echo 'none' ;;
    'state lock --format') echo 'words text json' ;;
    'state unlock --format') echo 'words text json' ;;
    'state check --format') echo 'words text json' ;;
    'state checkpoint -o' | 'state checkpoint --out') echo 'file' ;;
    'state checkpoint --sign') echo 'file' ;;
    'state checkpoint --format') echo 'words text json' ;;
    'audit verify --checkpoint') echo 'file' ;;
    'audit verify --allowed-signers') echo 'file' ;;
    'audit verify --format') echo 'words text json' ;;
    'audit list -n' | 'audit list --count') echo 'none' ;;
    'audit list --format') echo 'words text json' ;;
    'audit search --actor') echo 'none' ;;
    'audit search --kind') echo 'none' ;;
    'audit search --since') echo 'none' ;;
    'audit search --until') echo 'none' ;;
    'audit search -n' | 'audit search --count') echo 'none' ;;
    'audit search --format') echo 'words text json' ;;
    'audit prove --checkpoint') echo 'file' ;;
    'audit prove --from') echo 'file' ;;
    'audit prove --to') echo 'file' ;;
    'audit prove --format') echo 'words json' ;;
    'audit export --since') echo 'none' ;;
    'audit export --until') echo 'none' ;;
    'audit export --format') echo 'words jsonl' ;;
    'help --format') echo 'words text' ;;
    'version --format') echo 'words text json' ;;
    'docs man --format') echo 'words text' ;;
    'docs completions --format') echo 'words text' ;;
    *' -C') echo 'dir' ;;
    *' --state') echo 'file' ;;
    *' --as') echo 'none' ;;
    *' --format') echo 'none' ;;
    *' --color') echo 'words auto always never' ;;
    *' --log-format') echo 'words text json' ;;
  esac
}

_autopilot_argument() {
  case $1 in
    'init') echo 'dir' ;;
    'validate') echo 'file' ;;
    'test') echo 'file' ;;
    'plan') echo 'file' ;;
    'apply') echo 'file' ;;
    'diff') echo 'id revision' ;;
    'export') echo 'id revision' ;;
    'convert') echo 'file' ;;
    'schema') echo 'none' ;;
    'policy disable') echo 'id document' ;;
    'policy enable') echo 'id document' ;;
    'secrets list') echo 'file' ;;
    'secrets check') echo 'file' ;;
    'approvals show') echo 'none' ;;
    'approve') echo 'file' ;;
    'reject') echo 'none' ;;
    'revoke') echo 'none' ;;
    'rollout status') echo 'id document' ;;
    'rollout promote') echo 'id document' ;;
    'rollout rollback') echo 'id document' ;;
    'rollout resume') echo 'id document' ;;
    'shadow report') echo 'id document' ;;
    'show') echo 'id decision' ;;
    'graph') echo 'id decision' ;;
    'replay') echo 'id decision' ;;
    'whatif') echo 'id decision' ;;
    'eval') echo 'none' ;;
    'run') echo 'id document' ;;
    'optimize traffic') echo 'file' ;;
    'optimize budget') echo 'file' ;;
    'optimize weights') echo 'file' ;;
    'deploy run') echo 'id document' ;;
    'deploy start') echo 'id document' ;;
    'deploy tick') echo 'id document' ;;
    'deploy status') echo 'id document' ;;
    'deploy watch') echo 'id document' ;;
    'deploy promote') echo 'id document' ;;
    'deploy pause') echo 'id document' ;;
    'deploy resume') echo 'id document' ;;
    'deploy abort') echo 'id document' ;;
    'deploy rollback') echo 'id document' ;;
    'deploy retry') echo 'id document' ;;
    'deploy history') echo 'id document' ;;
    'deploy dora') echo 'id document' ;;
    'deploy check') echo 'id document' ;;
    'deploy smoke') echo 'file' ;;
    'deploy load') echo 'none' ;;
    'deploy simulate') echo 'id document' ;;
    'deploy judge') echo 'file' ;;
    'backtest') echo 'file' ;;
    'backtest counterfactual') echo 'file' ;;
    'audit search') echo 'none' ;;
    'audit prove') echo 'none' ;;
    'help') echo 'words init validate test plan apply diff log export convert schema policy secrets approvals approve reject revoke rollout shadow decide show graph replay whatif eval run optimize deploy backtest state audit help version docs' ;;
    'docs man') echo 'dir' ;;
    'docs completions') echo 'dir' ;;
  esac
}

_autopilot_second() {
  case $1 in
    'policy') echo 'disable enable' ;;
    'secrets') echo 'list check' ;;
    'approvals') echo 'show' ;;
    'rollout') echo 'status promote rollback resume tick' ;;
    'shadow') echo 'report' ;;
    'optimize') echo 'traffic simulate budget weights' ;;
    'deploy') echo 'run start tick status watch promote pause resume abort rollback retry history dora check smoke load simulate judge' ;;
    'backtest') echo 'counterfactual' ;;
    'state') echo 'info lock unlock check checkpoint' ;;
    'audit') echo 'verify list search prove export' ;;
    'docs') echo 'man completions' ;;
  esac
}

_autopilot_commands=(
  'init:Start a project with a few policies'
  'validate:Check documents and say all that is wrong with them'
  'test:Run the tests of policies'
  'plan:Show what apply would change'
  'apply:Make the documents in the files the applied ones'
  'diff:Show what changed between two revisions'
  'log:List the applied revisions'
  'export:Write the applied documents as YAML'
  'convert:Print documents of older forms as Policy documents'
  'schema:Print the JSON Schema of a kind of document'
  'policy'
  'secrets'
  'approvals:List what waits for approval'
  'approve:Approve a plan, a pending decision or a gate'
  'reject:Reject what waits for approval'
  'revoke:Take back an approval, or a request'
  'rollout'
  'shadow'
  'decide:Decide on proposed actions and record the decisions'
  'show:Show why a decision came out as it did'
  'graph:Draw a decision, or the policies'
  'replay:Take recorded decisions again and compare'
  'whatif:Show what would have been decided, had things been otherwise'
  'eval:Evaluate an expression'
  'run:Make one pass of an algorithm: read, optimise, decide, act, record'
  'optimize'
  'deploy'
  'backtest:Estimate from logs what another policy would have earned'
  'state'
  'audit'
  'help:Show how to use autopilot or one of its commands'
  'version:Print the version'
  'docs'
)

_autopilot() {
  local cur=${words[CURRENT]} prev=${words[CURRENT - 1]}
  local command='' word kind='' skip=0 i
  for ((i = 2; i < CURRENT; ++i)); do
    word=${words[i]}
    if ((skip)); then
      skip=0
    elif [[ $word == -* ]]; then
      [[ -n $(_autopilot_value "$command" "$word") ]] && skip=1
    elif [[ -z $command ]]; then
      command=$word
    elif [[ " $(_autopilot_second "$command") " == *" $word "* ]]; then
      command="$command $word"
    fi
  done
  [[ $prev == -* ]] && kind=$(_autopilot_value "$command" "$prev")
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then
      kind="words $(_autopilot_options "$command")"
    elif [[ -z $command ]]; then
      _describe command _autopilot_commands
      return
    elif [[ -n $(_autopilot_second "$command") ]]; then
      kind="words $(_autopilot_second "$command")"
    else
      kind=$(_autopilot_argument "$command")
    fi
  fi
  case $kind in
    words\ *) compadd -- ${=${kind#words }} ;;
    id\ *) compadd -- ${(f)"$(autopilot __complete ${kind#id } 2>/dev/null)"} ;;
    file) _files ;;
    dir) _files -/ ;;
  esac
}
_autopilot "$@"
