// Package truth judges what arrives by what was sent.
//
// A [Stream] is what one writer sends under one topic to one reader. Each
// message is noted when it is sent, and open until two things are known of it:
// that it arrived, and that the writer was told so. A message is known by its
// octets; those of a writer should differ, by a counter in them, or two equal
// ones that are open at once cannot be told apart.
//
//	QoS -1, 0  at most once
//	QoS 1      at least once, if the gateway took it
//	QoS 2      at most once, and exactly once if the gateway took it
//	all        in the order sent, as seen at their first arrival
//	wills      if the gateway must take the device for lost, and only then
//	retained   the last one that arrived with RETAIN
//
// A [Ledger] is not safe for several goroutines. Times are since the start of
// the run.
package truth
