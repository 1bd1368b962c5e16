# Completions of fish for snbroker.
complete -c snbroker -f
complete -c snbroker -n __fish_use_subcommand -a check -d 'tell all that is wrong with a file'
complete -c snbroker -n __fish_use_subcommand -a config -d 'print the settings in force, and where they are from'
complete -c snbroker -n __fish_use_subcommand -a import -d "make a config.toml of another program's settings"
complete -c snbroker -n __fish_use_subcommand -a passwd -d 'set a password in a file of users'
complete -c snbroker -n __fish_use_subcommand -a store -d 'look into what is on the disk'
complete -c snbroker -n __fish_use_subcommand -a version -d 'tell what was built, and from what'
complete -c snbroker -n __fish_use_subcommand -a help -d 'tell what there is'
complete -c snbroker -n __fish_use_subcommand -o config -r -F -d 'read the settings from a file'
complete -c snbroker -n __fish_use_subcommand -o v -d 'log what clients and devices do'
complete -c snbroker -n '__fish_seen_subcommand_from check config' -o config -r -F
complete -c snbroker -n '__fish_seen_subcommand_from import passwd' -F
complete -c snbroker -n '__fish_seen_subcommand_from store' -a 'stat verify dump backup'
complete -c snbroker -n '__fish_seen_subcommand_from store' -o path -r -F
complete -c snbroker -n '__fish_seen_subcommand_from store' -o to -r -F
complete -c snbroker -n '__fish_seen_subcommand_from passwd' -o c -d 'begin a file'
complete -c snbroker -n '__fish_seen_subcommand_from passwd' -o D -d 'delete the user'
