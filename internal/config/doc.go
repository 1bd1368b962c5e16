// Package config reads config.toml into typed structs. The defaults come from
// the packages that the settings are for, so that nothing is said twice.
//
// Decoding is strict, and finds every problem of a file at once, each with its
// line: the TOML library parses, and what it parsed is bound to the structs
// here, because its own decoding ends at the first error, accepts unknown keys
// and any spelling in upper and lower case, and tells no lines.
//
// To add a setting: a field with a toml tag in config.go, its default in
// default.go, where it goes in convert.go, what is accepted in validate.go, and
// a line in config.toml. Tests find what was forgotten.
package config
