//go:build race

package testkit

// Race reports whether the race detector is on: everything takes several times as
// long, so tests of whole sites build fewer of them.
const Race = true
