package proof

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// fault is one thing that goes wrong, with what a client can know of it.
type fault struct {
	name string
	// inject is what the server does.
	inject fake.Fault
	// network is what the transport says in place of sending anything.
	network error
	// echo is the status of an answer that repeats all of the request, in place of the
	// server's.
	echo int

	// outcome is what one such attempt is known to have come to.
	outcome tenantkit.Outcome
	// passes tells that the fault may pass, so that reads and idempotent writes are repeated.
	// before tells that the request was surely not begun, so that other writes are repeated
	// too.
	passes, before bool
	// inBody tells that only the body of an accepted answer is bad, which operations that take
	// anything do not notice.
	inBody bool
	// harmless tells that the call succeeds all the same.
	harmless bool
	// refused tells that the fault is a refusal of the credential.
	refused bool
	// redirect is where the answer leads to: "same" or "other" for the origin.
	redirect string
	// is what the error must be, beside what its status says.
	is error
	// wait is what the server asks to wait, exactly; 0 leaves it to the client.
	wait time.Duration
	// waitTooLong tells that wait does not fit, so that nothing is repeated.
	waitTooLong bool
	// stalls tells that the attempt takes all of its time.
	stalls bool
}

// otherHosts are where no request may go: another host, another port, and the own host in plain
// text.
var otherHosts = []string{"https://evil.example/", "//127.0.0.1:1/", "http://127.0.0.1/"}

func status(code int) fault {
	f := fault{name: strings.ReplaceAll(http.StatusText(code), " ", "-"), inject: fake.Fault{Status: code}, outcome: tenantkit.OutcomeRejected}
	switch {
	case code >= 500:
		f.outcome, f.passes = tenantkit.OutcomeUnknown, code <= 504 && code != 501
	case code == 408:
		f.outcome, f.passes = tenantkit.OutcomeUnknown, true
	case code == 429:
		f.passes, f.before = true, true
	}
	return f
}

// asking is a 429 or 503 with a Retry-After.
func asking(code int, name, retryAfter string, wait time.Duration) fault {
	f := status(code)
	f.name += "-retry-after-" + name
	f.inject.RetryAfter, f.wait = retryAfter, wait
	f.outcome, f.passes, f.before = tenantkit.OutcomeRejected, true, true
	f.waitTooLong = wait > 2*time.Minute
	return f
}

// noAnswer is an exchange without an answer.
func noAnswer(name string, inject fake.Fault) fault {
	return fault{name: name, inject: inject, outcome: tenantkit.OutcomeUnknown, passes: true}
}

// badBody is an accepted request whose answer cannot be used.
func badBody(name string, inject fake.Fault, passes bool) fault {
	return fault{name: name, inject: inject, outcome: tenantkit.OutcomeApplied, passes: passes, inBody: true}
}

// unsent is a request that does not leave.
func unsent(name string, err error) fault {
	return fault{name: name, network: err, outcome: tenantkit.OutcomeNotSent, passes: true, before: true, is: err}
}

// leading is a redirect, with where it leads.
func leading(code int, name, location string) fault {
	f := status(code)
	f.name += "-to-" + name
	f.inject.Header = http.Header{"Location": {location}}
	f.redirect = "other"
	if name == "same" {
		f.redirect = "same"
	}
	if code != 307 && code != 308 {
		f.outcome = tenantkit.OutcomeUnknown
	}
	return f
}

