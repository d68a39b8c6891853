package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

// options is what the command line says.
type options struct {
	url              string
	base             *url.URL
	format, action   string
	credentials      infoworks.Credentials
	caFile, cacheDir string
	timeout, minLife time.Duration
	demo             bool
}

// errUsage is a command line that cannot be understood. It has been told to the user.
var errUsage = errors.New("wrong usage")

func parse(args []string, errOut io.Writer) (*options, error) {
	o := &options{action: "get"}
	flags := flag.NewFlagSet("infoworks-token", flag.ContinueOnError)
	flags.SetOutput(errOut)
	var refreshFile, refreshEnv, passwordFile, passwordEnv string
	flags.StringVar(&o.url, "url", "", "`URL` of the server, ending in /v3")
	flags.StringVar(&refreshFile, "refresh-token-file", "", "`file` that holds the refresh token")
	flags.StringVar(&refreshEnv, "refresh-token-env", "", "environment `variable` that holds the refresh token")
	flags.StringVar(&o.credentials.Username, "user", "", "`name` of the user, to log in by password")
	flags.StringVar(&passwordFile, "password-file", "", "`file` that holds the password")
	flags.StringVar(&passwordEnv, "password-env", "", "environment `variable` that holds the password")
	flags.Func("service-id", "`number` of the way in which the user logs in by password", func(text string) error {
		number, err := strconv.Atoi(text)
		o.credentials.ServiceID = &number
		return err
	})
	flags.StringVar(&o.format, "format", "text", "what to print: text, json, exec (kubectl's ExecCredential) or git (git's credential helpers)")
	flags.StringVar(&o.caFile, "ca-file", "", "PEM `file` of a private certificate authority")
	flags.StringVar(&o.cacheDir, "cache-dir", "", "`directory` for kept tokens (default: infoworks-token in the user's cache directory)")
	flags.DurationVar(&o.minLife, "min-life", time.Minute, "least life of a token that is printed")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "time for everything")
	flags.BoolVar(&o.demo, "demo", false, "print the token of a made-up user of a fake server, in all formats")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(errOut, "usage: infoworks-token [flags] [get | store | erase]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	wrong := func(format string, args ...any) (*options, error) {
		_, _ = fmt.Fprintf(errOut, "infoworks-token: "+format+"\n", args...)
		return nil, errUsage
	}
	if o.demo && flags.NArg() == 0 {
		return o, nil
	}
	if flags.NArg() > 0 {
		o.action = flags.Arg(0)
	}
	var err error
	switch o.base, err = url.Parse(o.url); {
	case flags.NArg() > 1:
		return wrong("unexpected arguments after %s", o.action)
	case o.format != "git" && !slices.Contains([]string{"get", "store", "erase"}, o.action):
		return wrong("unknown action %q: get, store or erase", o.action)
	case formats[o.format] == nil:
		return wrong("unknown format %q: text, json, exec or git", o.format)
	case err != nil || o.base.Host == "":
		return wrong("-url is missing, or not a URL")
	}
	if o.credentials.RefreshToken, err = source("refresh-token", refreshFile, refreshEnv); err != nil {
		return wrong("%v", err)
	}
	if o.credentials.Password, err = source("password", passwordFile, passwordEnv); err != nil {
		return wrong("%v", err)
	}
	if o.credentials.RefreshToken == nil && o.credentials.Password == nil {
		return wrong("-refresh-token-file, -refresh-token-env, -password-file or -password-env is needed")
	}
	return o, nil
}

// source returns the source of a secret, and nil where no flag names one.
func source(name, file, env string) (auth.TokenSource, error) {
	switch {
	case file != "" && env != "":
		return nil, fmt.Errorf("-%s-file and -%s-env exclude each other", name, name)
	case file != "":
		return auth.File(file), nil
	case env != "":
		return auth.Env(env), nil
	}
	return nil, nil
}

func (o *options) client() (*infoworks.Client, error) {
	transport := tenantkit.NewTransport()
	transport.Proxy = http.ProxyFromEnvironment
	if o.caFile != "" {
		data, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", o.caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return infoworks.NewClient(o.url, o.credentials, tenantkit.WithHTTPClient(&http.Client{Transport: transport}))
}
