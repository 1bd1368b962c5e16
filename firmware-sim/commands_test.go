package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/mqttsn"
)

// outcome is what a command line came to.
type outcome struct {
	code           int
	stdout, stderr string
}

func command(ctx context.Context, stdin string, args ...string) outcome {
	var stdout, stderr buffer
	code := dispatch(ctx, cli.Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr}, args)
	return outcome{code, stdout.String(), stderr.String()}
}

// interrupted is a command line that Ctrl-C ends once it has printed something, or
// after a minute in which it has not.
func interrupted(t *testing.T, printed string, args ...string) outcome {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stdout, stderr := buffer{awaited: printed, then: cancel}, buffer{awaited: printed, then: cancel}
	code := dispatch(ctx, cli.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}, args)
	return outcome{code, stdout.String(), stderr.String()}
}

// buffer is written to by a device's goroutine, and read when that has ended.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
	awaited string
	then    func() // called when awaited is there
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.Buffer.Write(p)
	if b.then != nil && strings.Contains(b.String(), b.awaited) {
		b.then()
	}
	return n, err
}

var (
	ids       = regexp.MustCompile(` msgid=[1-9]\d*`)
	clientIDs = regexp.MustCompile(`"sim-[0-9a-f]{8}"`)
)

func withoutIDs(s string) string {
	return clientIDs.ReplaceAllString(ids.ReplaceAllString(s, ""), `"sim"`)
}

func compare(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func TestPub(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	const connect = "CONNECT clean duration=60 clientid=\"sim\"\n"
	for _, test := range []struct {
		name, args, stdin, received string
	}{
		{"QoS 0", "-t a/b -m hi", "", connect +
			"REGISTER topicid=0 topic=\"a/b\"\nPUBLISH qos=0 topic=normal:1 msgid=0 len=2\nDISCONNECT"},
		{"QoS 1 retained", "-t a/b -m hi -q 1 -r", "", connect +
			"REGISTER topicid=0 topic=\"a/b\"\nPUBLISH qos=1 retain topic=normal:1 len=2\nDISCONNECT"},
		{"QoS 2 predefined", "-T 7 -q 2 -n", "", connect +
			"PUBLISH qos=2 topic=predefined:7 len=0\nPUBREL\nDISCONNECT"},
		{"QoS -1 short", "-s tt -q -1 -m on", "",
			"PUBLISH qos=-1 topic=short:\"tt\" msgid=0 len=2"},
		{"lines", "-s tt -q 1 -l", "a\nbcd\n\n", connect +
			"PUBLISH qos=1 topic=short:\"tt\" len=1\nPUBLISH qos=1 topic=short:\"tt\" len=3\n" +
			"PUBLISH qos=1 topic=short:\"tt\" len=0\nDISCONNECT"},
		{"file", "-s tt -f " + file, "", connect +
			"PUBLISH qos=0 topic=short:\"tt\" msgid=0 len=5\nDISCONNECT"},
		{"stdin", "-s tt -f -", "all\nof it", connect +
			"PUBLISH qos=0 topic=short:\"tt\" msgid=0 len=9\nDISCONNECT"},
		{"will and session", "-s tt -n -i d1 -k 10 -c=false -will-topic w -will-message m -will-qos 1 -will-retain", "",
			"CONNECT will duration=10 clientid=\"d1\"\nWILLTOPIC qos=1 retain topic=\"w\"\nWILLMSG len=1\n" +
				"PUBLISH qos=0 topic=short:\"tt\" msgid=0 len=0\nDISCONNECT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGateway(t)
			args := append([]string{"pub", "-gateway", g.start()}, strings.Fields(test.args)...)
			got := command(t.Context(), test.stdin, args...)
			if want := (outcome{}); got != want {
				t.Errorf("%+v", got)
			}
			if strings.Contains(test.name, "-1") { // which nobody answers
				g.await(1)
			}
			compare(t, "received", strings.Join(g.log(), "\n"), test.received)
		})
	}
}

