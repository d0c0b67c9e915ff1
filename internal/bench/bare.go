package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// ServeBare answers every request on a free loopback port with the same bytes: a
// plain server of the standard library that does nothing else, the most that the
// machine can do with net/http. It writes its address to out as JSON, as serve
// --json does, and ends with ctx.
func ServeBare(ctx context.Context, out io.Writer, body []byte) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	kind, length := []string{"application/json"}, []string{strconv.Itoa(len(body))}
	s := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h["Content-Type"], h["Content-Length"] = kind, length
			_, _ = w.Write(body) // the client is gone if this fails
		}),
	}
	if err := json.NewEncoder(out).Encode(listening{os.Getpid(), ln.Addr().String()}); err != nil {
		return errors.Join(fmt.Errorf("write the address: %w", err), ln.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
