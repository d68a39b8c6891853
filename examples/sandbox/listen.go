package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// listen listens on an address of the loopback interface, and on no other.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address such as 127.0.0.1:8080: %w", address, err)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("%s is not on the loopback interface: everybody knows the keys of the sandbox, so nobody else may reach it", address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// What localhost leads to is told by the system.
	if addr, ok := listener.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s leads to %s, which is not on the loopback interface", address, listener.Addr()), listener.Close())
	}
	return listener, nil
}

// lastWords is the time that requests under way get at the end.
const lastWords = 300 * time.Millisecond

// serve serves until ctx ends, and returns when nothing of it runs any more.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		// Open streams of events end with it.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		// A browser keeps connections open that it asked nothing on.
		err = server.Close()
	}
	<-failed
	return err
}