func TestPubDebug(t *testing.T) {
	g := newGateway(t)
	got := command(t.Context(), "", "pub", "-gateway", g.start(), "-s", "tt", "-m", "hi", "-q", "1", "-d")
	compare(t, "stderr", withoutIDs(got.stderr), `
-> CONNECT clean duration=60 clientid="sim"
<- CONNACK rc=accepted
-> PUBLISH qos=1 topic=short:"tt" len=2
<- PUBACK topicid=29812 rc=accepted
-> DISCONNECT
<- DISCONNECT`)
}

func TestPubFailures(t *testing.T) {
	refusal := func(m mqttsn.Message) []mqttsn.Message { return []mqttsn.Message{m} }
	for _, test := range []struct {
		name   string
		on     mqttsn.MsgType
		answer []mqttsn.Message
		stderr string
	}{
		{"silence", mqttsn.TypeConnect, nil, "no answer from GATEWAY after 3 tries over "},
		{"refused", mqttsn.TypeConnect, refusal(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported}),
			"connect: CONNECT refused: not_supported: the gateway does not take this device"},
		{"busy", mqttsn.TypeConnect, refusal(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnCongestion}),
			"connect: CONNECT refused: congestion: the gateway has no room now"},
		{"silence later", mqttsn.TypePublish, nil, "no answer from GATEWAY after 3 tries over "},
		{"disconnected", mqttsn.TypePublish, refusal(&mqttsn.Disconnect{}), "GATEWAY ended the connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGateway(t)
			g.answer[test.on] = test.answer
			addr := g.start()
			args := []string{"pub", "-gateway", addr, "-s", "tt", "-n", "-q", "1"}
			if test.answer == nil {
				args = append(args, "-t-retry", "10ms", "-n-retry", "2")
			}
			got := command(t.Context(), "", args...)
			want := "firmware-sim: " + strings.ReplaceAll(test.stderr, "GATEWAY", addr)
			if got.code != cli.ExitFailed || !strings.HasPrefix(got.stderr, want) || got.stdout != "" {
				t.Errorf("%+v\nwant %s", got, want)
			}
		})
	}
}

