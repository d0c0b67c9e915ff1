package anthropic

import (
	"context"
	"encoding/json"

	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

type event struct {
	Type    string          `json:"type"`
	Message *reply          `json:"message"`       // message_start
	Index   int             `json:"index"`         // of a block
	Block   json.RawMessage `json:"content_block"` // content_block_start
	Delta   struct {
		Type       string `json:"type"`
		Text       string `json:"text"`
		JSON       string `json:"partial_json"`
		Thinking   string `json:"thinking"`
		Signature  string `json:"signature"`
		StopReason string `json:"stop_reason"` // message_delta
	} `json:"delta"`
	Usage *usage `json:"usage"` // message_delta; it counts from the beginning
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
}

// piece is a block that comes in parts.
type piece struct {
	first           map[string]json.RawMessage // as it began
	kind            string
	text, thinking  string
	signature, json string
}

// state is an answer that comes in parts.
type state struct {
	p      *Provider
	text   *wire.Text
	reply  reply
	pieces []*piece
	ended  bool
}

func (p *Provider) stream(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	s := state{p: p, text: p.wire.Collect(r)}
	answer, err := p.wire.Stream(ctx, "messages", r, encode(r), func(ev rest.Event) error {
		var in event
		if json.Unmarshal(ev.Data, &in) != nil {
			return p.wire.Fail(llm.Malformed, "an event cannot be read")
		}
		return s.take(&in)
	})
	if err != nil {
		return nil, err
	}
	if !s.ended {
		return nil, p.wire.Fail(llm.Cut, "the stream ended without its last event")
	}
	for _, piece := range s.pieces {
		raw, err := piece.block()
		if err != nil {
			return nil, p.wire.Fail(llm.Malformed, err.Error())
		}
		s.reply.Content = append(s.reply.Content, raw)
	}
	return p.response(&s.reply, r, wire.ID(answer, s.reply.ID))
}

func (s *state) take(in *event) error {
	switch in.Type {
	case "message_start":
		if in.Message == nil {
			return s.p.wire.Fail(llm.Malformed, "the first event has no message")
		}
		s.reply.ID, s.reply.Usage = in.Message.ID, in.Message.Usage
	case "content_block_start":
		return s.begin(in)
	case "content_block_delta":
		return s.delta(in)
	case "message_delta":
		s.reply.StopReason = in.Delta.StopReason
		s.reply.Usage.merge(in.Usage)
	case "message_stop":
		s.ended = true
	case "error": // after a good status: the work was begun
		return s.p.wire.Fail(llm.Cut, "the vendor ended the stream with an error: "+in.Error.Type+": "+in.Error.Message)
	}
	return nil // ping, content_block_stop, and what is new
}

func (s *state) begin(in *event) error {
	if in.Index != len(s.pieces) {
		return s.p.wire.Fail(llm.Malformed, "a block has a wrong index")
	}
	n := &piece{}
	var b block
	if json.Unmarshal(in.Block, &n.first) != nil || json.Unmarshal(in.Block, &b) != nil {
		return s.p.wire.Fail(llm.Malformed, "a block cannot be read")
	}
	n.kind, n.text = b.Type, b.Text
	s.pieces = append(s.pieces, n)
	if err := s.text.Count(len(in.Block) - len(b.Text)); err != nil {
		return err
	}
	return s.text.Add(b.Text)
}

func (s *state) delta(in *event) error {
	if in.Index < 0 || in.Index >= len(s.pieces) {
		return s.p.wire.Fail(llm.Malformed, "a part belongs to no block")
	}
	n, d := s.pieces[in.Index], &in.Delta
	switch d.Type {
	case "text_delta":
		n.text += d.Text
		return s.text.Add(d.Text)
	case "input_json_delta":
		n.json += d.JSON
	case "thinking_delta":
		n.thinking += d.Thinking
	case "signature_delta":
		n.signature += d.Signature
	}
	return s.text.Count(len(d.JSON) + len(d.Thinking) + len(d.Signature))
}

// block puts the parts together, as an answer that does not stream has it.
func (n *piece) block() (json.RawMessage, error) {
	set := func(name string, v any) error {
		raw, err := json.Marshal(v)
		n.first[name] = raw
		return err
	}
	var err error
	switch n.kind {
	case "text":
		err = set("text", n.text)
	case "tool_use":
		err = set("input", wire.Arguments(n.json))
	case "thinking":
		if err = set("thinking", n.thinking); err == nil && n.signature != "" {
			err = set("signature", n.signature)
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(n.first)
}

// merge takes what a later event counts: output from the beginning, and whatever else
// it says.
func (u *usage) merge(later *usage) {
	if later == nil {
		return
	}
	for _, f := range []struct{ own, other **int }{{&u.Input, &later.Input}, {&u.Write, &later.Write}, {&u.Cached, &later.Cached}, {&u.Output, &later.Output}} {
		if *f.other != nil {
			*f.own = *f.other
		}
	}
}
