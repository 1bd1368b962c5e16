package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// A chart is SVG within the page. Colours are classes, so that the style sheet
// can have others in the dark and on paper.

// line is one of a chart: points from left to right.
type line struct {
	name   string
	values []float64
}

const (
	width, height      = 640, 240
	left, right        = 64, 12
	top, bottom        = 12, 28
	plotWide, plotTall = width - left - right, height - top - bottom
)

type svg struct{ strings.Builder }

func begin(title string, tall int) *svg {
	s := &svg{}
	fmt.Fprintf(s, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg">`, width, tall, html.EscapeString(title))
	return s
}

func (s *svg) end() template.HTML {
	s.WriteString("</svg>")
	return template.HTML(s.String()) // all text in it has been escaped
}

func (s *svg) text(x, y float64, class, text string) {
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, html.EscapeString(text))
}

// scale is an axis from 0 or from a power of ten.
type scale struct {
	most  float64
	log   bool
	least float64 // if log
}

func linear(most float64) scale {
	if most <= 0 {
		return scale{most: 1}
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m*unit >= most {
			return scale{most: m * unit}
		}
	}
	return scale{most: most}
}

func logarithmic(least, most float64) scale {
	least = math.Pow(10, math.Floor(math.Log10(max(least, 1e-6))))
	most = math.Pow(10, math.Ceil(math.Log10(max(most, least*10))))
	return scale{most: most, log: true, least: least}
}

// at is where a value is, 0 at the bottom and 1 at the top.
func (c scale) at(v float64) float64 {
	if c.log {
		if v <= c.least {
			return 0
		}
		return math.Log(v/c.least) / math.Log(c.most/c.least)
	}
	return v / c.most
}

func (c scale) ticks() (values []float64) {
	if c.log {
		for v := c.least; v <= c.most*1.001; v *= 10 {
			values = append(values, v)
		}
		return values
	}
	for i := range 5 {
		values = append(values, c.most*float64(i)/4)
	}
	return values
}

// axes draws the grid, with the values at the left and the time below.
func (s *svg) axes(y scale, format func(float64) string, seconds float64) {
	for _, v := range y.ticks() {
		at := top + plotTall*(1-y.at(v))
		fmt.Fprintf(s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="grid"/>`, left, width-right, at, at)
		s.text(left-6, at+4, "end", format(v))
	}
	for i := range 5 {
		x := left + plotWide*float64(i)/4
		s.text(x, height-8, map[bool]string{true: "end", false: "middle"}[i == 4], clock(seconds*float64(i)/4))
	}
}

// clock writes a time on the axis.
func clock(seconds float64) string {
	switch {
	case seconds == 0:
		return "0"
	case seconds < 180:
		return trim(seconds) + " s"
	case seconds < 3*3600:
		return trim(seconds/60) + " min"
	}
	return trim(seconds/3600) + " h"
}

// trim writes three digits, and no zeros after the point.
func trim(x float64) string {
	digits := 0
	for y := math.Abs(x); y < 100 && digits < 2; y *= 10 {
		digits++
	}
	text := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// whole writes a count.
func whole(x float64) string {
	if x >= 10_000 {
		return trim(x/1000) + "k"
	}
	return trim(x)
}

// span writes seconds.
func span(x float64) string {
	switch {
	case x < 1e-3:
		return trim(x*1e6) + " µs"
	case x < 1:
		return trim(x*1e3) + " ms"
	}
	return clock(x)
}

// lines draws them over time.
func lines(title string, y scale, format func(float64) string, seconds float64, all ...line) template.HTML {
	s := begin(title, height)
	s.axes(y, format, seconds)
	for i, l := range all {
		s.polylines(y, l, i)
	}
	s.legend(names(all))
	return s.end()
}

// polylines draws one line. On a logarithmic scale it has gaps where there was
// nothing.
func (s *svg) polylines(y scale, l line, class int) {
	var points []string
	flush := func() {
		if len(points) > 0 {
			fmt.Fprintf(s, `<polyline points="%s" class="line c%d"/>`, strings.Join(points, " "), class)
		}
		points = nil
	}
	for n, v := range l.values {
		if y.log && v == 0 {
			flush()
			continue
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", left+plotWide*float64(n+1)/float64(len(l.values)), top+plotTall*(1-y.at(v))))
	}
	flush()
}

// stacked draws areas on top of each other.
func stacked(title string, seconds float64, all ...line) template.HTML {
	s := begin(title, height)
	most := 0.0
	n := len(all[0].values)
	for i := range n {
		sum := 0.0
		for _, l := range all {
			sum += l.values[i]
		}
		most = max(most, sum)
	}
	y := linear(most)
	s.axes(y, whole, seconds)
	below := make([]float64, n)
	for c, l := range all {
		var up, down []string
		for i := range n {
			x := left + plotWide*float64(i+1)/float64(n)
			down = append(down, fmt.Sprintf("%.1f,%.1f", x, top+plotTall*(1-y.at(below[i]))))
			below[i] += l.values[i]
			up = append(up, fmt.Sprintf("%.1f,%.1f", x, top+plotTall*(1-y.at(below[i]))))
		}
		for i := range n {
			up = append(up, down[n-1-i])
		}
		fmt.Fprintf(s, `<polygon points="%s" class="fill c%d"/>`, strings.Join(up, " "), c)
	}
	s.legend(names(all))
	return s.end()
}

func names(all []line) (n []string) {
	for _, l := range all {
		n = append(n, l.name)
	}
	return n
}

// legend names the colours, above the chart.
func (s *svg) legend(names []string) {
	x := float64(left + 8)
	for i, n := range names {
		fmt.Fprintf(s, `<rect x="%.1f" y="4" width="10" height="10" class="fill c%d"/>`, x, i)
		s.text(x+14, 13, "start", n)
		x += 26 + 6.5*float64(len(n))
	}
}

// columns draws a distribution: a column for each name.
func columns(title string, labels []string, values []float64) template.HTML {
	s := begin(title, height)
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	y := linear(most)
	for _, v := range y.ticks() {
		at := top + plotTall*(1-y.at(v))
		fmt.Fprintf(s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="grid"/>`, left, width-right, at, at)
		s.text(left-6, at+4, "end", whole(v))
	}
	wide := float64(plotWide) / float64(max(len(values), 1))
	every := (len(values) + 9) / 10
	for i, v := range values {
		x := left + wide*float64(i)
		tall := plotTall * y.at(v)
		fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="fill c0"/>`, x+1, top+plotTall-tall, max(wide-2, 1), tall)
		if every > 0 && i%every == 0 {
			s.text(x+wide/2, height-8, "middle", labels[i])
		}
	}
	return s.end()
}

// row is one of a chart of bars that lie.
type row struct {
	name  string
	parts []float64
	label string // at the end
}

const rowTall = 26

// rows draws bars, of several parts each.
func rows(title string, all []row, legend []string) template.HTML {
	s := begin(title, rowTall*len(all)+36)
	most := 0.0
	for _, r := range all {
		sum := 0.0
		for _, p := range r.parts {
			sum += p
		}
		most = max(most, sum)
	}
	const begins, room = 130, 90
	for i, r := range all {
		y := float64(28 + i*rowTall)
		s.text(begins-6, y+14, "end", r.name)
		x := float64(begins)
		for c, p := range r.parts {
			wide := (width - begins - room) * p / max(most, 1e-12)
			fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" class="fill c%d"/>`, x, y, wide, rowTall-8, c)
			x += wide
		}
		s.text(x+6, y+14, "start", r.label)
	}
	s.legend(legend)
	return s.end()
}
