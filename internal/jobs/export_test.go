package jobs

import "time"

// SetPoll changes how often the queue looks for jobs that nothing announced.
func (q *Queue) SetPoll(d time.Duration) { q.poll = d }

// MaxRecoveries is how many attempts beyond its limit a job may lose.
const MaxRecoveries = maxRecoveries
