package store

// Fleet is what brakes the publishing of a portfolio.
type Fleet struct{ db *DB }
