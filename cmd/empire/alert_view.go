package main

import (
	"time"

	"empire/internal/domain"
)

// alertView and the others are what commands print with --json; see view.go.
type alertView struct {
	ID             domain.AlertID       `json:"id"`
	RuleID         domain.AlertRuleID   `json:"rule_id"`
	Kind           domain.AlertKind     `json:"kind"`
	Severity       domain.AlertSeverity `json:"severity"`
	Subject        string               `json:"subject"`
	Title          string               `json:"title"`
	Text           string               `json:"text"`
	Action         string               `json:"action"`
	WebsiteID      *domain.WebsiteID    `json:"website_id"`
	State          domain.AlertState    `json:"state"`
	Value          float64              `json:"value"`
	Threshold      float64              `json:"threshold"`
	Unit           string               `json:"unit"`
	Since          time.Time            `json:"since"`
	LastSeen       time.Time            `json:"last_seen"`
	Count          int                  `json:"count"`
	ClearedAt      *time.Time           `json:"cleared_at"`
	AcknowledgedBy *domain.UserID       `json:"acknowledged_by"`
	AcknowledgedAt *time.Time           `json:"acknowledged_at"`
	Note           string               `json:"note"`
	NotifiedAt     *time.Time           `json:"notified_at"`
}

type alertRuleView struct {
	ID            domain.AlertRuleID    `json:"id"`
	Kind          domain.AlertKind      `json:"kind"`
	Name          string                `json:"name"`
	WebsiteID     *domain.WebsiteID     `json:"website_id"`
	Threshold     float64               `json:"threshold"`
	Unit          string                `json:"unit"`
	Below         bool                  `json:"below"`
	Window        string                `json:"window"`
	Quiet         string                `json:"quiet"`
	Severity      domain.AlertSeverity  `json:"severity"`
	Channels      []domain.AlertChannel `json:"channels"`
	Enabled       bool                  `json:"enabled"`
	SilencedUntil *time.Time            `json:"silenced_until"`
	BuiltIn       bool                  `json:"built_in"`
	Changed       bool                  `json:"changed"`
	Action        string                `json:"action"`
}

type alertDeliveryView struct {
	ID        domain.AlertDeliveryID `json:"id"`
	Channel   domain.AlertChannel    `json:"channel"`
	State     domain.DeliveryState   `json:"state"`
	Attempts  int                    `json:"attempts"`
	Error     string                 `json:"error"`
	Test      bool                   `json:"test"`
	CreatedAt time.Time              `json:"created_at"`
	UpdatedAt time.Time              `json:"updated_at"`
	Fired     []domain.AlertID       `json:"fired"`
	Cleared   []domain.AlertID       `json:"cleared"`
}
