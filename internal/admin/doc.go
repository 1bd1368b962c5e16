// Package admin shows what the running program does, over HTTP: health, metrics
// for Prometheus, an API, live traces, and a dashboard that lives on the API.
//
// It asks the other parts when somebody asks it, and keeps nothing of its own but
// logins: nothing here ticks while nobody looks.
package admin
