package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// runDemo asks a fake server for a token, and returns it in each format, as runs of the program
// print it.
func runDemo(ctx context.Context) (text []byte, err error) {
	const user, refreshToken = "admin@infoworks.io", "a made-up refresh token"
	server := infoworkstest.NewServer(infoworkstest.WithUsers(infoworkstest.User{Email: user, RefreshToken: refreshToken}))
	defer server.Close()
	base, err := url.Parse(server.BaseURL())
	if err != nil {
		return nil, err
	}
	cacheDir, err := os.MkdirTemp("", "infoworks-token-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cacheDir)) }()
	var out bytes.Buffer
	for _, format := range []string{"text", "json", "exec", "git"} {
		o := options{
			url: server.BaseURL(), base: base, format: format, action: "get", cacheDir: cacheDir, timeout: time.Minute, minLife: time.Minute,
			credentials: infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)},
		}
		// What git asks on standard input.
		answer, err := o.answer(ctx, strings.NewReader("protocol="+base.Scheme+"\nhost="+base.Host+"\n\n"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "# infoworks-token -format %s\n%s\n", format, answer)
	}
	fmt.Fprintf(&out, "These were 4 runs; the server was asked %d time.\n", len(server.Requests()))
	return out.Bytes(), nil
}
