package modelserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit/modelserver"
)

const question = `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}`

func post(ctx context.Context, url, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat/completions", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Empire-Call", "run_1/write/1")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// TestBillsThoughTheClientIsGone: the log has the bill of an answer that nobody got.
func TestBillsThoughTheClientIsGone(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "bills.jsonl")
	s, err := modelserver.Start(modelserver.Config{Log: log, Rates: domain.Rates{Input: 1_000_000, Output: 2_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if status, body, err := post(t.Context(), s.URL(), question); status != 200 || !strings.Contains(body, `"content":"ok hello"`) || err != nil {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	release := s.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _, _ = post(ctx, s.URL(), question)
	}()
	for len(s.Bills()) < 2 { // the second call is billed before it is answered
		select {
		case <-t.Context().Done():
			t.Fatal("it was not billed")
		default:
		}
	}
	cancel()
	<-gone
	release()
	bills, err := modelserver.ReadLog(log)
	if err != nil || len(bills) != 2 || bills[1].Key != "k" || bills[1].Call != "run_1/write/1" || bills[1].Input != 6 || bills[1].Output != 2 || bills[1].Cost != 10 {
		t.Errorf("bills %+v, %v", bills, err)
	}
	if modelserver.Total(bills) != 20 {
		t.Errorf("total %d", modelserver.Total(bills))
	}
}

func TestRefusesWhatTheVendorRefuses(t *testing.T) {
	t.Parallel()
	s, err := modelserver.Start(modelserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, body := range []string{
		``, `{`, `{"messages":[{"role":"user","content":"x"}]}`, `{"model":"m"}`, `{"model":"m","messages":[]}`, `{"model":"m","messages":[{"role":"king","content":"x"}]}`,
		`{"model":"m","prompt":"x","messages":[{"role":"user","content":"x"}]}`, `{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}`,
		`{"model":"m","max_tokens":1,"max_completion_tokens":1,"messages":[{"role":"user","content":"x"}]}`,
		`{"model":"m","temperature":3,"messages":[{"role":"user","content":"x"}]}`,
	} {
		status, answer, err := post(t.Context(), s.URL(), body)
		var v struct{ Error map[string]any }
		if status != 400 || err != nil || json.Unmarshal([]byte(answer), &v) != nil || len(v.Error) != 4 {
			t.Errorf("%s: %d %s, %v", body, status, answer, err)
		}
	}
	if n := len(s.Bills()); n != 0 {
		t.Errorf("%d refusals were billed", n)
	}
}

// TestProcess builds the program and ends it by its standard input.
func TestProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program, log := filepath.Join(dir, "modelserver"), filepath.Join(dir, "bills.jsonl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "empire/internal/testkit/modelserver/cmd").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), program, "-fault", "429=often").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("429=0.1")) {
		t.Errorf("wrong use: %v, %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-log", log, "-input", "1000000", "-output", "1000000")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if status, body, err := post(t.Context(), strings.TrimSpace(url), question); status != 200 || err != nil {
		t.Errorf("%d %s, %v", status, body, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if bills, err := modelserver.ReadLog(log); err != nil || len(bills) != 1 {
		t.Errorf("bills %+v, %v", bills, err)
	}
}
