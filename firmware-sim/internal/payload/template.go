package payload

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"snbroker/firmware-sim/internal/chance"
)

// Template makes payloads. Devices share it.
type Template struct {
	spec   Spec
	fields []field
	parts  []part // of a text
	states int
}

type field struct {
	Field
	state int // which of the device's; -1 is none
	lpp   int
}

type part struct {
	literal string
	field   int // or -1
}

// Device is the one that a payload is of.
type Device struct {
	ID      string
	Count   uint32 // of this message, from 1
	Command string // that it answers; "" is none
	Now     time.Time
	Chance  *chance.Source
	State   []float32 // as long as States says; zero at first
}

// States is how many numbers a device keeps for its walks.
func (t *Template) States() int { return t.states }

// Append appends a payload.
func (t *Template) Append(b []byte, d Device) []byte {
	switch t.spec.Format {
	case "text":
		return t.appendText(b, d)
	case "json":
		return t.appendJSON(b, d)
	case "cbor":
		return t.appendCBOR(b, d)
	case "cayenne":
		return t.appendCayenne(b, d)
	}
	return t.appendStruct(b, d)
}

// number is a field's value. ok is false for one that is text.
func (f *field) number(d Device) (x float64, ok bool) {
	wave := func() float64 { // 0 to 1 within the period
		return float64(d.Now.UnixNano()%int64(f.Period)) / float64(f.Period)
	}
	between := func(part float64) float64 { return f.Min + part*(f.Max-f.Min) }
	switch f.Kind {
	case "counter":
		return float64(d.Count), true
	case "walk":
		return f.walk(d), true
	case "sine":
		return between(0.5 + math.Sin(2*math.Pi*wave())/2), true
	case "square":
		return between(math.Floor(2 * wave())), true
	case "saw":
		return between(wave()), true
	case "random":
		return between(d.Chance.Float()), true
	case "time":
		return float64(d.Now.Unix()), true
	case "constant":
		switch v := f.Value.(type) {
		case int64:
			return float64(v), true
		case float64:
			return v, true
		}
	}
	return 0, false
}

// walk moves the device's number by up to Step, and keeps it within bounds. The
// state is where it is between them, plus one, so that zero is new.
func (f *field) walk(d Device) float64 {
	s := &d.State[f.state]
	if *s == 0 {
		*s = float32(1 + d.Chance.Float())
	} else if f.Max > f.Min {
		x := float64(*s) - 1 + (2*d.Chance.Float()-1)*f.Step/(f.Max-f.Min)
		*s = float32(1 + min(max(x, 0), 1))
	}
	return f.Min + (float64(*s)-1)*(f.Max-f.Min)
}

// text is the value of a field that is no number.
func (f *field) text(d Device) string {
	switch f.Kind {
	case "id":
		return d.ID
	case "command":
		return d.Command
	}
	return fmt.Sprint(f.Value)
}

func (f *field) appendText(b []byte, d Device) []byte {
	x, ok := f.number(d)
	switch {
	case !ok:
		return append(b, f.text(d)...)
	case f.Kind == "counter" || f.Kind == "time":
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'f', f.Decimals, 64)
}

func (t *Template) appendText(b []byte, d Device) []byte {
	begin := len(b)
	for _, p := range t.parts {
		if p.field < 0 {
			b = append(b, p.literal...)
		} else {
			b = t.fields[p.field].appendText(b, d)
		}
	}
	for len(b)-begin < t.spec.Pad {
		b = append(b, '.')
	}
	return b
}

func (t *Template) appendJSON(b []byte, d Device) []byte {
	b = append(b, '{')
	for i := range t.fields {
		f := &t.fields[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, f.Name)
		b = append(b, ':')
		if _, isBool := f.Value.(bool); isBool && f.Kind == "constant" || f.isNumber() {
			b = f.appendText(b, d)
		} else {
			b = strconv.AppendQuote(b, f.text(d))
		}
	}
	return append(b, '}')
}

func (f *field) isNumber() bool {
	switch f.Kind {
	case "id", "command":
		return false
	case "constant":
		_, isText := f.Value.(string)
		return !isText
	}
	return true
}