// Whether nobody listens is known at once, without any retry.
func TestNothingListens(t *testing.T) {
	g := newGateway(t)
	addr := g.start()
	g.close()
	for _, name := range []string{"pub -s tt -m hi", "sub -t a", "ping", "ping -connect=false"} {
		args := append(strings.Fields(name), "-gateway", addr)
		got := command(t.Context(), "", args...)
		want := "firmware-sim: nothing listens on UDP " + addr + ": start the gateway, or name another with -gateway host:port\n"
		if got.code != cli.ExitFailed || got.stderr != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSub(t *testing.T) {
	g := newGateway(t)
	g.after[mqttsn.TypeSubscribe] = []mqttsn.Message{
		&mqttsn.Register{TopicID: 5, MsgID: 1, TopicName: []byte("a/b")},
		&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 5, MsgID: 2, Data: []byte("one")},
		&mqttsn.Publish{TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, Data: []byte("two")},
		&mqttsn.Publish{TopicID: 5, Data: []byte("three")},
	}
	got := command(t.Context(), "", "sub", "-gateway", g.start(), "-t", "a/+", "-v", "-q", "1", "-C", "2", "-W", "10s")
	if want := (outcome{stdout: "a/b one\ntt two\n"}); got != want {
		t.Errorf("%+v", got)
	}
}

func TestSubSeveralTopics(t *testing.T) {
	g := newGateway(t)
	got := interrupted(t, `topic="b/#"`, "sub", "-gateway", g.start(), "-t", "a", "-T", "7", "-s", "tt", "-t", "b/#", "-q", "2", "-d")
	if got.code != cli.ExitOK || got.stdout != "" {
		t.Errorf("%+v", got)
	}
	compare(t, "received", strings.Join(g.log(), "\n"), `
CONNECT clean duration=60 clientid="sim"
SUBSCRIBE qos=2 topic="a"
SUBSCRIBE qos=2 topic=predefined:7
SUBSCRIBE qos=2 topic=short:"tt"
SUBSCRIBE qos=2 topic="b/#"
DISCONNECT`)
}

func TestSubForAWhile(t *testing.T) {
	if got := command(t.Context(), "", "sub", "-gateway", newGateway(t).start(), "-t", "a", "-W", "50ms"); got != (outcome{}) {
		t.Errorf("%+v", got)
	}
}

func TestSubTooFew(t *testing.T) {
	g := newGateway(t)
	got := command(t.Context(), "", "sub", "-gateway", g.start(), "-t", "a", "-C", "2", "-W", "50ms")
	if got.code != cli.ExitFailed || !strings.HasPrefix(got.stderr, "firmware-sim: 0 of 2 messages within 50ms") {
		t.Errorf("%+v", got)
	}
}

func TestSubRefused(t *testing.T) {
	g := newGateway(t)
	g.answer[mqttsn.TypeSubscribe] = nil
	g.after[mqttsn.TypeSubscribe] = []mqttsn.Message{&mqttsn.Disconnect{}}
	addr := g.start()
	got := command(t.Context(), "", "sub", "-gateway", addr, "-t", "a")
	if got.code != cli.ExitFailed || !strings.Contains(got.stderr, addr+" ended the connection") {
		t.Errorf("%+v", got)
	}
}

func TestSubInterrupted(t *testing.T) {
	g := newGateway(t)
	got := interrupted(t, "<- SUBACK", "sub", "-gateway", g.start(), "-t", "a", "-d")
	if got.code != cli.ExitOK || got.stdout != "" {
		t.Errorf("%+v", got)
	}
	log := g.log()
	compare(t, "last", log[len(log)-1], "DISCONNECT")
}

// A gateway that was restarted says DISCONNECT to a device that it does not know.
func TestSubConnectsAgain(t *testing.T) {
	g := newGateway(t)
	g.after[mqttsn.TypeSubscribe] = []mqttsn.Message{&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 9, Data: []byte("one")}}
	g.once = map[mqttsn.MsgType][]mqttsn.Message{mqttsn.TypePubAck: {&mqttsn.Disconnect{}}}
	addr := g.start()
	got := command(t.Context(), "", "sub", "-gateway", addr, "-t", "a", "-q", "1", "-C", "2", "-W", "30s")
	if got.code != cli.ExitOK || got.stdout != "one\none\n" || !strings.Contains(got.stderr, addr+" ended the connection") || !strings.Contains(got.stderr, "Connecting again") {
		t.Errorf("%+v", got)
	}
}

func TestSubAsleep(t *testing.T) {
	g := newGateway(t)
	g.kept = []mqttsn.Message{&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 9, Data: []byte("kept")}}
	got := command(t.Context(), "", "sub", "-gateway", g.start(), "-t", "a", "-i", "d1", "-C", "1", "-sleep", "1s")
	if want := (outcome{stdout: "kept\n"}); got != want {
		t.Errorf("%+v", got)
	}
	compare(t, "received", strings.Join(g.log(), "\n"), `
CONNECT clean duration=60 clientid="d1"
SUBSCRIBE qos=0 topic="a"
DISCONNECT duration=1
PINGREQ clientid="d1"
PUBACK topicid=1 rc=accepted
DISCONNECT`)
}

var times = regexp.MustCompile(`[\d.]+ ?(ms|s|µs)\b`)

func TestPing(t *testing.T) {
	g := newGateway(t)
	addr := g.start()
	got := command(t.Context(), "", "ping", "-gateway", addr, "-C", "2", "-interval", "1ms", "-W", "20s")
	compare(t, "stdout", times.ReplaceAllString(got.stdout, "T"), `PING `+addr+`
1: PINGRESP after T
2: PINGRESP after T

--- `+addr+` ---
2 sent, 2 answered, 0% lost, T
round trip min/avg/max = T / T / T`)
	if got.code != cli.ExitOK || got.stderr != "" {
		t.Errorf("%+v", got)
	}
}

