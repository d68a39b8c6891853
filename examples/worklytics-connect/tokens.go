package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strings"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// activeAccount stands for the service account that gcloud acts as.
const activeAccount = "active"

// tokensFor gives the source of ID tokens for the service on a host.
type tokensFor func(host string) auth.TokenSource

// tokenFlags adds the flags that say where the ID token comes from. What they say is in tokens when
// they have been read.
func tokenFlags(flags *flag.FlagSet, tokens *tokensFor) {
	*tokens = always(auth.Env("WORKLYTICS_TOKEN"))
	given := false
	add := func(name, usage string, source func(text string) (tokensFor, error)) {
		flags.Func(name, usage, func(text string) (err error) {
			if given {
				return errors.New("there is another flag for the token: give one of -token-env, -token-file, -gcloud and -cognito")
			}
			given = true
			*tokens, err = source(text)
			return err
		})
	}
	add("token-env", "the environment `variable` that holds the ID token (default WORKLYTICS_TOKEN)", func(name string) (tokensFor, error) {
		return always(auth.Env(name)), nil
	})
	add("token-file", "the `file` that holds the ID token, in place of a variable", func(path string) (tokensFor, error) {
		return always(auth.File(path)), nil
	})
	add("gcloud", "take the ID token from the gcloud program: the `email` of the service account to impersonate, or \""+activeAccount+
		"\" where gcloud acts as one already", func(account string) (tokensFor, error) {
		if account == activeAccount {
			account = ""
		} else if account == "" {
			return nil, fmt.Errorf("it must be an email, or %q", activeAccount)
		}
		return always(auth.Cache(auth.GCloudIDToken(auth.GCloudOptions{Audience: worklytics.Audience, ServiceAccount: account}))), nil
	})
	add("cognito", "take the ID token from the aws program, as `pool=email`: the Cognito identity pool, and the user with the role in Worklytics",
		func(text string) (tokensFor, error) {
			pool, user, ok := strings.Cut(text, "=")
			if !ok || pool == "" || user == "" {
				return nil, errors.New("it must be pool=email")
			}
			return func(host string) auth.TokenSource {
				// The pool knows Worklytics by the name of its host, which has no
				// port.
				provider := (&url.URL{Host: host}).Hostname()
				return auth.Cache(auth.CognitoCLI(auth.CognitoOptions{IdentityPoolID: pool, Provider: provider, User: user}))
			}, nil
		})
}

func always(source auth.TokenSource) tokensFor {
	return func(string) auth.TokenSource { return source }
}
