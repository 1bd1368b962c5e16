# Completions of fish for snbroker.
complete -c snbroker -f
complete -c snbroker -n __fish_use_subcommand -a check -d 'tell all that is wrong with a file'
complete -c snbroker -n __fish_use_subcommand -a config -d 'print the settings in force, and where they are from'
complete -c snbroker -n __fish_use_subcommand -a import -d "make a config.toml of another program's settings"
complete -c snbroker -n __fish_use_subcommand -a passwd -d 'set a password in a file of users'
complete -c snbroker -n __fish_use_subcommand -a store -d 'look into what is on the disk'
complete -c snbroker -n __fish_use_subcommand -a clients -d 'list who has a session in a running one'
complete -c snbroker -n __fish_use_subcommand -a kick -d 'disconnect clients of a running one'
complete -c snbroker -n __fish_use_subcommand -a topics -d 'list the retained messages of a running one'
complete -c snbroker -n __fish_use_subcommand -a trace -d 'show packets as they pass a running one'
complete -c snbroker -n __fish_use_subcommand -a version -d 'tell what was built, and from what'
complete -c snbroker -n __fish_use_subcommand -a help -d 'tell what there is'
complete -c snbroker -n __fish_use_subcommand -o config -r -F -d 'read the settings from a file'
complete -c snbroker -n __fish_use_subcommand -o v -d 'log what clients and devices do'
complete -c snbroker -n __fish_use_subcommand -o debug -d 'the same'
complete -c snbroker -n '__fish_seen_subcommand_from check config' -o config -r -F
complete -c snbroker -n '__fish_seen_subcommand_from import passwd' -F
complete -c snbroker -n '__fish_seen_subcommand_from store' -a 'stat verify dump backup'
complete -c snbroker -n '__fish_seen_subcommand_from store' -o path -r -F
complete -c snbroker -n '__fish_seen_subcommand_from store' -o to -r -F
complete -c snbroker -n '__fish_seen_subcommand_from passwd' -o c -d 'begin a file'
complete -c snbroker -n '__fish_seen_subcommand_from passwd' -o D -d 'delete the user'
complete -c snbroker -n '__fish_seen_subcommand_from passwd' -o a -x -a 'argon2id pbkdf2-sha512 scram-sha-256' -d 'algorithm'
complete -c snbroker -n '__fish_seen_subcommand_from clients kick topics trace' -o admin -x -d 'where the running one is'
complete -c snbroker -n '__fish_seen_subcommand_from clients kick topics trace' -o ca -r -F -d 'its authority'
complete -c snbroker -n '__fish_seen_subcommand_from clients kick topics trace' -o user -x -d 'log in'
complete -c snbroker -n '__fish_seen_subcommand_from clients' -o search -x -d 'part of a ClientID'
complete -c snbroker -n '__fish_seen_subcommand_from clients' -o kind -x -a 'device program'
complete -c snbroker -n '__fish_seen_subcommand_from clients' -o state -x -a 'connected connecting active asleep awake offline'
complete -c snbroker -n '__fish_seen_subcommand_from trace' -o client -x -d 'one client alone'
complete -c snbroker -n '__fish_seen_subcommand_from trace' -o topic -x -d 'topics that fit'
complete -c snbroker -n '__fish_seen_subcommand_from trace' -o address -x -d 'one address alone'
complete -c snbroker -n '__fish_seen_subcommand_from trace' -o hex -d 'with the octets'
complete -c snbroker -n '__fish_seen_subcommand_from trace' -o pcapng -d 'for Wireshark'
