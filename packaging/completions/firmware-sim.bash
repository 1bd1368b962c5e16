# Completions of bash for firmware-sim: its flags are asked of the program.
_firmware_sim() {
	local cur=${COMP_WORDS[COMP_CWORD]} words
	if [ "$COMP_CWORD" -eq 1 ] && [[ $cur != -* ]]; then
		words="run list pub sub ping discover decode help"
	elif [[ $cur == -* ]]; then
		local command=${COMP_WORDS[1]}
		[[ $command == -* ]] && command=run
		words=$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null | sed -n 's/^  \(-[A-Za-z0-9-]*\).*/\1/p')
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _firmware_sim firmware-sim
