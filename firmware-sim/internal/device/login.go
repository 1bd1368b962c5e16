package device

import (
	"errors"
	"os"
	"strings"

	"snbroker/mqttsn/client"
)

// parseLogin reads what -auth is given.
func parseLogin(s string) (*client.Login, error) {
	user, password, ok := strings.Cut(s, ":")
	if !ok || user == "" {
		return nil, errors.New("want user:password, or user:@FILE")
	}
	if file, isFile := strings.CutPrefix(password, "@"); isFile {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		password, _, _ = strings.Cut(string(text), "\n")
		password = strings.TrimSuffix(password, "\r")
	}
	return &client.Login{Username: user, Password: password}, nil
}
