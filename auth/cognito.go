package auth

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
)

// CognitoOptions says which OpenID token of an Amazon Cognito developer identity is wanted: see
// [CognitoCLI].
type CognitoOptions struct {
	// IdentityPoolID is the identity pool, in the form REGION:GUID. It is required.
	IdentityPoolID string
	// Provider is the pool's developer provider name: for Worklytics the host of the API,
	// intl.worklytics.co. It is required.
	Provider string
	// User is the identifier of the user at that provider: for Worklytics the email of the user
	// that was granted the role. It is required.
	User string
	// Region is the region of the pool. Empty means the one that IdentityPoolID names.
	Region string
	// Duration is how long the token shall live, in whole seconds up to 24 hours. Zero means
	// Cognito's default of 15 minutes.
	Duration time.Duration
}

// CognitoCLI returns a source of OpenID tokens of an Amazon Cognito developer identity that runs
// the aws program:
//
//	aws cognito-identity get-open-id-token-for-developer-identity --identity-pool-id … --logins PROVIDER=USER --region … [--token-duration …]
//
// (AWS CLI Command Reference; Worklytics Tenant API, "Authentication"). Put it under a [Cache]. The
// caller's AWS credentials need the permission cognito-identity:GetOpenIdTokenForDeveloperIdentity
// on the pool. Options that cannot be used make every call fail with a [tenantkit.ValidationError].
//
// The nested module auth/awsauth does the same without the program.
func CognitoCLI(o CognitoOptions) *CommandSource {
	c := Command("aws", "cognito-identity", "get-open-id-token-for-developer-identity",
		"--identity-pool-id", o.IdentityPoolID, "--logins", o.Provider+"="+o.User, "--region", o.region())
	if o.Duration != 0 {
		c.Args = append(c.Args, "--token-duration", strconv.Itoa(int(o.Duration/time.Second)))
	}
	// Whatever output the user is used to.
	c.Env = map[string]tenantkit.Secret{"AWS_DEFAULT_OUTPUT": tenantkit.NewSecret("json"), "AWS_PAGER": {}}
	c.JSONPath = "Token"
	c.invalid = o.Validate()
	if c.invalid == nil && strings.ContainsAny(o.User, ",[]{}\"'") {
		c.invalid = invalidCognito("User", "%q holds a character that the aws program would take for a part of its own notation", o.User)
	}
	return c
}

// region returns Region, or that of the pool.
func (o CognitoOptions) region() string {
	region, _, _ := strings.Cut(o.IdentityPoolID, ":")
	return cmp.Or(o.Region, region)
}

// Validate returns a [*tenantkit.ValidationError] for the first field that cannot be used.
func (o CognitoOptions) Validate() error {
	region, guid, ok := strings.Cut(o.IdentityPoolID, ":")
	switch {
	case !ok || !isName(region, "-") || !isName(guid, "-"):
		return invalidCognito("IdentityPoolID", "%q is not of the form REGION:GUID", o.IdentityPoolID)
	case !isName(o.Provider, "-._") || len(o.Provider) > 128:
		return invalidCognito("Provider", "%q is not a developer provider name: 1 to 128 letters, digits, dots, hyphens and underscores, without a port", o.Provider)
	case o.User == "" || strings.ContainsAny(o.User, " \t\r\n\x00"):
		return invalidCognito("User", "%q is empty, or holds white space", o.User)
	case o.Region != "" && !isName(o.Region, "-"):
		return invalidCognito("Region", "%q is not a region", o.Region)
	case o.Duration < 0 || o.Duration > 24*time.Hour || o.Duration%time.Second != 0:
		return invalidCognito("Duration", "%v is not of whole seconds up to 24 hours", o.Duration)
	}
	return nil
}

func invalidCognito(field, reason string, args ...any) error {
	return invalid("CognitoOptions", field, reason, args...)
}

// isName reports whether text is made of ASCII letters, digits and the other characters, begins
// with no hyphen, which would make an option of it, and is not empty.
func isName(text, others string) bool {
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return text != "" && text[0] != '-'
}
