// Package udp carries datagrams over UDP sockets: one for the service
// (Listen), others for discovery by multicast or broadcast (ListenGroup).
//
// On Linux a link reads and writes with recvmmsg and sendmmsg, a batch at a
// time, and allocates nothing per datagram. Elsewhere it goes through package
// net, one datagram at a time; the contract is the same, but Local is always 0
// there, and a group is joined on one interface.
//
// # Memory
//
// A device's datagram is tens of octets, yet UDP allows 65,507. A buffer of
// 64 KiB for each of 32 slots would be 2 MiB a socket; smaller buffers alone
// would cut large datagrams. So a slot has two parts:
//
//	heads   32 x 2 KiB, one after another            64 KiB, always resident
//	tails   32 x 64 KiB of address space, unbacked    0 until a large datagram comes
//
// The kernel scatters a datagram over head and tail. One of up to 2 KiB is used
// where it lies; of a longer one the head is copied in front of its tail, where
// 2 KiB were left free for it. Every datagram that UDP allows is thus received
// whole, also when all 32 of a batch are large. The pages that large datagrams
// touched are given back to the kernel after the batch that took them past
// 128 KiB. With the 64 KiB of the outgoing batch a socket stays at about
// 256 KiB between batches, whatever the machine's page size, and at 128 KiB and
// some headers when datagrams are small.
//
// Rejected: one spill buffer shared by all slots (the second large datagram of
// a batch would overwrite the first), a peek at the length before each read (a
// system call per datagram).
package udp
