# Completion of autopilot for bash, written by `autopilot docs completions`.

_autopilot_options() {
  case $1 in
    'help') echo '--format' ;;
    'version') echo '--format' ;;
    'docs man') echo '--format' ;;
    'docs completions') echo '--format' ;;
  esac
  echo '-C --state --as --format --json --color -q --quiet -v --verbose --log-format --version -h --help'
}

_autopilot_value() {
  case "$1 $2" in
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
    'help') echo 'words help version docs' ;;
    'docs man') echo 'dir' ;;
    'docs completions') echo 'dir' ;;
  esac
}

_autopilot_second() {
  case $1 in
    'docs') echo 'man completions' ;;
  esac
}

_autopilot_commands='help version docs'

_autopilot() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' word kind='' skip=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
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
      kind="words $(_autopilot_options "$command" | tr '\n' ' ')"
    elif [[ -z $command ]]; then
      kind="words $_autopilot_commands"
    elif [[ -n $(_autopilot_second "$command") ]]; then
      kind="words $(_autopilot_second "$command")"
    else
      kind=$(_autopilot_argument "$command")
    fi
  fi
  case $kind in
    words\ *) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$cur") ;;
    id\ *) mapfile -t COMPREPLY < <(compgen -W "$(autopilot __complete "${kind#id }" 2>/dev/null)" -- "$cur") ;;
    file)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    dir)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
  esac
}
complete -F _autopilot autopilot
