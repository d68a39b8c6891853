// Refresher is a program of a user of package auth, of which tests run several at once, and kill
// some.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(mode string, args []string) error {
	store := auth.FileStore(args[0])
	switch mode {
	case "refresh": // STORE ISSUER ROUNDS, where ISSUER is a URL with a query
		rounds, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		source := auth.RefreshToken(auth.StaticToken("r0"), store, issuer(args[1]))
		for range rounds {
			token, err := source.Token(context.Background())
			if err != nil {
				return err
			}
			fmt.Println(token.Value.Reveal())
		}
		return nil
	case "hold": // STORE ADDRESS: takes the lock, connects, and keeps the lock until it is killed
		locker := store
		if _, err := locker.Lock(context.Background()); err != nil {
			return err
		}
		conn, err := net.Dial("tcp", args[1])
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, conn)
		return err
	}
	return fmt.Errorf("no mode %q", mode)
}

func issuer(address string) auth.Exchange {
	return func(ctx context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"&refresh="+url.QueryEscape(refresh.Reveal()), nil)
		if err != nil {
			return auth.Grant{}, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return auth.Grant{}, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return auth.Grant{}, &tenantkit.Error{StatusCode: resp.StatusCode, Outcome: tenantkit.OutcomeRejected}
		}
		var answer struct{ Access, Refresh tenantkit.Secret }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return auth.Grant{}, err
		}
		return auth.Grant{Access: auth.Token{Value: answer.Access}, Refresh: auth.Token{Value: answer.Refresh}}, nil
	}
}
