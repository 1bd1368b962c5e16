package broker

import "testing"

// Whoever wants to know is told of the first who comes and the last who leaves; a
// takeover is both.
func TestAttendance(t *testing.T) {
	b := New(DefaultLimits())
	var told []int
	b.OnPresence(func() { told = append(told, b.Attached()) })
	connect := func(id string) *Conn {
		t.Helper()
		var turn Turn
		c, _, err := b.Connect(ConnectOptions{ClientID: id, CleanStart: true}, deaf{}, &turn)
		if err != nil {
			t.Fatal(err)
		}
		b.End(&turn)
		return c
	}
	leave := func(c *Conn) {
		var turn Turn
		c.Close(false, &turn)
		b.End(&turn)
	}
	first, second := connect("a"), connect("b")
	leave(first)
	leave(first) // has left already
	leave(second)
	connect("a")
	third := connect("a")
	leave(third)
	connect("c")
	b.Close()
	if want := []int{1, 0, 1, 0, 1, 0, 1, 0}; len(told) != len(want) || b.Attached() != 0 {
		t.Errorf("told %v, want %v; %d are there", told, want, b.Attached())
	}
}
