package payload

import (
	"encoding/binary"
	"math"
	"strings"
)

// appendCBOR appends a map with the fields' names. RFC 8949
func (t *Template) appendCBOR(b []byte, d Device) []byte {
	b = appendHead(b, 5, uint64(len(t.fields)))
	for i := range t.fields {
		f := &t.fields[i]
		b = appendTextString(b, f.Name)
		x, ok := f.number(d)
		switch v, isBool := f.Value.(bool); {
		case isBool && f.Kind == "constant":
			b = append(b, 0xF4)
			if v {
				b[len(b)-1] = 0xF5
			}
		case !ok:
			b = appendTextString(b, f.text(d))
		case x == math.Trunc(x) && math.Abs(x) < 1<<53:
			if x < 0 {
				b = appendHead(b, 1, uint64(-x)-1)
			} else {
				b = appendHead(b, 0, uint64(x))
			}
		default:
			b = append(b, 0xFA)
			b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}
	}
	return b
}

// appendHead appends a major type with its argument, in the shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendTextString(b []byte, s string) []byte {
	return append(appendHead(b, 3, uint64(len(s))), s...)
}

// lppType is a type of the Cayenne Low Power Payload: octets of a value, and
// what one is worth.
type lppType struct {
	name  string
	code  byte
	size  int
	scale float64
}

var lppTypes = []lppType{
	{"digital_in", 0, 1, 1}, {"digital_out", 1, 1, 1},
	{"analog_in", 2, 2, 100}, {"analog_out", 3, 2, 100},
	{"illuminance", 101, 2, 1}, {"presence", 102, 1, 1},
	{"temperature", 103, 2, 10}, {"humidity", 104, 1, 2}, {"barometer", 115, 2, 10},
}

// LPPTypes are the types of Cayenne LPP that a field may have.
func LPPTypes() (names []string) {
	for _, l := range lppTypes {
		names = append(names, l.name)
	}
	return names
}

func (t *Template) appendCayenne(b []byte, d Device) []byte {
	for i := range t.fields {
		f := &t.fields[i]
		l := lppTypes[f.lpp]
		x, _ := f.number(d)
		b = append(b, byte(f.Channel), l.code)
		b = appendInt(b, int64(math.Round(x*l.scale)), l.size, false)
	}
	return b
}

func (t *Template) appendStruct(b []byte, d Device) []byte {
	for i := range t.fields {
		f := &t.fields[i]
		x, _ := f.number(d)
		kind, little := strings.CutSuffix(f.As, "le")
		switch kind {
		case "f32":
			b = appendInt(b, int64(math.Float32bits(float32(x))), 4, little)
		case "f64":
			b = appendInt(b, int64(math.Float64bits(x)), 8, little)
		default:
			size := map[string]int{"8": 1, "16": 2, "32": 4}[kind[1:]]
			b = appendInt(b, int64(math.Round(x)), size, little)
		}
	}
	return b
}

// appendInt appends the low octets of a number.
func appendInt(b []byte, n int64, size int, little bool) []byte {
	for i := range size {
		shift := 8 * (size - 1 - i)
		if little {
			shift = 8 * i
		}
		b = append(b, byte(n>>shift))
	}
	return b
}
