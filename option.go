package tenantkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/header"
)

// An Option configures a client, when passed to its constructor, or a single call, when passed to a
// method, where it overrides the client's setting. An invalid option, or one that has no effect on
// the call, is a [ValidationError] before anything is sent.
type Option func(*Settings) error

// Settings holds the result of applying Options. It is used by client packages; programs should use
// the With functions.
type Settings struct {
	// HTTPClient is set by [WithHTTPClient]. If nil, the client creates its own.
	HTTPClient *http.Client
	// Middleware holds the functions of [WithTransport], the innermost first.
	Middleware []func(http.RoundTripper) http.RoundTripper
	// Retry is set by [WithRetry].
	Retry RetryPolicy
	// Timeout is set by [WithTimeout], for one attempt. Zero means the client's own.
	Timeout time.Duration
	// Logger is set by [WithLogger]. If nil, nothing is logged.
	Logger *slog.Logger
	// UserAgent is set by [WithUserAgent]. Empty means the default of this module.
	UserAgent string
	// Header holds the headers added by [WithHeader].
	Header http.Header
	// MaxResponseBytes is set by [WithMaxResponseBytes]. Zero means its default.
	MaxResponseBytes int64
	// MaxPages is set by [WithMaxPages]. Zero means no limit.
	MaxPages int
	// InsecureHTTP is set by [WithInsecureHTTP].
	InsecureHTTP bool
	// Locker is set by [WithLocker]. If nil, the client creates its own.
	Locker coord.Locker
	// RateLimiter is set by [WithRateLimit]. If nil, there is no limit.
	RateLimiter *rate.Limiter
	// PerCall is set by client packages while they apply the options of a single call.
	PerCall bool
	// Response is set by [WithResponse], and filled at the end of the call. It may be nil.
	Response *Response
}

// Response describes the last exchange of a call, see [WithResponse].
type Response struct {
	// StatusCode is the HTTP status. It is 0 if there was no response.
	StatusCode int
	// Header has the response headers that [Error].Header has.
	Header http.Header
	// RequestID is the server's name for the exchange.
	RequestID string
	// Attempts is the number of attempts of the call.
	Attempts int
	// Duration is the time of the last attempt.
	Duration time.Duration
	// Elapsed is the time of the whole call, other attempts and waits included.
	Elapsed time.Duration
}

// response is Response without methods.
type response Response

// MarshalJSON returns all fields; durations are in nanoseconds. Without it, version 2 of
// encoding/json has no form for durations.
func (r Response) MarshalJSON() ([]byte, error) { return json.Marshal(response(r)) }

// UnmarshalJSON reads the JSON of MarshalJSON.
func (r *Response) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*response)(r)) }

// WithHTTPClient makes calls through a copy of client: for private certificate authorities, client
// certificates and proxies, see [NewTransport]. Redirects stay under the rules of this module
// (never for writes, never to another origin), whatever the client's CheckRedirect says; it may
// reject more.
func WithHTTPClient(client *http.Client) Option {
	return func(s *Settings) error {
		if client == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		s.HTTPClient = client
		return nil
	}
}

// WithTransport wraps the transport in a middleware, for tracing, metrics or faults. It sees every
// attempt, with credentials on the request. [OperationFromContext] returns the operation, and
// [AttemptFromContext] the number of the attempt. Of several, the last one given is the outermost.
// The function is called once for a client, or once for the call that it is given to.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(s *Settings) error {
		if wrap == nil {
			return errors.New("WithTransport: the function is nil")
		}
		s.Middleware = append(s.Middleware[:len(s.Middleware):len(s.Middleware)], wrap)
		return nil
	}
}

// WithRetry sets the retry policy. The default is [DefaultRetryPolicy].
func WithRetry(policy RetryPolicy) Option {
	return func(s *Settings) error {
		if err := policy.check(); err != nil {
			return fmt.Errorf("WithRetry: %w", err)
		}
		s.Retry = policy
		return nil
	}
}

// WithTimeout limits each attempt, from its start to the last byte of its response. For a streamed
// list it limits each wait for the server. An attempt that times out is retried like one with a
// network error; a call whose context is done is not. The default is 30 seconds, or longer for
// operations documented as slow. A client-wide timeout never shortens an operation's own minimum; a
// per-call timeout does. A negative value disables the timeout.
func WithTimeout(perAttempt time.Duration) Option {
	return func(s *Settings) error {
		if perAttempt == 0 {
			return errors.New("WithTimeout: no call can be made in no time; a negative time-out means none")
		}
		s.Timeout = perAttempt
		return nil
	}
}

// WithLogger logs one line for each attempt at debug level: service, operation, attempt, status,
// duration, wait, outcome and error. No line holds a body, a credential, or the query of a URL.
// Without it, or with nil, nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(s *Settings) error {
		s.Logger = logger
		return nil
	}
}

