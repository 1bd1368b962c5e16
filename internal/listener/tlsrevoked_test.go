package listener

import (
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"
)

// An authority that is revoked takes all below it along, also where client_ca_file
// still has it.
func TestRevokedAuthority(t *testing.T) {
	root, f := newIssuer(t, "ca"), newFolder(t)
	middle := issuerBelow(t, "middle", root)
	below := issuerBelow(t, "lowest-of-all", middle)
	stranger := newIssuer(t, "middle")
	soon := time.Now().Add(time.Hour)
	cfg := f.server(root)
	cfg.ClientCAFile = f.write("ca.crt", slices.Concat(root.pem, middle.pem, below.pem))
	lists := func(of *issuer) {
		revoked := root.revoke(soon)
		if of != nil {
			c := of.issue("", nil)
			c.Leaf = of.cert
			revoked = root.revoke(soon, c)
		}
		f.write("crl", slices.Concat(revoked, middle.revoke(soon), below.revoke(soon)))
	}
	lists(nil)
	cfg.CRLFile = f.path("crl")
	files := loaded(t, cfg)
	here := func() *TLS { return files }
	chains := map[string][]*x509.Certificate{
		"direct":      {root.issue("a", nil).Leaf, root.cert},
		"middle":      {middle.issue("a", nil).Leaf, middle.cert},
		"middle, all": {middle.issue("a", nil).Leaf, middle.cert, root.cert},
		"below":       {below.issue("a", nil).Leaf, below.cert},
	}
	judge := func(revoked bool) {
		t.Helper()
		for name, chain := range chains {
			want := revoked && name != "direct"
			if err := files.Verify(chain); errors.Is(err, errRevoked) != want || !want && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if good := Proof(chain[0], here).Good(); good == want {
				t.Errorf("%s: good is %v", name, good)
			}
		}
	}
	judge(false)
	lists(middle)
	must(t, files.Reload())
	judge(true)
	if !Proof(stranger.issue("a", nil).Leaf, here).Good() {
		t.Error("one of the same name is revoked, too")
	}
}

// An old list says nothing new of those who are there; they stay.
func TestProofAndExpiredList(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	cfg := f.server(ca)
	own := ca.issue("client", nil)
	cfg.ClientCAFile = f.write("ca.crt", ca.pem)
	cfg.CRLFile = f.write("crl", ca.revoke(time.Now().Add(-time.Minute)))
	files := loaded(t, cfg)
	here := func() *TLS { return files }
	if err := files.Verify([]*x509.Certificate{own.Leaf, ca.cert}); !errors.Is(err, errOldCRL) {
		t.Errorf("got %v", err)
	}
	if !Proof(own.Leaf, here).Good() {
		t.Error("it is taken for revoked")
	}
}
