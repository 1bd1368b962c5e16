package run

import (
	"crypto/rand"
	"encoding/hex"
)

// nonce names a run on a network, so that what an earlier one left behind is not
// taken for its own. It is no part of what the seed fixes.
func nonce() string {
	var b [4]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
