package gemini

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/llm/wire"
)

// stream reads answers of the usual form, one for each piece. There is no mark at the
// end: the last one has the reason. Without alt=sse it would be a JSON array.
func (p *Provider) stream(ctx context.Context, r *llm.Request) (*llm.Response, error) {
	s := state{p: p, text: p.wire.Collect(r)}
	answer, err := p.wire.Stream(ctx, modelPath(r.Model, "streamGenerateContent?alt=sse"), r, encode(r), func(ev rest.Event) error {
		var in reply
		if json.Unmarshal(ev.Data, &in) != nil {
			return p.wire.Fail(llm.Malformed, "an event cannot be read")
		}
		return s.take(&in)
	})
	if err != nil {
		return nil, err
	}
	if s.finish == "" && s.block == "" {
		return nil, p.wire.Fail(llm.Cut, "the stream ended without a reason")
	}
	return s.response(wire.ID(answer, s.id))
}

type (
	embedOne struct {
		Model      string  `json:"model"`
		Content    content `json:"content"`
		Dimensions int     `json:"outputDimensionality,omitempty"`
	}
	embedRequest struct {
		Requests []embedOne `json:"requests"`
	}
	embedReply struct {
		Embeddings []struct {
			Values []float32 `json:"values"`
		} `json:"embeddings"`
		Usage *usage `json:"usageMetadata"`
	}
)

// Embed makes one call for a batch. The vendor normalises only vectors of full length,
// so all are made of length 1 here.
func (p *Provider) Embed(ctx context.Context, r llm.EmbedRequest) (*llm.Embeddings, error) {
	out := &embedRequest{}
	name := "models/" + strings.TrimPrefix(r.Model, "models/")
	for _, t := range r.Texts {
		out.Requests = append(out.Requests, embedOne{name, content{Parts: []any{part{Text: t}}}, r.Dimensions})
	}
	var in embedReply
	answer, err := p.wire.Embed(ctx, modelPath(r.Model, "batchEmbedContents"), &r, out, &in)
	if err != nil {
		return nil, err
	}
	res := &llm.Embeddings{ProviderRequestID: wire.ID(answer, "")}
	for _, e := range in.Embeddings {
		res.Vectors = append(res.Vectors, e.Values)
	}
	if u := in.Usage; u != nil && u.Prompt != nil {
		res.Usage = &domain.Usage{Input: *u.Prompt}
	}
	if err := res.Check(p.Name(), len(r.Texts), r.Dimensions); err != nil {
		return nil, err
	}
	llm.Normalize(res.Vectors)
	return res, nil
}

type wireError struct {
	Error struct {
		Message string `json:"message"`
		Status  string `json:"status"`
		Details []struct {
			Type       string `json:"@type"`
			Reason     string `json:"reason"`     // ErrorInfo
			RetryDelay string `json:"retryDelay"` // RetryInfo: like 34s
			Violations []struct {
				QuotaID string `json:"quotaId"`
			} `json:"violations"` // QuotaFailure
		} `json:"details"`
	} `json:"error"`
}

// explain tells by status and details. A bad key is a 400; how long to wait is in the
// details, not in a header. A quota of a day does not fill up while somebody waits.
func explain(status int, _ http.Header, body []byte) wire.Fault {
	var list []wireError
	var w wireError
	if json.Unmarshal(body, &w) != nil && json.Unmarshal(body, &list) == nil && len(list) > 0 { // some proxies wrap it
		w = list[0]
	}
	out := wire.Fault{Detail: w.Error.Message}
	for _, d := range w.Error.Details {
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait > 0 {
			out.Wait = wait
		}
		if d.Reason == "API_KEY_INVALID" {
			out.Class = llm.BadCredential
		}
		for _, v := range d.Violations {
			if status == http.StatusTooManyRequests && strings.Contains(v.QuotaID, "PerDay") {
				out.Class = llm.Quota
			}
		}
	}
	if status == http.StatusBadRequest && out.Class == "" && strings.Contains(w.Error.Message, "input token count") {
		out.Class = llm.TooLong
	}
	return out
}
