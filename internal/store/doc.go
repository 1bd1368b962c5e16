// Package store is a log on a disk: opaque records are appended, become durable
// in groups, and are read again after a restart. It knows nothing of MQTT.
//
// # Use
//
// [Open], [Log.Replay], [Log.Live] for what is still needed, [Log.Start], then
// [Log.Append] and the rest, [Log.Close]. Append never waits for the disk;
// [Log.Notify] tells when a record is safe.
//
// # On the disk
//
// The log is cut into segments of one size, files named by the position of
// their first octet. A segment has a header of one page and then records, one
// behind the other; a record's place in the file follows from its position and
// the segment's. Numbers are little-endian.
//
//	segment  "snbroker", u32 version, u32 zero, u64 store's id, u64 base,
//	         u64 synced, i64 wall clock, u32 CRC32C of these; again at 2048
//	record   u32 length, u32 marks, u32 sum, content
//	commit   a record whose length has the top bit: u64 synced, i64 wall clock
//
// The marks are the position's lower half, mixed with the store's id. The sum is
// the CRC32C of the id, the content, length and marks, mixed with the position's
// upper half. So a record passes only where it was written, in its own store:
// neither what a file held before it was used again, nor a payload that looks
// like a record, can be taken for one.
//
// # Commits
//
// A commit is one write and one fdatasync of a batch: a commit record, then all
// that waits. The commit record says up to where the log had been fsynced
// before. Files are reserved, filled with zeros ahead of the writes and used
// again, so that a commit changes nothing but a file's content.
//
// A batch that does not fit begins a new segment, which gets its name when its
// first batch is on the disk. So whatever is below the base of a segment, or
// below what its header or a commit record says, had been fsynced.
//
// If the disk does not take a batch, the file's end is not trusted again: the
// batch goes into a new segment, and what the old one has at or beyond the new
// one's base does not count. Records keep their positions.
//
// # After a power cut
//
// What is not whole at the end is a torn write. It was not durable, and is left
// out from there on, even if records behind it are whole. What is not whole and
// had been fsynced is damage: it is copied into the folder quarantine, and replay
// goes on with the next whole record, which is searched octet by octet.
package store
