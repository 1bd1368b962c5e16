package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snbroker/internal/config"
	"snbroker/internal/migrate"
)

// importSettings prints a config.toml made of other programs' files.
func importSettings(args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && slices.Contains([]string{"-help", "-h", "--help"}, args[0]) {
		fmt.Fprint(stdout, importHelp)
		return exitOK
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		fmt.Fprintf(stderr, "snbroker: import needs files\n%s", importHelp)
		return exitUsage
	}
	text, err := migrate.Import(args, migrate.Files{Read: os.ReadFile, List: func(folder string) ([]string, error) {
		if _, err := os.ReadDir(folder); err != nil {
			return nil, err
		}
		return filepath.Glob(filepath.Join(folder, "*.conf"))
	}})
	if err != nil {
		return failed(stderr, err)
	}
	fmt.Fprint(stdout, text)
	if _, err := config.Parse("the result", text); err != nil {
		fmt.Fprintf(stderr, "%v\nsnbroker: the result has to be changed before it can be used\n", err)
		return exitFailed
	}
	return exitOK
}

const importHelp = `Usage:
  snbroker import FILE ...   make a config.toml of another program's settings

FILE is a mosquitto.conf, RSMB's broker.cfg, or gateway.conf, predefinedTopic.conf
and clients.conf of Paho's MQTT-SN gateway. What is not taken over stands at the
end, with its line and the reason. Example:
  snbroker import /etc/mosquitto/mosquitto.conf > config.toml

Exit codes: 0 done, 1 failed, or the result needs a change, 2 wrong usage.
`
