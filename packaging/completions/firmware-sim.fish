# Completions of fish for firmware-sim: its flags are asked of the program.
function __firmware_sim_flags
    set -l words (commandline -opc)
    set -l command run
    if set -q words[2]; and not string match -q -- '-*' $words[2]
        set command $words[2]
    end
    firmware-sim $command --help 2>/dev/null | sed -n 's/^  \(-[A-Za-z0-9-]*\).*/\1/p'
end
complete -c firmware-sim -n __fish_use_subcommand -a 'run list pub sub ping discover decode help'
complete -c firmware-sim -a '(__firmware_sim_flags)'
