//go:build unix

package serial

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// permission tells who may use a device, and how to become one of these.
func permission(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "its folder does not let this user look"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "this user may not use it"
	}
	group := strconv.FormatUint(uint64(stat.Gid), 10)
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	who := "$USER"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return advice(group, who, info.Mode().Perm())
}

const groupMayUse = 0o060

func advice(group, who string, mode os.FileMode) string {
	if mode&groupMayUse != groupMayUse || group == "root" {
		return fmt.Sprintf("its mode is %v and its group %s: give it a group with a udev rule, such as GROUP=\"dialout\", MODE=\"0660\"", mode, group)
	}
	return fmt.Sprintf("it belongs to group %s: sudo usermod -aG %s %s, then log in again, or restart the service", group, group, who)
}
