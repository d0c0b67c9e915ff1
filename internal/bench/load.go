package bench

import "time"

// Request is one request and what its answer must be.
type Request struct {
	Bytes  []byte // the whole request as HTTP/1.1
	Status int
	Length int // of the body; negative: any
}

// Load is what Run sends.
type Load struct {
	Address     string // host:port
	Connections int
	Warmup      time.Duration // sent before anything is counted
	Duration    time.Duration // for which answers are counted
	Rate        int           // requests per second in all, due at even times; 0: closed loop
	Patience    time.Duration // with answers that are under way at the end; 0: 30 s
	// Next returns the request that is sent as number n, from 0. Its bytes must not
	// change afterwards.
	Next func(n int) Request
	// Began and Ended are called when counting begins and ends; nil: nobody.
	Began, Ended func()
}

const patience = 30 * time.Second

// Failures are what went wrong, also before and after the counted time.
type Failures struct {
	Connect int `json:"connect"` // connections that were not accepted
	Socket  int `json:"socket"`  // connections that broke, or whose answer is not HTTP
	Status  int `json:"status"`  // answers with another status than expected
	Server  int `json:"server"`  // those of them that are 5xx
	Length  int `json:"length"`  // bodies of another length than expected
	Timeout int `json:"timeout"` // requests that were not answered in the end
	// Statuses says how often which unexpected status came.
	Statuses map[int]int `json:"statuses,omitempty"`
}

// Total returns how many requests and connections failed.
func (f Failures) Total() int { return f.Connect + f.Socket + f.Status + f.Length + f.Timeout }

// Result is what Run measured.
type Result struct {
	Requests int           // answers in the counted time, good or bad
	Elapsed  time.Duration // counted time
	Times    *Histogram
	Failures Failures
	Connects time.Duration // until all connections were open
}

// PerSecond returns the good answers per second.
func (r *Result) PerSecond() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Times.Count()) / r.Elapsed.Seconds()
}