func TestPingUnanswered(t *testing.T) {
	g := newGateway(t)
	g.answer[mqttsn.TypePingReq] = nil
	addr := g.start()
	got := command(t.Context(), "", "ping", "-gateway", addr, "-C", "2", "-interval", "1ms", "-W", "20ms", "-connect=false")
	compare(t, "stdout", times.ReplaceAllString(got.stdout, "T"), `PING `+addr+`
1: no answer within T
2: no answer within T

--- `+addr+` ---
2 sent, 0 answered, 100% lost, T`)
	if got.code != cli.ExitFailed || !strings.Contains(got.stderr, "no answer from "+addr) {
		t.Errorf("%+v", got)
	}
}

func TestDiscover(t *testing.T) {
	g := newGateway(t)
	addr := g.start()
	found := "gateway 1 at " + addr + "\n"
	got := interrupted(t, found, "discover", "-group", addr, "-W", "1m", "-d")
	// A machine that is slow makes it ask again.
	if got.code != cli.ExitOK || got.stdout != found || !strings.HasPrefix(got.stderr, "-> SEARCHGW radius=0\n") || !strings.Contains(got.stderr, "<- GWINFO gwid=1\n") {
		t.Errorf("%+v", got)
	}
}

func TestDiscoverNone(t *testing.T) {
	g := newGateway(t)
	g.answer[mqttsn.TypeSearchGw] = nil
	addr := g.start()
	got := command(t.Context(), "", "discover", "-group", addr, "-W", "50ms")
	if got.code != cli.ExitFailed || !strings.HasPrefix(got.stderr, "firmware-sim: no gateway answered on "+addr) {
		t.Errorf("%+v", got)
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		stdin string
		args  string
		want  outcome
	}{
		{"", "08 04 04 01 00 3C 63 31", outcome{0, "CONNECT clean duration=60 clientid=\"c1\"\n", ""}},
		{"", "0217", outcome{0, "PINGRESP\n", ""}},
		{"0217\n\n02:16\n", "", outcome{0, "PINGRESP\nPINGREQ\n", ""}},
		{"", "04FE00010216", outcome{0, "ENCAPSULATED radius=0 nodeid=01: PINGREQ\n", ""}},
		{"", "0203", outcome{1, "malformed MsgType(0x03) reason=reserved_type len=2 octets=0203\n", "firmware-sim: malformed datagram\n"}},
		{"", "xx", outcome{2, "", "firmware-sim decode: not hex: encoding/hex: invalid byte: U+0078 'x'\nTry: firmware-sim decode --help\n"}},
	} {
		got := command(t.Context(), test.stdin, append([]string{"decode"}, strings.Fields(test.args)...)...)
		if test.want.code == 1 { // the words are the codec's
			got.stdout, test.want.stdout = got.stdout[:9], test.want.stdout[:9]
		}
		if got != test.want {
			t.Errorf("%s%s: %+v", test.stdin, test.args, got)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, line := range []string{
		"frobnicate",
		"pub",
		"pub -t a",
		"pub -m hi",
		"pub -t a -m hi -n",
		"pub -t a -m hi extra",
		"pub -t a -s tt -m hi",
		"pub -t a/# -m hi",
		"pub -t a -m hi -q 3",
		"pub -t a -m hi -q -1",
		"pub -t a -m hi -c=false",
		"pub -t a -m hi -i 123456789012345678901234",
		"pub -t a -m hi -k 70000",
		"pub -t a -m hi -will-message w",
		"pub -T 0 -m hi",
		"pub -s abc -m hi",
		"pub -frobnicate",
		"sub",
		"sub -t a -q -1",
		"sub -t a -sleep 1500ms",
		"ping -W 0s",
		"discover -group nowhere",
		"discover -interface none0",
	} {
		got := command(t.Context(), "", strings.Fields(line)...)
		if got.code != cli.ExitUsage || got.stdout != "" || !strings.Contains(got.stderr, "--help\n") {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, line := range []string{"", "help", "--help", "-h", "help pub", "pub --help", "sub -h", "ping --help", "discover --help", "decode --help"} {
		got := command(t.Context(), "", strings.Fields(line)...)
		if got.code != cli.ExitOK || got.stderr != "" || !strings.Contains(got.stdout, "Examples") {
			t.Errorf("%q: %+v", line, got)
		}
	}
}
