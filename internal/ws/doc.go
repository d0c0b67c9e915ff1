// Package ws speaks with browsers and with agents outside this program over
// WebSockets. All frames are {"type", "id", "data"}; docs/asyncapi.yaml describes
// them.
//
//	/ws/agents/{agent_id}   an external agent: tasks, messages, service requests
//	/ws/dashboard           metrics every few seconds, and events in between
//
// A Hub holds the clients of this process. Each has one goroutine that reads; a
// second one lives only while frames are written. What waits to be written is
// bounded in number and bytes: who reads too slowly is closed with 1013, and nobody
// else notices.
//
//	bus ─▶ Hub.Publish ─▶ number, ring ─▶ clients that may see it and subscribed
//
// Every event has an offset, EPOCH-NUMBER: the epoch is a random name of the Hub, so
// that an offset of another process, or a made-up one, is never taken for one of
// its own. Who reconnects with the last offset that it saw gets what it missed, in
// order, or is told that it cannot have all of it (recovered: false).
package ws
