package auth

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
)

// CheckIDToken tells whether a service that wants an ID token for the audience, of the principal,
// would take this one: its time, and what its issuer says of audience and principal. It verifies
// nothing; it explains a refusal before it happens. An empty audience or principal is not checked.
//
//   - Google: the audience must be among the claim aud, and the principal must be the claim email,
//     which the claim email_verified must not call unverified: such an address may be anybody's.
//   - Cognito identity pools: the claim amr must name the principal. The audience is not checked,
//     since aud is the pool there.
//   - Other issuers: the audience must be among aud, and the principal must be sub, or email as
//     with Google.
//
// The error holds a [*tenantkit.ValidationError] for each claim that is wrong, with the claim's
// name as its Field ("token" if it cannot be read), which says what to change. It never holds the
// token.
//
// Times are compared with this machine's clock. A token that becomes valid within a minute passes;
// one that has expired does not.
func CheckIDToken(token tenantkit.Secret, audience, principal string) error {
	claims, err := ParseClaims(token)
	if err != nil {
		return wrongClaim("token", "%s", whyNoJWT(token, err))
	}
	faults := []error{checkTime(claims, time.Now())}
	switch {
	case isGoogle(claims.Issuer):
		faults = append(faults, checkAudience(claims, audience, googleAudienceAdvice(claims, audience)), checkEmail(claims, principal))
	case isCognito(claims.Issuer):
		faults = append(faults, checkMethods(claims, principal))
	default:
		faults = append(faults, checkAudience(claims, audience, "ask the issuer for that one"))
		faults = append(faults, checkSubject(claims, principal))
	}
	return errors.Join(faults...)
}

func wrongClaim(claim, reason string, args ...any) error {
	return invalid("CheckIDToken", claim, reason, args...)
}

func isGoogle(issuer string) bool {
	return strings.TrimPrefix(issuer, "https://") == "accounts.google.com"
}

// isCognito accepts the regional issuers too, such as that of GovCloud, but not Cognito user pools
// (cognito-idp).
func isCognito(issuer string) bool {
	host, ok := strings.CutPrefix(issuer, "https://cognito-identity")
	return ok && strings.HasPrefix(host, ".") && (strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn"))
}

func whyNoJWT(token tenantkit.Secret, err error) string {
	text := strings.TrimSpace(token.Reveal())
	switch {
	case text == "":
		return "is empty"
	case strings.HasPrefix(text, "{"):
		return "is a JSON response: take the token out of it (of the aws program's, the field Token)"
	case strings.HasPrefix(text, "ya29."):
		return "is a Google access token: an ID token is wanted, which gcloud auth print-identity-token gives"
	case strings.HasPrefix(strings.ToLower(text), "bearer "):
		return `begins with "Bearer", which is put before it when it is sent`
	case strings.ContainsAny(text, " \t\r\n"):
		return "holds white space: it is not the token alone"
	}
	return err.Error()
}

func checkTime(claims Claims, now time.Time) error {
	const tolerance = time.Minute
	claim, begin := "iat", claims.IssuedAt
	if claims.NotBefore.After(begin) {
		claim, begin = "nbf", claims.NotBefore
	}
	switch {
	case claims.Expiry.IsZero():
		return wrongClaim("exp", "is missing: it is not an ID token")
	case !now.Before(claims.Expiry):
		return wrongClaim("exp", "the token expired %v ago, at %s: get a new one; if this one is new, this machine's clock is ahead, so set it",
			now.Sub(claims.Expiry).Round(time.Second), claims.Expiry.UTC().Format(time.RFC3339))
	case begin.Sub(now) > tolerance:
		return wrongClaim(claim, "the token becomes valid %v from now, at %s: this machine's clock is behind, or its issuer's is ahead; set the clock",
			begin.Sub(now).Round(time.Second), begin.UTC().Format(time.RFC3339))
	}
	return nil
}

func checkAudience(claims Claims, audience, advice string) error {
	if audience == "" || slices.Contains(claims.Audience, audience) {
		return nil
	}
	return wrongClaim("aud", "the token is for %q, not for %q: %s", claims.Audience, audience, advice)
}

func googleAudienceAdvice(claims Claims, audience string) string {
	// The client id of the gcloud program itself: what it gives to people.
	if slices.Contains(claims.Audience, "32555940559.apps.googleusercontent.com") {
		return "it is the token of a person, who cannot choose the audience; impersonate a service account, with " +
			"--impersonate-service-account=EMAIL --include-email --audiences=" + audience
	}
	return "ask for it with --audiences=" + audience
}

func checkEmail(claims Claims, principal string) error {
	switch {
	case principal == "":
		return nil
	case strings.EqualFold(claims.Email, principal):
		return checkVerified(claims)
	case claims.Email == "":
		return wrongClaim("email", "the token does not say whose it is: add --include-email, beside --impersonate-service-account=%s "+
			"(of a metadata server: format=full)", principal)
	}
	return wrongClaim("email", "the token belongs to %q, not to %q: impersonate the latter, with --impersonate-service-account=%s, or grant the role to the former",
		claims.Email, principal, principal)
}

// checkVerified refuses an email of which the issuer says that it is not verified.
func checkVerified(claims Claims) error {
	if verified := claims.All["email_verified"]; verified == false || verified == "false" {
		return wrongClaim("email_verified", "is false: a service does not accept an address that is not verified (%q); have it verified by the issuer, and get a new token", claims.Email)
	}
	return nil
}

func checkSubject(claims Claims, principal string) error {
	switch {
	case principal == "" || claims.Subject == principal:
		return nil
	case strings.EqualFold(claims.Email, principal):
		return checkVerified(claims)
	}
	return wrongClaim("email", "neither it (%q) nor sub (%q) is %q, whom the service expects", claims.Email, claims.Subject, principal)
}

// checkMethods looks for PROVIDER:REGION:POOL:USER among the methods.
func checkMethods(claims Claims, principal string) error {
	if principal == "" {
		return nil
	}
	var users []string
	for _, method := range claims.Methods {
		if parts := strings.SplitN(method, ":", 4); len(parts) == 4 {
			users = append(users, parts[3])
		}
	}
	switch {
	case slices.ContainsFunc(users, func(user string) bool { return strings.EqualFold(user, principal) }):
		return nil
	case len(users) == 0:
		return wrongClaim("amr", "the token names no user (%q): ask for it as a developer identity, with --logins PROVIDER=%s", claims.Methods, principal)
	}
	return wrongClaim("amr", "the token belongs to %q, not to %q: ask for it with --logins PROVIDER=%s, or grant the role to the former", users, principal, principal)
}
