package testkit

import (
	"strings"
	"testing"

	"github.com/redis/rueidis"
)

// DumpRedis returns all keys and values of a database as text, for tests that look
// for what must not be there. Values other than strings and hashes end the test.
func DumpRedis(t testing.TB, address string) string {
	t.Helper()
	option, err := rueidis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	keys, err := c.Do(ctx, c.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, key := range keys {
		kind, err := c.Do(ctx, c.B().Type().Key(key).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(key + " ")
		switch kind {
		case "string":
			value, err := c.Do(ctx, c.B().Get().Key(key).Build()).ToString()
			if err != nil && !rueidis.IsRedisNil(err) { // gone meanwhile
				t.Fatal(err)
			}
			out.WriteString(value)
		case "hash":
			fields, err := c.Do(ctx, c.B().Hgetall().Key(key).Build()).AsStrMap()
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range fields {
				out.WriteString(name + "=" + value + " ")
			}
		case "none": // gone meanwhile
		default:
			t.Fatalf("key %s has type %s", key, kind)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
