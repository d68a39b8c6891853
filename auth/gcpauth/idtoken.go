package gcpauth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	googleauth "cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/idtoken"
	"cloud.google.com/go/auth/credentials/impersonate"
	"cloud.google.com/go/auth/httptransport"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// Options says which ID token is wanted.
type Options struct {
	// Audience is who the token is for. Worklytics wants https://app.worklytics.co. It is
	// required.
	Audience string
	// ServiceAccount is the email of the service account to impersonate. The token then names
	// its email. Empty means a token of the Application Default Credentials themselves, which
	// must be a service account's: a key, a metadata server, or a federated identity that
	// impersonates one. A person must impersonate.
	ServiceAccount string
	// Delegates are the emails of the service accounts by way of which ServiceAccount is
	// impersonated: each must have the role Service Account Token Creator on the next.
	Delegates []string
	// Credentials are who impersonates ServiceAccount. Nil means the Application Default
	// Credentials.
	Credentials *googleauth.Credentials
	// Transport carries the requests of the impersonation and those for its credentials: for a
	// proxy, or a private certificate authority. Nil means [tenantkit.NewTransport]. Tokens of
	// a service account's key, or of a metadata server, are fetched by Google's library in its
	// own way.
	Transport http.RoundTripper
}

// IDToken returns a source of Google ID tokens, whose email claim names the service account. Put it
// under an [auth.Cache]; both together renew a token that was refused.
//
// The Application Default Credentials are looked up at the first call and after each Invalidate, in
// the environment, files and, if there is none, on the network of Google's clouds
// (https://cloud.google.com/docs/authentication/application-default-credentials). Impersonation
// calls the method generateIdToken of the IAM Service Account Credentials API, which needs the
// permission iam.serviceAccounts.getOpenIdToken on the account.
//
// Options that cannot be used make every call fail with a [tenantkit.ValidationError].
func IDToken(o Options) auth.Invalidator {
	if o.Transport == nil {
		o.Transport = tenantkit.NewTransport()
	}
	return &source{options: o}
}

type source struct {
	options Options

	mu          sync.Mutex
	credentials *googleauth.Credentials // of ID tokens; nil until they are needed
}

// Format writes the name of the constructor, for every verb, and may be called at any time.
func (s *source) Format(f fmt.State, _ rune) {
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, "gcpauth.IDToken")
}

func (s *source) Token(ctx context.Context) (auth.Token, error) {
	if err := s.options.check(); err != nil {
		return auth.Token{}, err
	}
	idTokens, err := s.idTokens()
	if err != nil {
		return auth.Token{}, s.failure(err)
	}
	token, err := idTokens.Token(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return auth.Token{}, fmt.Errorf("%w: %w", s.failure(err), ctx.Err())
	case err != nil:
		return auth.Token{}, s.failure(err)
	}
	return auth.Token{Value: tenantkit.NewSecret(strings.TrimSpace(token.Value)), Expiry: token.Expiry}, nil
}

// Invalidate lets go of what Google's library keeps, whichever token was refused: it cannot be
// asked to forget just that one.
func (s *source) Invalidate(tenantkit.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credentials = nil
}

func (o Options) check() error {
	invalid := func(field, reason string) error {
		return &tenantkit.ValidationError{Service: "auth", Operation: "IDToken", Field: field, Reason: reason}
	}
	switch {
	case o.Audience == "":
		return invalid("Audience", "is empty")
	case o.ServiceAccount != "" && !isEmail(o.ServiceAccount):
		return invalid("ServiceAccount", fmt.Sprintf("%q is not the email of a service account", o.ServiceAccount))
	case o.ServiceAccount == "" && o.Credentials != nil:
		return invalid("Credentials", "are those that impersonate, so ServiceAccount must be set")
	case o.ServiceAccount == "" && len(o.Delegates) > 0:
		return invalid("Delegates", "are the way to ServiceAccount, which must be set")
	}
	for i, delegate := range o.Delegates {
		if !isEmail(delegate) {
			return invalid(fmt.Sprintf("Delegates[%d]", i), fmt.Sprintf("%q is not the email of a service account", delegate))
		}
	}
	return nil
}

// isEmail refuses what would lead to another path of the API.
func isEmail(text string) bool {
	return strings.Contains(text, "@") && !strings.ContainsAny(text, "/:?#% \t\r\n")
}

// idTokens returns the credentials whose tokens are the ID tokens.
func (s *source) idTokens() (*googleauth.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.credentials != nil {
		return s.credentials, nil
	}
	found, err := s.options.find()
	if err != nil {
		return nil, err
	}
	s.credentials = found
	return found, nil
}

func (o Options) find() (*googleauth.Credentials, error) {
	if o.ServiceAccount == "" {
		return idtoken.NewCredentials(&idtoken.Options{
			Audience:           o.Audience,
			ComputeTokenFormat: idtoken.ComputeTokenFormatFull, // the one with the email
			Client:             &http.Client{Transport: o.Transport, Timeout: requestTimeout},
		})
	}
	caller := o.Credentials
	if caller == nil {
		var err error
		caller, err = credentials.DetectDefault(&credentials.DetectOptions{
			Scopes: []string{"https://www.googleapis.com/auth/cloud-platform"},
			Client: &http.Client{Transport: o.Transport, Timeout: requestTimeout},
		})
		if err != nil {
			return nil, err
		}
	}
	client, err := httptransport.NewClient(&httptransport.Options{
		Credentials:      caller,
		BaseRoundTripper: o.Transport,
		DisableTelemetry: true,
	})
	if err != nil {
		return nil, err
	}
	client.Timeout = requestTimeout
	// Its transport would put the caller's token on a request to wherever a redirect leads.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return impersonate.NewIDTokenCredentials(&impersonate.IDTokenOptions{
		Audience:        o.Audience,
		TargetPrincipal: o.ServiceAccount,
		IncludeEmail:    true,
		Delegates:       o.Delegates,
		Credentials:     caller,
		Client:          client,
	})
}

const requestTimeout = 30 * time.Second

// failure tells what failed, in Google's words without what looks like a token. The error itself
// stays out of the chain: it holds the answer as it came.
func (s *source) failure(err error) error {
	who := "the Application Default Credentials"
	if s.options.ServiceAccount != "" {
		who = s.options.ServiceAccount
	}
	return fmt.Errorf("no ID token of %s for %s: %s", who, s.options.Audience, auth.Redact(err.Error()))
}
