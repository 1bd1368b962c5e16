package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each shell itself completes what is typed.
func TestCompletions(t *testing.T) {
	bin := t.TempDir()
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/snbroker", "./firmware-sim")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("XDG_DATA_HOME", home)
	for shell, complete := range map[string]func(*testing.T, string) []string{"bash": byBash, "zsh": byZsh, "fish": byFish} {
		t.Run(shell, func(t *testing.T) {
			for typed, want := range map[string][]string{
				"snbroker kic":                       {"kick"},
				"snbroker trace -pc":                 {"-pcapng"},
				"snbroker clients -kind de":          {"device"},
				"snbroker store ver":                 {"verify"},
				"snbroker passwd -a pbk":             {"pbkdf2-sha512"},
				"snbroker check -con":                {"-config"},
				"snbroker -con":                      {"-config"},
				"snbroker c":                         {"check", "clients", "config"},
				"firmware-sim disc":                  {"discover"},
				"firmware-sim run -devi":             {"-devices"},
				"snbroker clients -state connected ": nil, // whatever it is, no complaint
			} {
				got := complete(t, typed)
				if slices.Sort(got); want != nil && !slices.Equal(got, want) {
					t.Errorf("%q becomes %q, want %q", typed, got, want)
				}
			}
		})
	}
}

func program(typed string) string { return strings.Fields(typed)[0] }

// run runs a shell's script with arguments.
func run(t *testing.T, shell string, args ...string) string {
	t.Helper()
	cmd := exec.Command("timeout", append([]string{"30", shell}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%s: %v\n%s%s", shell, err, out, said.String())
	}
	return string(out)
}

func byBash(t *testing.T, typed string) []string {
	t.Helper()
	words := strings.Split(typed, " ")
	out := run(t, "bash", append([]string{"-c", `source "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
compopt() { :; } # there is no completion going on that it could change
"$(complete -p "$1" | sed 's/.*-F \([^ ]*\).*/\1/')" "$1" "${!#}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"`, filepath.Join("completions", program(typed)+".bash")}, words...)...)
	return strings.Fields(out)
}

func byFish(t *testing.T, typed string) []string {
	t.Helper()
	out := run(t, "fish", "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, filepath.Join("completions", program(typed)+".fish"), typed)
	var words []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		word, _, _ := strings.Cut(line, "\t") // what it is for comes after it
		words = append(words, word)
	}
	return words
}

// byZsh types into a zsh on a terminal of its own. Its lists are words and what
// they are for; only those that are completed at once are told from their letters.
func byZsh(t *testing.T, typed string) []string {
	t.Helper()
	at, err := filepath.Abs("completions")
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, "zsh", "-f", "-c", `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT= RPROMPT= fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell 'compadd() { local -a matched; builtin compadd -O matched "$@"; found+=($matched); builtin compadd "$@" }'
zpty -w shell 'tell() { found=(); zle complete-word; print -r -- "<<${found:-${BUFFER##* }}>>"; BUFFER=; zle accept-line }; zle -N tell; bindkey "^T" tell; print be""gin'
zpty -r shell line '*begin*'
zpty -w -n shell "$2"$'\x14'
zpty -r shell line '*<<*>>*'
zpty -d shell
print -r -- "${${line##*<<}%%>>*}"`, "zsh", at, typed)
	words := strings.Fields(out)
	slices.Sort(words)
	return slices.Compact(words)
}
