package llm

import (
	"encoding/json"
	"regexp"

	"empire/internal/domain"
)

// Tool is something that a model may ask to be done. Its answer is data for the
// model: what it wants done is checked like all of its text.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"` // JSON Schema of an object
}

// ToolCall is a tool that a model wants.
type ToolCall struct {
	ID        string          `json:"id"` // that the result must name
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"` // an object, not checked
}

// ToolResult answers a call.
type ToolResult struct {
	CallID string `json:"call_id"`
	Name   string `json:"name"` // of the tool
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
}

// ToolChoice says whether a model must ask for a tool.
type ToolChoice string

// The choices.
const (
	ToolsAuto     ToolChoice = "" // as the model likes
	ToolsNone     ToolChoice = "none"
	ToolsRequired ToolChoice = "required" // at least one
)

const (
	maxTools     = 64
	maxToolCalls = 64 // in one answer
)

var toolName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$`) // what all vendors take

func (r *Request) validateTools(turns []Message) error {
	if len(r.Tools) > maxTools {
		return domain.Invalid("tools", "A request has at most %d tools.", maxTools)
	}
	seen := map[string]bool{}
	for _, t := range r.Tools {
		if !toolName.MatchString(t.Name) || seen[t.Name] {
			return domain.Invalid("tools", "The name of a tool is unique and has 1 to 64 letters, digits, - and _: %q.", t.Name)
		}
		seen[t.Name] = true
		var s struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(t.Parameters, &s); err != nil || s.Type != "object" {
			return domain.Invalid("tools", "The parameters of tool %s are not a JSON Schema of an object.", t.Name)
		}
	}
	switch r.Choice {
	case ToolsAuto, ToolsNone, ToolsRequired:
	default:
		return domain.Invalid("tool_choice", "Tool choice %q is not none or required.", r.Choice)
	}
	if r.Choice == ToolsRequired && len(r.Tools) == 0 {
		return domain.Invalid("tool_choice", "A tool is required, but there is none.")
	}
	return validateResults(turns)
}

// validateResults wants a result for each call, in the message after it, and no
// other: vendors refuse anything else.
func validateResults(turns []Message) error {
	var open map[string]bool
	for _, m := range turns {
		got := 0
		for _, res := range m.Results {
			if m.Role != User || !open[res.CallID] {
				return domain.Invalid("messages", "The result of tool %q answers no call of the message before it.", res.CallID)
			}
			got++
		}
		if got != len(open) {
			return domain.Invalid("messages", "A message with calls of tools is followed by a result for each of them.")
		}
		open = nil
		for _, c := range m.Calls {
			if m.Role != Assistant || c.ID == "" || open[c.ID] {
				return domain.Invalid("messages", "Calls of tools are the assistant's, each with an id of its own.")
			}
			if open == nil {
				open = map[string]bool{}
			}
			open[c.ID] = true
		}
	}
	if len(open) > 0 {
		return domain.Invalid("messages", "The last message has calls of tools without results.")
	}
	return nil
}

// CheckCalls checks what a model wants done against the tools that it was offered:
// only those, a bounded number of times, with an object as arguments. What is in the
// object is the tool's to check.
func (r *Response) CheckCalls(offered []Tool) error {
	if len(r.Calls) > maxToolCalls {
		return domain.Errorf(domain.CodeInvalid, "The model asks for more than %d tools at once.", maxToolCalls)
	}
	ids := map[string]bool{}
	for _, c := range r.Calls {
		known := false
		for _, t := range offered {
			known = known || t.Name == c.Name
		}
		if !known {
			return domain.Errorf(domain.CodeInvalid, "The model asks for a tool that it was not offered.")
		}
		var object map[string]json.RawMessage
		if c.ID == "" || ids[c.ID] || json.Unmarshal(c.Arguments, &object) != nil || object == nil {
			return domain.Errorf(domain.CodeInvalid, "The model asks for tool %s without an id or with arguments that are no object.", c.Name)
		}
		ids[c.ID] = true
	}
	return nil
}
