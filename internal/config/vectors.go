package config

import "net/url"

// Vectors says where vectors are kept: on a Chroma server with a URL, else in the
// database of the program.
type Vectors struct {
	URL      string `koanf:"url"`      // of a Chroma server, such as http://127.0.0.1:8000
	Tenant   string `koanf:"tenant"`   // of that server
	Database string `koanf:"database"` // of that server
	Token    Secret `koanf:"token"`    // for that server, or the proxy before it
	MemoryMB int    `koanf:"memory_mb"`
	// Embedder is what turns texts into vectors: lexical, which needs no model, or model,
	// which is that of models.embedding.
	Embedder string `koanf:"embedder"`
	// Dimension is that of the embedder without a model.
	Dimension int `koanf:"dimension"`
}

func vectorDefaults() map[string]any {
	return map[string]any{"url": "", "tenant": "default_tenant", "database": "default_database", "token": "", "memory_mb": 1024, "embedder": "lexical", "dimension": 384}
}

// validateVectors checks where vectors are kept.
func (c *Config) validateVectors(add func(key, format string, args ...any)) {
	v := &c.Vectors
	if v.URL != "" {
		if u, err := url.Parse(v.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			add("vectors.url", "not a URL that starts with http:// or https://, without a password")
		}
	}
	if v.Tenant == "" || v.Database == "" {
		add("vectors.tenant", "a Chroma server needs the names of a tenant and a database")
	}
	if v.MemoryMB < 16 || v.MemoryMB > 1<<20 {
		add("vectors.memory_mb", "%d is not between 16 and 1048576", v.MemoryMB)
	}
	switch v.Embedder {
	case "lexical":
	case "model":
		if m := c.Models.EmbeddingModel(); m == nil || m.Dimensions <= 0 {
			add("vectors.embedder", "model needs models.embedding with the name of a model whose dimensions are given")
		}
	default:
		add("vectors.embedder", "%q is neither lexical nor model", v.Embedder)
	}
	if v.Dimension < 64 || v.Dimension > 4096 {
		add("vectors.dimension", "%d is not between 64 and 4096", v.Dimension)
	}
}
