// Testing shows how a program that uses this module is tested. The program removes a person from
// all tenants of an ARGO service (offboard.go); the point is offboard_test.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "offboard:", err)
		os.Exit(1)
	}
}

// errUsage is a command line that was explained already.
var errUsage = errors.New("the command line is wrong")

func run(ctx context.Context, args []string, out, stderr io.Writer) error {
	flags := flag.NewFlagSet("offboard", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "", "`URL` of the service, ending in /api/v2")
	keyEnv := flags.String("key-env", "ARGO_API_KEY", "the environment `variable` that holds the administrator's key")
	email := flags.String("email", "", "e-mail `address` of the person")
	demo := flags.Bool("demo", false, "remove a made-up person from a fake service")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	key := auth.Env(*keyEnv)
	if *demo {
		server := argotest.NewServer()
		defer server.Close()
		*url, *email, key = server.BaseURL(), "ada@example.org", auth.StaticToken(argotest.DefaultKey)
		for _, name := range []string{"physics", "chemistry"} {
			server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: name}, Users: []argotest.User{{Name: "Ada", Email: *email}}})
		}
	}
	if flags.NArg() > 0 || *url == "" || *email == "" {
		_, _ = fmt.Fprintln(stderr, "offboard: -url and -email are needed, or -demo, and nothing else; -h lists the flags")
		return errUsage
	}
	client, err := argo.NewClient(*url, key)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	removed, err := offboard(ctx, client, *email)
	if _, printed := fmt.Fprintf(out, "removed %s from %d tenants: %s\n", *email, len(removed), strings.Join(removed, ", ")); printed != nil {
		return errors.Join(err, printed)
	}
	return err
}
