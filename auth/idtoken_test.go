package auth_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

const (
	audience = "https://app.worklytics.co"
	account  = "api@acme.iam.gserviceaccount.com"
	user     = "john@acme.com"
)

// idToken makes a token of now, with changes to the claims of a good one; a nil change takes the
// claim away.
func idToken(good, changes map[string]any) tenantkit.Secret {
	claims := map[string]any{"iat": time.Now().Unix(), "exp": time.Now().Add(15 * time.Minute).Unix(), "jti": "MARKER"}
	maps.Copy(claims, good)
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return jwtOf(claims)
}

var (
	googleClaims = map[string]any{
		"iss": "https://accounts.google.com", "aud": audience, "sub": "1170", "email": account, "email_verified": true,
	}
	cognitoClaims = map[string]any{
		"iss": "https://cognito-identity.amazonaws.com", "aud": "us-east-1:6f0c", "sub": "us-east-1:77aa",
		"amr": []string{"authenticated", "intl.worklytics.co", "intl.worklytics.co:us-east-1:6f0c:" + user},
	}
	otherClaims = map[string]any{"iss": "https://login.example.org", "aud": []string{"x", audience}, "sub": user}
)

func TestCheckIDToken(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	tests := map[string]struct {
		good      map[string]any
		changes   map[string]any
		offset    time.Duration // added to iat and exp
		principal string
		want      map[string]string // claim and a part of what is said of it
	}{
		"google, good":                          {googleClaims, nil, 0, account, nil},
		"google, issuer without scheme":         {googleClaims, map[string]any{"iss": "accounts.google.com"}, 0, account, nil},
		"google, one of several audiences":      {googleClaims, map[string]any{"aud": []string{"x", audience}}, 0, account, nil},
		"google, other case of letters":         {googleClaims, map[string]any{"email": strings.ToUpper(account)}, 0, account, nil},
		"google, half a minute of clock":        {googleClaims, nil, minute / 2, account, nil},
		"google, wrong audience":                {googleClaims, map[string]any{"aud": "https://other"}, 0, account, map[string]string{"aud": "--audiences=" + audience}},
		"google, no audience":                   {googleClaims, map[string]any{"aud": nil}, 0, account, map[string]string{"aud": "--audiences=" + audience}},
		"google, token of a person":             {googleClaims, map[string]any{"aud": "32555940559.apps.googleusercontent.com"}, 0, account, map[string]string{"aud": "a person"}},
		"google, no email":                      {googleClaims, map[string]any{"email": nil}, 0, account, map[string]string{"email": "--include-email"}},
		"google, other email":                   {googleClaims, nil, 0, "other@acme.com", map[string]string{"email": "--impersonate-service-account=other@acme.com"}},
		"google, email not verified":            {googleClaims, map[string]any{"email_verified": false}, 0, account, map[string]string{"email_verified": "is false"}},
		"google, email not verified, as a text": {googleClaims, map[string]any{"email_verified": "false"}, 0, account, map[string]string{"email_verified": "is false"}},
		"google, email verified, as a text":     {googleClaims, map[string]any{"email_verified": "true"}, 0, account, nil},
		"google, nothing of verification":       {googleClaims, map[string]any{"email_verified": nil}, 0, account, nil},
		"google, other email, not verified":     {googleClaims, map[string]any{"email_verified": false}, 0, "other@acme.com", map[string]string{"email": "belongs to \"" + account}},
		"google, not verified nor asked for":    {googleClaims, map[string]any{"email_verified": false}, 0, "", nil},
		"google, ended":                         {googleClaims, nil, -20 * minute, account, map[string]string{"exp": "expired 5m0s ago, at 1999-12-31T23:55:00Z"}},
		"google, ended now":                     {googleClaims, nil, -15 * minute, account, map[string]string{"exp": "clock is ahead"}},
		"google, from the future":               {googleClaims, nil, 7 * minute, account, map[string]string{"iat": "becomes valid 7m0s from now"}},
		"google, valid only later":              {googleClaims, map[string]any{"nbf": 946684800 + 300}, 0, account, map[string]string{"nbf": "clock is behind"}},
		"google, no end":                        {googleClaims, map[string]any{"exp": nil}, 0, account, map[string]string{"exp": "missing"}},
		"google, all wrong":                     {googleClaims, map[string]any{"aud": "x", "email": nil}, -minute * 60, account, map[string]string{"exp": "", "aud": "", "email": ""}},
		"cognito, good":                         {cognitoClaims, nil, 0, user, nil},
		"cognito, of GovCloud":                  {cognitoClaims, map[string]any{"iss": "https://cognito-identity.us-gov-west-1.amazonaws.com"}, 0, user, nil},
		"cognito, one method as a text":         {cognitoClaims, map[string]any{"amr": "p:us-east-1:6f0c:" + user}, 0, user, nil},
		"cognito, user with colons":             {cognitoClaims, map[string]any{"amr": []string{"p:us-east-1:6f0c:urn:x:y"}}, 0, "urn:x:y", nil},
		"cognito, other user":                   {cognitoClaims, nil, 0, "jane@acme.com", map[string]string{"amr": "--logins PROVIDER=jane@acme.com"}},
		"cognito, part of the user":             {cognitoClaims, nil, 0, "acme.com", map[string]string{"amr": `belongs to ["john@acme.com"]`}},
		"cognito, unauthenticated":              {cognitoClaims, map[string]any{"amr": []string{"unauthenticated"}}, 0, user, map[string]string{"amr": "names no user"}},
		"cognito, no methods":                   {cognitoClaims, map[string]any{"amr": nil}, 0, user, map[string]string{"amr": "--logins PROVIDER=" + user}},
		"cognito, ended":                        {cognitoClaims, nil, -20 * minute, user, map[string]string{"exp": "get a new one"}},
		"other issuer, good by subject":         {otherClaims, nil, 0, user, nil},
		"other issuer, good by email":           {otherClaims, map[string]any{"sub": "77", "email": user}, 0, user, nil},
		"other issuer, email not verified":      {otherClaims, map[string]any{"sub": "77", "email": user, "email_verified": false}, 0, user, map[string]string{"email_verified": "is false"}},
		"other issuer, subject is enough":       {otherClaims, map[string]any{"email": user, "email_verified": false}, 0, user, nil},
		"other issuer, wrong audience":          {otherClaims, map[string]any{"aud": "x"}, 0, user, map[string]string{"aud": "not for"}},
		"other issuer, wrong principal":         {otherClaims, map[string]any{"email": "a@b"}, 0, account, map[string]string{"email": `neither it ("a@b") nor sub ("` + user + `")`}},
		"looks like cognito, another host":      {cognitoClaims, map[string]any{"iss": "https://cognito-identity.amazonaws.com.evil.example"}, 0, user, map[string]string{"aud": "", "email": ""}},
		"looks like cognito, another name":      {cognitoClaims, map[string]any{"iss": "https://cognito-identityx.amazonaws.com"}, 0, user, map[string]string{"aud": "", "email": ""}},
		"cognito user pool":                     {cognitoClaims, map[string]any{"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x"}, 0, user, map[string]string{"aud": "", "email": ""}},
		"google, principal not asked for":       {googleClaims, map[string]any{"email": nil}, 0, "", nil},
		"cognito, principal not asked for":      {cognitoClaims, map[string]any{"amr": nil}, 0, "", nil},
		"other issuer, principal not asked for": {otherClaims, nil, 0, "", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // where it is midnight of 2000-01-01, UTC
				times := map[string]any{
					"iat": time.Now().Add(test.offset).Unix(),
					"exp": time.Now().Add(test.offset + 15*minute).Unix(),
				}
				maps.Copy(times, test.changes)
				err := auth.CheckIDToken(idToken(test.good, times), audience, test.principal)
				wantFaults(t, err, test.want)
			})
		})
	}
}