// WithUserAgent sends text instead of "tenantkit/<version> (+go<version>)" as User-Agent.
func WithUserAgent(text string) Option {
	return func(s *Settings) error {
		if text == "" {
			return errors.New("WithUserAgent: the text is empty")
		}
		if reason := header.BadValue(text); reason != "" {
			return fmt.Errorf("WithUserAgent: the text cannot be sent: %s", reason)
		}
		s.UserAgent = text
		return nil
	}
}

// ownHeaders are what the pipeline sets itself, or relies on nobody setting: another value would
// break calls, or a promise of this module.
var ownHeaders = []string{
	"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Range",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
}

// WithHeader sends a header with each request. Headers that the client sets itself (credentials,
// Accept, Content-Type, User-Agent), those of the HTTP connection, Range and Expect are rejected or
// overwritten.
func WithHeader(name, value string) Option {
	return func(s *Settings) error {
		if reason := header.BadName(name); reason != "" {
			return fmt.Errorf("WithHeader: the name cannot be that of a header: %s", reason)
		}
		if reason := header.BadValue(value); reason != "" {
			return fmt.Errorf("WithHeader: the value of %s cannot be sent: %s", name, reason)
		}
		// Not in the place of name, since calls at the same time may share the option.
		canonical := http.CanonicalHeaderKey(name)
		if slices.Contains(ownHeaders, canonical) {
			return fmt.Errorf("WithHeader: %s is set by the client itself", canonical)
		}
		if strings.HasSuffix(canonical, "Idempotency-Key") {
			return fmt.Errorf("WithHeader: %s would make net/http repeat writes by itself, and no service of this module knows it", canonical)
		}
		// A copy, since the header may be the client's own, in use by other calls.
		all := s.Header.Clone()
		if all == nil {
			all = make(http.Header)
		}
		all.Set(canonical, value)
		s.Header = all
		return nil
	}
}

// WithMaxResponseBytes limits the body of a response, in bytes after decompression. For a streamed
// list it limits each element. A longer response is an error. The default is 64 MiB.
func WithMaxResponseBytes(n int64) Option {
	return func(s *Settings) error {
		if n <= 0 {
			return errors.New("WithMaxResponseBytes: the bound must be positive")
		}
		s.MaxResponseBytes = n
		return nil
	}
}

// WithMaxPages limits the number of pages that an iterator over a list reads (AllProjects,
// AllUsers, [Pages]): a longer list ends with an error after the last element of page n. It guards
// against a server that never comes to an end; to take only the beginning of a list, break out of
// the loop. Without it there is no limit. It is an error on a call that reads no pages.
func WithMaxPages(n int) Option {
	return func(s *Settings) error {
		if n <= 0 {
			return errors.New("WithMaxPages: the bound must be positive")
		}
		s.MaxPages = n
		return nil
	}
}

// WithLocker serializes everything that the client serializes among its goroutines among all users
// of locker too: such as other replicas of the program. A lock covers retries; if it is lost, the
// call fails with [OutcomeUnknown] if it was sent. Without WithLocker, a client has a locker of its
// own, as [coord.Local] returns. It is an option for clients, not for a single call.
func WithLocker(locker coord.Locker) Option {
	return func(s *Settings) error {
		switch {
		case s.PerCall:
			return errors.New("WithLocker: it must be given to the client")
		case locker == nil:
			return errors.New("WithLocker: the locker must not be nil")
		}
		s.Locker = locker
		return nil
	}
}

// WithRateLimit limits the requests of a client, retries included, to perSecond on average and
// burst at once. An attempt waits for its turn until the context of the call is done. It is an
// option for clients, not for a single call. Without it there is no limit.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(s *Settings) error {
		switch {
		case s.PerCall:
			return errors.New("WithRateLimit: it must be given to the client")
		case !(perSecond > 0) || burst <= 0:
			return errors.New("WithRateLimit: perSecond and burst must be positive")
		}
		s.RateLimiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		return nil
	}
}

// WithInsecureHTTP permits plain http in a client's base URL to a host that is not loopback:
// credentials then cross the network unprotected. It is an option for clients, not for a single
// call.
func WithInsecureHTTP() Option {
	return func(s *Settings) error {
		if s.PerCall {
			return errors.New("WithInsecureHTTP: it must be given to the client")
		}
		s.InsecureHTTP = true
		return nil
	}
}

// WithResponse fills response when the call ends, also with an error. Give it to calls rather than
// to a client: concurrent calls must not share a response.
func WithResponse(response *Response) Option {
	return func(s *Settings) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		s.Response = response
		return nil
	}
}
