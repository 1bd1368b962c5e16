// Package packaging holds nothing but the tests of what is beside it: packages for
// Debian and Raspberry Pi OS, their service, man pages and completions.
package packaging
