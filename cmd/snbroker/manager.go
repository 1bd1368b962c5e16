package main

import (
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// manager is systemd, where it has started the program with Type=notify
// (sd_notify(3)); nil: nobody wants to know. What cannot be told is left: the
// service goes on, and systemd has its own deadlines.
type manager struct {
	conn  net.Conn
	every time.Duration // between two signs of life; 0: none are wanted
}

// findManager looks for systemd in the environment.
func findManager(getenv func(string) string, log *slog.Logger) *manager {
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", socket)
	if err != nil {
		log.Warn("systemd cannot be told that the service runs: NOTIFY_SOCKET", "error", err)
		return nil
	}
	m := &manager{conn: conn}
	// The variables are inherited: another process may be the one that is watched.
	if pid := getenv("WATCHDOG_PID"); pid == "" || pid == strconv.Itoa(os.Getpid()) {
		micros, _ := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64) // 0 is no watchdog
		m.every = time.Duration(max(0, micros)) * time.Microsecond / 2
	}
	return m
}

func (m *manager) tell(state string) {
	if m != nil {
		_, _ = m.conn.Write([]byte(state))
	}
}

// reloading goes before every reload, and ready or this text after it.
func (m *manager) reloading() {
	m.tell("RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(monotonic().Microseconds(), 10))
}

func (m *manager) ready(status string) { m.tell("READY=1\nSTATUS=" + status) }

func (m *manager) stopping() { m.tell("STOPPING=1\nSTATUS=ending: clients and devices are told") }

// watch gives signs of life until stop. Each of them proves that alive comes
// back: a lock that nobody lets go of is what the watchdog is for. Without a
// watchdog nothing runs.
func (m *manager) watch(alive func()) (stop func()) {
	if m == nil || m.every == 0 {
		return func() {}
	}
	quit := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(m.every)
		defer tick.Stop()
		for {
			alive()
			m.tell("WATCHDOG=1")
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	return func() {
		close(quit)
		watching.Wait()
	}
}
