package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"snbroker/internal/auth"
)

const passwdHelp = `snbroker passwd keeps a file of users and passwords: password_file in [auth].

Usage:
  snbroker passwd [-c] [-a ALGORITHM] FILE USER   set a user's password
  snbroker passwd -D FILE USER                    delete a user

On a terminal it asks for the password twice. Otherwise the first line of the
standard input is the password. All else in FILE stays as it is.

  -c             create FILE, which must not exist yet; only its owner reads it
  -a ALGORITHM   how the password is kept:
                   argon2id        the default, the most costly to guess
                   pbkdf2-sha512   also for Mosquitto before 2.1
                   scram-sha-256   also for clients that log in by SCRAM
  -D             delete USER

Examples:
  snbroker passwd -c /etc/snbroker/passwords alice
      then, in config.toml:  [auth]
                             password_file = "passwords"
      and:                   mosquitto_sub -u alice -P SECRET -t '#'
  openssl rand -base64 18 | tee bob.txt | snbroker passwd passwords bob
  snbroker passwd -D passwords bob

A running snbroker reads the file again on SIGHUP, and disconnects users that
were deleted or have another password now: kill -HUP $(pidof snbroker)

Exit codes: 0 done, 1 failed, 2 wrong usage.
`

// passwd edits a password file.
func passwd(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("passwd", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	create := flags.Bool("c", false, "")
	remove := flags.Bool("D", false, "")
	name := flags.String("a", "argon2id", "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, passwdHelp)
		return exitOK
	}
	algorithm, badName := auth.ParseAlgorithm(*name)
	switch {
	case err != nil:
	case badName != nil:
		err = badName
	case flags.NArg() != 2:
		err = errors.New("want a file and a user: snbroker passwd FILE USER")
	case *create && *remove:
		err = errors.New("-c and -D exclude each other")
	}
	if err != nil {
		fmt.Fprintf(stderr, "snbroker: %s\nsnbroker passwd -help tells what there is.\n", plain(err))
		return exitUsage
	}
	file, user := flags.Arg(0), flags.Arg(1)
	if *remove {
		err = auth.DeleteUser(file, user)
	} else if err = creates(file, *create); err == nil {
		var password string
		if password, err = askPassword(user, stdin, stderr); err == nil {
			err = auth.SetPassword(file, user, password, auth.Options{Algorithm: algorithm})
		}
	}
	if errors.Is(err, auth.ErrNoUser) {
		err = fmt.Errorf("%s: no user %q", file, user)
	}
	if err != nil {
		fmt.Fprintf(stderr, "snbroker: %s\n", plain(err))
		return exitFailed
	}
	return exitOK
}

func plain(err error) string { return strings.TrimPrefix(err.Error(), "auth: ") }

// creates finds out whether the file is there or not, as it should be, before
// anybody types a password.
func creates(file string, create bool) error {
	_, err := os.Stat(file)
	switch {
	case create && err == nil:
		return fmt.Errorf("%s exists already: without -c the user is added to it", file)
	case !create && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist: -c creates it", file)
	case create && errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

var (
	errDiffer     = errors.New("the passwords differ; nothing was changed")
	errNoTerminal = errors.New("not a terminal")
)

// askPassword asks twice at a terminal, and reads the first line of anything
// else.
func askPassword(user string, stdin io.Reader, prompts io.Writer) (string, error) {
	f, ok := stdin.(*os.File)
	if !ok {
		return firstLine(bufio.NewReader(stdin))
	}
	show, err := hideInput(f)
	switch {
	case errors.Is(err, errNoTerminal):
		return firstLine(bufio.NewReader(f))
	case err != nil:
		return "", fmt.Errorf("cannot hide what is typed: %w; pass the password through a pipe", err)
	}
	defer show()
	in := bufio.NewReader(f)
	var typed [2]string
	for i, prompt := range []string{"Password for " + user + ": ", "Again: "} {
		fmt.Fprint(prompts, prompt)
		typed[i], err = firstLine(in)
		fmt.Fprintln(prompts)
		if err != nil {
			return "", err
		}
	}
	if typed[0] != typed[1] {
		return "", errDiffer
	}
	return typed[0], nil
}

func firstLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", errors.New("no password was given; nothing was changed")
	}
	return line, nil
}
