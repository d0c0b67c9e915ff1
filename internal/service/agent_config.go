package service

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"empire/internal/domain"
)

// builtinTimeout is how long a task of an agent of this program may take.
const builtinTimeout = 30 * time.Minute

// builtinSchema describes what can be configured of agents of this program.
func builtinSchema() *domain.ConfigSchema {
	least, most := 1.0, builtinTimeout.Seconds()
	return &domain.ConfigSchema{Type: "object", Properties: map[string]*domain.ConfigSchema{
		"timeout_seconds": {Type: "integer", Minimum: &least, Maximum: &most, Default: json.RawMessage("1800"), Description: "How long one task may take"},
	}}
}

// timeout returns how long a task of an agent of this program may take.
func (s *Agents) timeout(ctx context.Context, id domain.AgentID) time.Duration {
	r, err := s.cfg.Agents.Get(ctx, id)
	if err != nil {
		return builtinTimeout // it has no record, or the database will say so again
	}
	var c struct {
		Seconds int64 `json:"timeout_seconds"`
	}
	if json.Unmarshal(r.Config, &c) != nil || c.Seconds < 1 {
		return builtinTimeout
	}
	return time.Duration(c.Seconds) * time.Second
}

// completed returns a configuration with the defaults of its schema.
func completed(schema *domain.ConfigSchema, config map[string]json.RawMessage) json.RawMessage {
	object := map[string]json.RawMessage{}
	for name, v := range config {
		object[name] = v
	}
	if schema != nil {
		schema.Complete(object)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return json.RawMessage(`{}`) // its values are JSON
	}
	return raw
}

// masked hides the secrets of a configuration.
func masked(r domain.AgentRecord) domain.AgentRecord {
	object := map[string]json.RawMessage{}
	if len(r.Config) > 0 && json.Unmarshal(r.Config, &object) != nil {
		return r
	}
	for name := range r.Secrets {
		object[name] = json.RawMessage(`"` + domain.SecretMask + `"`)
	}
	r.Config, r.Secrets = completed(nil, object), nil
	return r
}

// configure checks a configuration against the schema of r, seals its secrets and
// puts it into r. before holds what was there.
func (s *Agents) configure(r *domain.AgentRecord, config map[string]json.RawMessage, before map[string][]byte) error {
	schema := r.ConfigSchema
	if schema == nil {
		if len(config) > 0 {
			return domain.Invalid("config", "The agent has no schema of a configuration, so it can have none.")
		}
		r.Config, r.Secrets = json.RawMessage(`{}`), nil
		return nil
	}
	schema.Complete(config)
	open := map[string]json.RawMessage{}
	kept := map[string][]byte{}
	for name, v := range config {
		open[name] = v
	}
	for _, name := range schema.SecretNames() {
		v, has := config[name]
		if sealed := before[name]; sealed != nil && (!has || string(v) == `"`+domain.SecretMask+`"`) {
			plain, err := s.unseal(r.ID, name, sealed)
			if err != nil {
				return err
			}
			kept[name], open[name] = sealed, plain
			delete(config, name)
		}
	}
	whole, err := json.Marshal(open)
	if err != nil {
		return domain.Invalid("config", "The configuration is not JSON.")
	}
	if err := schema.Validate("config", whole); err != nil {
		return err
	}
	for _, name := range schema.SecretNames() {
		if v, has := config[name]; has {
			if s.cfg.Vault == nil {
				return domain.Errorf(domain.CodeUnavailable, "Secrets cannot be sealed here.")
			}
			kept[name] = s.cfg.Vault.Seal(secretPurpose(r.ID, name), v)
			delete(config, name)
		}
	}
	r.Config, r.Secrets = completed(nil, config), kept
	return nil
}

func secretPurpose(id domain.AgentID, name string) string {
	return "agent " + string(id) + " " + name
}

func (s *Agents) unseal(id domain.AgentID, name string, sealed []byte) (json.RawMessage, error) {
	if s.cfg.Vault == nil {
		return nil, errors.New("open secret of an agent: there is no key")
	}
	return s.cfg.Vault.Open(secretPurpose(id, name), sealed)
}

// opened returns the configuration with its secrets, for the agent itself.
func (s *Agents) opened(r *domain.AgentRecord) (json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	if len(r.Config) > 0 {
		if err := json.Unmarshal(r.Config, &object); err != nil {
			return nil, err
		}
	}
	for name, sealed := range r.Secrets {
		plain, err := s.unseal(r.ID, name, sealed)
		if err != nil {
			return nil, err
		}
		object[name] = plain
	}
	return completed(nil, object), nil
}

// objectOf decodes an object; nothing is an empty one.
func objectOf(field string, raw json.RawMessage) (map[string]json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	if len(raw) == 0 {
		return object, nil
	}
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, domain.Invalid(field, "The configuration must be an object.")
	}
	return object, nil
}
