// Package radio is what lies between a device and its gateway: time on the
// air, delay, loss alone and in bursts, repeated and overtaking datagrams, a
// longest datagram, a duty cycle.
//
// It decides the fate of each datagram; who carries it there is someone else.
package radio

import "time"

// Model is a kind of radio. The zero value is a perfect one. Probabilities are
// from 0 to 1 and hold for one datagram in one direction.
type Model struct {
	// Loss is what is lost one by one.
	Loss float64
	// Bursts are spells in which BurstLoss is lost instead: a Gilbert-Elliott
	// channel with two states. A datagram that finds the channel good turns it
	// bad with BurstEnter, and one that finds it bad ends that with BurstLeave.
	BurstEnter, BurstLeave, BurstLoss float64
	// Delay is one way, and up to Jitter more; neither changes the order.
	Delay, Jitter time.Duration
	// Duplicate is how many arrive twice, one right behind the other.
	Duplicate float64
	// Reorder is how many are late by Hold, so that others overtake them.
	Reorder float64
	// MTU is the longest datagram in octets; 0 is UDP's.
	MTU int
	// Duty is the part of its time that a device may be on the air, such as
	// 0.01 below 868 MHz's rules; 0 is all of it. What has to wait does.
	Duty float64
	// Air is how long octets take.
	Air Air
}

// Air tells time on the air. The zero value takes none.
type Air struct {
	Rate     int           // bits a second
	Frame    int           // octets of a datagram that fit a frame; 0 is all
	Overhead int           // octets of a frame beside these
	Gap      time.Duration // of a frame: waiting for the channel, acknowledgement
	// SpreadingFactor is LoRa's, 7 to 12, at 125 kHz and 4/5; it is used in
	// place of all the others.
	SpreadingFactor int
	// Quicker is how many times faster than real LoRa is, in hastened scenarios;
	// 0 is as it is.
	Quicker float64
}

// maxMTU is what UDP over IPv4 carries.
const maxMTU = 65507

// Longest is the longest datagram, in octets.
func (m *Model) Longest() int {
	if m.MTU == 0 {
		return maxMTU
	}
	return m.MTU
}

// Hold is how late a datagram is that others overtake.
func (m *Model) Hold() time.Duration { return max(20*time.Millisecond, m.Delay+m.Jitter) }

// Perfect is a radio that does nothing to a datagram.
func (m *Model) Perfect() bool { return *m == Model{MTU: m.MTU, Air: Air{Quicker: m.Air.Quicker}} }

// Loses tells whether a datagram can be lost.
func (m *Model) Loses() bool { return m.Loss > 0 || m.BurstEnter > 0 && m.BurstLoss > 0 }

// Time is how long a datagram of n octets is on the air.
func (a *Air) Time(n int) time.Duration {
	if a.SpreadingFactor > 0 {
		return a.lora(n)
	}
	if a.Rate == 0 {
		return 0
	}
	frames := 1
	if a.Frame > 0 {
		frames = max(1, (n+a.Frame-1)/a.Frame)
	}
	bits := 8 * (n + frames*a.Overhead)
	return time.Duration(bits)*time.Second/time.Duration(a.Rate) + time.Duration(frames)*a.Gap
}

// lora is the formula of the SX1276's data sheet, for an explicit header, a CRC
// and a preamble of eight symbols.
func (a *Air) lora(n int) time.Duration {
	sf := a.SpreadingFactor
	symbol := time.Duration(1<<sf) * time.Second / 125000
	slow := 0 // low data rate optimisation
	if sf >= 11 {
		slow = 1
	}
	per := 4 * (sf - 2*slow)
	symbols := 8 + max(0, (8*n-4*sf+44+per-1)/per)*5
	air := 12*symbol + symbol/4 + time.Duration(symbols)*symbol
	if a.Quicker > 0 {
		air = time.Duration(float64(air) / a.Quicker)
	}
	return air
}
