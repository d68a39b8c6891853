package auth

import (
	"strings"

	"github.com/tenantkit/tenantkit"
)

// GCloudOptions says which Google ID token is wanted: see [GCloudIDToken].
type GCloudOptions struct {
	// Audience is who the token is for. Worklytics wants https://app.worklytics.co. It is
	// required.
	Audience string
	// ServiceAccount is the email of the service account to impersonate, which is the way for
	// people: gcloud gives them no token with an audience of their choice. The token then names
	// its email. Empty means that gcloud acts as a service account already.
	ServiceAccount string
}

// GCloudIDToken returns a source of Google ID tokens that runs the gcloud program:
//
//	gcloud auth print-identity-token --audiences=… [--impersonate-service-account=… --include-email]
//
// (Google Cloud SDK, "gcloud auth print-identity-token"; Worklytics Tenant API, "Authentication").
// Such a token lives for an hour; put the source under a [Cache]. Impersonation needs the role
// Service Account Token Creator on the account. Options that cannot be used make every call fail
// with a [tenantkit.ValidationError].
//
// The nested module auth/gcpauth does the same without the program.
func GCloudIDToken(o GCloudOptions) *CommandSource {
	c := Command("gcloud", "auth", "print-identity-token", "--audiences="+o.Audience)
	if o.ServiceAccount != "" {
		c.Args = append(c.Args, "--impersonate-service-account="+o.ServiceAccount, "--include-email")
	}
	// Questions would go unanswered until the time limit.
	c.Env = map[string]tenantkit.Secret{"CLOUDSDK_CORE_DISABLE_PROMPTS": tenantkit.NewSecret("1")}
	c.invalid = o.check()
	return c
}

func (o GCloudOptions) check() error {
	switch {
	case o.Audience == "":
		return invalid("GCloudIDToken", "Audience", "must not be empty")
	case strings.ContainsAny(o.Audience, ",^ \t\r\n\x00"):
		return invalid("GCloudIDToken", "Audience", "%q holds a comma, a caret or white space, which gcloud would take for a list", o.Audience)
	case o.ServiceAccount != "" && (!strings.Contains(o.ServiceAccount, "@") || strings.ContainsAny(o.ServiceAccount, " \t\r\n\x00")):
		return invalid("GCloudIDToken", "ServiceAccount", "%q is not the email of a service account", o.ServiceAccount)
	}
	return nil
}
