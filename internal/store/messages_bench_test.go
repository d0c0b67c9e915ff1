package store_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// BenchmarkMessages stores, reads and handles 64 messages of 16 mailboxes.
func BenchmarkMessages(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": testkit.DB, "postgres": testkit.PostgresDB} {
		b.Run(name, func(b *testing.B) {
			s, now := open(b), domain.MessageRecord{}.Timestamp
			var after [16]domain.MailCursor
			for b.Loop() {
				list := make([]domain.MessageRecord, 64)
				ids := make([]string, len(list))
				for i := range list {
					list[i] = domain.MessageRecord{
						Message: domain.Message{
							ID: domain.NewUUID(), From: "sender", To: domain.AgentID(fmt.Sprint(i % 16)), Message: json.RawMessage(`{"n":1}`), Priority: domain.PriorityNormal,
							Timestamp: now, TTL: now,
						},
						Kind: domain.KindMessage, State: domain.MessageQueued,
					}
					ids[i] = list[i].ID
				}
				if _, err := s.Messages.Insert(b.Context(), list, 1000); err != nil {
					b.Fatal(err)
				}
				for i := range after {
					got, err := s.Messages.Next(b.Context(), domain.AgentID(fmt.Sprint(i)), after[i], []domain.Priority{domain.PriorityHigh, domain.PriorityNormal}, nil)
					if err != nil || len(got) != 4 {
						b.Fatalf("%d messages, %v", len(got), err)
					}
					after[i].Normal = got[3].Seq
				}
				if err := s.Messages.Handle(b.Context(), ids, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
