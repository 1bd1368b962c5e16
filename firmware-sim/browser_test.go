package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/firmware-sim/internal/cli"
)

// browser runs a real one without a window, and returns what it wrote.
func browser(t *testing.T, page string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	args = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--enable-logging=stderr", "--user-data-dir=" + filepath.Join(dir, "profile")}, append(args, "file://"+page)...)
	cmd := exec.Command("chromium", args...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("chromium (scripts/install-test-tools installs it): %v\n%s", err, out)
	}
	return string(out)
}

// picture has the browser draw a page.
func picture(t *testing.T, page string, args ...string) (image.Image, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "picture.png")
	said := browser(t, page, append(args, "--window-size=1200,4000", "--screenshot="+file)...)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img, said
}

// dots counts those of a colour.
func dots(img image.Image, hex uint32) (n int) {
	want := color.RGBA{byte(hex >> 16), byte(hex >> 8), byte(hex), 255}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.RGBAModel.Convert(img.At(x, y)) == want {
				n++
			}
		}
	}
	return n
}

// The report of a thousand devices, in a browser: charts are drawn, in light and
// in the dark and on paper, and nothing is wrong on its console.
func TestReportInBrowser(t *testing.T) {
	s := serve(t)
	page := filepath.Join(t.TempDir(), "report.html")
	got := command(t.Context(), "", "-devices", "1000", "-duration", "5s", "-quiet", "-report", page, "-gateway", s.gateway, "-broker", s.broker)
	if got.code != cli.ExitOK {
		t.Fatalf("%+v", got)
	}
	light, said := picture(t, page)
	dark, also := picture(t, page, "--blink-settings=preferredColorScheme=0")
	if strings.Contains(said+also, "CONSOLE") {
		t.Errorf("on the console:\n%s%s", said, also)
	}
	const many = 2000
	for _, c := range []struct {
		what string
		img  image.Image
		hex  uint32
	}{
		{"first colour", light, 0x2f6fde}, {"second colour", light, 0xe08a1e}, {"paper", light, 0xffffff},
		{"first colour in the dark", dark, 0x6ea0ff}, {"second colour in the dark", dark, 0xffb14e}, {"paper in the dark", dark, 0x14181f},
	} {
		if n := dots(c.img, c.hex); n < many {
			t.Errorf("%s: only %d dots of #%06x", c.what, n, c.hex)
		}
	}
	if n := dots(dark, 0xffffff); n > many {
		t.Errorf("%d white dots in the dark", n)
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	browser(t, page, "--print-to-pdf="+file)
	if b, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) || len(b) < 10_000 {
		t.Errorf("on paper: %v, %d octets", err, len(b))
	}
	dom := browser(t, page, "--dump-dom")
	if n := strings.Count(dom, "<svg"); n < 8 || strings.Contains(dom, "<script") {
		t.Errorf("%d charts", n)
	}
}

// The test would see an error on the console.
func TestBrowserTellsErrors(t *testing.T) {
	page := filepath.Join(t.TempDir(), "bad.html")
	if err := os.WriteFile(page, []byte(`<script>console.error("oops")</script>`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := browser(t, page, "--dump-dom"); !strings.Contains(said, "CONSOLE") {
		t.Errorf("no word of it:\n%s", said)
	}
}
