// Package restart ends a gateway in the middle of a run, and has it begin again.
package restart

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"snbroker/firmware-sim/internal/scenario"
)

// Gateway is one that can be restarted. Its methods are called by one goroutine.
type Gateway struct {
	how scenario.Restart
	run *running // of how.Start; nil: there is none
}

// running is a process.
type running struct {
	cmd   *exec.Cmd
	said  *tail
	ended chan struct{} // closed when it has ended, and err is there
	err   error
}

// New starts the gateway, if it is the run's own.
func New(how scenario.Restart) (*Gateway, error) {
	g := &Gateway{how: how}
	return g, g.start()
}

func (g *Gateway) start() error {
	if len(g.how.Start) == 0 {
		return nil
	}
	r := &running{cmd: exec.Command(g.how.Start[0], g.how.Start[1:]...), said: new(tail), ended: make(chan struct{})}
	r.cmd.Stdout, r.cmd.Stderr = r.said, r.said
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("restart.start: %w", err)
	}
	go func() {
		defer close(r.ended)
		r.err = r.cmd.Wait()
	}()
	g.run = r
	return nil
}

// Err is why the gateway that New has started is not there any more, or nil.
func (g *Gateway) Err() error {
	if g.run == nil {
		return nil
	}
	select {
	case <-g.run.ended:
		return fmt.Errorf("%s ended by itself (%v): %s", g.how.Start[0], g.run.cmd.ProcessState, g.run.said)
	default:
		return nil
	}
}

// Restart returns when the command has ended, or the process has begun anew. It need
// not be ready.
func (g *Gateway) Restart(ctx context.Context) error {
	if g.run == nil {
		return g.command(ctx)
	}
	if err := g.Err(); err != nil {
		return err
	}
	if err := g.stop(ctx, g.how.Kill); err != nil {
		return err
	}
	return g.start()
}

// command may leave the gateway behind, with its output still open.
func (g *Gateway) command(ctx context.Context) error {
	said := new(tail)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", g.how.Command)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = 100 * time.Millisecond
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("restart.command: %w: %s", err, said)
	}
	return nil
}

func (g *Gateway) stop(ctx context.Context, kill bool) error {
	signal := syscall.SIGTERM
	if kill {
		signal = syscall.SIGKILL
	}
	if err := g.run.cmd.Process.Signal(signal); err != nil {
		return err
	}
	select {
	case <-g.run.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not end when it is told to: %s", g.how.Start[0], g.run.said)
	}
}

// Close ends the process, if there is one.
func (g *Gateway) Close() {
	if g.run == nil || g.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if g.stop(ctx, false) != nil {
		g.run.cmd.Process.Kill()
		<-g.run.ended
	}
}

// tail is the end of what a process said.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 2 << 10 // octets

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if more := len(t.text) - maxTail; more > 0 {
		t.text = append(t.text[:0], t.text[more:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
