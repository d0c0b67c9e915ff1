// Package analytics counts what visitors do on websites, without cookies and without
// keeping who they are.
//
//	edge ─▶ Collector.Add ─▶ queue in memory (bounded) ─▶ one batch, at least every 250 ms
//	                                                        ├─ who is a bot, or the operator
//	                                                        ├─ visitor = hash(salt of the day, website, address, agent)
//	                                                        ├─ session = visitor without a pause of 30 minutes
//	                                                        └─▶ one transaction: events, sums by hour and day, visitors of the day
//
// Adding never waits: with a full queue a hit is refused and counted. What was added is
// stored within a second while the database keeps up; a batch that cannot be stored is
// tried again. A process that is killed loses what it had not stored yet.
//
// An address is in memory for as long as a hit waits. The salt is random, the same for
// all processes, and deleted with the visitors of its day when the day (UTC) is over:
// nobody can be recognized on the next day, or found from what is stored. A session has
// a random number that its hits share; it ends with the day at the latest.
package analytics
