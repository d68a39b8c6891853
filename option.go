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

// Option changes the behaviour of a client, when given to its constructor, or of one call, when given to a method. On a call it
// takes the place of the client's own. An option that cannot be used makes a [ValidationError], before anything is sent.
type Option func(*Settings) error

// Settings is what options come to. It is for packages that make clients; programs use options.
type Settings struct {
	// HTTPClient is that of [WithHTTPClient]; nil means one of the client's own.
	HTTPClient *http.Client
	// Middleware are those of [WithTransport], the innermost first.
	Middleware []func(http.RoundTripper) http.RoundTripper
	// Retry is that of [WithRetry].
	Retry RetryPolicy
	// Timeout is that of [WithTimeout], for one attempt; 0 means the client's own.
	Timeout time.Duration
	// Logger is that of [WithLogger]; nil logs nothing.
	Logger *slog.Logger
	// UserAgent is that of [WithUserAgent]; empty means that of this module.
	UserAgent string
	// Header are all of [WithHeader].
	Header http.Header
	// MaxResponseBytes is that of [WithMaxResponseBytes]; 0 means its default.
	MaxResponseBytes int64
	// MaxPages is that of [WithMaxPages]; 0 means no bound.
	MaxPages int
	// InsecureHTTP is set by [WithInsecureHTTP].
	InsecureHTTP bool
	// Locker is set by [WithLocker]. If nil, the client creates its own.
	Locker coord.Locker
	// RateLimiter is set by [WithRateLimit]. If nil, there is no limit.
	RateLimiter *rate.Limiter
	// PerCall is set by client packages while they apply the options of a single call.
	PerCall bool
	// Response is what to fill for [WithResponse]; nil fills nothing.
	Response *Response
}

// Response tells about the last exchange of a call, see [WithResponse].
type Response struct {
	// StatusCode is the HTTP status; 0 when there was no answer.
	StatusCode int
	// Header is the answer's header, with cookies and echoed credentials redacted.
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

// MarshalJSON returns all fields; durations are in nanoseconds. Without it, version 2 of encoding/json has no form for durations.
func (r Response) MarshalJSON() ([]byte, error) { return json.Marshal(response(r)) }

// UnmarshalJSON reads the JSON of MarshalJSON.
func (r *Response) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*response)(r)) }

// WithHTTPClient makes calls through a copy of client: for private certificate authorities, client certificates and proxies, see
// [NewTransport]. Redirects stay under the rules of this module (never for writes, never to another origin), whatever the client's
// CheckRedirect says; it may refuse more.
func WithHTTPClient(client *http.Client) Option {
	return func(s *Settings) error {
		if client == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		s.HTTPClient = client
		return nil
	}
}

// WithTransport wraps the transport in a middleware, for tracing, metrics or faults. It sees every attempt, with credentials on
// the request; [OperationFromContext] tells it which call it belongs to, and [AttemptFromContext] whether it is a repetition. Of
// several, the last one given is the outermost. The function is called once for a client, or once for the call that it is given to.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(s *Settings) error {
		if wrap == nil {
			return errors.New("WithTransport: the function is nil")
		}
		s.Middleware = append(s.Middleware[:len(s.Middleware):len(s.Middleware)], wrap)
		return nil
	}
}

// WithRetry sets the retry policy. Without it, [DefaultRetryPolicy] holds.
func WithRetry(policy RetryPolicy) Option {
	return func(s *Settings) error {
		if err := policy.check(); err != nil {
			return fmt.Errorf("WithRetry: %w", err)
		}
		s.Retry = policy
		return nil
	}
}

// WithTimeout bounds each attempt, from its start to the last byte of its answer; of a streamed list it bounds each wait for the
// server. An attempt that runs out of time is repeated like one that met a network error; the deadline of the call's context
// bounds the whole and is not. The default is 30 seconds, or what the operation's documentation says where that is longer: an
// option of the client does not shorten those, an option of the call does. Negative means no bound.
func WithTimeout(perAttempt time.Duration) Option {
	return func(s *Settings) error {
		if perAttempt == 0 {
			return errors.New("WithTimeout: no call can be made in no time; a negative time-out means none")
		}
		s.Timeout = perAttempt
		return nil
	}
}

// WithLogger logs one line for each attempt at debug level: service, operation, attempt, status, duration, wait, outcome
// and error. No line holds a body, a credential, or the query of a URL. Without it, or with nil, nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(s *Settings) error {
		s.Logger = logger
		return nil
	}
}

// WithUserAgent sends text in place of "tenantkit/<version> (+go<version>)" as User-Agent.
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

// ownHeaders are what the pipeline sets itself, or relies on nobody setting: another value would break calls, or a promise of this
// module.
var ownHeaders = []string{
	"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Range",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
}

// WithHeader sends a header with each request. Headers that the client sets itself (credentials, Accept, Content-Type, User-Agent),
// those of the HTTP connection, Range and Expect are refused or overwritten.
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

// WithMaxResponseBytes bounds the body of an answer, in bytes after decompression; of a streamed list it bounds each element. A
// longer answer is an error. The default is 64 MiB.
func WithMaxResponseBytes(n int64) Option {
	return func(s *Settings) error {
		if n <= 0 {
			return errors.New("WithMaxResponseBytes: the bound must be positive")
		}
		s.MaxResponseBytes = n
		return nil
	}
}

// WithMaxPages limits the number of pages that an iterator over a list reads (AllProjects, AllUsers, [Pages]): a longer list ends with
// an error after the last element of page n. It guards against a server that never comes to an end; to take only the beginning of a
// list, break out of the loop. Without it there is no limit. A call that does not read pages refuses it.
func WithMaxPages(n int) Option {
	return func(s *Settings) error {
		if n <= 0 {
			return errors.New("WithMaxPages: the bound must be positive")
		}
		s.MaxPages = n
		return nil
	}
}

// WithLocker serializes everything that the client serializes among its goroutines among all users of locker too: such as other
// replicas of the program. A lock covers retries; if it is lost, the call fails with [OutcomeUnknown] if it was sent. Without
// WithLocker, a client has a locker of its own, as [coord.Local] returns. It is an option for clients, not for a single call.
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

// WithRateLimit limits the requests of a client, retries included, to perSecond on average and burst at once. An attempt waits for its
// turn until the context of the call is done. It is an option for clients, not for a single call. Without it there is no limit.
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

// WithInsecureHTTP permits plain http in a client's base URL to a host that is not loopback: credentials then cross the network
// unprotected. It is an option for clients, not for a single call.
func WithInsecureHTTP() Option {
	return func(s *Settings) error {
		if s.PerCall {
			return errors.New("WithInsecureHTTP: it must be given to the client")
		}
		s.InsecureHTTP = true
		return nil
	}
}

// WithResponse fills response when the call ends, also with an error. Give it to calls rather than to a client: concurrent calls
// must not share a response.
func WithResponse(response *Response) Option {
	return func(s *Settings) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		s.Response = response
		return nil
	}
}
