// Command natsserver is a NATS server as a process of its own, for tests that stop,
// freeze and kill it. It listens on a loopback port, 0 for a free one, and prints
// the port once it takes connections.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "natsserver:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: natsserver PORT")
	}
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("the server is not ready; is its port taken?")
	}
	addr := s.Addr()
	if addr == nil {
		return errors.New("the server does not listen")
	}
	fmt.Println(addr)
	s.WaitForShutdown()
	return nil
}
