package gateway

import (
	"testing"
	"testing/synctest"

	"snbroker/mqttsn"
)

// nothingAbout lets nobody publish or read "no".
type nothingAbout struct{}

func (nothingAbout) CanPublish(_ any, _, topic string) bool    { return topic != "no" }
func (nothingAbout) CanSubscribe(_ any, _, filter string) bool { return filter != "no" }
func (nothingAbout) CanReceive(_ any, _, _ string) bool        { return true }

// A request that was refused is refused again when it comes twice before its
// answer could leave.
func TestRefusedTwiceBeforeTheDisk(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		w.rights = nothingAbout{}
		w.restart()
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		w.fs.Hold()
		d.send(&mqttsn.Register{MsgID: 1, TopicName: []byte("a")}) // the log has something to write
		m := &mqttsn.Subscribe{MsgID: 2, TopicName: []byte("no")}
		d.send(m)
		d.send(m)
		w.fs.Release()
		synctest.Wait()
		refused := &mqttsn.SubAck{MsgID: 2, ReturnCode: mqttsn.ReturnNotSupported}
		d.expect(&mqttsn.RegAck{TopicID: 1, MsgID: 1}, refused, refused)
	})
	playOnDisk(t, func(w *lasting) {
		w.rights = nothingAbout{}
		w.restart()
		other := w.device("10.0.0.3:4000")
		other.connectWithWill("c2", true, 600, "will", "gone")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		w.fs.Hold()
		w.gateway.Relink(w.link, LinkOptions{Anonymous: true, ClientIDs: []string{"c1"}})
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicShort, TopicID: 'n'<<8 | 'o', MsgID: 1}
		d.send(m)
		m.Dup = true
		d.send(m)
		w.fs.Release()
		synctest.Wait()
		refused := &mqttsn.PubAck{TopicID: m.TopicID, MsgID: 1, ReturnCode: mqttsn.ReturnNotSupported}
		d.expect(refused, refused)
	})
}
