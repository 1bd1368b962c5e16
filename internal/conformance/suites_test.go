// Package conformance holds tests only: what the MQTT standards demand of a
// server, statement by statement, asked of a broker and its listener from the
// outside. docs/mqtt-conformance.md says which test proves which statement.
package conformance

import (
	"testing"

	"snbroker/internal/mqtt"
)

// proof is a statement and the story that proves it.
type proof struct {
	statement string
	story     story
}

// suite is what one test proves, of one version.
type suite struct {
	version mqtt.Version
	proofs  []proof
}

// suites holds every suite by the name of its test; the document is checked
// against it.
var suites = map[string]suite{
	"TestEncoding311":    {mqtt.V311, encoding311},
	"TestEncoding5":      {mqtt.V5, encoding5},
	"TestConnect311":     {mqtt.V311, connect311},
	"TestConnect5":       {mqtt.V5, connect5},
	"TestWill311":        {mqtt.V311, will311},
	"TestWill5":          {mqtt.V5, will5},
	"TestSession311":     {mqtt.V311, session311},
	"TestSession5":       {mqtt.V5, session5},
	"TestPublish311":     {mqtt.V311, publish311},
	"TestPublish5":       {mqtt.V5, publish5},
	"TestRetain311":      {mqtt.V311, retain311},
	"TestRetain5":        {mqtt.V5, retain5},
	"TestSubscribe311":   {mqtt.V311, subscribe311},
	"TestSubscribe5":     {mqtt.V5, subscribe5},
	"TestTopics311":      {mqtt.V311, topics311},
	"TestTopics5":        {mqtt.V5, topics5},
	"TestFlow5":          {mqtt.V5, flow5},
	"TestDisconnect5":    {mqtt.V5, disconnect5},
	"TestProperties5":    {mqtt.V5, properties5},
	"TestAliases5":       {mqtt.V5, aliases5},
	"TestShared5":        {mqtt.V5, shared5},
	"TestAuthentication": {mqtt.V5, authentication5},
}

func TestEncoding311(t *testing.T)    { prove(t) }
func TestEncoding5(t *testing.T)      { prove(t) }
func TestConnect311(t *testing.T)     { prove(t) }
func TestConnect5(t *testing.T)       { prove(t) }
func TestWill311(t *testing.T)        { prove(t) }
func TestWill5(t *testing.T)          { prove(t) }
func TestSession311(t *testing.T)     { prove(t) }
func TestSession5(t *testing.T)       { prove(t) }
func TestPublish311(t *testing.T)     { prove(t) }
func TestPublish5(t *testing.T)       { prove(t) }
func TestRetain311(t *testing.T)      { prove(t) }
func TestRetain5(t *testing.T)        { prove(t) }
func TestSubscribe311(t *testing.T)   { prove(t) }
func TestSubscribe5(t *testing.T)     { prove(t) }
func TestTopics311(t *testing.T)      { prove(t) }
func TestTopics5(t *testing.T)        { prove(t) }
func TestFlow5(t *testing.T)          { prove(t) }
func TestDisconnect5(t *testing.T)    { prove(t) }
func TestProperties5(t *testing.T)    { prove(t) }
func TestAliases5(t *testing.T)       { prove(t) }
func TestShared5(t *testing.T)        { prove(t) }
func TestAuthentication(t *testing.T) { prove(t) }

// prove tells each story of the test's suite, under the statement's number.
func prove(t *testing.T) {
	s := suites[t.Name()]
	for _, p := range s.proofs {
		t.Run(p.statement, func(t *testing.T) { p.story(t, s.version) })
	}
}

type story func(t *testing.T, v mqtt.Version)
