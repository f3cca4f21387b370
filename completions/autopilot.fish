# Completion of autopilot for fish, written by `autopilot docs completions`.

set -g __autopilot_pairs 'rollout promote' 'rollout rollback' 'rollout resume' 'state info' 'state lock' 'state unlock' 'state check' 'audit verify' 'audit list' 'docs man' 'docs completions'
set -g __autopilot_valued -C --state --as --format --color --log-format --format --format --filter --coverage-min --coverage-lcov --record -o --out --format -o --out --target --exclude --since --last --fail-on-flip --max-bytes --format -m --message --target --exclude --format --format -n --count --format -o --out --format --format --format --reason --to --format --reason --for --format --reason --format --context --run --reason --format --format --since --against --format --vars --format --format --for --reason --pid --format --format --format --format -n --count --format --format --format --format --format

# The command on the line so far, of one or two words.
function __autopilot_command
    set -l command
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $__autopilot_valued
            set skip 1
        else if not string match -q -- '-*' $word
            if test -z "$command"
                set command $word
            else if contains -- "$command $word" $__autopilot_pairs
                set command "$command $word"
            end
        end
    end
    echo $command
end

function __autopilot_at
    test (__autopilot_command) = "$argv"
end

complete -c autopilot -f
complete -c autopilot -s C -x -a '(__fish_complete_directories)' -d 'run as if started in DIR'
complete -c autopilot -l state -r -F -d 'the state to use instead of .autopilot/state.db'
complete -c autopilot -l as -x -d 'who asks (default: the user of the operating system)'
complete -c autopilot -l json -d 'the same as --format json'
complete -c autopilot -l color -x -a 'auto always never' -d 'when to use colour'
complete -c autopilot -s q -l quiet -d 'say nothing but the result and faults'
complete -c autopilot -s v -l verbose -d 'say more on standard error'
complete -c autopilot -l log-format -x -a 'text json' -d 'form of log lines on standard error'
complete -c autopilot -l version -d 'print the version'
complete -c autopilot -s h -l help -d 'show the help of the command'
complete -c autopilot -n 'test -z (__autopilot_command)' -a init -d 'Start a project with a few policies'
complete -c autopilot -n 'test -z (__autopilot_command)' -a validate -d 'Check documents and say all that is wrong with them'
complete -c autopilot -n 'test -z (__autopilot_command)' -a test -d 'Run the tests of policies'
complete -c autopilot -n 'test -z (__autopilot_command)' -a plan -d 'Show what apply would change'
complete -c autopilot -n 'test -z (__autopilot_command)' -a apply -d 'Make the documents in the files the applied ones'
complete -c autopilot -n 'test -z (__autopilot_command)' -a diff -d 'Show what changed between two revisions'
complete -c autopilot -n 'test -z (__autopilot_command)' -a log -d 'List the applied revisions'
complete -c autopilot -n 'test -z (__autopilot_command)' -a export -d 'Write the applied documents as YAML'
complete -c autopilot -n 'test -z (__autopilot_command)' -a convert -d 'Print documents of older forms as Policy documents'
complete -c autopilot -n 'test -z (__autopilot_command)' -a schema -d 'Print the JSON Schema of a kind of document'
complete -c autopilot -n 'test -z (__autopilot_command)' -a rollout -d ''
complete -c autopilot -n 'test -z (__autopilot_command)' -a decide -d 'Decide on proposed actions and record the decisions'
complete -c autopilot -n 'test -z (__autopilot_command)' -a show -d 'Show why a decision came out as it did'
complete -c autopilot -n 'test -z (__autopilot_command)' -a replay -d 'Take recorded decisions again and compare'
complete -c autopilot -n 'test -z (__autopilot_command)' -a eval -d 'Evaluate an expression'
complete -c autopilot -n 'test -z (__autopilot_command)' -a state -d ''
complete -c autopilot -n 'test -z (__autopilot_command)' -a audit -d ''
complete -c autopilot -n 'test -z (__autopilot_command)' -a help -d 'Show how to use autopilot or one of its commands'
complete -c autopilot -n 'test -z (__autopilot_command)' -a version -d 'Print the version'
complete -c autopilot -n 'test -z (__autopilot_command)' -a docs -d ''
complete -c autopilot -n '__autopilot_at init' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at init' -x -a '(__fish_complete_directories)'
complete -c autopilot -n '__autopilot_at validate' -l strict -d 'treat warnings as errors'
complete -c autopilot -n '__autopilot_at validate' -l allow-empty -d 'don\'t mind when there is no document'
complete -c autopilot -n '__autopilot_at validate' -l format -x -a 'text json sarif github junit' -d 'form of the result'
complete -c autopilot -n '__autopilot_at validate' -r -F
complete -c autopilot -n '__autopilot_at test' -l filter -x -d 'only cases whose test, name or test/name matches; * is any text'
complete -c autopilot -n '__autopilot_at test' -l fail-fast -d 'stop at the first case that fails'
complete -c autopilot -n '__autopilot_at test' -l coverage -d 'show what the cases cover'
complete -c autopilot -n '__autopilot_at test' -l coverage-min -x -d 'exit 1 when fewer branches are covered, such as 90%'
complete -c autopilot -n '__autopilot_at test' -l coverage-lcov -r -F -d 'write coverage as LCOV'
complete -c autopilot -n '__autopilot_at test' -l watch -d 'run again whenever a file changes, until interrupted'
complete -c autopilot -n '__autopilot_at test' -l record -x -a '(autopilot __complete decision 2>/dev/null)' -d 'make a test of a recorded decision'
complete -c autopilot -n '__autopilot_at test' -s o -l out -r -F -d 'write that test to a new FILE'
complete -c autopilot -n '__autopilot_at test' -l format -x -a 'text json junit' -d 'form of the result'
complete -c autopilot -n '__autopilot_at test' -r -F
complete -c autopilot -n '__autopilot_at plan' -s o -l out -r -F -d 'save the plan to FILE for apply'
complete -c autopilot -n '__autopilot_at plan' -l exit-code -d 'exit 3 when there are changes'
complete -c autopilot -n '__autopilot_at plan' -l detailed-exitcode -d 'exit 2 when there are changes, as Terraform does'
complete -c autopilot -n '__autopilot_at plan' -l target -x -a '(autopilot __complete document 2>/dev/null)' -d 'only documents whose id or Kind/id matches; * and ? work'
complete -c autopilot -n '__autopilot_at plan' -l exclude -x -a '(autopilot __complete document 2>/dev/null)' -d 'not the documents whose id or Kind/id matches'
complete -c autopilot -n '__autopilot_at plan' -l impact -d 'show which recorded decisions would flip'
complete -c autopilot -n '__autopilot_at plan' -l since -x -d 'with --impact: decisions recorded since then: 7d, or an RFC 3339 time'
complete -c autopilot -n '__autopilot_at plan' -l last -x -d 'with --impact: the newest N decisions'
complete -c autopilot -n '__autopilot_at plan' -l fail-on-flip -x -d 'with --impact: exit 1 when more than N would flip'
complete -c autopilot -n '__autopilot_at plan' -l brief -d 'one line per document'
complete -c autopilot -n '__autopilot_at plan' -l max-bytes -x -d 'with --format markdown: leave out what is too much'
complete -c autopilot -n '__autopilot_at plan' -l allow-empty -d 'no documents is no fault: everything is to be deleted'
complete -c autopilot -n '__autopilot_at plan' -l format -x -a 'text json markdown' -d 'form of the result'
complete -c autopilot -n '__autopilot_at plan' -r -F
complete -c autopilot -n '__autopilot_at apply' -s y -l yes -d 'don\'t ask'
complete -c autopilot -n '__autopilot_at apply' -l allow-large -d 'even when it updates or deletes a large share'
complete -c autopilot -n '__autopilot_at apply' -s m -l message -x -d 'why, for the log'
complete -c autopilot -n '__autopilot_at apply' -l target -x -a '(autopilot __complete document 2>/dev/null)' -d 'only documents whose id or Kind/id matches; * and ? work'
complete -c autopilot -n '__autopilot_at apply' -l exclude -x -a '(autopilot __complete document 2>/dev/null)' -d 'not the documents whose id or Kind/id matches'
complete -c autopilot -n '__autopilot_at apply' -l allow-empty -d 'no documents is no fault: everything is to be deleted'
complete -c autopilot -n '__autopilot_at apply' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at apply' -r -F
complete -c autopilot -n '__autopilot_at diff' -l exit-code -d 'exit 3 when they differ'
complete -c autopilot -n '__autopilot_at diff' -l brief -d 'one line per document'
complete -c autopilot -n '__autopilot_at diff' -l format -x -a 'text json markdown' -d 'form of the result'
complete -c autopilot -n '__autopilot_at diff' -x -a '(autopilot __complete revision 2>/dev/null)'
complete -c autopilot -n '__autopilot_at log' -s n -l count -x -d 'at most N (default 50)'
complete -c autopilot -n '__autopilot_at log' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at export' -s o -l out -x -a '(__fish_complete_directories)' -d 'write files into DIR; - is standard output'
complete -c autopilot -n '__autopilot_at export' -l force -d 'write into a folder that is not empty'
complete -c autopilot -n '__autopilot_at export' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at export' -x -a '(autopilot __complete revision 2>/dev/null)'
complete -c autopilot -n '__autopilot_at convert' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at convert' -r -F
complete -c autopilot -n '__autopilot_at schema' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at rollout' -a promote -d 'Roll a policy out to a larger share of units'
complete -c autopilot -n '__autopilot_at rollout promote' -l reason -x -d 'why, for the log and for those who meet it in a plan'
complete -c autopilot -n '__autopilot_at rollout promote' -l to -x -d 'of units (default 100%)'
complete -c autopilot -n '__autopilot_at rollout promote' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at rollout promote' -x -a '(autopilot __complete document 2>/dev/null)'
complete -c autopilot -n '__autopilot_at rollout' -a rollback -d 'Take a policy back from everybody'
complete -c autopilot -n '__autopilot_at rollout rollback' -l reason -x -d 'why, for the log and for those who meet it in a plan'
complete -c autopilot -n '__autopilot_at rollout rollback' -l for -x -d 'end it by itself after that time'
complete -c autopilot -n '__autopilot_at rollout rollback' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at rollout rollback' -x -a '(autopilot __complete document 2>/dev/null)'
complete -c autopilot -n '__autopilot_at rollout' -a resume -d 'Apply a policy to the share that its document says'
complete -c autopilot -n '__autopilot_at rollout resume' -l reason -x -d 'why, for the log and for those who meet it in a plan'
complete -c autopilot -n '__autopilot_at rollout resume' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at rollout resume' -x -a '(autopilot __complete document 2>/dev/null)'
complete -c autopilot -n '__autopilot_at decide' -l context -r -F -d 'context for lines that carry none'
complete -c autopilot -n '__autopilot_at decide' -l run -x -d 'name of the run that `per: run` limits count in (each invocation its own by default)'
complete -c autopilot -n '__autopilot_at decide' -l input-time -d 'take a context\'s time as the time of the decision (imports, tests)'
complete -c autopilot -n '__autopilot_at decide' -l exit-code -d 'exit 1 when an action is blocked, else 4 when one is pending'
complete -c autopilot -n '__autopilot_at decide' -l dry-run -d 'decide, but record and use up nothing'
complete -c autopilot -n '__autopilot_at decide' -l override -d 'let blocked actions pass if your role allows it; needs --reason'
complete -c autopilot -n '__autopilot_at decide' -l reason -x -d 'why, for --override'
complete -c autopilot -n '__autopilot_at decide' -l format -x -a 'jsonl json text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at show' -l format -x -a 'tree text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at show' -x -a '(autopilot __complete decision 2>/dev/null)'
complete -c autopilot -n '__autopilot_at replay' -l since -x -d 'decisions recorded since then: a duration such as 7d, or an RFC 3339 time'
complete -c autopilot -n '__autopilot_at replay' -l all -d 'all recorded decisions'
complete -c autopilot -n '__autopilot_at replay' -l against -x -a '(__fish_complete_directories)' -d 'decide under these policies instead'
complete -c autopilot -n '__autopilot_at replay' -l fail-on-diff -d 'exit 1 when --against shows a difference'
complete -c autopilot -n '__autopilot_at replay' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at replay' -x -a '(autopilot __complete decision 2>/dev/null)'
complete -c autopilot -n '__autopilot_at eval' -l vars -r -F -d 'JSON object of variables, or - for standard input'
complete -c autopilot -n '__autopilot_at eval' -l explain -d 'show the compiled program too'
complete -c autopilot -n '__autopilot_at eval' -l batch -d 'evaluate one JSON case a line'
complete -c autopilot -n '__autopilot_at eval' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at state' -a info -d 'Show what the state holds and who locked it'
complete -c autopilot -n '__autopilot_at state info' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at state' -a lock -d 'Keep others from applying for a while'
complete -c autopilot -n '__autopilot_at state lock' -l for -x -d 'how long (default 1h)'
complete -c autopilot -n '__autopilot_at state lock' -l reason -x -d 'why, for those who meet it'
complete -c autopilot -n '__autopilot_at state lock' -l pid -x -d 'end it when this process of this machine ends'
complete -c autopilot -n '__autopilot_at state lock' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at state' -a unlock -d 'Give back the lock on the state'
complete -c autopilot -n '__autopilot_at state unlock' -l force -d 'somebody else\'s lock too'
complete -c autopilot -n '__autopilot_at state unlock' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at state' -a check -d 'Tell whether the state file is sound'
complete -c autopilot -n '__autopilot_at state check' -l quick -d 'leave out the indexes of the file'
complete -c autopilot -n '__autopilot_at state check' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at audit' -a verify -d 'Tell whether the audit chain holds'
complete -c autopilot -n '__autopilot_at audit verify' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at audit' -a list -d 'List what was done and what was refused'
complete -c autopilot -n '__autopilot_at audit list' -s n -l count -x -d 'at most N (default 50)'
complete -c autopilot -n '__autopilot_at audit list' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at help' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at help' -x -a 'init validate test plan apply diff log export convert schema rollout decide show replay eval state audit help version docs'
complete -c autopilot -n '__autopilot_at version' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs' -a man -d 'Write the man pages'
complete -c autopilot -n '__autopilot_at docs man' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs man' -x -a '(__fish_complete_directories)'
complete -c autopilot -n '__autopilot_at docs' -a completions -d 'Write the completions for bash, zsh and fish'
complete -c autopilot -n '__autopilot_at docs completions' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs completions' -x -a '(__fish_complete_directories)'
