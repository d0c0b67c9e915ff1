package store

import "context"

// Store bundles the aggregates of one database.
type Store struct {
	db *DB

	Users       *Users
	Sessions    *Sessions
	APIKeys     *APIKeys
	Websites    *Websites
	Pages       *Pages
	Evidence    *Evidence
	Releases    *Releases
	Feeds       *Feeds
	Products    *Products
	Programs    *Programs
	Keywords    *Keywords
	Runs        *Runs
	Steps       *Steps
	Events      *Events
	Slots       *Slots
	Pipelines   *Pipelines
	Schedules   *Schedules
	Tasks       *Tasks
	Agents      *Agents
	Census      *Census
	Approvals   *Approvals
	Audit       *Audit
	Meta        *Meta
	Workers     *Workers
	Webhooks    *Webhooks
	Idempotency *Idempotency
	ModelCalls  *ModelCalls
	Budgets     *Budgets
	Prices      *Prices
	Messages    *Messages
	Mailboxes   *Mailboxes
	DeadLetters *DeadLetters
	Graph       *Graph
	Snapshots   *Snapshots
	Research    *Research
	Vectors     *Vectors
	Traffic     *Traffic
	Redirects   *Redirects
	Links       *Links
	LinkHealth  *LinkHealth

	Market        *Market
	Opportunities *Opportunities
	Estimates     *Estimates
	Learned       *LearnedModels

	Signatures   *Signatures
	Fleet        *Fleet
	FleetChanges *FleetChanges

	Tags        *Tags
	Batches     *Batches
	Retirements *Retirements
	Planned     *PlannedReleases
	SEO         *SEO
	LinksOf     *ReleaseLinks
	Submissions *Submissions

	Alerts          *Alerts
	AlertRules      *AlertRules
	AlertDeliveries *AlertDeliveries
	AlertSignals    *AlertSignals

	TextEdits *TextEdits
}

// New returns the aggregates of db.
func New(db *DB) *Store {
	return &Store{
		db:          db,
		Users:       &Users{db},
		Sessions:    &Sessions{db},
		APIKeys:     &APIKeys{db},
		Websites:    &Websites{db},
		Pages:       &Pages{db},
		Evidence:    &Evidence{db},
		Releases:    &Releases{db},
		Feeds:       &Feeds{db},
		Products:    &Products{db},
		Programs:    &Programs{db},
		Keywords:    &Keywords{db},
		Runs:        &Runs{db},
		Steps:       &Steps{db},
		Events:      &Events{db},
		Slots:       &Slots{db},
		Pipelines:   &Pipelines{db},
		Schedules:   &Schedules{db},
		Tasks:       &Tasks{db},
		Agents:      &Agents{db},
		Census:      &Census{db},
		Approvals:   &Approvals{db},
		Audit:       &Audit{db},
		Meta:        &Meta{db},
		Workers:     &Workers{db},
		Webhooks:    &Webhooks{db},
		Idempotency: &Idempotency{db},
		ModelCalls:  &ModelCalls{db},
		Budgets:     &Budgets{db},
		Prices:      &Prices{db},
		Messages:    &Messages{db},
		Mailboxes:   &Mailboxes{db},
		DeadLetters: &DeadLetters{db},
		Graph:       &Graph{db},
		Snapshots:   &Snapshots{db},
		Research:    &Research{db},
		Vectors:     &Vectors{db},
		Traffic:     &Traffic{db},
		Redirects:   &Redirects{db},
		Links:       &Links{db},
		LinkHealth:  &LinkHealth{db},

		Market:        &Market{db},
		Opportunities: &Opportunities{db},
		Estimates:     &Estimates{db},
		Learned:       &LearnedModels{db},

		Signatures:   &Signatures{db},
		Fleet:        &Fleet{db},
		FleetChanges: &FleetChanges{db},

		Tags:        &Tags{db},
		Batches:     &Batches{db},
		Retirements: &Retirements{db},
		Planned:     &PlannedReleases{db},
		SEO:         &SEO{db},
		LinksOf:     &ReleaseLinks{db},
		Submissions: &Submissions{db},

		Alerts:          &Alerts{db},
		AlertRules:      &AlertRules{db},
		AlertDeliveries: &AlertDeliveries{db},
		AlertSignals:    &AlertSignals{db},

		TextEdits: &TextEdits{db},
	}
}

// DB returns the database that the store works on.
func (s *Store) DB() *DB { return s.db }

// InTx runs fn in one transaction; see DB.InTx.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, fn)
}
