# Completion of autopilot for fish, written by `autopilot docs completions`.

set -g __autopilot_pairs 'docs man' 'docs completions'
set -g __autopilot_valued -C --state --as --format --color --log-format --format --format --format --format

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
complete -c autopilot -n 'test -z (__autopilot_command)' -a help -d 'Show how to use autopilot or one of its commands'
complete -c autopilot -n 'test -z (__autopilot_command)' -a version -d 'Print the version'
complete -c autopilot -n 'test -z (__autopilot_command)' -a docs -d ''
complete -c autopilot -n '__autopilot_at help' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at help' -x -a 'help version docs'
complete -c autopilot -n '__autopilot_at version' -l format -x -a 'text json' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs' -a man -d 'Write the man pages'
complete -c autopilot -n '__autopilot_at docs man' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs man' -x -a '(__fish_complete_directories)'
complete -c autopilot -n '__autopilot_at docs' -a completions -d 'Write the completions for bash, zsh and fish'
complete -c autopilot -n '__autopilot_at docs completions' -l format -x -a 'text' -d 'form of the result'
complete -c autopilot -n '__autopilot_at docs completions' -x -a '(__fish_complete_directories)'
