// Package bench measures how much an HTTP server does, with a load generator that
// costs little itself: one thread, one epoll, raw sockets. Server and generator may
// then share a machine, and the same load on a bare handler says what the machine
// can do at all.
//
//	Load ─▶ Run ─▶ Result      closed loop: each connection sends when it was answered
//	                           open loop: requests are due at fixed times, and their
//	                           time counts from when they were due
//	API  ─▶ Report             a server of this program, and the bare one, as child
//	                           processes; one Row for each workload
//
// The times of a closed loop are those of a server that its clients wait for: they
// say nothing about clients that come when they like. Those of the open loop do,
// because a late answer also counts as waiting for all requests that were due
// meanwhile.
package bench
