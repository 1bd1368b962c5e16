# Completions of bash for snbroker.
_snbroker() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
	case $prev in
	-config | -path | -to | -c | -D | -ca)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	case ${COMP_WORDS[1]} in
	check | config) words="-config" ;;
	import) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	store)
		if [ "$COMP_CWORD" -eq 2 ]; then words="stat verify dump backup -help"; else words="-path -to"; fi
		;;
	passwd)
		case $prev in
		-a) words="argon2id pbkdf2-sha512 scram-sha-256" ;;
		*) words="-c -D -a -help" ;;
		esac
		;;
	clients)
		case $prev in
		-kind) words="device program" ;;
		-state) words="connected connecting active asleep awake offline" ;;
		*) words="-admin -ca -user -search -kind -state -help" ;;
		esac
		;;
	kick | topics) words="-admin -ca -user -help" ;;
	trace) words="-admin -ca -user -client -topic -address -hex -pcapng -help" ;;
	version | help) ;;
	*) words="check config import passwd store clients kick topics trace version help -config -v -debug -help" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _snbroker snbroker
