package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// nginxConfig serves the files of all hosts as well as nginx can: compressed ahead,
// open files remembered, no log.
const nginxConfig = `daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.error;
worker_processes auto;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off;
  types { text/html html; }
  charset utf-8;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=10000;
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  server {
    listen %[2]s default_server backlog=4096;
    server_name _;
    root %[3]s;
    index index.html;
    gzip_static on;
    gzip_vary on;
    add_header Cache-Control "public, max-age=60, stale-while-revalidate=600";
    add_header X-Content-Type-Options nosniff;
    add_header Referrer-Policy strict-origin-when-cross-origin;
  }
}
`

// nginx is a running nginx.
type nginx struct {
	edgeServer
	cmd   *exec.Cmd
	ended chan struct{}
}

func startNginx(ctx context.Context, c *EdgeConfig) (*nginx, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	config := filepath.Join(c.Dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, c.Dir, address, c.Files), 0o600); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	n := &nginx{cmd: exec.CommandContext(context.WithoutCancel(ctx), c.Nginx, "-p", c.Dir, "-c", config), ended: make(chan struct{})}
	n.cmd.SysProcAttr = attributes()
	errs := &tail{}
	n.cmd.Stderr = errs
	if err := n.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	go func() {
		_ = n.cmd.Wait() // it is told how it went below
		close(n.ended)
	}()
	for range 500 {
		if status, err := ask(ctx, address, c.Sites.Hosts[0]); err == nil && status == 200 {
			n.edgeServer = edgeServer{"nginx", address, children(n.cmd.Process.Pid)}
			return n, nil
		}
		select {
		case <-n.ended:
			return nil, fmt.Errorf("nginx ended at once: %s", errs)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), n.stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("nginx does not answer: %s", errs), n.stop())
}

func (n *nginx) stop() error {
	_ = n.cmd.Process.Signal(os.Interrupt) // fast shutdown, with the workers
	select {
	case <-n.ended:
		return nil
	case <-time.After(stopTime):
		_ = n.cmd.Process.Kill()
		<-n.ended
		return fmt.Errorf("nginx did not stop within %s", stopTime)
	}
}

// children returns the processes that a process started.
func children(pid int) []int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var out []int
	for _, f := range strings.Fields(string(raw)) {
		if child, err := strconv.Atoi(f); err == nil {
			out = append(out, child)
		}
	}
	return out
}
