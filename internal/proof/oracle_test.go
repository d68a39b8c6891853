package proof

import (
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	attempts       = 4 // of the default policy
	attemptTimeout = 30 * time.Second
)

// verdict is what a cell of the matrix must come to: worked out from the words of the
// documentation, not by the code under test.
type verdict struct {
	succeeds bool
	attempts int
	applied  int               // how often the server does what it is asked
	outcome  tenantkit.Outcome // of a failure
	sentinel error             // what a failure is
	// least and most bound the time of the call.
	least, most time.Duration
}

// renewable tells whether a service's credentials in this package change when they are refused.
// Infoworks' do not: before it makes another token the client asks whether the refused one is still
// good, and it is.
func (s service) renewable() bool { return s.name != "infoworks" }

// judge says what a call of the operation must come to when the fault strikes once, or always.
// bodiless tells that the good answer has no body.
func judge(s service, op operation, f fault, always, bodiless bool) verdict {
	v := weigh(s, op, f, always, bodiless)
	v.applied = applications(op, f, v, always)
	return v
}

// applications says how often the server does what it is asked in the course of a call.
func applications(op operation, f fault, v verdict, always bool) int {
	switch {
	case f.redirect != "" && op.expect == rest.JSONOrRedirect:
		return 0 // the redirect is the answer, and not that of the service
	case op.Name == "RevokeAccessToken" && v.attempts > 1 && f.takesEffect() && (f.inBody || !always):
		return 2 // that of the token which was made since, too: it is refused once, and nobody is logged in afterwards
	case v.attempts == 1 && v.succeeds:
		return 1
	case always && f.takesEffect() && !op.deletes:
		return v.attempts
	case f.takesEffect() && (op.deletes || !v.succeeds):
		return 1 // what is gone is not there to be deleted again
	case f.takesEffect():
		return 2
	case v.succeeds:
		return 1
	}
	return 0
}

// weigh says all but that.
func weigh(s service, op operation, f fault, always, bodiless bool) verdict {
	anything := op.expect == rest.Status
	if bodiless && f.inject.Truncate {
		// There is nothing to cut but the header.
		f.inBody, f.outcome = false, tenantkit.OutcomeUnknown
	}
	switch {
	case f.harmless, bodiless && f.inBody:
		return verdict{succeeds: true, attempts: 1}
	case f.inBody && anything:
		// What is left of a slow answer is waited for a second at most.
		return verdict{succeeds: true, attempts: 1, most: time.Second}
	case f.redirect != "" && op.expect == rest.JSONOrRedirect:
		return verdict{succeeds: true, attempts: 1}
	case f.redirect == "same" && op.Class == tenantkit.Read && op.Method == http.MethodGet && !always:
		return verdict{succeeds: true, attempts: 1}
	case f.refused && s.renewable():
		return verdict{succeeds: !always, attempts: 2, outcome: f.outcome, sentinel: f.sentinel()}
	}
	v := verdict{attempts: 1, outcome: f.outcome, sentinel: f.sentinel()}
	if repeats(op.Class, f) {
		v.attempts, v.succeeds = 2, true
		// What was deleted by the first attempt is gone for the second, and that is told in
		// the header.
		if gone := op.Method == http.MethodDelete && (f.inBody || f.inject.Truncate); always && !gone {
			v.attempts, v.succeeds = attempts, false
		}
	}
	if op.Name == "RevokeAccessToken" && v.attempts > 1 && f.takesEffect() {
		// The lost attempt has logged the user out, so that the next one is refused, and
		// another is made with a new token.
		v.attempts = 3
		if always && f.inBody {
			v.attempts, v.succeeds, v.sentinel = attempts, false, tenantkit.ErrUnauthenticated
		} else if always {
			v.attempts, v.succeeds = attempts, false
		}
		v.most += time.Duration(v.attempts) * attemptTimeout
	}
	for i := range v.attempts - 1 {
		if f.wait > 0 {
			v.least += f.wait
			v.most += f.wait
		} else {
			v.most += 500 * time.Millisecond << i
		}
	}
	if f.stalls && v.attempts != 3 {
		each := max(attemptTimeout, op.timeout)
		v.most += time.Duration(v.attempts) * each
		v.least += time.Duration(v.attempts) * each
		if v.succeeds {
			v.least -= each
		}
	}
	return v
}

func repeats(class tenantkit.Class, f fault) bool {
	switch class {
	case tenantkit.Read, tenantkit.Idempotent:
		return f.passes && !f.waitTooLong
	case tenantkit.Write:
		return f.before && !f.waitTooLong
	default:
		return false
	}
}
