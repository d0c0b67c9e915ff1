package modelserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// geminiVendor is Google's Gemini.
type geminiVendor struct{}

type (
	geminiPart struct {
		Text      *string `json:"text"`
		Thought   bool    `json:"thought"`
		Signature string  `json:"thoughtSignature"`
		Call      *struct {
			ID   string          `json:"id"`
			Name string          `json:"name"`
			Args json.RawMessage `json:"args"`
		} `json:"functionCall"`
		Response *struct {
			ID       string         `json:"id"`
			Name     string         `json:"name"`
			Response map[string]any `json:"response"`
		} `json:"functionResponse"`
	}
	geminiContent struct {
		Role  string       `json:"role"`
		Parts []geminiPart `json:"parts"`
	}
	geminiIn struct {
		System   *geminiContent  `json:"systemInstruction"`
		Contents []geminiContent `json:"contents"`
		Tools    []struct {
			Declarations []struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				Parameters  json.RawMessage `json:"parametersJsonSchema"`
			} `json:"functionDeclarations"`
		} `json:"tools"`
		ToolConfig *struct {
			Calling struct {
				Mode string `json:"mode"`
			} `json:"functionCallingConfig"`
		} `json:"toolConfig"`
		Generation struct {
			MaxOutputTokens int             `json:"maxOutputTokens"`
			Temperature     *float64        `json:"temperature"`
			MIMEType        string          `json:"responseMimeType"`
			Schema          json.RawMessage `json:"responseJsonSchema"`
		} `json:"generationConfig"`
	}
	geminiEmbed struct {
		Requests []struct {
			Model      string        `json:"model"`
			Content    geminiContent `json:"content"`
			Dimensions int           `json:"outputDimensionality"`
		} `json:"requests"`
	}
)

func (geminiVendor) key(r *http.Request) string { return r.Header.Get("X-Goog-Api-Key") }

func (geminiVendor) counts() (writes, thoughts bool) { return false, true }

func (geminiVendor) parse(r *http.Request, body []byte) (*ask, error) {
	model, verb, _ := strings.Cut(r.PathValue("action"), ":")
	if verb == "batchEmbedContents" {
		return parseGeminiEmbed(model, body)
	}
	stream := verb == "streamGenerateContent"
	if !stream && verb != "generateContent" || stream && r.URL.Query().Get("alt") != "sse" || model == "" {
		return nil, fmt.Errorf("method %q is not known", verb)
	}
	var in geminiIn
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if len(in.Contents) == 0 {
		return nil, errors.New("* GenerateContentRequest.contents: contents is not specified")
	}
	q := &ask{model: model, limit: in.Generation.MaxOutputTokens, stream: stream, turns: len(in.Contents)}
	if q.limit == 0 {
		q.limit = 4096
	}
	if in.System != nil {
		q.say(*in.System.Parts[0].Text)
	}
	if err := in.contents(q); err != nil {
		return nil, err
	}
	if g := in.Generation; g.Schema != nil {
		if g.MIMEType != "application/json" {
			return nil, errors.New("response mimetype must be application/json to use a response schema")
		}
		q.schema = g.Schema
	}
	for _, t := range in.Tools {
		for _, d := range t.Declarations {
			if d.Name == "" || !json.Valid(d.Parameters) {
				return nil, errors.New("function_declarations: invalid")
			}
			if q.tool == "" && (in.ToolConfig == nil || in.ToolConfig.Calling.Mode != "NONE") {
				q.tool, q.toolArgs = d.Name, d.Parameters
			}
		}
	}
	return q, nil
}

// contents wants a response to every call, and calls with the signature of the
// thought before them.
func (in *geminiIn) contents(q *ask) error {
	calls := 0
	for i, c := range in.Contents {
		if c.Role != "user" && c.Role != "model" || len(c.Parts) == 0 {
			return fmt.Errorf("contents[%d]: please use a valid role: user, model; and parts", i)
		}
		answers := 0
		for _, p := range c.Parts {
			switch {
			case p.Call != nil && c.Role == "model":
				if p.Signature != "signed" {
					return errors.New("function call is missing a thought_signature")
				}
				calls++
			case p.Response != nil && c.Role == "user":
				answers++
				text, _ := p.Response.Response["output"].(string)
				q.results = append(q.results, text)
				q.say(text)
			case p.Text != nil && *p.Text != "":
				q.say(*p.Text)
			default:
				return fmt.Errorf("contents[%d].parts: data must have one initialized field", i)
			}
		}
		if c.Role == "user" {
			if answers != calls {
				return errors.New("the number of function response parts is not that of function call parts")
			}
			calls = 0
		}
		q.repaired = q.repaired || c.Role == "model"
	}
	return nil
}

func parseGeminiEmbed(model string, body []byte) (*ask, error) {
	var in geminiEmbed
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if len(in.Requests) == 0 || len(in.Requests) > 100 {
		return nil, errors.New("at most 100 requests can be in one batch")
	}
	q := &ask{model: model, embed: []string{}, size: 16}
	for _, e := range in.Requests {
		if e.Model != "models/"+model || len(e.Content.Parts) != 1 || e.Content.Parts[0].Text == nil {
			return nil, errors.New("requests: invalid")
		}
		if e.Dimensions > 0 {
			q.size = e.Dimensions
		}
		q.embed = append(q.embed, *e.Content.Parts[0].Text)
		q.say(*e.Content.Parts[0].Text)
	}
	return q, nil
}

