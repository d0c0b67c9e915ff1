package cachetest

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/domain"
)

var valueTests = []test{
	{name: "set_get", fn: setGet},
	{name: "any_bytes", fn: anyBytes},
	{name: "long_keys", fn: longKeys},
	{name: "copies", fn: copies},
	{name: "ttl", fn: valuesEnd},
	{name: "ttl_of_the_last_set", fn: lastTTLCounts},
	{name: "set_if_absent", fn: setIfAbsent},
	{name: "set_if_absent_at_once", fn: setIfAbsentAtOnce},
	{name: "delete", fn: deleteKeys},
	{name: "refuses", fn: refuses},
	{name: "ping", fn: ping},
}

// has checks what is stored under a key; nil means nothing.
func (s Subject) has(t *testing.T, key string, want []byte) {
	t.Helper()
	got, ok, err := s.Cache.Get(t.Context(), key)
	if err != nil || ok != (want != nil) || !bytes.Equal(got, want) {
		t.Errorf("Get(%.40q) = %q, %t, %v, want %q", key, got, ok, err, want)
	}
}

func setGet(t *testing.T, s Subject) {
	s.has(t, "a", nil)
	must(t, s.Cache.Set(t.Context(), "a", []byte("1"), time.Hour))
	must(t, s.Cache.Set(t.Context(), "b", []byte("2"), time.Hour))
	s.has(t, "a", []byte("1"))
	s.has(t, "b", []byte("2"))
	must(t, s.Cache.Set(t.Context(), "a", []byte("3"), time.Hour))
	s.has(t, "a", []byte("3"))
}

func anyBytes(t *testing.T, s Subject) {
	for _, key := range []string{"", "a b\r\n", "\x00\xff", "ä", "a*?[b]", "{a}"} {
		value := []byte(key + "\x00\r\n\xff")
		must(t, s.Cache.Set(t.Context(), key, value, time.Hour))
		s.has(t, key, value)
	}
	must(t, s.Cache.Set(t.Context(), "empty", nil, time.Hour))
	s.has(t, "empty", []byte{})
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<14) // 256 KiB
	must(t, s.Cache.Set(t.Context(), "large", large, time.Hour))
	s.has(t, "large", large)
}

func longKeys(t *testing.T, s Subject) {
	long := strings.Repeat("k", 5000)
	keys := []string{long, long + "1", long + "2", long[:200], long[:201], "#", "#" + long}
	for _, key := range keys {
		must(t, s.Cache.Set(t.Context(), key, []byte(key), time.Hour))
	}
	for _, key := range keys {
		s.has(t, key, []byte(key))
	}
}

func copies(t *testing.T, s Subject) {
	value := []byte("abc")
	must(t, s.Cache.Set(t.Context(), "k", value, time.Hour))
	value[0] = 'X'
	s.has(t, "k", []byte("abc"))
	got, _, err := s.Cache.Get(t.Context(), "k")
	must(t, err)
	got[0] = 'X'
	s.has(t, "k", []byte("abc"))
}

func valuesEnd(t *testing.T, s Subject) {
	const ttl = 30 * time.Millisecond
	must(t, s.Cache.Set(t.Context(), "k", []byte("v"), ttl))
	must(t, s.Cache.Set(t.Context(), "fraction", []byte("v"), ttl-time.Nanosecond)) // rounded up
	must(t, s.Cache.Set(t.Context(), "long", []byte("v"), time.Hour))
	early := time.Duration(0)
	if s.moved() {
		early = ttl - time.Millisecond
		s.pass(early)
		s.has(t, "k", []byte("v"))
		s.has(t, "fraction", []byte("v"))
	}
	s.until(t, ttl-early, "the end of a value", func() bool {
		_, ok, err := s.Cache.Get(t.Context(), "k")
		_, fraction, err2 := s.Cache.Get(t.Context(), "fraction")
		return !ok && !fraction && err == nil && err2 == nil
	})
	s.has(t, "long", []byte("v"))
}

func lastTTLCounts(t *testing.T, s Subject) {
	must(t, s.Cache.Set(t.Context(), "longer", []byte("1"), 20*time.Millisecond))
	must(t, s.Cache.Set(t.Context(), "longer", []byte("2"), time.Hour))
	must(t, s.Cache.Set(t.Context(), "shorter", []byte("1"), time.Hour))
	must(t, s.Cache.Set(t.Context(), "shorter", []byte("2"), 20*time.Millisecond))
	s.until(t, 20*time.Millisecond, "the end of the value set last", func() bool {
		_, ok, err := s.Cache.Get(t.Context(), "shorter")
		return !ok && err == nil
	})
	s.has(t, "longer", []byte("2"))
}

func setIfAbsent(t *testing.T, s Subject) {
	add := func(value string, ttl time.Duration, want bool) bool {
		t.Helper()
		ok, err := s.Cache.SetIfAbsent(t.Context(), "k", []byte(value), ttl)
		must(t, err)
		return ok == want
	}
	if !add("1", time.Hour, true) || !add("2", time.Millisecond, false) {
		t.Error("SetIfAbsent: want the first stored and the second not")
	}
	s.pass(2 * time.Millisecond)
	s.has(t, "k", []byte("1")) // and its ttl is the first one's
	must(t, s.Cache.Delete(t.Context(), "k"))
	if !add("3", 20*time.Millisecond, true) {
		t.Error("SetIfAbsent did not store after Delete")
	}
	s.until(t, 20*time.Millisecond, "a place for another value", func() bool { return add("4", time.Hour, true) })
	s.has(t, "k", []byte("4"))
}

func setIfAbsentAtOnce(t *testing.T, s Subject) {
	var stored atomic.Int64
	together(50, func(i int) {
		ok, err := s.Cache.SetIfAbsent(t.Context(), "k", []byte{byte(i)}, time.Hour)
		if err != nil {
			t.Error(err)
		}
		if ok {
			stored.Add(1)
		}
	})
	if got := stored.Load(); got != 1 {
		t.Errorf("%d of 50 stored, want 1", got)
	}
}

func deleteKeys(t *testing.T, s Subject) {
	for _, key := range []string{"a", "b", "c"} {
		must(t, s.Cache.Set(t.Context(), key, []byte("v"), time.Hour))
		_, err := s.Cache.Increment(t.Context(), key, time.Hour)
		must(t, err)
	}
	must(t, s.Cache.Delete(t.Context()))
	must(t, s.Cache.Delete(t.Context(), "a", "missing", "b"))
	s.has(t, "a", nil)
	s.has(t, "b", nil)
	s.has(t, "c", []byte("v"))
	for key, want := range map[string]int64{"a": 1, "b": 1, "c": 2} {
		if got, err := s.Cache.Increment(t.Context(), key, time.Hour); got != want || err != nil {
			t.Errorf("after Delete, counter %s = %d, %v, want %d", key, got, err, want)
		}
	}
}

func refuses(t *testing.T, s Subject) {
	for _, ttl := range []time.Duration{0, -time.Second} {
		code(t, "Set", s.Cache.Set(t.Context(), "k", []byte("v"), ttl), domain.CodeInvalid)
		_, err := s.Cache.SetIfAbsent(t.Context(), "k", []byte("v"), ttl)
		code(t, "SetIfAbsent", err, domain.CodeInvalid)
		_, err = s.Cache.Increment(t.Context(), "k", ttl)
		code(t, "Increment", err, domain.CodeInvalid)
	}
	s.has(t, "k", nil)
}

func ping(t *testing.T, s Subject) { must(t, s.Cache.Ping(t.Context())) }