// wantFaults compares the claims that an error complains of.
func wantFaults(t *testing.T, err error, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		var invalid *tenantkit.ValidationError
		if errors.As(fault, &invalid) {
			got[invalid.Field] = invalid.Reason
			if invalid.Operation != "CheckIDToken" {
				t.Errorf("the operation is %q", invalid.Operation)
			}
		} else if fault != nil {
			t.Errorf("an error of another type: %v", fault)
		}
	}
	for claim, reason := range got {
		if part, ok := want[claim]; ok && strings.Contains(reason, part) {
			got[claim] = part
		}
	}
	if len(got)+len(want) > 0 {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if err != nil {
		mustNotShow(t, err, "MARKER")
		if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
			t.Errorf("the outcome is %v", tenantkit.OutcomeOf(err))
		}
	}
}

func TestCheckIDTokenAudienceNotAskedFor(t *testing.T) {
	t.Parallel()
	for _, good := range []map[string]any{googleClaims, cognitoClaims, otherClaims} {
		if err := auth.CheckIDToken(idToken(good, map[string]any{"aud": nil}), "", ""); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckIDTokenOfOtherTexts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		token string
		want  string
	}{
		"empty":           {" \n", "is empty"},
		"JSON":            {`{"IdentityId":"MARKER","Token":"MARKER"}`, "the field Token"},
		"access token":    {"ya29.MARKER", "gcloud auth print-identity-token"},
		"with its scheme": {"Bearer " + jwtOf(map[string]any{"a": "MARKER"}).Reveal(), `begins with "Bearer"`},
		"two lines":       {"warning: MARKER\n" + jwtOf(map[string]any{"a": "MARKER"}).Reveal(), "white space"},
		"anything":        {"MARKER", "not a JSON Web Token"},
		"claim of a type": {jwtOf(map[string]any{"exp": "MARKER"}).Reveal(), "the claim exp"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFaults(t, auth.CheckIDToken(tenantkit.NewSecret(test.token), audience, user), map[string]string{"token": test.want})
		})
	}
}
