package auth

// Reason says why a client was refused. Callers map it to their protocol's
// code in one place.
type Reason uint8

const (
	ReasonNone           Reason = iota // allowed
	ReasonBadCredentials               // wrong, unknown or malformed; never says which
	ReasonNotAuthorized                // anonymous where that is not allowed
	ReasonClientID                     // proved, but this ClientID is not theirs
	ReasonBanned                       // too many failures or reconnects lately
	ReasonExpired                      // a genuine token, outside its time
	ReasonBusy                         // too many logins are waiting; try again
	ReasonUnavailable                  // it cannot be decided now, so it is no
)

var reasonNames = [...]string{
	"none", "bad_credentials", "not_authorized", "client_id", "banned",
	"expired", "busy", "backend_unavailable",
}

func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}