// faults are all of them.
func faults() []fault {
	all := []fault{
		{name: "none", harmless: true},
		unsent("refused", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		unsent("no-such-host", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "gone.example", IsNotFound: true}}),
		unsent("no-answer-of-dns", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "timeout", Name: "gone.example", IsTimeout: true}}),
		unsent("unknown-authority", x509.UnknownAuthorityError{}),
		unsent("certificate-of-another", x509.HostnameError{Host: "a.example", Certificate: &x509.Certificate{}}),
		unsent("certificate-expired", x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}),
		unsent("no-tls", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}),

		noAnswer("reset-unread", fake.Fault{ResetUnread: true}),
		noAnswer("reset-before-applied", fake.Fault{ResetBefore: true}),
		noAnswer("reset-after-applied", fake.Fault{ResetAfter: true}),
		noAnswer("reset-in-header", fake.Fault{ResetInHeader: true}),
		stalling(noAnswer("no-answer-in-time", fake.Fault{Delay: time.Hour})),
		stalling(noAnswer("no-answer-in-time-applied", fake.Fault{Delay: time.Hour, Applied: true})),

		badBody("truncated", fake.Fault{Truncate: true}, true),
		badBody("endless", fake.Fault{Endless: true}, false),
		stalling(badBody("slow", fake.Fault{Slow: 10 * time.Minute}, true)),
		badBody("garbage", fake.Fault{Garbage: true}, false),
		{name: "empty-200", inject: fake.Fault{Empty: true}, outcome: tenantkit.OutcomeUnknown, inBody: true},
		{name: "html-200", inject: fake.Fault{HTML: true}, outcome: tenantkit.OutcomeUnknown},
		{name: "html-200-applied", inject: fake.Fault{HTML: true, Applied: true}, outcome: tenantkit.OutcomeUnknown},
		{name: "wrong-content-type", inject: fake.Fault{Header: http.Header{"Content-Type": {"text/plain"}}}, harmless: true},

		{name: "401", inject: fake.Fault{Status: 401}, outcome: tenantkit.OutcomeRejected, refused: true, is: tenantkit.ErrUnauthenticated},
		asking(429, "seconds", "7", 7*time.Second), asking(429, "zero", "0", 0), asking(429, "an-hour", "3600", time.Hour),
		asking(429, "for-ever", "99999999999999999999", 1<<62), asking(429, "past", "Fri, 31 Dec 1999 23:59:59 GMT", 0),
		asking(503, "seconds", "7", 7*time.Second), asking(503, "an-hour", "3600", time.Hour),
		asking(503, "past", "Fri, 31 Dec 1999 23:59:59 GMT", 0),
		asking(503, "far-date", "Sat, 01 Jan 2000 01:00:00 GMT", time.Hour),
		dated(429), dated(503), garbled(429), garbled(503),
	}
	for _, code := range []int{400, 403, 404, 408, 409, 410, 413, 418, 422, 429, 500, 501, 502, 503, 504, 511} {
		all = append(all, status(code))
	}
	for _, code := range []int{500, 502, 504} {
		f := status(code)
		f.name += "-applied"
		f.inject.Applied = true
		all = append(all, f)
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		all = append(all, leading(code, "same", "?moved=1"))
		for _, host := range otherHosts {
			all = append(all, leading(code, host, host))
		}
	}
	for _, code := range []int{200, 302, 400, 401, 403, 500} {
		all = append(all, fault{name: "echo-" + http.StatusText(code), echo: code})
	}
	return append(all, fault{name: "echo-error", network: errEcho})
}

// errEcho stands for an error of the transport that holds all of the request.
var errEcho = errors.New("echo")

// takesEffect tells whether the server does what it is asked, although its answer is lost.
func (f fault) takesEffect() bool {
	return f.inBody || f.inject.Applied || f.inject.ResetAfter || f.inject.ResetInHeader
}

// stalling is the fault that takes all of an attempt's time.
func stalling(f fault) fault {
	f.stalls, f.is = true, os.ErrDeadlineExceeded
	return f
}

// garbled is a Retry-After that cannot be read, and counts as none.
func garbled(code int) fault {
	f := status(code)
	f.name += "-retry-after-garbage"
	f.inject.RetryAfter = "soon"
	return f
}

// dated is a Retry-After that is a date, 7 seconds after that of the answer, whatever the clock of
// the client says.
func dated(code int) fault {
	f := asking(code, "date", "Mon, 03 Jan 2000 00:00:07 GMT", 7*time.Second)
	f.inject.Header = http.Header{"Date": {"Mon, 03 Jan 2000 00:00:00 GMT"}}
	return f
}

// sentinels are the kinds of refusal by status.
var sentinels = map[int]error{
	400: tenantkit.ErrBadRequest, 422: tenantkit.ErrBadRequest, 401: tenantkit.ErrUnauthenticated, 403: tenantkit.ErrForbidden,
	404: tenantkit.ErrNotFound, 410: tenantkit.ErrNotFound, 409: tenantkit.ErrConflict, 429: tenantkit.ErrRateLimited,
	500: tenantkit.ErrUnavailable, 501: tenantkit.ErrUnavailable, 502: tenantkit.ErrUnavailable, 503: tenantkit.ErrUnavailable,
	504: tenantkit.ErrUnavailable, 511: tenantkit.ErrUnavailable,
}

// sentinel returns what an error of the status must be, or nil.
func (f fault) sentinel() error { return sentinels[f.inject.Status] }