func (geminiVendor) refusal(_ http.Header, f Fault, message string) (int, any) {
	of := func(code int, status, message string, details ...any) (int, any) {
		return code, map[string]any{"error": map[string]any{"code": code, "message": message, "status": status, "details": details}}
	}
	switch f {
	case FaultRate, FaultReset: // how long to wait is in the details
		return of(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "You exceeded your current quota", map[string]any{
			"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s",
		})
	case FaultQuota:
		return of(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "You exceeded your current quota", map[string]any{
			"@type":      "type.googleapis.com/google.rpc.QuotaFailure",
			"violations": []any{map[string]any{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}},
		})
	case FaultCredential: // a 400, not a 401
		return of(http.StatusBadRequest, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
		})
	case FaultForbidden:
		return of(http.StatusForbidden, "PERMISSION_DENIED", "Permission denied")
	case FaultNoModel:
		return of(http.StatusNotFound, "NOT_FOUND", "models/m is not found for API version v1beta")
	case FaultTooLong:
		return of(http.StatusBadRequest, "INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).")
	case FaultServer:
		return of(http.StatusInternalServerError, "INTERNAL", "An internal error has occurred.")
	case "":
		return of(http.StatusBadRequest, "INVALID_ARGUMENT", message)
	default:
		return of(http.StatusServiceUnavailable, "UNAVAILABLE", "The model is overloaded. Please try again later.")
	}
}

func (geminiVendor) usage(a *answer, f Fault) map[string]any {
	if f == FaultNoUsage {
		return map[string]any{}
	}
	return map[string]any{ // thoughts are beside the answer, cached tokens within the prompt
		"promptTokenCount": a.input, "cachedContentTokenCount": a.cached, "candidatesTokenCount": a.output - a.reasoning, "thoughtsTokenCount": a.reasoning,
		"totalTokenCount": a.input + a.output,
	}
}

func (geminiVendor) finish(a *answer, f Fault) string {
	switch {
	case f == FaultRefusal || f == FaultFilter:
		return "SAFETY"
	case a.cut:
		return "MAX_TOKENS"
	default:
		return "STOP"
	}
}

func (v geminiVendor) reply(q *ask, a *answer, f Fault) any {
	if a.vectors != nil {
		list := []any{}
		for _, vec := range a.vectors {
			list = append(list, map[string]any{"values": vec})
		}
		if f == FaultNoChoices {
			list = list[:0]
		}
		return map[string]any{"embeddings": list, "usageMetadata": v.usage(a, f)}
	}
	parts := []any{map[string]any{"text": "Let me see.", "thought": true}}
	if a.tool != "" {
		parts = append(parts, map[string]any{"functionCall": map[string]any{"name": a.tool, "args": json.RawMessage(arguments(a.args))}, "thoughtSignature": "signed"})
	} else {
		parts = append(parts, map[string]any{"text": a.text})
	}
	return v.chunk(q, a, f, parts, true)
}

func (v geminiVendor) chunk(q *ask, a *answer, f Fault, parts []any, last bool) map[string]any {
	candidate := map[string]any{"content": map[string]any{"role": "model", "parts": parts}, "index": 0}
	out := map[string]any{"candidates": []any{candidate}, "modelVersion": q.model, "responseId": "resp-1"}
	if last {
		candidate["finishReason"] = v.finish(a, f)
		out["usageMetadata"] = v.usage(a, f)
	}
	switch f {
	case FaultPrompt: // no candidates at all
		return map[string]any{"promptFeedback": map[string]any{"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": v.usage(a, f), "modelVersion": q.model}
	case FaultRefusal, FaultFilter:
		delete(candidate, "content")
	case FaultNoChoices:
		delete(out, "candidates")
	}
	return out
}

func (v geminiVendor) events(q *ask, a *answer, f Fault) []string {
	out := []string{event("", v.chunk(q, a, "", []any{map[string]any{"text": "Let me see.", "thought": true}}, false))}
	switch {
	case f == FaultPrompt || f == FaultRefusal || f == FaultFilter:
		out = out[:0]
	case a.tool != "":
		call := map[string]any{"functionCall": map[string]any{"name": a.tool, "args": json.RawMessage(arguments(a.args))}, "thoughtSignature": "signed"}
		out = append(out, event("", v.chunk(q, a, "", []any{call}, false)))
	default:
		for _, p := range pieces(a.text) {
			out = append(out, event("", v.chunk(q, a, "", []any{map[string]any{"text": p}}, false)))
		}
	}
	if f == FaultInStream {
		_, body := v.refusal(nil, FaultServer, "")
		return append(out, event("", body))
	}
	return append(out, event("", v.chunk(q, a, f, []any{map[string]any{"text": ""}}, true)))
}

func (geminiVendor) endless() string {
	return event("", map[string]any{"candidates": []any{map[string]any{"content": map[string]any{"parts": []any{map[string]any{"text": "more and more "}}}}}})
}
